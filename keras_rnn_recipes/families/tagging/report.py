"""``report.html`` of a tagger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.entities import entity_scores
from keras_rnn_recipes.reporting.page import Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.text.column_files import Sentence
from keras_rnn_recipes.text.tags import spans, to_iob2

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
    """Write the report of a tagger into its run directory, from its files and the arguments.

    Args:
        run_dir: with ``metrics.json`` and, if they are there, ``config.json``, ``history.csv`` and
            ``environment.json``.
        sentences: the test part.
        answers: tags of each sentence by model, the trained one first.
        of_spans: whether the tags mark spans.

    Returns:
        The path of the report.
    """
    name, found = next(iter(answers.items()))
    truth = [[to_iob2(tag) for tag in row.tags] for row in sentences]
    return write_text_page(
        run_dir,
        name=name,
        kind="tagger",
        facts=[f"tested on {counted(len(sentences), 'sentence')}"],
        first="Model",
        caption="On the test part. Entities must match in start, end and type. ● marks the best.",
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
        "Scores by type",
        "An entity counts as found if its start, end and type are right.",
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
        "Most frequent errors",
        f"Of {counted(counts.total(), 'wrong token')}.",
        "True tag",
        ["predicted", "tokens"],
        rows,
    )


def _mistakes(sentences: Sequence[Sentence], truth: Tags, found: Tags) -> Table:
    """The first sentences with wrong tags that are short enough to read."""
    rows: list[tuple[str, bool, list[str]]] = []
    for row, right, given in zip(sentences, truth, found, strict=True):
        if list(right) != list(given) and len(row.tokens) <= LONGEST_SHOWN:
            rows.append((" ".join(row.tokens), False, [_marked(row, right), _marked(row, given)]))
        if len(rows) == MOST_SHOWN:
            break
    return Table(
        "Wrong answers",
        "The first sentences with a wrong tag.",
        "Sentence",
        ["true", "predicted"],
        rows,
        of_texts=True,
    )


def _marked(row: Sentence, tags: Sequence[str]) -> str:
    """The tokens inside a span, with their tags."""
    shown: list[Any] = [
        f"{token}/{tag}" for token, tag in zip(row.tokens, tags, strict=True) if tag != "O"
    ]
    return " ".join(shown) or "–"
