"""``report.html`` of a text classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.reporting.classification import class_table, classifier_figures
from keras_rnn_recipes.reporting.page import Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers

MOST_MISTAKES, LONGEST_SHOWN = 12, 240

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> Path:
    """Write the report of a classifier into its run directory, from its files and the arguments.

    Args:
        run_dir: with ``metrics.json``, ``predictions.csv`` and, if they are there,
            ``config.json``, ``history.csv`` and ``environment.json``.
        truth: class numbers of the test part ``(examples,)``.
        answers: probabilities ``(examples, classes)`` by model, the trained one first.
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
        facts=[f"{len(classes)} classes", f"tested on {counted(len(truth), 'text')}"],
        first="Model",
        caption="On the test part. ● marks the best value of a column.",
        more_tables=[
            class_table(truth, found, classes, noun="texts"),
            _mistakes(folder, name),
        ],
        figures=classifier_figures(name, truth, answers, classes, noun="texts"),
    )


def _mistakes(folder: Path, name: str) -> Table:
    """The wrong answers with the highest probability; among these, labels are often wrong too."""
    # Texts such as "NA" and "007" stay texts.
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
        "Wrong answers",
        f"The wrong answers with the highest probability, {len(rows)} of {len(wrong):,}.",
        "Text",
        ["true", "predicted", "probability"],
        rows,
        of_texts=True,
    )


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
