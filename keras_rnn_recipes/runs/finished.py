"""The configuration of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import is_run_directory


def finished_config(run_dir: str | Path) -> Any:
    """Read the configuration of a run that has its SavedModel.

    Args:
        run_dir: folder of the run.

    Raises:
        UserError: the folder is missing, or holds no run or an unfinished one.
    """
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
    if not (path / "saved_model").is_dir():
        raise UserError(
            f"The run in {path} is not finished: it has no saved_model yet.",
            "the folder of a finished run.",
            f"finish it: krr run {path / 'recipe.toml'} --run-dir {path} --resume.",
        )
    return load_config(path / "config.json")
