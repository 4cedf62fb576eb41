"""``report.html`` of a text classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from keras_rnn_recipes.evaluation.classification import (
    calibration_bins,
    class_scores,
    confusion,
    roc_points,
)
from keras_rnn_recipes.running.report_page import (
    Section,
    Table,
)
from keras_rnn_recipes.running.report_parts import write_text_page
from keras_rnn_recipes.running.text_classification import plots
from keras_rnn_recipes.running.wording import label

MOST_MISTAKES, LONGEST_SHOWN = 12, 240


def write_classification_report(
    run_dir: str | Path,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> Path:
    """Write the report of a classifier into its run directory, from what stands there and this.

    Args:
        run_dir: with ``metrics.json``, ``predictions.csv`` and, if they are there,
            ``config.json``, ``history.csv`` and ``environment.json``.
        truth: class numbers of the test part ``(examples,)``.
        answers: by name, the model first: probabilities ``(examples, classes)``.
        classes: their names.

    Returns:
        The path of the report.
    """
    folder = Path(run_dir)
    name, found = next(iter(answers.items()))
    return write_text_page(
        folder,
        name=name,
        kind="classifier",
        facts=[f"{len(classes)} classes", f"tested on {len(truth):,} texts"],
        first="Told by",
        caption="On the test part; ● marks the best of a column.",
        more_tables=[_by_class(truth, found, classes), _mistakes(folder, name)],
        figures=_figures(name, truth, answers, classes),
    )


def _by_class(truth: np.ndarray, found: np.ndarray, classes: Sequence[str]) -> Table:
    rows = class_scores(truth, found.argmax(axis=1), classes)
    cells = [
        (
            name,
            False,
            [f"{row[key]:.3f}" for key in ("precision", "recall", "f1")]
            + [f"{row['support']:,.0f}"],
        )
        for name, row in rows.items()
    ]
    return Table(
        "Class by class",
        "Precision: of the texts that were given the class, the share that have it. Recall: of "
        "those that have it, the share that were given it. F1: their harmonic mean.",
        "Class",
        ["precision", "recall", "F1", "texts"],
        cells,
    )


def _mistakes(folder: Path, name: str) -> Table:
    """The wrong answers that the model was surest of: of these, labels are often wrong as well."""
    # A text may read "NA" or "007", and is one all the same.
    kinds: dict[str, Any] = {"text": str, "label": str, name: str}
    table = pd.read_csv(folder / "predictions.csv", dtype=kinds, keep_default_na=False)
    wrong = table[table[name] != table["label"]]
    surest = wrong.sort_values(f"{name}-probability", ascending=False).head(MOST_MISTAKES)
    rows = [
        (_shown(text), False, [truth, answer, f"{float(sure):.3f}"])
        for text, truth, answer, sure in surest[
            ["text", "label", name, f"{name}-probability"]
        ].itertuples(index=False)
    ]
    return Table(
        "Wrong and sure of it",
        f"The {len(rows)} wrong answers with the highest probability, of {len(wrong):,}.",
        "Text",
        ["true", "answered", "probability"],
        rows,
        of_texts=True,
    )


def _figures(
    name: str,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> list[Section]:
    found = answers[name]
    made: list[Section] = []
    if len(classes) <= plots.MOST_CLASSES:
        counts = confusion(truth, found.argmax(axis=1), len(classes))
        made.append(
            Section(
                "What was taken for what",
                Markup(plots.confusion_matrix(counts, classes)),
                "Texts by true class (rows) and answer (columns); the fuller the colour, the "
                "larger the share of the row.",
            )
        )
    if len(classes) == 2 and len(np.unique(truth)) == 2:
        curves = {label(one): roc_points(truth, given[:, 1]) for one, given in answers.items()}
        made.append(
            Section(
                "Ranking",
                Markup(plots.roc_curve(curves, model=label(name))),
                f"The share of {classes[1]!r} that is found against the share of the others that "
                "is taken for it, for every threshold.",
            )
        )
    made.append(
        Section(
            "How honest the probabilities are",
            Markup(plots.reliability(calibration_bins(truth, found))),
            "Answers by their probability: on the dotted line, as many are right as it says; below "
            "it, the model is too sure. The larger a dot, the more answers.",
        )
    )
    return made


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
