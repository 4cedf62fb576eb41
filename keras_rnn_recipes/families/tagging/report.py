"""``report.html`` of a tagger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.data.text.column_files import Sentence
from keras_rnn_recipes.data.text.tags import spans
from keras_rnn_recipes.evaluation.entities import entity_scores
from keras_rnn_recipes.families.tagging.pipeline import given_back
from keras_rnn_recipes.reporting.page import Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers

MOST_SHOWN, LONGEST_SHOWN = 12, 40

Tags = Sequence[Sequence[str]]

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    sentences: Sequence[Sentence],
    answers: Mapping[str, Tags],
    *,
    of_spans: bool,
) -> Path:
    """Write the report of a tagger into its run directory, from what stands there and this.

    Args:
        run_dir: with ``metrics.json`` and, if they are there, ``config.json``, ``history.csv`` and
            ``environment.json``.
        sentences: the test part.
        answers: by name, the model first: tags of each sentence.
        of_spans: whether the tags mark spans.

    Returns:
        The path of the report.
    """
    name, found = next(iter(answers.items()))
    truth = [[given_back(tag) for tag in row.tags] for row in sentences]
    return write_text_page(
        run_dir,
        name=name,
        kind="tagger",
        facts=[f"tested on {len(sentences):,} sentences"],
        first="Tagged by",
        caption="On the test part; entities strictly, start, end and type. ● marks the best.",
        more_tables=[
            *([_by_type(truth, found)] if of_spans else []),
            _confusions(truth, found),
            _mistakes(sentences, truth, found),
        ],
    )


def _by_type(truth: Tags, found: Tags) -> Table:
    scores = entity_scores([spans(row) for row in truth], [spans(row) for row in found])
    rows = [
        (
            kind,
            False,
            [f"{row[key]:.3f}" for key in ("precision", "recall", "f1")]
            + [f"{row[key]:,}" for key in ("num_true", "num_found")],
        )
        for kind, row in scores["by_type"].items()
    ]
    return Table(
        "Type by type",
        "A span is right where its start, its end and its type are.",
        "Type",
        ["precision", "recall", "F1", "true", "found"],
        rows,
    )


def _confusions(truth: Tags, found: Tags) -> Table:
    counts = Counter(
        pair
        for both in zip(truth, found, strict=True)
        for pair in zip(*both, strict=True)
        if pair[0] != pair[1]
    )
    rows = [
        (true, False, [given, f"{count:,}"])
        for (true, given), count in counts.most_common(MOST_SHOWN)
    ]
    return Table(
        "What was taken for what",
        f"The most frequent mistakes, of {counts.total():,} wrong tokens.",
        "True tag",
        ["answered", "tokens"],
        rows,
    )


def _mistakes(sentences: Sequence[Sentence], truth: Tags, found: Tags) -> Table:
    """Sentences with wrong tags, the first of them, short enough to be read."""
    rows: list[tuple[str, bool, list[str]]] = []
    for row, right, given in zip(sentences, truth, found, strict=True):
        if list(right) != list(given) and len(row.tokens) <= LONGEST_SHOWN:
            rows.append((" ".join(row.tokens), False, [_marked(row, right), _marked(row, given)]))
        if len(rows) == MOST_SHOWN:
            break
    return Table(
        "Where it went wrong",
        "The first sentences with a mistake.",
        "Sentence",
        ["true", "answered"],
        rows,
        of_texts=True,
    )


def _marked(row: Sentence, tags: Sequence[str]) -> str:
    """The tokens that are more than outside, with their tags."""
    shown: list[Any] = [
        f"{token}/{tag}" for token, tag in zip(row.tokens, tags, strict=True) if tag != "O"
    ]
    return " ".join(shown) or "–"
