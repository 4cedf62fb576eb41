"""Panels in files: time and peak memory of sharding, training and forecasting.

A table in Parquet files, whose rows come in order of time, is written as shards by `krr shard`,
trained on by `krr run` and forecast by `krr predict` with one and with two processes. Each command
runs in a process of its own, and reports the processor time and the peak memory of itself and of
its processes. The model is one LSTM layer with 32 units. It is trained for 500 steps, whatever the
number of series; the command also reads, stores and scores all series, and exports the model.

Forecasting is also measured on one file for each process. That is the cost of the start, most of
which is the import of TensorFlow; the rates are those of the other files after it.

`scaling.py` measures 10,000 and 100,000 series; `scaling.py 1000000` other sizes.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measuring import family_of, table, verdict

SIZES, POINTS, DAYS_PER_FILE = (10_000, 100_000), 200, 20
MEMORY_MB, RATE, SPEEDUP = 2000, 15_000, 1.8

RECIPE = """
family = "forecasting"
[data]
source = "{source}"
freq = "D"
season_length = 7
test_size = 14
[model]
preset = "lstm"
strategy = "direct"
horizon = 14
lookback = 28
units = [32]
[fit]
epochs = 5
steps_per_epoch = 100
"""


def write_table(series: int, folder: Path) -> None:
    """Write the rows of all series day by day, the series of each day in another order."""
    import pyarrow as pa
    from pyarrow import parquet

    folder.mkdir()
    rng = np.random.default_rng(0)
    names = pa.array([f"s{number:08}" for number in range(series)])
    level = rng.lognormal(3, 1, series)
    schema = pa.schema(
        [("unique_id", pa.string()), ("ds", pa.timestamp("us")), ("y", pa.float64())]
    )
    for first in range(0, POINTS, DAYS_PER_FILE):
        with parquet.ParquetWriter(folder / f"{first:04}.parquet", schema) as file:
            for day in range(first, first + DAYS_PER_FILE):
                order = rng.permutation(series)
                week = 1 + 0.3 * np.sin(day * 2 * np.pi / 7)
                y = (level[order] * week * rng.normal(1, 0.1, series)).round(2)
                moment = np.datetime64("2024-01-01", "us") + np.timedelta64(day, "D")
                columns = [names.take(pa.array(order)), pa.array(np.full(series, moment)), y]
                file.write_table(pa.table(columns, schema=schema))


def write_recipe(shards: Path) -> Path:
    recipe = shards.with_suffix(".toml")
    recipe.write_text(RECIPE.format(source=shards), encoding="utf-8")
    return recipe


def measured(*arguments: object) -> dict[str, float]:
    """Wall time, processor time and peak memory of a command with all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [sys.executable, "-m", "keras_rnn_recipes", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = [0.0]
    watch = threading.Thread(target=_watch, args=(process, peak))
    watch.start()
    _, errors = process.communicate()
    watch.join()
    if process.returncode:
        raise SystemExit(errors.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall": time.perf_counter() - started,
        "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak": peak[0],
    }


def _watch(process: subprocess.Popen, peak: list[float]) -> None:
    """Sum up the memory of a process and those that it started, ten times a second, in MB."""
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_megabytes, family_of(process.pid))))
        time.sleep(0.1)


def _megabytes(number: int) -> float:
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def first_files(shards: Path, number: int) -> tuple[Path, int]:
    """A folder with the first files of a panel alone, and the number of their series."""
    few = shards.with_name(f"{shards.name}-{number}")
    few.mkdir()
    files = json.loads((shards / "shards.json").read_text(encoding="utf-8"))["files"][:number]
    for file in files:
        os.link(shards / file["name"], few / file["name"])
    return few, sum(file["series"] for file in files)


def predicted(run: Path, shards: Path, workers: int) -> dict[str, float]:
    """The cost of forecasting a panel, and the start and the rates after it."""
    few, started = first_files(shards, workers)
    start = _predicted(run, few, workers)
    cost = _predicted(run, shards, workers)
    total = json.loads((shards / "shards.json").read_text(encoding="utf-8"))["series"]
    rates = {
        f"rate of {clock}": _rate(total - started, cost[clock] - start[clock])
        for clock in ("wall", "processor")
    }
    return {**cost, **rates, "start": start["wall"], "start of processor": start["processor"]}


def _rate(series: int, seconds: float) -> float:
    """NaN where other work of the machine made the start longer than the whole."""
    return series / seconds if seconds > 0 else float("nan")


def _predicted(run: Path, shards: Path, workers: int) -> dict[str, float]:
    output = shards.with_name(f"out-{shards.name}")
    arguments = ("--input", shards, "--output", output, "--workers", workers)
    cost = measured("predict", run, *arguments)
    shutil.rmtree(output)
    return cost


def row(series: int, what: str, cost: dict[str, float], met: bool) -> list[str]:
    start = f"{cost['start']:.0f} s, {cost['start of processor']:.0f} s" if "start" in cost else ""
    return [
        f"{series:,}",
        what,
        f"{cost['wall']:.0f} s",
        f"{cost['processor']:.0f} s",
        start,
        f"{cost.get('rate of wall', series / cost['wall']):,.0f}",
        f"{cost.get('rate of processor', series / cost['processor']):,.0f}",
        f"{cost['peak']:,.0f} MB",
        verdict(met and cost["peak"] < MEMORY_MB),
    ]


def measure(series: int, folder: Path) -> Iterator[list[str]]:
    """The rows of the table for one number of series, as they are measured."""
    source, shards, run = (folder / f"{name}{series}" for name in ("in", "shards", "run"))
    write_table(series, source)
    yield row(series, "shard", measured("shard", source, "--to", shards), True)
    shutil.rmtree(source)
    yield row(series, "run", measured("run", write_recipe(shards), "--run-dir", run), True)
    one, two = (predicted(run, shards, workers) for workers in (1, 2))
    rate = two["rate of wall"]
    yield row(series, "predict, 1 at work", one, True)
    yield row(series, "predict, 2 at work", two, rate >= max(RATE, SPEEDUP * one["rate of wall"]))
    shutil.rmtree(shards)


HEADER = (
    *("series", "command", "wall time", "processor time", "start: wall, processor"),
    *("series/s", "series/s of processor", "peak memory"),
    f"under {MEMORY_MB:,} MB; two at work: {RATE:,} series/s, {SPEEDUP} times one",
)


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    print(f"## Panels in files, series of {POINTS} points\n")
    print(table(HEADER, []), flush=True)
    with tempfile.TemporaryDirectory(dir=os.environ.get("KRR_SCRATCH")) as name:
        for series in sizes:
            for line in measure(series, Path(name)):
                print(f"| {' | '.join(line)} |", flush=True)


if __name__ == "__main__":
    main()
