"""``report.html`` of a text classifier or regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.multilabel import label_calibration
from keras_rnn_recipes.reporting.classification import (
    class_table,
    classifier_figures,
    plot_reliability,
    table_of_scores,
)
from keras_rnn_recipes.reporting.format import number
from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.reporting.regression import regression_figures
from keras_rnn_recipes.reporting.style import svg_of

if TYPE_CHECKING:
    from keras_rnn_recipes.families.text_classification.heads import Head

MOST_MISTAKES, LONGEST_SHOWN = 12, 240

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    head: Head | Sequence[str],
) -> Path:
    """Write the report of a classifier into its run directory, from its files and the arguments.

    Args:
        run_dir: with ``metrics.json``, ``predictions.csv`` and, if they are there,
            ``config.json``, ``history.csv`` and ``environment.json``.
        truth: true answers of the test part, see `Head.truth`.
        answers: answers by model, the trained one first: probabilities ``(examples, classes)`` or
            numbers ``(examples,)``.
        head: from `fit_head`, or names of classes.

    Returns:
        The path of the report.
    """
    # Here, since tables for READMEs are made without TensorFlow.
    from keras_rnn_recipes.families.text_classification.heads import LabelHead, as_head

    folder, head = Path(run_dir), as_head(head)
    name, found = next(iter(answers.items()))
    tables, figures = _parts(folder, name, truth, answers, head)
    own = f"threshold {number(head.threshold)}" if isinstance(head, LabelHead) else ""
    facts = [f"{head.size} {_NOUNS[head.task]}"] if head.size > 1 else []
    return write_text_page(
        folder,
        name=name,
        kind="regression" if head.task == "regression" else "classifier",
        facts=[*facts, *filter(None, [own]), f"tested on {counted(len(truth), 'text')}"],
        first="Model",
        caption="On the test part. ● marks the best value of a column.",
        more_tables=tables,
        figures=figures,
    )


_NOUNS = {"classification": "classes", "multilabel": "labels"}


def _parts(
    folder: Path,
    name: str,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    head: Head,
) -> tuple[list[Table], list[Section]]:
    """The tables and figures of a head."""
    from keras_rnn_recipes.families.text_classification.heads import ClassHead, LabelHead

    found = answers[name]
    if isinstance(head, ClassHead):
        table = class_table(truth, found, head.classes, noun="texts")
        figures = classifier_figures(name, truth, answers, head.classes, noun="texts")
        return [table, _mistakes(folder, name)], figures
    if isinstance(head, LabelHead):
        wrong = (head.chosen(name, found) != truth.astype(bool)).sum(axis=1)
        table = table_of_scores(
            truth, head.chosen(name, found), head.classes, noun="texts", kind="label"
        )
        mistakes = _largest(folder, name, wrong, ("Wrong answers", "wrong labels"))
        return [table, mistakes], [_calibration(truth, found)]
    largest = _largest(folder, name, np.abs(found - truth), ("Largest errors", "error"))
    return [largest], regression_figures(truth, found)


def _calibration(truth: np.ndarray, found: np.ndarray) -> Section:
    names = ("probability of a label", "share of texts that have it")
    return Section(
        "Calibration",
        svg_of(plot_reliability(label_calibration(truth, found), axes_names=names)),
        "Over all pairs of text and label. On the dotted line both are equal; below it the model "
        "is overconfident. Larger dots have more pairs.",
    )


def _mistakes(folder: Path, name: str) -> Table:
    """The wrong answers with the highest probability; among these, labels are often wrong too."""
    table = _predictions(folder, name)
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


def _largest(folder: Path, name: str, errors: np.ndarray, called: tuple[str, str]) -> Table:
    """The texts with the largest errors.

    Args:
        folder, name: as in `_mistakes`.
        errors: of each text of the test part; 0 for a right answer.
        called: the heading, and what an error is called.
    """
    table, (heading, what) = _predictions(folder, name), called
    order = np.argsort(-errors, kind="stable")[: min(MOST_MISTAKES, int((errors > 0).sum()))]
    rows = [
        (_shown(text), False, [truth or "–", _as_written(answer) or "–", number(error)])
        for text, truth, answer, error in zip(
            *(table[column].iloc[order] for column in ("text", "label", name)),
            errors[order],
            strict=True,
        )
    ]
    return Table(
        heading,
        f"The texts with the most or largest errors, {len(rows)} of {len(errors):,}.",
        "Text",
        ["true", "predicted", what],
        rows,
        of_texts=True,
    )


def _predictions(folder: Path, name: str) -> pd.DataFrame:
    # Texts such as "NA" and "007" stay texts.
    kinds: dict[str, Any] = {"text": str, "label": str, name: str}
    return pd.read_csv(folder / "predictions.csv", dtype=kinds, keep_default_na=False)


def _as_written(answer: str) -> str:
    try:
        return number(float(answer))
    except ValueError:
        return answer


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
