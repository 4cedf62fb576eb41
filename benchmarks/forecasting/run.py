"""Run this package and its peers on the same tasks, one at a time, and write the table.

    python -m benchmarks.forecasting.run --peers-python .venv-peers/bin/python

Each contender, task and seed runs in its own process and writes one JSON row to ``results.jsonl``;
a trial with a row is not run again. ``--plan`` lists what would be run, ``--smoke`` trains 20 steps
and keeps its rows in a separate file.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from benchmarks.forecasting import table
from benchmarks.forecasting.contenders import (
    DEFAULTS,
    EQUAL,
    OURS,
    QUICK,
    WITHOUT_SEED,
    Contender,
    Shape,
    Size,
    all_contenders,
    settings_of,
)
from benchmarks.forecasting.tasks import NAMES, Task, load_task, score_forecast, write_task
from benchmarks.run_all import processor
from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.config.forecasting import Config

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SMOKE_STEPS = 20
# The default width of presets, for recipes without one; a test compares it with the builder.
PRESET_WIDTH = {"lstm": 48, "gru": 48}
# Start-up and forecasting may take this long after the training limit.
SPARE_SECONDS = 300


@dataclass(frozen=True)
class Trial:
    """One process to be run."""

    contender: Contender
    task: str
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What identifies its row."""
        return self.contender.name, self.task, self.seed


def size_of(config: Config) -> Size:
    """What "equal" takes from a recipe.

    Raises:
        ValueError: the recipe does not say how many steps it trains.
    """
    model, fit = config.model, config.fit
    if fit.steps_per_epoch is None:
        raise ValueError("a recipe to be equal to has to say fit.steps_per_epoch")
    units = model.units or (PRESET_WIDTH[model.preset],)
    members = model.members or 1
    batch = fit.batch_size // members  # each member is trained on its share
    return Size(units[0], len(units), fit.epochs * fit.steps_per_epoch, batch, members)


def recipe_of(task: str, folder: Path) -> Path:
    """The recipe of ours for a task."""
    return folder / f"{task}_lstm_seq2seq.toml"


def order_of(trial: Trial, task: Task, options: argparse.Namespace) -> dict[str, Any]:
    """The order for the process."""
    contender, recipe = trial.contender, recipe_of(task.name, options.recipes)
    order: dict[str, Any] = {
        "library": contender.library,
        "model": contender.model,
        "variant": contender.variant,
        "seed": trial.seed,
        "limit": options.limit,
        "threads": options.threads,
    }
    if contender.library == OURS:
        more = ["fit.epochs=1", f"fit.steps_per_epoch={SMOKE_STEPS}"] if options.smoke else []
        less = _less(contender.variant, load_config(recipe)) if recipe.is_file() else []
        asked = {"horizon": task.horizon, "season_length": task.season_length}
        return order | asked | {"recipe": str(recipe.resolve()), "overrides": [*less, *more]}
    size = size_of(load_config(recipe)) if contender.variant == EQUAL else None
    shape = Shape(task.horizon, task.season_length, task.shortest)
    settings = settings_of(contender, shape, size)
    if options.smoke and contender.library != "statsforecast":
        settings["max_steps"] = SMOKE_STEPS
    return order | {"settings": settings}


def _less(variant: str, config: Config) -> list[str]:
    """Reductions of our recipe: "equal" has one network, "quick" also a quarter of the epochs."""
    if variant not in (EQUAL, QUICK):
        return []
    alone = ["model.members=1", f"fit.batch_size={size_of(config).batch}"]
    shorter = [f"fit.epochs={max(1, config.fit.epochs // 4)}"] if variant == QUICK else []
    return [*alone, *shorter]


def trials(options: argparse.Namespace) -> Iterator[Trial]:
    """All requested trials, task by task; a trial that cannot be run is reported, not dropped."""
    for task in options.tasks:
        recipe = recipe_of(task, options.recipes)
        for contender in all_contenders():
            if not any(fnmatch(contender.name, pattern) for pattern in options.contenders):
                continue
            if contender.variant != DEFAULTS and not recipe.is_file():
                print(f"left out: {contender.name} on {task}: there is no {recipe.name}")
                continue
            own_equal = contender.library == OURS and contender.variant == EQUAL
            if own_equal and size_of(load_config(recipe)).members == 1:
                continue  # the recipe itself is of that size
            seeds = options.seeds[:1] if contender.model in WITHOUT_SEED else options.seeds
            yield from (Trial(contender, task, seed) for seed in seeds)


def run_trial(trial: Trial, task: Task, options: argparse.Namespace) -> dict[str, Any]:
    """Run one process; return its row, also if it failed."""
    order = order_of(trial, task, options)
    cores = len(os.sched_getaffinity(0))
    row: dict[str, Any] = {
        "contender": trial.contender.name,
        "task": trial.task,
        "seed": trial.seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{options.threads} threads on {cores} cores, {processor()}",
        "python": platform.python_version(),
        "limit": options.limit,
        "settings": order.get("settings", {}),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_task(task, folder)
        (folder / "order.json").write_text(json.dumps(order | {"folder": name}))
        ours = trial.contender.library == OURS
        python = sys.executable if ours else str(options.peers_python.absolute())
        module = f"benchmarks.forecasting.{'ours' if ours else 'peers'}"
        failure = _process([python, "-m", module, str(folder / "order.json")], folder, options)
        if failure:
            return row | failure
        measured = json.loads((folder / "measured.json").read_text())
        row["status"] = "stopped" if measured.pop("stopped") else "ok"
        return row | measured | _scores(task, folder / "forecast.npy")


def _scores(task: Task, path: Path) -> dict[str, Any]:
    import numpy as np

    try:
        return score_forecast(task, np.load(path))
    except ValueError as error:
        return {"status": "failed", "message": str(error)}


def _process(command: list[str], folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run to the end or the time limit; return the failure, or nothing."""
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
        str(options.threads),
    )
    environment = {**os.environ, **threads, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(options.limit + SPARE_SECONDS)
        except subprocess.TimeoutExpired:
            return {"status": "timeout"}
        finally:  # also when this process is killed: no child may survive it
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code == 0:
        return {}
    lines = (folder / "log").read_text(errors="replace").strip().splitlines()
    print("\n".join(lines[-15:]), file=sys.stderr)
    # Messages must not contain local paths.
    message = (lines or ["nothing was said"])[-1].replace(str(folder), "")[:300]
    return {"status": "failed", "exit": code, "message": message}


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    python = ROOT / ".venv-peers" / "bin" / "python"
    parser.add_argument("--peers-python", type=Path, default=python, help="where the peers are")
    parser.add_argument("--tasks", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument(
        "--contenders", nargs="+", default=["*"], help="such as 'darts/*' or '*/equal'"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--limit", type=float, default=900, help="seconds that one may train")
    parser.add_argument("--threads", type=int, default=2, help="of each contender")
    parser.add_argument("--recipes", type=Path, default=ROOT / "recipes" / "forecasting")
    parser.add_argument("--results", type=Path, help="the rows; results.jsonl beside this file")
    parser.add_argument("--smoke", action="store_true", help=f"train {SMOKE_STEPS} steps only")
    parser.add_argument("--plan", action="store_true", help="list what would be run")
    options = parser.parse_args(arguments)
    smoke = Path("runs") / "bench_forecasting_smoke.jsonl"
    options.results = options.results or (smoke if options.smoke else HERE / "results.jsonl")
    return options


def to_run(options: argparse.Namespace, rows: list[dict[str, Any]]) -> Iterator[Trial]:
    """Trials without a row, or with one that failed.

    A contender that hit the time limit is not run with further seeds. ``rows`` may grow meanwhile.
    """
    for trial in trials(options):
        mine = [r for r in rows if (r["contender"], r["task"]) == trial.key[:2]]
        halted = any(row["status"] in ("stopped", "timeout") for row in mine)
        done = any(row["seed"] == trial.seed and row["status"] != "failed" for row in mine)
        if not (done or halted):
            yield trial


def main(arguments: list[str] | None = None) -> None:
    options = read_options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = table.read_rows(options.results)
    if options.plan:
        print("\n".join(" ".join(map(str, trial.key)) for trial in to_run(options, rows)))
        return
    options.results.parent.mkdir(parents=True, exist_ok=True)
    tasks: dict[str, Task] = {}
    for trial in to_run(options, rows):
        if trial.task not in tasks:
            tasks[trial.task] = load_task(trial.task)
        task = tasks[trial.task]
        print(*trial.key, "...", end=" ", flush=True)
        row = run_trial(trial, task, options)
        rows.append(row)
        with options.results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(table.told(row), flush=True)
    if not options.smoke:
        table.write(options.results)
    print(table.markdown(table.read_rows(options.results)))


if __name__ == "__main__":
    main()
