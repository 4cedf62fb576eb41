"""Windows per second, against ``keras.utils.timeseries_dataset_from_array``.

Keras' function takes one series. For the panel it gets all series joined end to end: the least work
it can do, although its windows then cross series, which ours never do. On the single series both
give the same windows, and the benchmark fails if they differ.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from statistics import median

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from measuring import ratio, seconds_each, table, verdict

from keras_rnn_recipes import WindowSpec, window_dataset

POINTS, SERIES, REPEATS, TARGET = 200_000, 400, 5, 10.0
# Windows per round: about a second of work for either, far more than is prefetched.
OURS, THEIRS = 200_000, 10_000
CASES = [(lookback, batch) for lookback in (28, 96, 336) for batch in (32, 256)]


def make_panel(series: int) -> pd.DataFrame:
    """A long frame of random values, POINTS rows in all."""
    names = np.repeat([f"s{number:05}" for number in range(series)], POINTS // series)
    y = np.random.default_rng(0).normal(size=POINTS)
    return pd.DataFrame({"unique_id": names, "ds": np.arange(POINTS), "y": y})


def of_keras(y: np.ndarray, lookback: int, batch: int, shuffle: bool) -> tf.data.Dataset:
    """One-step-ahead windows as the Keras documentation cuts them."""
    values = y.astype("float32")[:, None]
    return keras.utils.timeseries_dataset_from_array(
        values[:-1], values[lookback:], lookback, batch_size=batch, shuffle=shuffle, seed=0
    )


def check_equal(frame: pd.DataFrame, lookback: int) -> None:
    """Fail unless both give the same windows of a single series, in order."""
    ours = window_dataset(frame, WindowSpec(lookback, 1), batch_size=64)
    theirs = of_keras(frame["y"].to_numpy(), lookback, 64, shuffle=False)
    for (x, y, _), (keras_x, keras_y) in zip(ours.take(50), theirs.take(50), strict=True):
        np.testing.assert_array_equal(x, keras_x)
        np.testing.assert_array_equal(y[:, 0], keras_y)


def drawing(dataset: tf.data.Dataset, batch: int, windows: int):
    """A function that draws this many windows at each call, continuing where it stopped."""
    batches = iter(dataset)
    next(batches)  # the first one builds the pipeline

    def draw() -> None:
        for _ in range(windows // batch):
            next(batches)

    return draw


def compare(name: str, frame: pd.DataFrame, lookback: int, batch: int) -> list[object]:
    """One row of the table: windows per second of both, and their ratio."""
    spec = WindowSpec(lookback, horizon=1)
    options = {"batch_size": batch, "shuffle": True, "repeat": True}
    ours = drawing(window_dataset(frame, spec, **options), batch, OURS)
    y = frame["y"].to_numpy()
    theirs = drawing(of_keras(y, lookback, batch, shuffle=True).repeat(), batch, THEIRS)
    spent, spent_keras = seconds_each(REPEATS, ours, theirs)
    rates = [OURS / median(spent), THEIRS / median(spent_keras)]
    times = ratio([s / THEIRS for s in spent_keras], [s / OURS for s in spent])
    return [
        name,
        lookback,
        batch,
        *(f"{r:,.0f}" for r in rates),
        f"{times:.1f}",
        verdict(times >= TARGET),
    ]


def main() -> None:
    panels = {"one series": make_panel(1), f"{SERIES} series": make_panel(SERIES)}
    for lookback, _ in CASES:
        check_equal(panels["one series"], lookback)
    rows = [compare(name, frame, *case) for name, frame in panels.items() for case in CASES]
    print(f"## Windows, {POINTS:,} points, shuffled\n")
    header = ("data", "lookback", "batch", "windows/s", "Keras, windows/s", "times", "at least 10")
    print(table(header, rows))


if __name__ == "__main__":
    main()
