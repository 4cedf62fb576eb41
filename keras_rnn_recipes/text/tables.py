"""Tables of texts: separators, quotation marks and headers, found in the file or given."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypedDict

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.encoded import Tell, ignore, read_existing, split_lines
from keras_rnn_recipes.text.other_formats import refuse_other_text

SEPARATORS = (",", ";", "\t", "|||", "|")
# A cell may contain a whole book; Python's csv module stops at 128 KiB by default.
_LONGEST_CELL = 1 << 30
# Rows by which a separator is judged.
_MANY = 200


class FileOptions(TypedDict, total=False):
    """The options of `FileFormat` as keyword arguments."""

    separator: str | None
    quotes: bool | None
    columns: Sequence[str] | None
    encoding: str | None
    adjustable: bool


@dataclass(frozen=True)
class FileFormat:
    """How a file of texts is written, as far as it is known.

    Args:
        separator: between cells, one character or several; None: the one of comma, semicolon, tab
            and vertical bar that gives the wanted columns.
        quotes: whether cells may be quoted, with doubled quotation marks inside; None: as the cells
            of the file show.
        columns: names of the columns of a file without a header line, in order. Further columns are
            left out.
        encoding: as in `read_decoded`.
        adjustable: whether messages may advise recipe keys such as ``data.separator``.
    """

    separator: str | None = None
    quotes: bool | None = None
    columns: Sequence[str] | None = None
    encoding: str | None = None
    adjustable: bool = True

    def advice(self, key: str, otherwise: str) -> str:
        """Advice that names a recipe key, or other advice where no recipe can be changed."""
        return key if self.adjustable else otherwise


class Layout(NamedTuple):
    """How lines are parsed into cells.

    Args:
        separator: between cells; None: a table of one column.
        quoted: whether cells may be quoted.
        escaped: whether quotation marks within cells follow a backslash instead of being doubled.
        spaced: whether a space after a separator belongs to the separator.
    """

    separator: str | None
    quoted: bool
    escaped: bool = False
    spaced: bool = False


class Row(NamedTuple):
    """Cells of a row, and the line on which it ends, from 1."""

    line: int
    cells: list[str]


def read_rows(
    path: str | Path, wanted: Sequence[str], form: FileFormat, *, tell: Tell = ignore
) -> list[Row]:
    """Read the wanted columns of a table.

    Args:
        path: of a text file, gzipped (``.gz``) or not.
        wanted: names of columns. Upper and lower case count only where two names differ by it.
        form: what is known of the file.
        tell: called with each assumption, such as quotation marks that are kept.

    Returns:
        The rows, in the order of the file, without blank ones. There may be none.

    Raises:
        UserError: as `read_decoded`; a missing or repeated column, a line with another number of
            cells, or unpaired quotation marks.
    """
    path = Path(path)
    text = read_existing(path, "a CSV file", form.encoding, form.adjustable, tell)
    refuse_other_text(path, text)
    text, form = _without_excel_line(path, text, form, tell)
    layout = _find_layout(path, text, wanted, form, tell)
    names, rows = _named_rows(path, text, layout, wanted, form, tell)
    rows = _without_blank_rows(path, rows, layout, tell)
    rows = without_repeated_headers(path, rows, names, tell)
    names = _with_unnamed(path, names, rows, form, tell)
    places = [_place(path, names, name, form, tell, wanted) for name in wanted]
    for row in rows:
        if len(row.cells) != len(names):
            raise _wrong_width(path, row, names, form)
    return [Row(row.line, [row.cells[place] for place in places]) for row in rows]


def read_cells(path: str | Path, form: FileFormat, *, tell: Tell = ignore) -> list[list[str]]:
    """Read all cells of a table whose columns are not known yet.

    Args:
        path: of a text file, gzipped (``.gz``) or not.
        form: what is known of the file. Without a separator, it is the one that gives most rows the
            same number of cells.
        tell: called with each assumption.

    Returns:
        The rows with the most frequent number of cells, the header included if there is one, and
        without blank rows.

    Raises:
        UserError: as `read_decoded`; another format, or unpaired quotation marks.
    """
    path = Path(path)
    text = read_existing(path, "a CSV file", form.encoding, form.adjustable, tell)
    refuse_other_text(path, text)
    text, form = _without_excel_line(path, text, form, tell)
    if form.separator is None and (likely := _likely_separator(path, text)):
        form = replace(form, separator=likely)
    layout = _find_layout(path, text, (), form, ignore)
    rows = [row.cells for row in parse_rows(text, layout) if not is_blank(row.cells)]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    return [row for row in rows if len(row) == width]


def _likely_separator(path: Path, text: str) -> str | None:
    """The separator that gives most rows the same number of cells, of at least two."""
    is_tsv = ".tsv" in path.suffixes[-2:] or ".tab" in path.suffixes[-2:]
    tried = sorted(SEPARATORS, key=lambda one: one != "\t") if is_tsv else list(SEPARATORS)

    def regular(separator: str) -> float:
        widths = Counter(
            len(row.cells) for row in _some_rows(text, separator) if not is_blank(row.cells)
        )
        width, rows = widths.most_common(1)[0] if widths else (1, 0)
        return rows / widths.total() if width > 1 else 0.0

    best = max(tried, key=regular)
    return best if regular(best) > 0.5 else None


def parse_rows(text: str, layout: Layout) -> Iterator[Row]:
    """Parse the rows of a table, blank ones too.

    Raises:
        csv.Error: unpaired quotation marks.

    Example:
        >>> [row.cells for row in parse_rows('"a,b",c', Layout(",", quoted=True))]
        [['a,b', 'c']]
    """
    stand_in, separator = _unused(text, 2)
    if layout.separator is not None:
        # The csv module takes one character only.
        text = text.replace(layout.separator, separator)
    if not layout.quoted:
        for number, line in enumerate(split_lines(text), start=1):
            yield Row(number, _stripped(line.split(separator), layout))
        return
    text = text if "\n" in text else text.replace("\r", "\n")
    # For the csv module, a carriage return alone would end a row.
    reader = csv.reader(
        _lines(re.sub("\r(?!\n)", stand_in, text)),
        delimiter=separator,
        doublequote=not layout.escaped,
        escapechar="\\" if layout.escaped else None,
        skipinitialspace=layout.spaced,
        strict=True,
    )
    for cells in _without_limit(reader):
        whole = [cell.replace(stand_in, "\r") for cell in cells]
        if layout.separator is not None:
            whole = [cell.replace(separator, layout.separator) for cell in whole]
        yield Row(reader.line_num, _stripped(whole, layout))


def _without_limit(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Rows of the csv module, whose limit on cells is the same for all readers of a process."""
    while True:
        usual = csv.field_size_limit(_LONGEST_CELL)
        try:
            cells = next(reader, None)
        finally:
            csv.field_size_limit(usual)
        if cells is None:
            return
        yield cells


def is_blank(cells: Sequence[str]) -> bool:
    """Whether no cell holds anything but white space."""
    return not any(cell.strip() for cell in cells)


def _stripped(cells: list[str], layout: Layout) -> list[str]:
    """Separators of several characters usually stand between spaces."""
    several = layout.separator is not None and len(layout.separator) > 1
    return [cell.strip() for cell in cells] if several else cells


def _lines(text: str) -> Iterator[str]:
    """Lines with their line feeds; other line breaks of Unicode are no line breaks here."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    if start < len(text):
        yield text[start:]


def _unused(text: str, number: int) -> list[str]:
    """Characters for private use that do not occur in a text."""
    return list(islice((c for c in map(chr, range(0xE000, 0xF8FF)) if c not in text), number))


def _find_layout(
    path: Path, text: str, wanted: Sequence[str], form: FileFormat, tell: Tell
) -> Layout:
    separator = form.separator or _find_separator(path, text, wanted, form)
    quoted = form.quotes
    if quoted is None:
        quoted = '"' in text and _is_quoted(path, text, separator, form, tell)
    spaced = quoted and separator is not None and _is_spaced(text, separator)
    plain = Layout(separator, quoted, spaced=spaced)
    escaped = plain._replace(escaped=True)
    if not quoted or _error(text, plain) is None:
        return plain
    if _uses_backslashes(text) and _error(text, escaped) is None:
        tell(f'{path.name}: quotation marks within cells are written \\".')
        return escaped
    line, error = _error(text, plain) or (0, None)
    raise UserError(
        f"Line {line} of {path.name} could not be read: {error}.",
        "cells with paired quotation marks, doubled within a cell.",
        form.advice(
            "correct the marks, or set data.quotes=false if cells are not quoted.",
            "correct the marks.",
        ),
    )


def _is_spaced(text: str, separator: str) -> bool:
    """Whether a space follows every separator of the first line, and marks follow some of them."""
    first = next((line for line in split_lines(text) if line.strip()), "")
    spaces = first.count(f"{separator} ")
    return 0 < spaces == first.count(separator) and f'{separator} "' in text


def _uses_backslashes(text: str) -> bool:
    """Whether backslashes stand before quotation marks and other backslashes only."""
    return '\\"' in text and not re.search(r'\\[^"\\]', text.replace("\\\\", ""))


def _error(text: str, layout: Layout) -> tuple[int, csv.Error] | None:
    """The first error of the csv module and its line."""
    last = 0
    try:
        for row in parse_rows(text, layout):
            last = row.line
    except csv.Error as error:
        return last + 1, error
    return None


def _find_separator(path: Path, text: str, wanted: Sequence[str], form: FileFormat) -> str | None:
    """The separator that gives the wanted columns; None for a table of one column."""
    is_tsv = ".tsv" in path.suffixes[-2:] or ".tab" in path.suffixes[-2:]
    tried = sorted(SEPARATORS, key=lambda one: one != "\t") if is_tsv else list(SEPARATORS)
    first = next((line for line in split_lines(text) if line.strip()), "")
    for one in tried:
        names = _names(first, one)
        if len(names) > 1 and all(_find(names, name) for name in wanted):
            return one
    if all(_find(_names(first, None), name) for name in wanted):
        return None
    if form.columns is None:
        return tried[0] if is_tsv else max(tried, key=first.count)
    if len(form.columns) == 1:
        return None
    return max(tried, key=lambda one: _fit(text, one, len(form.columns or ())))


def _fit(text: str, separator: str, width: int) -> tuple[int, int]:
    """How many of the first rows have as many cells as there are names, and how many have more."""
    rows = [row.cells for row in _some_rows(text, separator) if not is_blank(row.cells)]
    return sum(len(row) == width for row in rows), sum(len(row) > width for row in rows)


def _some_rows(text: str, separator: str) -> list[Row]:
    rows: list[Row] = []
    try:
        rows.extend(islice(parse_rows(text, Layout(separator, quoted=True)), _MANY))
    except csv.Error:
        rows = list(islice(parse_rows(text, Layout(separator, quoted=False)), _MANY))
    return rows


def _names(line: str, separator: str | None) -> list[str]:
    """The names in a header line."""
    try:
        rows = list(parse_rows(line, Layout(separator, quoted=True)))
    except csv.Error:
        rows = list(parse_rows(line, Layout(separator, quoted=False)))
    return [name.strip() for name in rows[0].cells] if rows else []


def _find(names: Sequence[str], name: str) -> list[int]:
    """The columns of a name: as it is, or else in any case."""
    exact = [place for place, one in enumerate(names) if one == name]
    return exact or [p for p, one in enumerate(names) if one.casefold() == name.casefold()]


def _is_quoted(path: Path, text: str, separator: str | None, form: FileFormat, tell: Tell) -> bool:
    """Whether quotation marks around cells belong to the format, and not to the texts.

    Outside of tab-separated files they do. There they do if some cell could not be written without
    them, or if all cells of a column have them.
    """
    if separator is None:
        return _error(text, Layout(None, quoted=True)) is None
    if separator != "\t":
        return True
    quoted = Layout(separator, quoted=True)
    first = 1 if form.columns is None else 0  # names in a header are quoted by other rules
    marked = list(parse_rows(text, Layout(separator, quoted=False)))[first:]
    starts = [cell for row in marked for cell in row.cells if cell.startswith('"')]
    if not starts or _error(text, quoted) is not None:
        return False
    widths = {len(row.cells) for row in parse_rows(text, quoted) if not is_blank(row.cells)}
    if len(widths) != 1:
        return False
    inner = [cell[1:-1] if cell.endswith('"') and len(cell) > 1 else '"' for cell in starts]
    if any('"' in one for one in inner) or _whole_columns(marked):
        tell(f"{path.name}: cells are quoted as in CSV; the quotation marks are removed.")
        return True
    tell(
        f"{path.name}: the quotation marks around {counted(len(starts), 'cell')} are kept"
        f"{form.advice('; data.quotes=true removes them', '')}."
    )
    return False


def _whole_columns(rows: list[Row]) -> bool:
    """Whether every column has quotation marks around all of its cells, or around none."""
    columns: dict[int, Counter[bool]] = {}
    for row in rows:
        for place, cell in enumerate(row.cells if not is_blank(row.cells) else []):
            columns.setdefault(place, Counter())[cell.startswith('"')] += 1
    return all(len(seen) == 1 for seen in columns.values())


def _named_rows(
    path: Path, text: str, layout: Layout, wanted: Sequence[str], form: FileFormat, tell: Tell
) -> tuple[list[str], list[Row]]:
    """The names of the columns and the rows below them, blank ones too."""
    rows = list(parse_rows(text, layout))
    first = next((place for place, row in enumerate(rows) if not is_blank(row.cells)), None)
    header = [] if first is None else [cell.strip() for cell in rows[first].cells]
    known = all(_find(header, name) for name in wanted)
    if form.columns is None:
        return header, rows[len(rows) if first is None else first + 1 :]
    if first is not None and known:
        tell(f"{path.name}: the first line names the columns ({', '.join(header)[:200]}).")
        return header, rows[first + 1 :]
    return list(form.columns), rows


def _without_blank_rows(path: Path, rows: list[Row], layout: Layout, tell: Tell) -> list[Row]:
    """Rows with some text; in a table of one column also an empty pair of quotation marks."""
    if layout.separator is None:
        one = layout.quoted
        return [row for row in rows if (row.cells if one else not is_blank(row.cells))]
    empty = sum(len(row.cells) > 1 and is_blank(row.cells) for row in rows)
    if empty:
        tell(f"{path.name}: {counted(empty, 'row')} without any content left out.")
    return [row for row in rows if not is_blank(row.cells)]


def without_repeated_headers(
    path: Path, rows: list[Row], names: Sequence[str], tell: Tell
) -> list[Row]:
    """Rows without further header lines, which files that were joined have.

    Args:
        path: of the file, for the message.
        rows: below the first header line.
        names: in the header line, in any case.
        tell: called with the number of the lines that are left out.
    """
    header = [name.casefold() for name in names]
    if len(header) < 2:
        return rows
    kept = [row for row in rows if [cell.strip().casefold() for cell in row.cells] != header]
    if len(kept) < len(rows):
        repeated = counted(len(rows) - len(kept), "repeated header line")
        tell(f"{path.name}: {repeated} left out.")
    return kept


def _without_excel_line(
    path: Path, text: str, form: FileFormat, tell: Tell
) -> tuple[str, FileFormat]:
    """A text without the line ``sep=;`` that Excel writes and reads, and the separator it names."""
    found = re.match(r'"?sep=([^\r\n])"?\r?\n', text)
    if found is None:
        return text, form
    tell(f"{path.name}: the first line names the separator, {found[1]!r}.")
    return text[found.end() :], replace(form, separator=form.separator or found[1])


def _with_unnamed(
    path: Path, names: list[str], rows: list[Row], form: FileFormat, tell: Tell
) -> list[str]:
    """Names for columns after those that have one, if every row has them.

    Those that a header does not name must be empty.
    """
    widths = {len(row.cells) for row in rows}
    if len(widths) != 1:
        return names
    named = form.columns is not None and names == list(form.columns)
    if not named and not all(is_blank(row.cells[len(names) :]) for row in rows):
        return names
    more = widths.pop() - len(names)
    if more <= 0:
        return names
    tell(f"{path.name}: the last {counted(more, 'column')} without a name left out.")
    return names + [""] * more


def _place(
    path: Path, names: list[str], name: str, form: FileFormat, tell: Tell, wanted: Sequence[str]
) -> int:
    """The number of the column with a name."""
    found = _find(names, name)
    if len(found) == 1:
        if names[found[0]] != name:
            tell(f"{path.name}: the column {names[found[0]]!r} is read as {name!r}.")
        return found[0]
    many = "two columns" if found else "no column"
    raise UserError(
        f"{path.name} has {many} {name!r}.",
        f"a first line that names each column once; it names {', '.join(names)[:200]}.",
        form.advice(*_advice_on_columns(names, wanted)),
    )


def _advice_on_columns(names: list[str], wanted: Sequence[str]) -> tuple[str, str]:
    """What to do if a column is missing: with a recipe, and without."""
    named = (
        "name the columns with data.text_col and data.label_col (data.source_col and "
        "data.target_col for pairs)"
    )
    if not any(_find(names, name) for name in wanted):  # perhaps no header
        order = [f"column{number}" for number in range(1, len(names) + 1)]
        order = list(wanted) if len(wanted) == len(names) else order
        named += (
            "; if the first line is a text already, name all columns in order, such as "
            f"data.columns={','.join(order)}"
        )
    return f"{named}.", "give the file the columns that the run was trained with."


def _wrong_width(path: Path, row: Row, names: list[str], form: FileFormat) -> UserError:
    named = "as the first line names" if form.columns is None else "as data.columns names"
    return UserError(
        f"Line {row.line} of {path.name} has {counted(len(row.cells), 'cell')}.",
        f"{len(names)}, {named} ({', '.join(names)[:200]}).",
        form.advice(
            "correct it, quote a text that contains the separator, or set data.separator.",
            "correct it, or quote a text that contains the separator.",
        ),
    )
