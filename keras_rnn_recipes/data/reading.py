"""Tables from files or memory: separators, encodings, and the line of each row.

The header and a sample of a CSV file are read first, so that the columns can be chosen. Then the
needed columns are read once, names and dates as text.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.files import (
    broken_file,
    check_file,
    check_kind,
    empty_file,
    not_utf8,
    open_bytes,
)
from keras_rnn_recipes.data.numbers import MISSING, NumberStyle, parse_numbers
from keras_rnn_recipes.errors import UserError, counted

_SAMPLE_ROWS = 1000
_HEAD_LINES = 40


@dataclass(frozen=True)
class Table:
    """A source of rows: its name, a sample of it, and how to read the rest.

    Args:
        name: of the table in messages.
        sample: the first rows; all text where the source is a CSV file.
        path: of the file; None where the table is in memory.
        separator: between the cells of a line.
        header_line: line of the header, counted from 1; 0 where messages count rows, not lines.
        whole: the whole table, where it is in memory.
        notes: sentences about what was left out to find the header.
    """

    name: str
    sample: pd.DataFrame
    path: Path | None = None
    separator: str = ","
    header_line: int = 0
    whole: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def where(self, row: int) -> str:
        """The position of a row in words; line breaks within cells are not counted."""
        if self.header_line:
            return f"line {row + 1 + self.header_line} of {self.name}"
        return f"row {row} of {self.name}"

    def load(self, columns: Sequence[str]) -> pd.DataFrame:
        """Read all rows of some columns, as text where the source is a CSV file.

        Args:
            columns: names; a name that stands twice is read once.

        Returns:
            A frame whose index numbers the rows from 0, including blank lines, for `where`. Empty
            cells are missing; cells such as "n/a" are text.

        Raises:
            UserError: the file cannot be read as a table.
        """
        names = list(dict.fromkeys(columns))
        if self.whole is not None:
            return self.whole[names].reset_index(drop=True)
        frame = self._read(usecols=names, dtype=str, keep_default_na=False, na_values=[""])
        return frame.dropna(how="all")

    def _read(self, **options: object) -> pd.DataFrame:
        assert self.path is not None
        try:
            with warnings.catch_warnings(), _open_utf8(self.path) as file:
                warnings.simplefilter("error", pd.errors.ParserWarning)
                return pd.read_csv(
                    file,
                    sep=r"\s+" if self.separator == " " else self.separator,
                    names=list(self.sample.columns),
                    skiprows=self.header_line,
                    header=None,
                    index_col=False,
                    skip_blank_lines=False,
                    skipinitialspace=True,
                    low_memory=False,
                    **options,  # type: ignore[call-overload]
                )
        except UnicodeDecodeError as error:
            raise not_utf8(self.path) from error
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise broken_file(self.path, error) from error
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            raise _ragged(self.path, error, self.header_line) from error


@dataclass(frozen=True)
class TwoTables(Table):
    """A table and a second one below it, whose rows are numbered on from those of the first.

    Args:
        first, second: the tables.
        first_rows: number of the second table's first row.
    """

    first: Table | None = None
    second: Table | None = None
    first_rows: int = 0

    def where(self, row: int) -> str:
        """The position of a row in its own table, in words."""
        assert self.first is not None and self.second is not None
        if row < self.first_rows:
            return self.first.where(row)
        return self.second.where(row - self.first_rows)


def open_table(source: str | Path | pd.DataFrame | pd.Series) -> Table:
    """Open a table: a text file with separators, Excel, Parquet or Feather, or a DataFrame.

    Text files may be gzipped, or alone in a zip archive. Of a text file only a sample is read.

    Args:
        source: path of the file, a DataFrame, or a Series with dates as its index.

    Raises:
        UserError: a missing file, a folder, an empty file, no rows, not UTF-8, or no header line.

    Example:
        >>> open_table(pd.DataFrame({"ds": [1, 2], "y": [0.5, 0.7]})).where(1)
        'row 1 of the table'
    """
    if isinstance(source, pd.Series):
        source = source.to_frame("y" if source.name is None else str(source.name))
    if not isinstance(source, str | Path | pd.DataFrame):
        raise UserError(
            f"The data were given as {type(source).__name__}.",
            "the path of a table, a DataFrame, or a Series whose index holds the dates.",
            'give pandas.DataFrame({"ds": dates, "y": values}).',
        )
    if isinstance(source, pd.DataFrame):
        table = _table_in_memory(source, "the table")
    else:
        path = Path(source)
        check_file(path)
        reader = _READERS.get(path.suffix.lower())
        check_kind(path)
        table = _table_in_memory(reader(path), path.name) if reader else csv_table(path)
    if table.sample.empty:
        raise UserError(
            f"{table.name} has a header and no rows.".replace("the table", "The table", 1),
            "at least a few rows of data.",
            "give a table with data.",
        )
    return table


def _table_in_memory(frame: pd.DataFrame, name: str) -> Table:
    if isinstance(frame.index, pd.DatetimeIndex | pd.PeriodIndex | pd.MultiIndex):
        frame = frame.reset_index()
    if isinstance(frame.columns, pd.MultiIndex):
        frame.columns = [" ".join(str(part) for part in one if part) for one in frame.columns]
    frame = frame.rename(columns=str)
    notes = frame.attrs.get("notes", ())
    return Table(name=name, sample=frame.head(_SAMPLE_ROWS), whole=frame, notes=notes)


def _read_parquet(path: Path) -> pd.DataFrame:
    return _with_package(path, pd.read_parquet, "Parquet", "pyarrow", "parquet")


def _read_feather(path: Path) -> pd.DataFrame:
    return _with_package(path, pd.read_feather, "Feather", "pyarrow", "parquet")


def _read_excel(path: Path) -> pd.DataFrame:
    """The first sheet with a table, without empty rows and columns."""
    sheets = _with_package(path, _read_sheets, "Excel", "openpyxl", "excel")
    tables = {name: frame for name, frame in sheets.items() if min(frame.shape) >= 2}
    name = next(iter(tables or sheets))
    frame = sheets[name]
    if len(sheets) > 1:
        others = ", ".join(str(other) for other in sheets if other != name)
        frame.attrs["notes"] = (
            f"Sheet {name!r} of {path.name} was read; the others were left out: {others}.",
        )
    return frame


def _read_sheets(path: Path) -> dict[str, pd.DataFrame]:
    with pd.ExcelFile(path) as book:
        return {str(name): _sheet(book, name) for name in book.sheet_names}


def _sheet(book: pd.ExcelFile, name: str | int) -> pd.DataFrame:
    """A sheet without empty rows and columns; titles above its header are left out."""
    frame = pd.read_excel(book, sheet_name=name).dropna(how="all").dropna(how="all", axis=1)
    frame.columns = frame.columns.map(str)
    if frame.columns.str.startswith("Unnamed").any():
        cells = pd.read_excel(book, sheet_name=name, header=None)
        cells = cells.dropna(how="all").dropna(how="all", axis=1)
        filled = cells.notna().sum(axis=1).to_numpy()
        place = int(np.argmax(filled[:20] == filled[:20].max()))
        if place or frame.columns.str.startswith("Unnamed").all():
            frame = cells.iloc[place + 1 :].set_axis(list(cells.iloc[place]), axis=1)
            frame = frame.infer_objects().reset_index(drop=True)
    return frame.rename(columns=lambda column: " ".join(str(column).split()))


_READERS = {
    ".parquet": _read_parquet,
    ".feather": _read_feather,
    ".xlsx": _read_excel,
    ".xlsm": _read_excel,
}


def _with_package(
    path: Path, read: Callable[[Path], Any], kind: str, package: str, extra: str
) -> Any:
    try:
        return read(path)
    except ImportError as error:
        raise UserError(
            f"{path.name} has the format {kind}, and the package {package} is not installed.",
            f"a CSV file, or the package {package}.",
            f"run pip install 'keras-rnn-recipes[{extra}]', or save the table as CSV.",
        ) from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path.name} could not be read: {error}.",
            f"a complete {kind} file.",
            "write it again, or save the table as CSV.",
        ) from error


def csv_table(path: Path) -> Table:
    """Find the separator and the header of a text file, and read a sample of its rows.

    The size of the file does not matter, and is not checked.

    Args:
        path: of the file, which may be gzipped or alone in a zip archive.

    Raises:
        UserError: as `open_table`.
    """
    head = _head(path)
    if not any(line.strip() for line in head):
        raise empty_file(path)
    try:
        place, separator, notes = _find_header(head)
        names = [name.strip() for name in _records(head, separator)[place]]
    except csv.Error as error:
        raise _no_table(path, error) from error
    while len(names) > 1 and not names[-1]:
        names[-1] = f"empty {len(names)}"  # a separator at the end of every line
    names = [" ".join(name.split()) or f"column {place}" for place, name in enumerate(names, 1)]
    _check_header(path, names)
    empty = pd.DataFrame(columns=names)
    table = Table(path.name, empty, path, separator, place + 1, notes=notes)
    sample = _sample(table)
    more = _more_header_lines(sample)
    if more:
        lines = counted(more, "more line", "of the header was", "of the header were")
        told = f"{path.name}: {lines} left out."
        table = replace(table, header_line=place + 1 + more, notes=(*notes, told))
        sample = sample.iloc[more:].reset_index(drop=True)
    return replace(table, sample=sample)


def _head(path: Path) -> list[str]:
    """The first lines of a text file."""
    try:
        with _open_utf8(path) as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as lines:
            return list(itertools.islice(lines, _HEAD_LINES))
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise broken_file(path, error) from error


def _open_utf8(path: Path) -> IO[bytes]:
    """Open a text file as bytes in UTF-8, converted from UTF-16 where its first bytes say so."""
    file = open_bytes(path)
    start = file.read(2)
    file.seek(0)
    if start not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return file
    with file:
        return io.BytesIO(file.read().decode("utf-16").encode())


def _no_table(path: Path, error: Exception) -> UserError:
    return UserError(
        f"The first lines of {path.name} are not those of a table: {error}.",
        "a text file with one row in each line, separated by commas, semicolons, tabs or bars.",
        "check the file; write each cell with less than 131072 characters.",
    )


def _sample(table: Table) -> pd.DataFrame:
    try:
        sample = table._read(
            nrows=_SAMPLE_ROWS, dtype=str, keep_default_na=False, na_values=list(MISSING)
        )
    except pd.errors.EmptyDataError:
        return table.sample
    return sample.dropna(how="all")


def _find_header(head: Sequence[str]) -> tuple[int, str, tuple[str, ...]]:
    """The place of the header among the first lines, the separator, and sentences about it.

    Lines before the header that have fewer cells are titles or comments; ``sep=;`` names the
    separator, as spreadsheets write it.
    """
    start = next(place for place, line in enumerate(head) if line.strip())
    named = re.fullmatch(r"sep=(.)\s*", head[start])
    if named and named[1] in ",;\t|":
        return start + 1, named[1], ()
    lines = head[start:-1] if len(head) == _HEAD_LINES else head[start:]  # the last may be cut
    separator = _separator(lines)
    records = _records(lines, separator)
    counts = [len(cells) for cells in records]
    width = max(set(counts[1:]) or {1}, key=counts[1:].count) if len(counts) > 2 else counts[0]
    place = next((n for n, count in enumerate(counts) if count >= width), 0)
    if width < 2 or not place or re.search(r"(^|\W)\d", separator.join(records[place])):
        return start, separator, ()
    place += start
    lines = counted(place, "line", "was", "were").removeprefix("1 ")
    note = f"The first {lines} left out: the header is line {place + 1}."
    return place, separator, (note,)


def _records(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The cells of each line; a cell in quotes may go on in the next line."""
    options: dict[str, Any] = {"delimiter": separator, "skipinitialspace": separator == " "}
    if separator == " ":
        lines = [line.strip() for line in lines]
    records = list(csv.reader(lines, **options))
    if len(records) > len(lines) / 2:
        return records
    return [next(csv.reader([line], **options), []) for line in lines]  # quotes without a pair


def _separator(lines: Sequence[str]) -> str:
    """The sign that divides the lines into most cells, equally many in most of them.

    Spaces separate cells where no other sign does, and all lines have equally many.
    """
    best, score = ",", (0.0, 0)
    for separator in ",;\t|":
        counts = [len(cells) for cells in _records(lines, separator) if cells] or [1]
        usual = max(set(counts), key=counts.count)
        agreed = counts.count(usual) / len(counts) * (counts[0] == usual or 0.5)
        if usual > 1 and (agreed * min(usual, 3), usual) > score:
            best, score = separator, (agreed * min(usual, 3), usual)
    if score[0]:
        return best
    spaced = {len(cells) for cells in _records(lines, " ") if cells}
    return " " if len(spaced) == 1 and spaced != {1} and len(lines) > 2 else best


def _more_header_lines(sample: pd.DataFrame) -> int:
    """How many rows at the start are more lines of the header, without a number or a date."""
    digits = sample.head(20).map(lambda cell: bool(re.match(r"\W*\d", str(cell)))).to_numpy()
    place = int(np.argmax(digits.any(axis=1))) if digits.any() else 0
    full = digits[place:].mean() > 0.5 if place else False
    return place if 1 <= place <= 3 and full and len(digits) > place + 1 else 0


def _check_header(path: Path, names: list[str]) -> None:
    if all(re.fullmatch(r"[-+]?\d[\d\s.,:/TZ+-]*", name) for name in names):
        raise UserError(
            f"{path.name} has no header line: its first line is {', '.join(names[:5])}.",
            "a first line with the names of the columns.",
            "add one, such as ds,y.",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(
            f"{path.name} has two columns with the name {twice[0]!r}.",
            "a different name for each column.",
            "rename one of them.",
        )


def _ragged(path: Path, error: Exception, header_line: int) -> UserError:
    """Convert pandas' error about a line of the wrong width to a `UserError`."""
    if "EOF inside string" in str(error):
        return UserError(
            f"{path.name} has a quotation mark that is not closed.",
            "quotation marks in pairs.",
            "close it, or remove it.",
        )
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if found:
        what = f"Line {found[2]} of {path.name} has {counted(int(found[3]), 'cell')}."
        return UserError(what, f"{found[1]}, as in the lines before.", "correct that line.")
    return UserError(
        f"{path.name} has lines with more cells than the header (line {header_line}).",
        "as many cells in every line as in the header.",
        "correct the lines, or put cells that contain the separator in quotes.",
    )


def read_numbers(cells: pd.Series, table: Table, style: NumberStyle) -> np.ndarray:
    """Convert cells to float64, NaN where empty.

    Args:
        cells: of a column, indexed by row number.
        table: which tells the line of a row.
        style: how its numbers are written.

    Raises:
        UserError: a cell is text or infinite; the message names its line.
    """
    values = parse_numbers(cells, style)
    text = np.isnan(values) & ~missing_cells(cells)
    for wrong, what in ((text, "not a number"), (np.isinf(values), "infinite")):
        if wrong.any():
            first = int(np.argmax(wrong))
            more = f" ({int(wrong.sum()) - 1} more like it)" if wrong.sum() > 1 else ""
            raise UserError(
                f"Column {cells.name!r} contains {str(cells.iloc[first])!r}, which is {what}, "
                f"in {table.where(cells.index[first])}{more}.",
                "a finite number such as 1234.5, or an empty cell where the value is missing.",
                "correct that cell, or leave it empty.",
            )
    return values


def missing_cells(cells: pd.Series) -> np.ndarray:
    """Mask of the cells that are empty or stand for a missing value, such as "n/a".

    Example:
        >>> missing_cells(pd.Series(["3", "n/a", " ? ", None])).tolist()
        [False, True, True, True]
    """
    empty = cells.isna().to_numpy()
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return empty
    codes, uniques = pd.factorize(cells)
    listed = np.array([str(cell).strip() in MISSING for cell in uniques] + [True])
    return listed[codes]
