"""``krr tag``: choose a recipe for tagged sentences, and explain the choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.choices import given_keys, reason, resolve
from keras_rnn_recipes.config.recommended_tags import recommend_tagger, tag_facts
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.text.column_files import (
    ColumnPlan,
    Sentence,
    plan_columns,
    read_column_file,
)
from keras_rnn_recipes.text.reading import read_lines
from keras_rnn_recipes.text.tag_forms import TagForm, count_tags, find_tag_form
from keras_rnn_recipes.text.tags import most_mark_spans, spans
from keras_rnn_recipes.workflows.planning import Plan
from keras_rnn_recipes.workflows.text_planning import (
    WHERE,
    TextOptions,
    asked_for,
    data_section,
    refuse_few,
    with_found,
)

# Fewer sentences cannot be divided into parts that say anything.
_FEWEST_SENTENCES = 20
# More different values than this, or than a third of the tokens, are no tags.
_MOST_TAGS = 500
# Share of the lines that have the same number of words, in a file of columns.
_REGULAR = 0.8
# Cells of so many words on average are texts.
_WORDS_OF_TEXTS = 1.5
# A type with fewer spans is hardly learned.
_RARE = 10


def plan_tag(options: TextOptions) -> Plan:
    """Read the file and choose the configuration; nothing is written, and TensorFlow not imported.

    Args:
        options: the options of the command line.

    Raises:
        UserError: a mistake in the options or the file, or too few sentences.
    """
    asked = asked_for(
        "tagging", options, token_column=options.token_col, tag_column=options.tag_col
    )
    given = {"data.token_column", "data.tag_column"} & given_keys(asked, options.overrides)
    columns, rows = _read(options.file, data_section(asked, options))
    if not given and (better := _of_spans(columns)) is not None:
        asked = with_found(asked, {"tag_column": better})
        columns, rows = _read(options.file, data_section(asked, options))
    _refuse_other_tables(options.file, rows, columns)
    refuse_few(
        options.file,
        len(rows),
        "sentence",
        _FEWEST_SENTENCES,
        "blank lines separate sentences, and some hundreds teach much more",
    )
    form = find_tag_form(count_tags([row.tags for row in rows]))
    tags = [tuple(form.standard[tag] for tag in row.tags) for row in rows]
    of_spans = most_mark_spans({tag for row in tags for tag in row})
    choices = recommend_tagger(tag_facts([row.tokens for row in rows], tags, of_spans=of_spans))
    config, told = resolve(asked, options.overrides, choices, where=WHERE)
    return Plan(
        config, (*_of_columns(columns, rows, given), *_of_tags(tags, form, of_spans), *told)
    )


def _read(file: Path, data: Any) -> tuple[ColumnPlan, list[Sentence]]:
    """Which columns are read, and the sentences.

    Raises:
        UserError: as `read_column_file`; running text, or tokens without tags.
    """
    columns = {"token_column": data.token_column, "tag_column": data.tag_column}
    try:
        plan = plan_columns(file, **columns, **data.file_options())
        return plan, read_column_file(file, **columns, **data.file_options())
    except UserError as error:
        if _has_columns(read_lines(file, encoding=data.encoding)):
            raise
        raise UserError(
            f"{file.name} has texts or tokens without tags.",
            "a token and its tag on each line, blank lines between sentences.",
            "add the tags; a finished tagger answers such a file: krr predict RUN_DIR --input "
            f"{file.name} --output answers.csv.",
        ) from error


def _has_columns(lines: Sequence[str]) -> bool:
    """Whether lines have tabs, or nearly all of them the same number of words."""
    if any("\t" in line for line in lines):
        return True
    widths = Counter(len(line.split()) for line in lines if line.strip() and line[0] != "#")
    width, number = widths.most_common(1)[0] if widths else (0, 0)
    return width > 1 and number >= _REGULAR * widths.total()


def _of_spans(columns: ColumnPlan) -> int | None:
    """The only column of spans, in a file whose column of tags has none."""
    if columns.names or columns.conllu or columns.tag in columns.spans or len(columns.spans) != 1:
        return None
    return columns.spans[0]


def _refuse_other_tables(file: Path, rows: list[Sentence], columns: ColumnPlan) -> None:
    """Refuse a table of texts, and a column whose values hardly ever recur."""
    tokens = [token for row in rows for token in row.tokens]
    different = len({tag for row in rows for tag in row.tags})
    if sum(len(token.split()) for token in tokens) > _WORDS_OF_TEXTS * len(tokens):
        raise UserError(
            f"{file.name} has texts in column {columns.token}, such as {tokens[-1][:40]!r}.",
            "a token and its tag on each line, blank lines between sentences.",
            f"find the class of a text with krr classify {file.name}, or turn texts into others "
            f"with krr translate {file.name}.",
        )
    if different > max(_FEWEST_SENTENCES, min(_MOST_TAGS, len(tokens) // 3)):
        raise UserError(
            f"Column {columns.tag} of {file.name} has {different:,} different tags for "
            f"{counted(len(tokens), 'token')}.",
            f"a few tags that recur, at most {_MOST_TAGS}.",
            f"name the column of the tags with --tag-col, from 0 to {columns.width - 1}.",
        )


def _of_columns(columns: ColumnPlan, rows: list[Sentence], given: set[str]) -> list[str]:
    """What was found in the file."""
    tokens, place = sum(len(row.tokens) for row in rows), _column(columns, columns.token)
    return [
        reason(
            f"Sentences: {len(rows):,}, with {tokens:,} tokens in {place}",
            _why_token(columns),
            "--token-col",
            given="data.token_column" in given or None,
        ),
        reason(
            f"Tags: in {_column(columns, columns.tag or 0)}",
            _why_tag(columns),
            "--tag-col",
            given="data.tag_column" in given or None,
        ),
    ]


def _column(columns: ColumnPlan, place: int) -> str:
    name = f" ({columns.names[place]!r})" if columns.names else ""
    return f"column {place}{name}"


def _why_token(columns: ColumnPlan) -> str:
    if columns.names:
        return "by the names of the columns"
    return "the first" if columns.token == 0 else "the one before it numbers the tokens"


def _why_tag(columns: ColumnPlan) -> str:
    if columns.names:
        return "by the names of the columns"
    if columns.conllu:
        return "the universal parts of speech of CoNLL-U"
    if columns.tag in columns.spans and columns.tag != columns.width - 1:
        return "the only one with tags of spans"
    return "the last"


def _of_tags(tags: list[tuple[str, ...]], form: TagForm, of_spans: bool) -> list[str]:
    """What the tags mark, and which of them are rare."""
    notes = [form.note] if form.note else []
    if of_spans:
        counts = Counter(kind for row in tags for _, _, kind in spans(row))
        what, noun = f"spans of {counted(len(counts), 'type')}", "span"
    else:
        counts = count_tags(tags)
        what, noun = f"single tokens, {counted(len(counts), 'tag')}", "token"
    shown = [f"{name} {count:,}" for name, count in counts.most_common()]
    told = [f"They mark {what}: {first_names(shown, 6)}.", *notes]
    rare = [name for name, count in counts.items() if count < _RARE]
    if rare:
        told.append(
            f"{counted(len(rare), 'tag', 'has', 'have')} fewer than {_RARE} {noun}s and can hardly "
            f"be learned: {first_names(rare)}."
        )
    return told
