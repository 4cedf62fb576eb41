"""Use a finished run of text classification on new texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.families.evaluation import (
    Evaluation,
    from_tables,
    refuse_baselines,
    token_notes,
    with_notes,
)
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.vocabulary import read_vocabulary, tokenizer_of

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.text_classification.pipeline import Pipeline


@from_tables
def predict(
    run_dir: str | Path, source: str | Path, *, overrides: Sequence[str] = ()
) -> pd.DataFrame:
    """Tell the class, the labels or the number of every text in a table.

    Args:
        run_dir: a finished run of text classification. Its ``saved_model`` answers.
        source: a table with the run's column of texts, or a plain text with a text in each line,
            see `read_texts`.
        overrides: how the table is read, as in `finished_config`.

    Returns:
        Columns ``text`` (named as in the run), ``label`` or ``labels``, and for each of them its
        probability, ``probability-<class>``; of a regression ``prediction``.

    Raises:
        UserError: not a finished run, or something in the file that cannot be used.

    Example:
        >>> predict("runs/imdb", "new.csv").columns.tolist()  # doctest: +SKIP
        ['text', 'label', 'probability-negative', 'probability-positive']
    """
    import pandas as pd

    from keras_rnn_recipes.serving.saved_text import SavedClassifier
    from keras_rnn_recipes.text.reading import read_texts

    config, notes = finished_config(run_dir, overrides), list[str]()
    texts = read_texts(
        source,
        text_col=config.data.text_col,
        tell=notes.append,
        **config.data.file_options(),
    )
    found = SavedClassifier(Path(run_dir) / "saved_model")(texts)
    probabilities = found.pop("probabilities", None)
    table: dict[str, Any] = {config.data.text_col: list(texts), **found}
    if probabilities is not None:
        for number, name in enumerate(read_vocabulary(run_dir)["classes"]):
            table[f"probability-{name}"] = probabilities[:, number]
    return with_notes(pd.DataFrame(table), [*notes, *token_notes(run_dir, texts)])


@from_tables
def evaluate(
    run_dir: str | Path,
    source: str | Path,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's classifier or regression on a table of texts and labels or numbers.

    Args:
        run_dir, source: as in `predict`; the table has the run's column of labels too.

    Returns:
        The metrics of the run's recipe.

    Raises:
        UserError: as `predict`, or a label that training has not seen, or no number.
    """
    from keras_rnn_recipes.families.text_classification.heads import (
        head_of_record,
        in_known_spelling,
    )
    from keras_rnn_recipes.families.text_classification.task import read_rows
    from keras_rnn_recipes.serving.saved_text import SavedClassifier

    refuse_baselines(baselines)
    config, notes = finished_config(run_dir, overrides), list[str]()
    name = config.model.name
    # Scores count every text once, so that new data need no weights.
    data = config.data.model_copy(update={"weight_col": None})
    rows = read_rows(source, data, tell=notes.append)
    head = head_of_record(read_vocabulary(run_dir))
    rows = in_known_spelling(head, rows, tell=notes.append)
    truth = head.truth(rows, Path(source).name)
    found = SavedClassifier(Path(run_dir) / "saved_model")(rows.texts)
    answers = found["prediction"] if head.task == "regression" else found["probabilities"]
    if head.task == "classification":
        notes += class_notes(rows.labels, read_vocabulary(run_dir)["classes"])
    notes += token_notes(run_dir, rows.texts)
    summary = head.score(truth, {name: answers}, config.evaluate.metrics)
    return Evaluation(name, summary, notes=tuple(notes))


def class_notes(labels: Sequence[str], classes: Sequence[str]) -> list[str]:
    """A sentence on the classes that do not occur among the labels, over which no mean is taken."""
    missing = [name for name in classes if name not in set(labels)]
    if not missing:
        return []
    return [
        f"macro F1 is the mean over the {len(classes) - len(missing)} classes that occur; not "
        f"{', '.join(missing)[:200]}."
    ]


def load(run_dir: str | Path) -> Pipeline:
    """Load the classifier of a finished run from ``model.keras``, to export it or to go on with it.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.text_classification.heads import head_of_record
    from keras_rnn_recipes.families.text_classification.pipeline import Pipeline
    from keras_rnn_recipes.serving.keras_model import load_model

    record = read_vocabulary(run_dir)
    return Pipeline(tokenizer_of(record), load_model(run_dir), head_of_record(record))


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again, as `export_text_run` does."""
    from keras_rnn_recipes.serving.export_text import export_text_run

    return export_text_run(load(run_dir), to, format=format)
