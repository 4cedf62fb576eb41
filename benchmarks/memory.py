"""Peak memory of training on a large panel, against the same model fed random batches.

Each variant runs in its own process, which reports its peak at the end. "windows" trains on the
windows of a frame in memory; "random" trains the same model for the same number of steps on random
batches of the same shape; "file" also reads the panel from a CSV file.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measuring import table, verdict

SERIES, POINTS = 10_000, 500
LOOKBACK, HORIZON, BATCH, STEPS, TARGET = 48, 12, 256, 300, 300


def make_panel() -> pd.DataFrame:
    """The panel as ``read_panel`` would leave it."""
    names = np.array([f"s{number:05}" for number in range(SERIES)], dtype=object)
    days = pd.date_range("2024-01-01", periods=POINTS).to_numpy()
    y = np.random.default_rng(0).random(SERIES * POINTS)
    frame = pd.DataFrame({"ds": np.tile(days, SERIES), "y": y})
    frame.insert(0, "unique_id", np.repeat(names, POINTS))
    return frame


def train(dataset) -> None:
    """The model and training of all variants."""
    import keras_rnn_recipes as krr

    model = krr.lstm("direct", HORIZON, units=(16,))
    model.compile("adam", "mae")
    model.fit(dataset, steps_per_epoch=STEPS, epochs=2, verbose=0)


def random_batches():
    """Random batches in the shapes of the windows."""
    import tensorflow as tf

    shapes = (BATCH, LOOKBACK, 1), (BATCH, HORIZON, 1), (BATCH, HORIZON)
    make = lambda _: tuple(tf.random.uniform(shape) for shape in shapes)  # noqa: E731
    return tf.data.Dataset.counter().map(make).prefetch(tf.data.AUTOTUNE)


def windows_of(frame: pd.DataFrame):
    """Windows of the panel, weighted by scale as in the recipes."""
    from keras_rnn_recipes import WindowSpec, window_dataset

    spec = WindowSpec(LOOKBACK, HORIZON)
    options = {"shuffle": True, "repeat": True, "weights": "scale"}
    return window_dataset(frame, spec, batch_size=BATCH, **options)


def run(way: str, path: str) -> None:
    """Train one variant and print this process's peak memory, in MB."""
    from keras_rnn_recipes import read_panel

    if way == "random":
        train(random_batches())
    else:
        frame = make_panel() if way == "windows" else read_panel(path).frame
        train(windows_of(frame))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def peak_of(way: str, path: Path) -> float:
    """Peak memory of a fresh process that trains one variant, in MB."""
    command = [sys.executable, __file__, way, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.csv"
        make_panel().to_csv(path, index=False)
        peaks = {way: peak_of(way, path) for way in ("random", "windows", "file")}
    names = {"random": "random batches", "windows": "windows of a frame", "file": "read from CSV"}
    rows = []
    for way, peak in peaks.items():
        more = peak - peaks["random"]
        told = {"random": "", "windows": verdict(more <= TARGET), "file": ""}[way]
        rows.append([names[way], f"{peak:,.0f}", f"{more:+,.0f}", told])
    print(f"## Memory, {SERIES:,} series of {POINTS} points\n")
    print(table(("variant", "peak, MB", "more than random, MB", f"at most {TARGET}"), rows))


if __name__ == "__main__":
    run(*sys.argv[1:]) if len(sys.argv) > 1 else main()
