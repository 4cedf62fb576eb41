"""Use a finished run of any family: predict, evaluate, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.families.evaluation import Evaluation
from keras_rnn_recipes.families.registry import find_family
from keras_rnn_recipes.runs.finished import finished_config

if TYPE_CHECKING:
    import pandas as pd


def predict(run_dir: str | Path, source: Any) -> pd.DataFrame:
    """Answer new data with a finished run's SavedModel.

    Args:
        run_dir: the folder of a finished run.
        source: the data: for a forecaster a table as `read_panel` takes it, whose series are
            forecast after their ends; for other families a file in the format of the run's own.

    Returns:
        For a forecaster ``unique_id, ds`` and a column named as the model, with its bounds behind
        it; for other families a row for each text, sentence or prompt.

    Raises:
        UserError: not a finished run, or something in the data that cannot be used.

    Example:
        >>> predict("runs/sales", "sales.csv").columns.tolist()  # doctest: +SKIP
        ['unique_id', 'ds', 'lstm']
    """
    answers: pd.DataFrame = _inference(run_dir).predict(run_dir, source)
    return answers


def evaluate(run_dir: str | Path, source: Any, *, baselines: str | None = None) -> Evaluation:
    """Score a finished run's model on other data.

    Args:
        run_dir: the folder of a finished run.
        source: as in `predict`, with the true answers in it.
        baselines: of a forecaster, further ones beside the run's: ``"auto_ets,auto_theta"``.

    Raises:
        UserError: not a finished run, data that cannot be used, or an unknown baseline.
    """
    result: Evaluation = _inference(run_dir).evaluate(run_dir, source, baselines=baselines)
    return result


def export_run(run_dir: str | Path, to: str | Path, *, format: str = "saved_model") -> Path:
    """Export the model of a finished run again, from its ``model.keras``.

    Args:
        run_dir: the folder of a finished run.
        to: the folder to write, which must be missing or empty; for ONNX the file to write, or a
            folder for a ``model.onnx``.
        format: ``"saved_model"`` or ``"onnx"`` (forecasters; needs the extra ``onnx``).

    Returns:
        What was written.

    Raises:
        UserError: not a finished run, ``to`` is in use, the family has no such export, or the
            extra is not installed.
    """
    path: Path = _inference(run_dir).export(run_dir, Path(to), format=format)
    return path


def _inference(run_dir: str | Path) -> Any:
    return find_family(finished_config(run_dir).family).inference
