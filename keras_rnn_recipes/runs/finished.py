"""The configuration of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import is_run_directory


def finished_config(run_dir: str | Path, overrides: Sequence[str] = ()) -> Any:
    """Read the configuration of a run that has its SavedModel, or its report if none was trained.

    Args:
        run_dir: folder of the run.
        overrides: values of the section ``data`` that hold for new data in place of the run's,
            such as ``"data.decimal=,"``.

    Raises:
        UserError: the folder is missing, or holds no run or an unfinished one; or a value is not
            of the section ``data``.
    """
    for override in overrides:
        if not override.startswith("data."):
            raise UserError(
                f"{override!r} was given for new data.",
                "a key that says how data are read, such as data.decimal=, or data.id_col=store.",
                "leave it out; the model of a finished run stays as it is.",
            )
    path = Path(run_dir)
    fix = "give the --run-dir of a `krr run` or `krr forecast`."
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        raise UserError(f"The run directory {path} {what}.", "the folder of a finished run.", fix)
    if not is_run_directory(path):
        raise UserError(
            f"{path} holds no run: its config.json is missing or not of this package.",
            "the folder of a finished run.",
            fix,
        )
    if (path / "folds").is_dir():
        raise UserError(
            f"{path} holds a backtest, which has a model for every cutoff.",
            "the folder of a finished run.",
            f"give the folder of one cutoff, such as {path / 'folds' / '01'}.",
        )
    if not any((path / name).exists() for name in ("saved_model", "report.html")):
        raise _unfinished(path)
    config = load_config(path / "config.json", overrides)
    if config.trains and not (path / "saved_model").is_dir():
        raise _unfinished(path)
    return config


def is_untrained(path: str | Path) -> bool:
    """Whether a folder holds a run that trained nothing, and so has no model of its own."""
    return is_run_directory(Path(path)) and not load_config(Path(path) / "config.json").trains


def _unfinished(path: Path) -> UserError:
    return UserError(
        f"The run in {path} is not finished: it has no saved_model yet.",
        "the folder of a finished run.",
        f"finish it: krr run {path / 'recipe.toml'} --run-dir {path} --resume.",
    )
