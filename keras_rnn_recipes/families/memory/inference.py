"""A run that measured memory has nothing to answer: what the command line says to those who ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.finished import finished_config


def predict(run_dir: str | Path, source: Any) -> NoReturn:
    """Refuse: the sequences of these problems are made, not given.

    Raises:
        UserError: always.
    """
    raise _nothing_to_answer(run_dir)


def evaluate(run_dir: str | Path, source: Any, *, baselines: str | None = None) -> NoReturn:
    """Refuse, as `predict` does."""
    raise _nothing_to_answer(run_dir)


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> NoReturn:
    """Refuse, as `predict` does; `load_model` loads the network."""
    raise _nothing_to_answer(run_dir)


def _nothing_to_answer(run_dir: str | Path) -> UserError:
    headline = finished_config(run_dir).headline
    return UserError(
        f"The run in {run_dir} measured {headline}.",
        "a run whose model answers questions about data: of forecasting or of texts.",
        "look at its report.html; krr.load_model gives the network that it lists first.",
    )
