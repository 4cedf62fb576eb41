"""Panels in files: time and peak memory of sharding, training and forecasting.

A table in Parquet files, whose rows come in order of time, is written as shards by `krr shard`,
trained on by `krr run` and forecast by `krr predict` with one and with two processes. Each command
runs in a process of its own, and reports the processor time and the peak memory of itself and of
its processes. The model is one LSTM layer with 32 units. It is trained for 500 steps, whatever the
number of series; the command also reads, stores and scores all series, and exports the model.

`scaling.py` measures 10,000 and 100,000 series; `scaling.py 1000000` other sizes.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
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


def row(series: int, what: str, cost: dict[str, float], wanted: str) -> list[str]:
    return [
        f"{series:,}",
        what,
        f"{cost['wall']:.0f} s",
        f"{cost['processor']:.0f} s",
        f"{series / cost['wall']:,.0f}",
        f"{series / cost['processor']:,.0f}",
        f"{cost['peak']:,.0f} MB",
        wanted,
    ]


def measure(series: int, folder: Path) -> list[list[str]]:
    """The rows of the table for one number of series."""
    source, shards, run = (folder / f"{name}{series}" for name in ("in", "shards", "run"))
    write_table(series, source)
    cost = measured("shard", source, "--to", shards)
    rows = [row(series, "shard", cost, verdict(cost["peak"] < MEMORY_MB))]
    shutil.rmtree(source)
    cost = measured("run", write_recipe(shards), "--run-dir", run)
    rows.append(row(series, "run", cost, verdict(cost["peak"] < MEMORY_MB)))
    costs = {}
    for workers in (1, 2):
        output = folder / f"out{series}-{workers}"
        cost = costs[workers] = measured(
            "predict", run, "--input", shards, "--output", output, "--workers", workers
        )
        met = cost["peak"] < MEMORY_MB
        if workers == 2:
            faster = costs[1]["wall"] / cost["wall"]
            met &= series / cost["wall"] >= RATE and faster >= SPEEDUP
        rows.append(row(series, f"predict, {workers} at work", cost, verdict(met)))
        shutil.rmtree(output)
    shutil.rmtree(shards)
    return rows


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory(dir=os.environ.get("KRR_SCRATCH")) as name:
        folder = Path(name)
        rows = [line for series in sizes for line in measure(series, folder)]
    print(f"## Panels in files, series of {POINTS} points\n")
    header = (
        *("series", "command", "wall time", "processor time", "series/s"),
        *("series/s of processor", "peak memory"),
        f"under {MEMORY_MB:,} MB; two at work: {RATE:,} series/s, {SPEEDUP} times one",
    )
    print(table(header, rows))


if __name__ == "__main__":
    main()
