"""Column files: one token per line, with its tag in another column; CoNLL, CoNLL-U and CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Unpack

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.encoded import (
    Tell,
    ignore,
    read_decoded,
    split_lines,
    without_carriage_returns,
)
from keras_rnn_recipes.text.other_formats import refuse_other_text
from keras_rnn_recipes.text.tables import (
    FileFormat,
    FileOptions,
    Layout,
    Row,
    is_blank,
    parse_rows,
    without_repeated_headers,
)
from keras_rnn_recipes.text.tags import split_tag

DOCUMENT_START = "-DOCSTART-"
_TOKENS = ("token", "word", "form", "tokens", "words")
_TAGS = ("tag", "ner", "label", "ner_tag", "ner_tags", "tags", "labels", "entity", "iob", "bio")
_SENTENCES = ("sentence #", "sentence", "sentence_id", "sent_id", "sentence_idx", "sentence id")
_COMMENT = re.compile(
    r"#\s*(id\s|sent_id|text|newdoc|newpar|source|global|\S+\s*=)|#(begin|end) doc"
)
# Rows by which joined tokens and tags are known.
_MANY = 200
_SAMPLE = 100  # lines of a file in which every one must have the separator
_JOINED = re.compile(r"\S*\S/(O|[BIESLUM]-\S+|[A-Z]{1,5}\$?|[.,:])")
_SPAN_TAG = re.compile(r"[BIESLUMWbieslumw][-_]\S+|[BIESLUMW][.:/|]\S+")
# Columns of CoNLL-U: ID, FORM, LEMMA, UPOS and six more.
_CONLLU_WIDTH, _CONLLU_UPOS = 10, 3


class Sentence(NamedTuple):
    """The tokens of a sentence, their tags, and its line.

    Args:
        tokens: as written in the file.
        tags: one per token; empty where no tags were read.
        line: of the first token in the file, counted from 1.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    line: int


def read_column_file(
    path: str | Path,
    *,
    token_column: int = 0,
    tag_column: int | None = -1,
    of_spans: bool = False,
    tell: Tell = ignore,
    **options: Unpack[FileOptions],
) -> list[Sentence]:
    """Read a file with one token per line; blank and ``-DOCSTART-`` lines end a sentence.

    The columns of a line that contains a tab are separated by tabs (tokens may then contain
    spaces), otherwise by spaces; those of a ``.csv`` file by commas. Every line has as many columns
    as the first. Known by themselves, and told, are: a header line; a column that numbers the
    tokens or the sentences; comments; and CoNLL-U, without its multiword tokens and empty nodes.

    Args:
        path: of the file, also gzipped (``.gz``).
        token_column: number of the column of tokens, from 0, or from -1 backward. The default gives
            way to a column that is named or numbered as one of tokens; so does that of the tags.
        tag_column: number of the column of tags; None for a file without tags.
        of_spans: require tags that mark spans, in IOB1, IOB2 or IOBES.
        tell: called with each assumption about the file.
        options: of `FileFormat`: ``separator``, ``quotes``, ``columns``, ``encoding``.

    Returns:
        The sentences, in the order of the file.

    Raises:
        UserError: a missing file, not UTF-8, no sentence, a line with another number of columns, no
            such column, or a tag that marks no span; the message names the line.

    Example:
        >>> import os, tempfile
        >>> name = os.path.join(tempfile.mkdtemp(), "toy.txt")
        >>> with open(name, "w") as file:
        ...     print("Bob NNP I-PER", "sings VBZ O", "", "Why WRB O", sep=chr(10), file=file)
        >>> for sentence in read_column_file(name):
        ...     print(*sentence)
        ('Bob', 'sings') ('I-PER', 'O') 1
        ('Why',) ('O',) 4
    """
    path, form = Path(path), FileFormat(**options)
    rows, plan = _planned(path, form, (token_column, tag_column), tell)
    sentences = _sentences(path, rows, plan, of_spans)
    if not sentences:
        raise UserError(
            f"{path.name} has no sentence.",
            "one token per line, blank lines between sentences.",
            "give a file with data.",
        )
    spaced = [token for row in sentences for token in row.tokens if " " in token]
    if spaced:
        tell(f"{path.name}: {counted(len(spaced), 'token')} with spaces, such as {spaced[0]!r}.")
    if len(sentences) == 1 and len(sentences[0].tokens) > 1000 and plan.sentence is None:
        tell(f"{path.name} has no blank line: all of its tokens are one sentence.")
    return sentences


class ColumnPlan(NamedTuple):
    """Which columns of a file are read, and whether lines may be left out.

    Attributes:
        width: number of columns.
        token, tag: the columns of tokens and of tags, from 0; None for a file without tags.
        sentence: the column that names or numbers the sentences, if there is one.
        conllu: whether the file is CoNLL-U.
        names: of the columns, in lower case; empty for a file without a header line.
        spans: columns with tags of spans, such as B-PER.
    """

    width: int
    token: int
    tag: int | None
    sentence: int | None = None
    conllu: bool = False
    names: tuple[str, ...] = ()
    spans: tuple[int, ...] = ()


def plan_columns(
    path: str | Path,
    *,
    token_column: int = 0,
    tag_column: int = -1,
    **options: Unpack[FileOptions],
) -> ColumnPlan:
    r"""Which columns `read_column_file` reads with the same arguments.

    Raises:
        UserError: as `read_column_file`, but for its sentences and tags.

    Example:
        >>> import os, tempfile
        >>> name = os.path.join(tempfile.mkdtemp(), "toy.csv")
        >>> with open(name, "w") as file:
        ...     _ = file.write("sentence,word,pos,tag\n1,Ann,NNP,B-PER\n")
        >>> plan = plan_columns(name)
        >>> plan.token, plan.tag, plan.sentence
        (1, 3, 0)
    """
    path, form = Path(path), FileFormat(**options)
    return _planned(path, form, (token_column, tag_column), ignore)[1]


def _planned(
    path: Path, form: FileFormat, given: tuple[int, int | None], tell: Tell
) -> tuple[list[Row], ColumnPlan]:
    """The rows below a header, and which of their columns are read."""
    names, rows = _header(path, _rows(path, form, tell), form, tell)
    return rows, _plan(path, names, rows, given, tell)


def _rows(path: Path, form: FileFormat, tell: Tell) -> list[Row]:
    """The cells of every line; none for a blank line."""
    text = read_decoded(path, encoding=form.encoding, adjustable=form.adjustable, tell=tell)
    refuse_other_text(path, text)
    separator = form.separator or _csv_separator(path, text)
    if separator not in (None, " ", "\t"):
        quoted = form.quotes if form.quotes is not None else '"' in text
        rows = _parsed(path, text, Layout(separator, quoted), form)
        cells = [Row(row.line, [cell.strip() for cell in row.cells]) for row in rows]
        return [Row(row.line, [] if is_blank(row.cells) else row.cells) for row in cells]
    lines = without_carriage_returns(path, split_lines(text), tell)
    return _without_comments([Row(n, _cells(line)) for n, line in enumerate(lines, 1)], lines)


def _parsed(path: Path, text: str, layout: Layout, form: FileFormat) -> list[Row]:
    try:
        return list(parse_rows(text, layout))
    except csv.Error as error:
        raise UserError(
            f"{path.name} could not be read: {error}.",
            "cells with paired quotation marks, doubled within a cell.",
            form.advice("correct the marks, or set data.quotes=false.", "correct the marks."),
        ) from error


def _csv_separator(path: Path, text: str) -> str | None:
    """A comma or semicolon, for a CSV file or a header of known names."""
    lines = [line for line in split_lines(text) if line.strip() and line[0] != "#"] or [""]
    for separator in ",;":
        names = [name.strip(' "').casefold() for name in lines[0].split(separator)]
        known = {*names} & {*_TOKENS} and len(names) > 1
        # Commas between tabs are tokens, and not every line has one.
        throughout = all(separator in line for line in lines[:_SAMPLE])
        if known or (".csv" in path.suffixes[-2:] and throughout):
            return separator
    return None


def _without_comments(rows: list[Row], lines: list[str]) -> list[Row]:
    """Rows without comments, which begin with # where a sentence begins and are no tokens."""
    usual = [row.cells for row in rows if row.cells and not row.cells[0].startswith("#")]
    width = len(usual[0]) if usual else 0
    last = {cells[-1] for cells in usual}
    found, at_start = [], True
    for row, line in zip(rows, lines, strict=True):
        marked = bool(row.cells) and row.cells[0].startswith("#")
        if marked and usual:
            tagged = row.cells[-1] in last or _SPAN_TAG.fullmatch(row.cells[-1])
            token = len(row.cells) == width and width > 1 and tagged
            spaced = line.lstrip().startswith(("# ", "#\t")) or _COMMENT.match(line.lstrip())
            if not token and spaced and (at_start or len(row.cells) != width):
                continue
        at_start = not row.cells
        found.append(row)
    return found


def _header(
    path: Path, rows: list[Row], form: FileFormat, tell: Tell
) -> tuple[list[str], list[Row]]:
    """The names of the columns in lower case, if there are any, and the rows below them."""
    first = next((place for place, row in enumerate(rows) if row.cells), None)
    cells = [] if first is None else [cell.casefold() for cell in rows[first].cells]
    known = bool({*cells} & {*_TOKENS}) and bool({*cells} & {*_TAGS, *_SENTENCES, "pos"})
    if first is not None and known:
        tell(f"{path.name}: the first line names the columns ({', '.join(cells)[:200]}).")
        return cells, without_repeated_headers(path, rows[first + 1 :], cells, tell)
    return [name.casefold() for name in form.columns or ()], rows


def _plan(
    path: Path,
    names: list[str],
    rows: list[Row],
    given: tuple[int, int | None],
    tell: Tell,
) -> ColumnPlan:
    """Decide which columns are read: those that are named, then those that the cells show."""
    token, tag = given
    first = next((row for row in rows if row.cells and row.cells[0] != DOCUMENT_START), None)
    if first is None:
        return ColumnPlan(0, 0, None)
    width, sentence, conllu = len(first.cells), None, False
    if names:
        token = _named(names, _TOKENS, token, 0)
        tag = None if tag is None else _named(names, _TAGS, tag, -1)
        sentence = next((names.index(name) for name in _SENTENCES if name in names), None)
    elif token == 0 and width > 1 and _numbers_tokens(rows):
        token = 1
        conllu = width == _CONLLU_WIDTH
        if conllu and tag == -1:
            tag = _CONLLU_UPOS
        kind = "CoNLL-U" if conllu else "numbered tokens"
        tell(f"{path.name}: {kind}; column {token} is read as tokens{_tags_told(tag, width)}.")
    _check_columns(path, first, token, tag)
    _refuse_joined(path, rows)
    if tag is not None:
        _refuse_lists(path, [row.cells[tag] for row in rows if len(row.cells) == width])
    if not names and tag is not None:
        if given == (0, -1):  # nobody named the columns
            _refuse_exchanged(path, rows, token % width, tag % width)
        for note in _column_notes(path, rows, token % width, tag % width):
            tell(note)
    plan = ColumnPlan(width, token % width, None if tag is None else tag % width, sentence, conllu)
    return plan._replace(names=tuple(names), spans=_span_columns(rows, plan))


def _tags_told(tag: int | None, width: int) -> str:
    return "" if tag is None else f" and column {tag % width} as tags"


def _refuse_joined(path: Path, rows: list[Row]) -> None:
    """Refuse sentences in lines whose tokens and tags are joined, such as ``Rome/B-LOC``."""
    cells = [cell for row in rows[:_MANY] for cell in row.cells]
    joined = [cell for cell in cells if _JOINED.fullmatch(cell)]
    if 10 * len(joined) > 9 * len(cells):
        raise UserError(
            f"{path.name} has tokens and tags joined by a slash, such as {joined[0]!r}.",
            "one token per line, with its tag in another column.",
            f"write each token on a line: sed 's/ /\\n/g; s/$/\\n/' {path.name} | "
            r"sed 's@/\([^/]*\)$@\t\1@'.",
        )


def _refuse_lists(path: Path, tags: list[str]) -> None:
    """Refuse rows of whole sentences, whose tags are a list in one cell."""
    listed = [
        cell for cell in tags if cell.startswith("[") and cell.endswith("]") and len(cell) > 2
    ]
    if 2 * len(listed) > len(tags):
        raise UserError(
            f"{path.name} has a list of tags in one cell, such as {listed[0][:40]!r}.",
            "one token per line, with its tag in another column.",
            "write a row for each token, for example with pandas.DataFrame.explode.",
        )


def _refuse_exchanged(path: Path, rows: list[Row], token: int, tag: int) -> None:
    """Refuse a file in which the column of tokens has tags of spans and that of tags has none."""
    filled = [row.cells for row in rows if len(row.cells) > max(token, tag)]
    if _hold_spans([c[token] for c in filled]) and not _hold_spans([c[tag] for c in filled]):
        raise UserError(
            f"Column {token} of {path.name}, of the tokens, has tags of spans, and column {tag}, "
            "of the tags, has none.",
            "a column of tokens and one of tags.",
            f"set data.token_column={tag} and data.tag_column={token}.",
        )


def _column_notes(path: Path, rows: list[Row], token: int, tag: int) -> list[str]:
    """Sentences on what the cells leave open: a header line, or tags of spans in two columns."""
    filled = [row.cells for row in rows if row.cells and row.cells[0] != DOCUMENT_START]
    filled = [cells for cells in filled if len(cells) == len(filled[0])]
    columns = [[cells[place] for cells in filled] for place in range(len(filled[0]))]
    notes = []
    name = filled[0][tag]
    unusual = name != "O" and not (name.isupper() or name.isdecimal() or _SPAN_TAG.fullmatch(name))
    if unusual and all(columns[place].count(columns[place][0]) == 1 for place in (token, tag)):
        notes.append(
            f"{path.name}: the first line, {' '.join(filled[0])[:80]!r}, is read as a token with "
            f"the tag {name!r}, which occurs only there."
        )
    spans = [p for p in _span_columns(rows, ColumnPlan(len(columns), token, tag)) if p != tag]
    if spans:
        places = " and ".join(map(str, spans))
        notes.append(
            f"{path.name}: column {tag} is read as tags; column {places} has tags of spans too."
        )
    return notes


def _span_columns(rows: list[Row], plan: ColumnPlan) -> tuple[int, ...]:
    """The columns with tags of spans, apart from that of the tokens."""
    usual = [
        row.cells for row in rows if len(row.cells) == plan.width and row.cells[0] != DOCUMENT_START
    ]
    others = [place for place in range(plan.width) if place != plan.token]
    return tuple(p for p in others if _hold_spans([cells[p] for cells in usual]))


def _hold_spans(column: list[str]) -> bool:
    return any(cell != "O" for cell in column) and all(
        cell == "O" or re.fullmatch(r"[BIESLU]-\S+", cell) for cell in column
    )


def _named(names: list[str], known: Sequence[str], given: int, default: int) -> int:
    """The column of a known name, where no other column than the default was given."""
    found = [place for place, name in enumerate(names) if name in known]
    if given != default or not found or given % len(names) in found:
        return given
    return found[0]


def _numbers_tokens(rows: list[Row]) -> bool:
    """Whether the first column counts the tokens of every sentence from 1 or 0."""
    expected: int | None = None
    counted = 0
    for row in rows:
        if not row.cells or row.cells[0] == DOCUMENT_START:
            expected = None
            continue
        cell = row.cells[0]
        if re.fullmatch(r"[0-9]+[-.][0-9]+", cell):
            continue
        if not re.fullmatch(r"[0-9]{1,6}", cell):
            return False
        if expected is None and int(cell) not in (0, 1):
            return False
        if expected is not None and int(cell) != expected:
            return False
        expected, counted = int(cell) + 1, counted + 1
    return counted > 1


def _sentences(path: Path, rows: list[Row], plan: ColumnPlan, of_spans: bool) -> list[Sentence]:
    """Collect the tokens of each sentence."""
    sentences: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    first, name = 0, ""

    def end() -> None:
        if tokens:
            sentences.append(Sentence(tuple(tokens), tuple(tags), first))
        tokens.clear()
        tags.clear()

    for number, cells in rows:
        if not cells or cells[0] == DOCUMENT_START:
            end()
            continue
        if len(cells) != plan.width:
            raise _wrong_width(path, number, len(cells), plan.width)
        if plan.conllu and not cells[0].isdigit():
            continue
        if plan.sentence is not None and cells[plan.sentence] not in ("", name):
            end()
            name = cells[plan.sentence]
        first = first if tokens else number
        tokens.append(cells[plan.token])
        if plan.tag is not None:
            tags.append(_tag(path, number, cells[plan.tag], of_spans))
    end()
    return sentences


def _cells(line: str) -> list[str]:
    """Other white space than tabs and spaces, such as a no-break space, belongs to a token."""
    line = line.strip(" \t\r\n")
    if "\t" in line:
        return [cell.strip(" ") for cell in line.split("\t")]
    return re.split(" +", line) if line else []


def _check_columns(path: Path, first: Row, token_column: int, tag_column: int | None) -> None:
    number, width = first.line, len(first.cells)
    for what, column in (("token", token_column), ("tag", tag_column)):
        if column is not None and not -width <= column < width:
            raise UserError(
                f"Line {number} of {path.name} has {counted(width, 'column')}; there is no column "
                f"{column}.",
                f"a {what} column from 0 to {width - 1}, or from -1 backward.",
                f"name another {what} column.",
            )
    if tag_column is not None and token_column % width == tag_column % width:
        raise UserError(
            f"Tokens and tags are both column {token_column % width} of {path.name}, which has "
            f"{width} (line {number}).",
            "a column of tokens and one of tags.",
            "name two columns, or read the file without tags.",
        )


def _wrong_width(path: Path, number: int, found: int, width: int) -> UserError:
    return UserError(
        f"Line {number} of {path.name} has {counted(found, 'column')}.",
        f"{width}, as in the lines before.",
        "correct that line; separate sentences by a blank line.",
    )


def _tag(path: Path, number: int, tag: str, of_spans: bool) -> str:
    if of_spans:
        try:
            split_tag(tag)
        except UserError as error:
            what = f"Line {number} of {path.name} has the tag {tag!r}."
            raise UserError(what, error.expected, error.fix) from error
    return tag
