"""``report.html`` of a tagger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.data.text.column_files import Sentence
from keras_rnn_recipes.data.text.tags import spans
from keras_rnn_recipes.evaluation.entities import entity_scores
from keras_rnn_recipes.running.report import read_json, read_table
from keras_rnn_recipes.running.report_page import Page, Table, render_page, settings_tables
from keras_rnn_recipes.running.report_parts import figure_rows, learning_section
from keras_rnn_recipes.running.run_directory import replacing
from keras_rnn_recipes.running.served_tagger import given_back
from keras_rnn_recipes.running.wording import label, number, verdict

MOST_SHOWN, LONGEST_SHOWN = 12, 40

Tags = Sequence[Sequence[str]]


def write_tagging_report(
    run_dir: str | Path, sentences: Sequence[Sentence], answers: Mapping[str, Tags]
) -> Path:
    """Write the report of a tagger into its run directory, from what stands there and this.

    Args:
        run_dir: with ``metrics.json`` and, if they are there, ``config.json``, ``history.csv`` and
            ``environment.json``.
        sentences: the test part.
        answers: by name, the model first: tags of each sentence.

    Returns:
        The path of the report.
    """
    folder = Path(run_dir)
    record, config = read_json(folder / "metrics.json"), read_json(folder / "config.json")
    name = next(iter(answers))
    metrics = list(record["model"])
    kind, sentence = verdict(name, record, metrics[0])
    truth = [[given_back(tag) for tag in row.tags] for row in sentences]
    tables = [_by_type(truth, answers[name])] if "entity_f1" in metrics else []
    data = config.get("data", {})
    source = data.get("source") or data.get("train") or ""
    learning = learning_section(read_table(folder / "history.csv"), config)
    page = Page(
        title=f"{label(name)} tagger" + (f", on {Path(source).name}" if source else ""),
        kind=kind,
        verdict=sentence,
        facts=[
            f"tested on {len(sentences):,} sentences",
            f"{record['num_parameters']:,} parameters",
            f"trained in {number(round(record['fit_seconds'], 1))} s",
        ],
        caption="On the test part; entities strictly, start, end and type. ● marks the best.",
        first="Tagged by",
        columns=[label(metric) for metric in metrics],
        rows=figure_rows(name, record, metrics, metrics[0]),
        more_tables=[
            *tables,
            _confusions(truth, answers[name]),
            _mistakes(sentences, truth, answers[name]),
        ],
        figures=[learning] if learning else [],
        tables=settings_tables(config, read_json(folder / "environment.json")),
    )
    target = folder / "report.html"
    with replacing(target) as staged:
        staged.write_text(render_page(page), encoding="utf-8")
    return target


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
    )


def _marked(row: Sentence, tags: Sequence[str]) -> str:
    """The tokens that are more than outside, with their tags."""
    shown: list[Any] = [
        f"{token}/{tag}" for token, tag in zip(row.tokens, tags, strict=True) if tag != "O"
    ]
    return " ".join(shown) or "–"
