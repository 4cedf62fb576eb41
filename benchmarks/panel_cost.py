"""Time and memory by the size of a panel: reading, splitting, training, and forecasting all series.

Each step runs in its own process, which reports its peak memory at the end. Training makes a fixed
number of passes over the windows of every series, so its time should grow linearly with the number
of series. Forecasts come from the SavedModel.

`panel_cost.py` measures 1,000, 10,000 and 100,000 series; `panel_cost.py 1000 4000` other sizes.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from measuring import table, verdict

SIZES = (1_000, 10_000, 100_000)
POINTS, LOOKBACK, HORIZON, SEASON = 200, 96, 12, 7
# Three windows per series and pass, whatever the number of series.
STRIDE, PASSES, BATCH = 45, 2, 1024
# Ten times as many series may take twelve times as long; forecasting all may take this many MB more
# than forecasting a few, in addition to the histories themselves.
GROWTH, MEMORY = 1.2, 300


def make_frame(series: int) -> pd.DataFrame:
    """A long table: names, days, values with a weekly season, one value in 50 missing."""
    rng = np.random.default_rng(0)
    level = rng.lognormal(3, 1, (series, 1))
    week = 1 + 0.3 * np.sin(np.arange(POINTS) * 2 * np.pi / SEASON)
    y = level * week * rng.normal(1, 0.1, (series, POINTS))
    y[rng.random(y.shape) < 0.02] = np.nan
    names = np.array([f"s{number:06}" for number in range(series)], dtype=object)
    days = pd.date_range("2024-01-01", periods=POINTS).to_numpy()
    frame = pd.DataFrame({"ds": np.tile(days, series), "y": y.ravel()})
    frame.insert(0, "unique_id", np.repeat(names, POINTS))
    return frame


def seconds(work) -> tuple[float, object]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def train(series: int, folder: str) -> dict[str, float]:
    """Read, split and train; export the model if a folder is given."""
    import keras_rnn_recipes as krr
    from keras_rnn_recipes.config.forecasting import FitConfig
    from keras_rnn_recipes.data.windows import count_windows

    frame = make_frame(series)
    reading, panel = seconds(lambda: krr.read_panel(frame, freq="D", season_length=SEASON))
    splitting, split = seconds(
        lambda: krr.split_by_time(panel.frame, valid_size=0, test_size=HORIZON, lookback=LOOKBACK)
    )
    spec = krr.WindowSpec(LOOKBACK, HORIZON, stride=STRIDE)

    def batches(first_epoch: int):
        options = {"shuffle": True, "repeat": True, "weights": "scale", "batch_size": BATCH}
        return krr.window_dataset(split.train, spec, first_epoch=first_epoch, **options)

    count = count_windows(split.train, spec)
    model = krr.gru("direct", HORIZON, units=(16,), season_length=SEASON)
    config = FitConfig(epochs=PASSES + 1, batch_size=BATCH)
    _, history = seconds(lambda: krr.fit(model, batches, num_windows=count, config=config))
    if folder:
        krr.export_saved_model(model, folder, verify=False)
    # The first pass includes compilation, whose time does not depend on the panel.
    passes = history["seconds"].iloc[1:]
    return {
        "reading": reading,
        "splitting": splitting,
        "training": float(passes.mean()),
        "windows": count,
    }


def serve(series: int, folder: str) -> dict[str, float]:
    """Forecast every series from the SavedModel."""
    import keras_rnn_recipes as krr

    histories = np.random.default_rng(0).lognormal(3, 0.2, (series, POINTS, 1)).astype("float32")
    forecaster = krr.load_saved_model(folder)
    forecaster.forecast_windows(histories[:BATCH])  # the first call includes start-up
    spent, forecasts = seconds(lambda: forecaster.forecast_windows(histories))
    assert forecasts.shape == (series, HORIZON) and np.isfinite(forecasts).all()
    return {"serving": spent, "megabytes": histories.nbytes / 2**20}


def measured(what: str, series: int, folder: str = "") -> dict[str, float]:
    """Run one step in a fresh process: its figures and its peak memory, in MB."""
    command = [sys.executable, __file__, what, str(series), folder]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(sizes: tuple[int, ...]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = str(Path(scratch) / "saved_model")
        trained = {n: measured("train", n, folder if n == sizes[-1] else "") for n in sizes}
        served = {n: measured("serve", n, folder) for n in (sizes[0], sizes[-1])}
    rows = []
    for before, n in zip((None, *sizes), sizes, strict=False):
        found = trained[n]
        growth, met = "", ""
        if before:
            times = found["training"] / trained[before]["training"]
            growth, met = f"{times:.1f}", verdict(times <= GROWTH * n / before)
        row = [f"{found[name]:.2f} s" for name in ("reading", "splitting", "training")]
        rows.append([f"{n:,}", *row, f"{found['windows'] / found['training']:,.0f}", growth])
        rows[-1] += [f"{found['peak']:,.0f}", met]
    print(f"## Panels of {POINTS} points a series\n")
    heads = ("series", "reading", "splitting", "a pass of training", "windows/s", "times")
    print(table((*heads, "peak, MB", f"at most {GROWTH} times the growth"), rows))
    few, many = served[sizes[0]], served[sizes[-1]]
    more = many["peak"] - few["peak"] - (many["megabytes"] - few["megabytes"])
    rate = f"{sizes[-1] / many['serving']:,.0f}"
    cells = [f"{sizes[-1]:,}", f"{many['serving']:.2f} s", rate, f"{many['peak']:,.0f}"]
    cells += [f"{more:+,.0f}", verdict(more <= MEMORY)]
    print(f"\n### Forecasts of {HORIZON} steps from the SavedModel\n")
    heads = ("series", "all of them", "series/s", "peak, MB", f"more than {sizes[0]:,}, MB")
    print(table((*heads, f"at most {MEMORY}"), [cells]))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("train", "serve"):
        found = {"train": train, "serve": serve}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            json.dumps({**found, "peak": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)})
        )
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
