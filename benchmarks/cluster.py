"""A Ray cluster on this machine: what it costs to train and to forecast there.

Training: processor time of one step in one process, of the gradients of half of a batch, as each of
two workers computes them, and of the process that averages them. The last two are what a step takes
on three cores of their own, so that their sum tells for which networks two workers pay, also on a
machine that is shared. The network is one LSTM layer over 28 steps, with batches of 512 rows.

Forecasting: `krr predict` with two processes of the local pool and of Ray, with the pretrained
network. The difference between two numbers of series leaves out what it takes to start.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ |= dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from measuring import family_of, table, verdict
from scaling import write_table

from keras_rnn_recipes.builders import lstm
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.data.windows import WindowSpec, count_windows, window_dataset
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.training.data_parallel import GradientWorker, Network, Weights, divide
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import values_of
from keras_rnn_recipes.workflows.ray_training import ray_gradients

UNITS, BATCH, STEPS, WORKERS = (32, 128, 512), 512, 8, 2
SPEC = WindowSpec(lookback=28, horizon=14)
SIZES, OVERHEAD = (4_000, 16_000), 1.1

RECIPE = """
family = "forecasting"
[data]
source = "{source}"
freq = "D"
season_length = 7
[model]
preset = "pretrained"
horizon = 14
[fit]
epochs = 0
"""


def random_walks() -> pd.DataFrame:
    y = np.random.default_rng(0).normal(size=(100, 100)).cumsum(1).ravel()
    return pd.DataFrame(
        {"unique_id": np.repeat(np.arange(100), 100), "ds": np.tile(np.arange(100), 100), "y": y}
    )


def milliseconds(units: int, pool, folder: str) -> tuple[float, keras.Model, partial]:
    """Processor time of a step of `fit` in this process, of the second epoch."""
    frame, moments = random_walks(), []
    options = {"epochs": 2, "batch_size": BATCH, "steps_per_epoch": STEPS}
    run = RunDirectory(Path(folder), gradient_pool=pool)
    run.watcher = lambda what, row: moments.append(time.process_time())
    batches = partial(window_dataset, frame, SPEC, batch_size=BATCH, shuffle=True, repeat=True)
    model = lstm("direct", SPEC.horizon, units=units)
    config = FitConfig(watch_gradients=False, **options)
    count = count_windows(frame, SPEC)
    fit(model, batches, num_windows=count, config=config, run=run)
    return 1000 * (moments[1] - moments[0]) / STEPS, model, batches


def milliseconds_of_a_worker(model: keras.Model, batches: partial) -> float:
    """Processor time of the gradients of a share of a batch."""
    dataset = batches()
    batch = next(iter(dataset))
    kernels = {"lookback": SPEC.lookback}
    worker = GradientWorker(Network(model.get_config(), "mae", dataset.element_spec, kernels))
    joined = np.concatenate([values.ravel() for values in values_of(model.trainable_variables)])
    others = values_of(model.non_trainable_variables)
    weights, share = Weights(joined, others), divide(batch, WORKERS)[0]
    worker.gradients(weights, share)  # traces
    started = time.process_time()
    for _ in range(STEPS):
        worker.gradients(weights, share)
    return 1000 * (time.process_time() - started) / STEPS


def training() -> list[list[str]]:
    rows = []
    with ray_gradients(WORKERS) as pool, tempfile.TemporaryDirectory() as folder:
        for units in UNITS:
            alone, model, batches = milliseconds(units, None, f"{folder}/{units}")
            worker = milliseconds_of_a_worker(model, batches)
            average = milliseconds(units, pool, f"{folder}/{units}-ray")[0]
            costs = [f"{cost:.1f} ms" for cost in (alone, worker, average)]
            faster = alone / (worker + average)
            rows.append([units, f"{model.count_params():,}", *costs, f"{faster:.2f}"])
            print(*rows[-1], file=sys.stderr)
    return rows


def processor_seconds(*arguments: object) -> float:
    """Processor time of a command and all its processes, seen ten times a second."""
    command = [sys.executable, "-m", "keras_rnn_recipes", *map(str, arguments)]
    process, seen = subprocess.Popen(command, stdout=subprocess.DEVNULL), {}
    while process.poll() is None:
        seen |= {number: _seconds(number) for number in family_of(process.pid)}
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(process.returncode)
    return sum(seen.values())


def _seconds(number: int) -> float:
    """Processor time of a process, without its children."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forecasting(folder: Path) -> list[list[str]]:
    spent: dict[str, list[float]] = {"local": [], "ray": []}
    for size in SIZES:
        source, shards, run = (folder / f"{name}{size}" for name in ("in", "shards", "run"))
        write_table(size, source)
        rows = ("--rows-per-file", 50_000)
        processor_seconds("shard", source, "--to", shards, *rows)
        recipe = shards.with_suffix(".toml")
        recipe.write_text(RECIPE.format(source=shards), encoding="utf-8")
        processor_seconds("run", recipe, "--run-dir", run)
        for engine, costs in spent.items():
            to = ("--output", folder / f"out{size}-{engine}", "--workers", WORKERS)
            costs.append(
                processor_seconds("predict", run, "--input", shards, *to, "--engine", engine)
            )
    local, ray = (costs[1] - costs[0] for costs in spent.values())
    more = SIZES[1] - SIZES[0]
    shown = [
        [engine, f"{few:.1f} s", f"{many:.1f} s", f"{1e6 * (many - few) / more:.0f} s"]
        for engine, (few, many) in spent.items()
    ]
    return [*shown, [f"ratio {ray / local:.2f}", "", "", verdict(ray / local <= OVERHEAD)]]


def main() -> None:
    parts = sys.argv[1:] or ["training", "forecasting"]
    if "training" in parts:
        print(f"## Training on Ray, batches of {BATCH} rows\n\nProcessor time of a step.\n")
        header = ("units", "weights", "one process", f"a worker of {WORKERS}", "averaging", "speed")
        print(table(header, training()), "\n")
    if "forecasting" in parts:
        print("## Forecasting on Ray\n\nProcessor time of all processes.\n")
        with tempfile.TemporaryDirectory(dir=os.environ.get("KRR_SCRATCH")) as name:
            rows = forecasting(Path(name))
        sizes = (f"{size:,} series" for size in SIZES)
        print(table(("engine", *sizes, "a million more"), rows))


if __name__ == "__main__":
    main()
