"""A user's mistake is one clear message on standard error, exit status 2, and nothing left behind.

Every case is driven through the command line, in this process for speed; a few again in a process
of their own, where a traceback could not hide.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes import extras
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.runs import directory as run_directory


def listing(folder: Path) -> list[tuple[str, bytes]]:
    """Every file and folder, with what is in the files."""
    return sorted(
        (str(p.relative_to(folder)), p.read_bytes() if p.is_file() else b"")
        for p in folder.rglob("*")
    )


def refused(arguments: list[str], folder: Path) -> str:
    """Run a command that must be refused; return the message."""
    before = listing(folder)
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 2, result.output
    assert listing(folder) == before, "something was left behind"
    assert "Traceback" not in result.output
    lines = result.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Error", "Expected", "Fix"], lines
    assert all(len(line.split(": ", 1)[1]) > 5 for line in lines), lines
    return result.stderr


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def days(number: int, start: str = "2024-01-01") -> list[str]:
    return [str(day.date()) for day in pd.date_range(start, periods=number)]


def wide(values: list, dates: list | None = None, header: str = "date,sales") -> bytes:
    rows = zip(dates or days(len(values)), values, strict=True)
    return "\n".join([header, *(f"{d},{v}" for d, v in rows), ""]).encode()


def long(series: dict[str, list], dates: list | None = None) -> bytes:
    rows = [
        f"{name},{day},{value}"
        for name, values in series.items()
        for day, value in zip(dates or days(len(values)), values, strict=True)
    ]
    return "\n".join(["unique_id,ds,y", *rows, ""]).encode()


def ramp(number: int) -> list[float]:
    return [float(n) for n in range(number)]


def replaced(values: list, position: int, value: object) -> list:
    return [*values[:position], value, *values[position + 1 :]]


# For each: the file, further options, and what the message must name. Line 1 is the header.
FILES: dict[str, tuple[bytes, list[str], list[str]]] = {
    "empty file": (b"", [], ["data.csv", "empty"]),
    "header only": (b"date,sales\n", [], ["data.csv"]),
    "missing column": (wide(ramp(60)), ["--target-col", "sale"], ["sale", "sales", "data.csv"]),
    "missing id column": (wide(ramp(60)), ["--id-col", "shop"], ["shop", "data.csv"]),
    "missing past column": (wide(ramp(60)), ["--past-cols", "rain"], ["rain", "data.csv"]),
    "unparsable date": (
        wide(ramp(60), replaced(days(60), 6, "2024-13-45")),
        [],
        ["2024-13-45", "line 8", "data.csv", "date"],
    ),
    "duplicate timestamps": (
        long({"a": ramp(40), "b": ramp(40)}, replaced(days(40), 7, "2024-01-07")),
        [],
        ["2024-01-07", "data.csv"],
    ),
    "duplicate timestamps in a single series": (
        wide(ramp(40), replaced(days(40), 7, "2024-01-07")),
        [],
        ["2024-01-07", "line 9", "data.csv"],
    ),
    "mixed frequencies": (
        long({"daily": ramp(40), "hourly": ramp(40)}, days(40))
        .replace(b"hourly,2024-01-", b"hourly,2024-01-01 ")
        .replace(b"hourly,2024-02-", b"hourly,2024-01-02 ")
        .replace(b",", b",", 1),
        [],
        ["data.csv"],
    ),
    "text in the value column": (
        wide(replaced(ramp(60), 9, "sold out")),
        [],
        ["sold out", "line 11", "sales", "data.csv"],
    ),
    "infinity": (wide(replaced(ramp(60), 4, "inf")), [], ["inf", "line 6", "sales", "data.csv"]),
    "minus infinity": (wide(replaced(ramp(60), 4, "-inf")), [], ["inf", "line 6", "sales"]),
    "all missing": (wide([""] * 60), ["--target-col", "sales"], ["missing", "data.csv"]),
    "horizon larger than the data": (
        wide(ramp(20)),
        ["--horizon", "21", "--model", "train"],
        ["20", "21"],
    ),
    "five points": (wide(ramp(5)), ["--horizon", "14", "--model", "train"], ["5", "14"]),
    "one point": (wide(ramp(1)), ["--horizon", "1"], []),
    "not UTF-8": (wide(ramp(30)) + "2024-02-01,caf\u00e9\n".encode("latin-1"), [], ["data.csv"]),
    "a finetuned network with a calendar": (
        wide(ramp(60)),
        ["--model", "finetune", "--calendar", "month", "--cell", "gru"],
        ["--model finetune", "--calendar, --cell", "--model train"],
    ),
    "a pretrained network with layers": (
        wide(ramp(60)),
        ["--model", "pretrained", "--units", "8"],
        ["--model pretrained", "--units", "--model train"],
    ),
    "too short to train the pretrained network on": (
        wide(ramp(10)),
        ["--horizon", "5", "--model", "finetune"],
        ["10 steps", "at least 11", "--model pretrained"],
    ),
    "too short for a new network": (
        wide(ramp(10)),
        ["--horizon", "5", "--units", "8"],
        ["10 steps", "lower --horizon to at most 4"],
    ),
    "misspelled model": (wide(ramp(60)), ["--model", "finetuned"], ["did you mean finetune"]),
    "the pretrained network as a cell": (
        wide(ramp(60)),
        ["--cell", "pretrained"],
        ["--cell is 'pretrained'"],
    ),
    "zeros and ones": (bytes(range(256)) * 4, [], ["data.csv"]),
    "horizon of zero": (wide(ramp(60)), ["--horizon", "0"], ["--horizon", "0"]),
    "season of zero": (wide(ramp(60)), ["--season-length", "0"], ["--season-length"]),
    "unknown frequency": (wide(ramp(60)), ["--freq", "fortnightly"], ["fortnightly"]),
    "misspelled cell": (wide(ramp(60)), ["--cell", "lsmt"], ["lsmt", "did you mean lstm"]),
    "misspelled strategy": (wide(ramp(60)), ["--strategy", "dirct"], ["did you mean direct"]),
    "units in words": (
        wide(ramp(60)),
        ["--units", "many"],
        ["--units", "many", "comma-separated"],
    ),
    "no units": (wide(ramp(60)), ["--units", "0"], ["--units"]),
    "units of what has none": (
        wide(ramp(60)),
        ["--cell", "linear", "--units", "8"],
        ["--units", "--cell linear"],
    ),
    "negative seed": (wide(ramp(60)), ["--seed", "-1"], ["seed", "-1"]),
    "output is a folder": (wide(ramp(60)), ["--output", "."], ["--output", "folder"]),
    "output in no folder": (wide(ramp(60)), ["--output", "no/f.csv"], ["no", "f.csv"]),
    "output is the input": (wide(ramp(60)), ["--output", "data.csv"], ["data.csv", "input"]),
}


@pytest.mark.parametrize("case", FILES)
def test_file_that_cannot_be_forecast(case, folder):
    content, options, named = FILES[case]
    (folder / "data.csv").write_bytes(content)
    message = refused(["forecast", "data.csv", "--horizon", "3", *options], folder)
    missing = [word for word in named if word not in message]
    assert not missing, f"{missing} not named in:\n{message}"


def test_no_file_and_a_folder_instead_of_a_file(folder):
    (folder / "sales.csv").write_bytes(wide(ramp(60)))
    (folder / "shop").mkdir()
    assert "sale.csv" in refused(["forecast", "sale.csv", "--horizon", "3"], folder)
    message = refused(["forecast", "shop", "--horizon", "3"], folder)
    assert "shop" in message and "folder" in message


def as_other_user(test: Callable) -> Callable:
    return pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")(
        test
    )


@as_other_user
def test_unwritable_run_directory(folder):
    (folder / "sales.csv").write_bytes(wide(ramp(60)))
    (folder / "locked").mkdir(mode=0o500)
    message = refused(
        ["forecast", "sales.csv", "--horizon", "3", "--run-dir", "locked/run"], folder
    )
    assert "locked" in message and "--run-dir" in message


def test_run_directory_that_may_not_be_written_is_told_first(folder, monkeypatch):
    (folder / "sales.csv").write_bytes(wide(ramp(60)))
    monkeypatch.setattr(run_directory.os, "access", lambda path, mode: not mode & os.W_OK)
    message = refused(["forecast", "sales.csv", "--horizon", "3", "--run-dir", "run"], folder)
    assert "cannot be written to" in message and "--run-dir" in message


@pytest.mark.parametrize("kind", ["file", "strange", "run"])
def test_run_directory_in_use(folder, kind):
    (folder / "sales.csv").write_bytes(wide(ramp(60)))
    if kind == "file":
        (folder / "mine").write_text("x")
    else:
        (folder / "mine").mkdir()
        text = '{"format_version": 1, "family": "forecasting"}' if kind == "run" else "thesis"
        (folder / "mine" / ("config.json" if kind == "run" else "thesis.txt")).write_text(text)
    message = refused(["forecast", "sales.csv", "--horizon", "3", "--run-dir", "mine"], folder)
    assert "mine" in message
    if kind == "run":
        assert "--overwrite" in message
    else:
        options = ["--run-dir", "mine", "--overwrite"]
        refused(["forecast", "sales.csv", "--horizon", "3", *options], folder)


RECIPE = """\
# Sales
[data]
source = "sales.csv"

[model]
preset = "lstm"
horizon = 3

[fit]
epochs = 2
"""


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize(
    "old, new, named",
    [
        ("epochs = 2", "epocs = 2", ["epocs", "line 10", "did you mean fit.epochs", "my.toml"]),
        ("[fit]", "[fits]", ["fits", "line 9", "fit"]),
        ("epochs = 2", "epochs = 0", ["fit.epochs", "line 10", "at least 1"]),
        ("horizon = 3", 'horizon = "three"', ["model.horizon", "line 7", "whole number"]),
        ("horizon = 3", "", ["model.horizon", "missing"]),
        ("horizon = 3", "horizon 3", ["my.toml", "line 7"]),
        ('preset = "lstm"', 'preset = "lsmt"', ["model.preset", "line 6", "'lstm'"]),
        ('source = "sales.csv"', 'source = "co3"', ["data.source", "did you mean co2"]),
    ],
)
def test_mistakes_in_a_recipe(folder, command, old, new, named):
    (folder / "sales.csv").write_bytes(wide(ramp(60)))
    (folder / "my.toml").write_text(RECIPE.replace(old, new))
    message = refused([command, "my.toml"], folder)
    missing = [word for word in named if word not in message]
    assert not missing, f"{missing} not named in:\n{message}"


def test_mistakes_in_what_is_run(folder):
    (folder / "my.toml").write_text(RECIPE)
    assert "did you mean fit.epochs" in refused(["run", "my.toml", "fit.epoch=3"], folder)
    assert "key=value" in refused(["run", "my.toml", "quickly"], folder)
    assert "nothing.toml" in refused(["run", "nothing.toml"], folder)
    assert "did you mean forecasting/co2_lstm_direct?" in refused(
        ["run", "forecasting/co2_lstm_drect"], folder
    )
    assert "did you mean" in refused(["cp", "co2_lstm_drect", "copy"], folder)
    assert "--resume" in refused(["run", "my.toml", "--resume", "--overwrite"], folder)
    assert "did you mean datasets" in refused(["ls", "dataset"], folder)


RUN_COMMANDS = {
    "predict": ["--input", "data.csv", "--output", "out.csv"],
    "evaluate": ["--input", "data.csv"],
    "export": ["--to", "out"],
}


@pytest.mark.parametrize("command", RUN_COMMANDS)
def test_run_directories_that_are_not_one(folder, command):
    (folder / "data.csv").write_bytes(wide(ramp(60)))
    (folder / "strange").mkdir()
    (folder / "half").mkdir()
    (folder / "half" / "config.json").write_text('{"format_version": 1, "family": "forecasting"}')
    more = RUN_COMMANDS[command]
    assert "does not exist" in refused([command, "nowhere", *more], folder)
    assert "is a file" in refused([command, "data.csv", *more], folder)
    assert "holds no run" in refused([command, "strange", *more], folder)
    assert "--resume" in refused([command, "half", *more], folder)


def test_tables_of_what_is_no_run(folder):
    (folder / "README.md").write_text("no table")
    assert "no finished run" in refused(["table", "nowhere"], folder)
    assert "README.md" in refused(["table", "nowhere", "--check", "README.md"], folder)


@pytest.mark.parametrize("levels", ["80,80", "0", "100", "-5,80", "many", "80,", "nan", ""])
def test_levels_that_are_none(folder, levels):
    (folder / "sales.csv").write_bytes(wide(ramp(60)))
    message = refused(["forecast", "sales.csv", "--horizon", "3", f"--levels={levels}"], folder)
    assert "--levels" in message and "80,95" in message
    if levels not in ("80,", ""):  # which a list in TOML may be
        (folder / "my.toml").write_text(RECIPE + f"\n[evaluate]\nlevels = [{levels}]\n")
        assert "my.toml" in refused(["validate", "my.toml"], folder)


def test_baselines_are_refused_before_any_work(folder, monkeypatch):
    monkeypatch.setitem(extras.MODULES, "baselines", ("nobodys_forecasts",))
    run = [
        "run",
        "co2_lstm_direct",
        "evaluate.baselines=auto_theta",
        "--run-dir",
        str(folder / "r"),
    ]
    message = refused(run, folder)
    assert "nobodys_forecasts" in message and "keras-rnn-recipes[baselines]" in message
    message = refused(["forecast", "x.csv", "--horizon", "3", "--baselines", "autoets"], folder)
    assert "did you mean auto_ets" in message


def test_backtests_and_searches_are_refused_before_any_work(folder, monkeypatch):
    (folder / "sales.csv").write_text("ds,y\n2024-01-01,1\n")
    assert "krr forecast sales.csv" in refused(["backtest", "sales.csv"], folder)
    assert "--folds" in refused(["backtest", "co2_lstm_direct", "--folds", "0"], folder)
    assert "does not exist" in refused(["backtest", "no/run", "--no-refit"], folder)
    monkeypatch.setitem(extras.MODULES, "tune", ("pytest",))
    assert "[tune]" in refused(["tune", "co2_lstm_direct"], folder)
    monkeypatch.setitem(extras.MODULES, "tune", ("nobodys_search",))
    assert "nobodys_search" in refused(["tune", "co2_lstm_direct"], folder)


def test_a_missing_extra_and_a_misspelt_format_are_told(folder, monkeypatch):
    monkeypatch.setitem(extras.MODULES, "onnx", ("onnx_of_nobody",))
    message = refused(["export", "x", "--to", "y", "--format", "onnx"], folder)
    assert "onnx_of_nobody" in message and "keras-rnn-recipes[onnx]" in message
    assert "did you mean onnx" in refused(["export", "x", "--to", "y", "--format", "onx"], folder)


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["forecats", "sales.csv"], "Did you mean 'forecast'"),
        (["forecast", "sales.csv", "--horizn", "3"], "--horizon"),
        (["forecast", "sales.csv"], "--horizon"),
        (["forecast", "--horizon", "3"], "FILE"),
        (["forecast", "sales.csv", "--horizon", "three"], "--horizon"),
        (["forecast", "sales.csv", "--horizon", "3", "--known-cols", "b"], "--known-cols"),
        (["run"], "RECIPE"),
        (["table"], "RUN_DIR"),
    ],
)
def test_commands_and_options_that_do_not_exist(folder, arguments, told):
    before = listing(folder)
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 2
    assert told in result.stderr and "Traceback" not in result.output
    assert listing(folder) == before


@pytest.mark.parametrize("case", ["text in the value column", "not UTF-8", "five points"])
def test_in_a_process_of_its_own(case, folder):
    content, options, _ = FILES[case]
    (folder / "data.csv").write_bytes(content)
    before = listing(folder)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "keras_rnn_recipes",
            "forecast",
            "data.csv",
            "--horizon",
            "3",
            *options,
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "Error",
        "Expected",
        "Fix",
    ]
    assert listing(folder) == before


def test_no_number_of_bytes_cut_from_a_file_brings_a_traceback(folder):
    """A file that was cut off while it was copied is refused or read, and never crashes."""
    from keras_rnn_recipes.errors import UserError
    from keras_rnn_recipes.workflows.forecast import ForecastOptions, plan_forecast

    whole = long({"a": ramp(12), "b": list(np.round(np.sin(ramp(12)), 3))})
    outcomes = set()
    for length in range(0, len(whole), 7):
        (folder / "data.csv").write_bytes(whole[:length])
        try:
            plan_forecast(ForecastOptions(Path("data.csv"), horizon=2))
            outcomes.add("read")
        except UserError as error:
            assert error.what and error.expected and error.fix
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
