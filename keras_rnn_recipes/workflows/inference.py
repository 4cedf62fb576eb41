"""Use a finished run of any family: predict, evaluate, export."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.evaluation import Evaluation
from keras_rnn_recipes.families.registry import find_family
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.storage import write_forecasts

if TYPE_CHECKING:
    import pandas as pd


def predict(run_dir: str | Path, source: Any, *, overrides: Sequence[str] = ()) -> pd.DataFrame:
    """Apply the SavedModel of a finished run to new data.

    Args:
        run_dir: folder of a finished run.
        source: the data: for a forecaster a table as `read_panel` takes it, whose series are
            forecast from their last date on; for other families a file in the run's own format, or
            a DataFrame with its columns. A language model takes files only.
        overrides: how the new data are read, where they differ from those of the run: keys of the
            recipe's section ``data``, such as ``"data.decimal=,"``.

    Returns:
        For a forecaster the columns ``unique_id, ds``, one named as the model, and its bounds; for
        other families a row for each text, sentence or prompt.

    Raises:
        UserError: the run is not finished, or the data cannot be used.

    Example:
        >>> predict("runs/sales", "sales.csv").columns.tolist()  # doctest: +SKIP
        ['unique_id', 'ds', 'lstm']
    """
    answers: pd.DataFrame = _call(_inference(run_dir).predict, overrides)(run_dir, source)
    return answers


def evaluate(
    run_dir: str | Path,
    source: Any,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Score the model of a finished run on new data.

    Args:
        run_dir: folder of a finished run.
        source: as in `predict`, with the true values or answers.
        baselines: additional baselines of a forecaster, such as ``"auto_ets,auto_theta"``.
        overrides: as in `predict`.

    Raises:
        UserError: the run is not finished, the data cannot be used, or a baseline is unknown.
    """
    family = _call(_inference(run_dir).evaluate, overrides)
    result: Evaluation = family(run_dir, source, baselines=baselines)
    return result


def export_run(run_dir: str | Path, to: str | Path, *, format: str = "saved_model") -> Path:
    """Export the model of a finished run from its ``model.keras``.

    Args:
        run_dir: folder of a finished run.
        to: folder to write, missing or empty; for ONNX a file, or a folder for ``model.onnx``.
        format: ``"saved_model"``, or ``"onnx"`` (forecasters; needs the extra ``onnx``).

    Returns:
        Path of the folder or file.

    Raises:
        UserError: the run is not finished, ``to`` exists, the family cannot be exported to the
            format, or the extra is not installed.
    """
    path: Path = _inference(run_dir).export(run_dir, Path(to), format=format)
    return path


def write_answers(run_dir: str | Path, answers: pd.DataFrame, output: str | Path) -> list[Path]:
    """Write what `predict` gave, as CSV or in a format of the family.

    Args:
        run_dir: folder of the run that answered.
        answers: from `predict`.
        output: the file. A music model writes MIDI and WAV files where its name ends so.

    Returns:
        The files that were written.

    Raises:
        UserError: a file cannot be written.
    """
    family = _inference(run_dir)
    if hasattr(family, "write_answers"):
        written: list[Path] = family.write_answers(answers, output)
        return written
    write_forecasts(answers, output)
    return [Path(output)]


def _inference(run_dir: str | Path) -> Any:
    return find_family(finished_config(run_dir).family).inference


def _call(verb: Any, overrides: Sequence[str]) -> Any:
    """A verb of a family with keys of its data; a family may have none."""
    if not overrides:
        return verb
    if "overrides" not in signature(verb).parameters:
        raise UserError(
            f"{overrides[0]!r} was given, but this run reads its new data in one way only.",
            "no keys of the section data.",
            "leave them out.",
        )
    return partial(verb, overrides=overrides)
