"""Use a finished run of sequence classification on new sequences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.errors import first_names
from keras_rnn_recipes.families.evaluation import Evaluation, refuse_baselines, with_notes
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from keras_rnn_recipes.families.sequence_classification.pipeline import Pipeline
    from keras_rnn_recipes.media.sequences import LabelledSequences

# Sequences that an export is compared on.
MOST_COMPARED = 16


def predict(run_dir: str | Path, source: Any, *, overrides: Sequence[str] = ()) -> pd.DataFrame:
    """Tell the class of every sequence.

    Args:
        run_dir: a finished run of sequence classification. Its ``saved_model`` answers.
        source: sequences as the run's own, with or without labels; or a DataFrame.
        overrides: how they are read, as in `finished_config`.

    Returns:
        Columns ``sequence``, ``steps``, ``label``, and for each class its probability,
        ``probability-<class>``.

    Raises:
        UserError: not a finished run, or something in the data that cannot be used.

    Example:
        >>> predict("runs/gestures", "new.csv").columns[:3].tolist()  # doctest: +SKIP
        ['sequence', 'steps', 'label']
    """
    import pandas as pd

    from keras_rnn_recipes.serving.saved_sequences import SavedSequenceClassifier

    rows, classes, notes = _read(run_dir, source, overrides, labelled=False)
    found = SavedSequenceClassifier(Path(run_dir) / "saved_model", rows.rate)(rows.values)
    table: dict[str, Any] = {"sequence": list(rows.names), "steps": rows.lengths}
    table["label"] = found["label"]
    for number, name in enumerate(classes):
        table[f"probability-{name}"] = found["probabilities"][:, number]
    return with_notes(pd.DataFrame(table), notes)


def evaluate(
    run_dir: str | Path,
    source: Any,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's classifier on sequences with labels.

    Args:
        run_dir, source: as in `predict`; the sequences have labels.

    Returns:
        The metrics of the run's recipe.

    Raises:
        UserError: as `predict`, or a label that training has not seen.
    """
    from keras_rnn_recipes.families.sequence_classification.task import number_labels, score
    from keras_rnn_recipes.serving.saved_sequences import SavedSequenceClassifier

    refuse_baselines(baselines)
    config = finished_config(run_dir, overrides)
    rows, classes, notes = _read(run_dir, source, overrides, labelled=True)
    truth = number_labels(rows, classes, "the new data")
    found = SavedSequenceClassifier(Path(run_dir) / "saved_model", rows.rate)(rows.values)
    missing = [name for name in classes if name not in set(rows.labels)]
    if missing:
        notes.append(f"Macro F1 leaves out the classes without a sequence: {first_names(missing)}.")
    name = config.model.cell
    summary = score(truth, {name: found["probabilities"]}, metrics=config.evaluate.metrics)
    return Evaluation(name, summary, notes=tuple(notes))


def load(run_dir: str | Path) -> Pipeline:
    """Load the classifier of a finished run from ``model.keras``, to export it or to go on with it.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.sequence_classification.pipeline import Pipeline
    from keras_rnn_recipes.serving.keras_model import load_model

    record = _record(run_dir)
    return Pipeline(load_model(run_dir), record["classes"], record["channels"], record["rate"])


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again.

    Args:
        run_dir: a finished run.
        to: the folder to write, missing or empty.
        format: ``"saved_model"``.

    Raises:
        UserError: ``to`` exists, or another format.
    """
    from keras_rnn_recipes.serving.export_common import require_new_saved_model

    require_new_saved_model("A classifier of sequences", to, format)
    return export_model(load(run_dir), to)


def export_model(
    pipeline: Pipeline, path: str | Path, *, samples: Sequence[np.ndarray] = ()
) -> Path:
    """Write a classifier as a SavedModel folder, verified as by `export_pipeline`.

    Args:
        pipeline: the classifier.
        path: the folder to write. A SavedModel already there is replaced.
        samples: sequences to compare on, the first 16 of them, beside unusual ones.

    Returns:
        ``path``.
    """
    from keras_rnn_recipes.serving.export_pipeline import export_pipeline

    return export_pipeline(pipeline, path, cases=pipeline.cases(samples[:MOST_COMPARED]))


def _record(run_dir: str | Path) -> dict[str, Any]:
    return read_json(Path(run_dir) / "classes.json", required=True)


def _own_form(record: dict[str, Any]) -> dict[str, Any]:
    """How new data are read for a run: its channels, rate and frames."""
    if "frame_shape" not in record:
        return {"channels": tuple(record["channels"]), "rate": record["rate"]}
    height, width, channels = record["frame_shape"]
    color = "grey" if channels == 1 else "rgb"
    size = {"frame_size": (height, width), "frame_color": color}
    return {**size, "frame_rate": record["rate"]}


def _read(
    run_dir: str | Path, source: Any, overrides: Sequence[str], *, labelled: bool
) -> tuple[LabelledSequences, list[str], list[str]]:
    """New sequences with the run's channels, the names of its classes, and notes."""
    from keras_rnn_recipes.families.sequence_classification.task import read_sequences

    config, notes = finished_config(run_dir, overrides), list[str]()
    record = _record(run_dir)
    data = config.data.model_copy(update=_own_form(record))
    rows = read_sequences(source, data, notes, labelled=labelled)
    return rows, record["classes"], notes
