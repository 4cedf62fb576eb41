"""The seconds of one ``krr forecast`` on a short series, by stage, from the command to the report.

A monthly series of 120 points, a horizon of 12, and a network that is trained on it alone. Each
repeat is a process of its own, as it is for a user. Its functions are timed from outside; what a
function spends in another timed function counts for that one alone, so that the stages add up to
the whole.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

REPEATS, TARGET = 3, 15
POINTS, HORIZON, SEASON = 120, 12, 12

# Each stage, with the functions that it consists of and their modules, the package itself as "".
STAGES = {
    "read the table, choose the recipe": [("workflows.forecast", "plan_forecast")],
    "import TensorFlow": [("cli.running", "import_tensorflow_quietly")],
    "build the networks": [("", "build_forecaster"), ("", "to_forecaster")],
    "train": [("", "fit")],
    "fit the baselines": [("families.forecasting", "fit_baselines")],
    "backtest and forecast": [("", "backtest"), ("", "forecast_future")],
    "export": [("", "export_saved_model")],
    "check the export in a new process": [("serving.verify", "serve_in_fresh_process")],
    "report": [("families.forecasting", "write_report")],
}
START, END = "start Python", "end Python"
IMPORTS, REST = "import the rest", "everything else"


class Clock:
    """Seconds by stage; the time of an inner stage does not count for the outer one.

    On a busy machine the time of the processor tells more than that of the clock on the wall.
    """

    def __init__(self, started: float) -> None:
        self.wall: Counter[str] = Counter({START: time.time() - started})
        self.processor: Counter[str] = Counter({START: time.process_time()})
        self._stage, self._since = IMPORTS, (time.time(), time.process_time())

    def switch(self, stage: str) -> str:
        """Charge the time until now to the current stage and begin another; returns the current."""
        now, before = (time.time(), time.process_time()), self._stage
        self.wall[before] += now[0] - self._since[0]
        self.processor[before] += now[1] - self._since[1]
        self._stage, self._since = stage, now
        return before

    def watch(self, stage: str, module: ModuleType, name: str) -> None:
        """Put a timed function in place of one of a module, which may not be imported yet."""
        found = vars(module).get(name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            before = self.switch(IMPORTS)
            function: Callable[..., Any] = found or module.__getattr__(name)
            setattr(module, name, timed)  # which the import may have replaced
            self.switch(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.switch(before)

        setattr(module, name, timed if found is None else functools.wraps(found)(timed))


def run_timed(started: float, folder: Path) -> None:
    """Run the command in this process, and write the seconds of its stages to ``stages.json``."""
    clock = Clock(started)
    for stage, functions in STAGES.items():
        for module, name in functions:
            path = f"keras_rnn_recipes.{module}".rstrip(".")
            clock.watch(stage, importlib.import_module(path), name)
    from keras_rnn_recipes.__main__ import main as krr

    clock.switch(REST)
    arguments = ["forecast", str(folder / "series.csv"), "--horizon", str(HORIZON)]
    arguments += ["--model", "train", "--run-dir", str(folder / "run")]
    sys.argv = ["krr", *arguments]
    with contextlib.suppress(SystemExit):
        krr()
    clock.switch(REST)
    seconds = {"wall": clock.wall, "processor": clock.processor}
    (folder / "stages.json").write_text(json.dumps(seconds))


def series() -> str:
    """A growing series with a season and noise, as a CSV file."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    months = np.arange(POINTS)
    season = 1 + 0.2 * np.sin(2 * np.pi * months / SEASON)
    values = (100 + 0.8 * months) * season * np.exp(rng.normal(0, 0.03, POINTS))
    dates = pd.date_range("2015-01-01", periods=POINTS, freq="MS")
    return pd.DataFrame({"month": dates, "sales": values.round(1)}).to_csv(index=False)


def measure() -> tuple[Counter[str], Counter[str]]:
    """The seconds of the stages of one run: wall time, and processor time of its main process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "series.csv").write_text(series())
        started = time.time()
        command = [sys.executable, __file__, repr(started), name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ended = time.time()
        assert (folder / "run" / "report.html").exists()
        seconds = json.loads((folder / "stages.json").read_text())
    wall, processor = (Counter(seconds[kind]) for kind in ("wall", "processor"))
    wall[END] = ended - started - wall.total()
    return wall, processor


def share(seconds: Counter[str], stage: str) -> str:
    return f"{100 * seconds[stage] / seconds.total():.0f} %"


def main() -> None:
    from measuring import spread, table, verdict

    runs = [measure() for _ in range(REPEATS)]
    totals = [[kind.total() for kind in kinds] for kinds in zip(*runs, strict=True)]
    wall, processor = sorted(runs, key=lambda run: run[0].total())[len(runs) // 2]
    rows = [
        [stage, f"{wall[stage]:.1f} s", f"{processor[stage]:.1f} s", share(processor, stage)]
        for stage in (START, *STAGES, IMPORTS, REST, END)
    ]
    met = verdict(median(totals[0]) <= TARGET)
    rows.append(["in all", *(spread(kind, digits=1) for kind in totals), met])
    print("## One `krr forecast` of a short series\n")
    print(
        f"A monthly series of {POINTS} points, horizon {HORIZON}, `--model train`, training, test, "
        "refit, export and report included. The stages are those of the run of median length.\n"
    )
    header = ("stage", "wall time", "processor time", f"its share; at most {TARGET} s")
    print(table(header, rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if len(sys.argv) > 1:
        run_timed(float(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
