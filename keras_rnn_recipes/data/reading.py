"""Tables from files or memory: separators, encodings, and the line of each row.

The header and a sample of a CSV file are read first, so that the columns can be chosen. Then the
needed columns are read once, names and dates as text.
"""

from __future__ import annotations

import csv
import itertools
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.files import (
    broken_file,
    check_file,
    empty_file,
    not_utf8,
    open_text,
)
from keras_rnn_recipes.errors import UserError

_SAMPLE_ROWS = 1000
_MISSING = [
    "",
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "-nan",
    "NULL",
    "null",
    "None",
    "none",
    "<NA>",
    "-",
]


@dataclass(frozen=True)
class Table:
    """A source of rows: its name, a sample of it, and how to read the rest.

    Args:
        name: of the table in messages.
        sample: the first rows; all text where the source is a CSV file.
        path: of the file; None where the table is in memory.
        separator: between the cells of a line.
        decimal: "." or ",".
        header_line: line of the header, counted from 1; 0 where messages count rows, not lines.
        whole: the whole table, where it is in memory.
    """

    name: str
    sample: pd.DataFrame
    path: Path | None = None
    separator: str = ","
    decimal: str = "."
    header_line: int = 0
    whole: pd.DataFrame | None = None

    def where(self, row: int) -> str:
        """The position of a row in words; line breaks within cells are not counted."""
        if self.header_line:
            return f"line {row + 1 + self.header_line} of {self.name}"
        return f"row {row} of {self.name}"

    def load(self, keys: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
        """Read all rows of some columns.

        Args:
            keys: columns to read as text.
            values: columns to read as numbers where possible.

        Returns:
            A frame whose index numbers the rows from 0, including blank lines, for `where`.

        Raises:
            UserError: the file cannot be read as a table.
        """
        if self.whole is not None:
            return self.whole[[*keys, *values]].reset_index(drop=True)
        frame = self._read(
            usecols=[*keys, *values],
            dtype=dict.fromkeys(keys, str),
            keep_default_na=False,
            na_values={name: [""] for name in keys} | dict.fromkeys(values, _MISSING),
        )
        return frame.dropna(how="all")

    def _read(self, **options: object) -> pd.DataFrame:
        assert self.path is not None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                return pd.read_csv(
                    self.path,
                    sep=self.separator,
                    decimal=self.decimal,
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
        except (OSError, EOFError) as error:
            raise broken_file(self.path, error) from error
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            raise _ragged(self.path, error, self.header_line) from error


def open_table(source: str | Path | pd.DataFrame) -> Table:
    """Open a CSV or TSV file (also gzipped), a Parquet file or a DataFrame.

    Of a CSV file only a sample is read.

    Args:
        source: path of the file, or a DataFrame.

    Raises:
        UserError: a missing file, a folder, an empty file, no rows, not UTF-8, or no header line.

    Example:
        >>> open_table(pd.DataFrame({"ds": [1, 2], "y": [0.5, 0.7]})).where(1)
        'row 1 of the table'
    """
    if isinstance(source, pd.DataFrame):
        table = _table_in_memory(source, "the table")
    else:
        path = Path(source)
        check_file(path)
        if path.suffix == ".parquet":
            table = _table_in_memory(_read_parquet(path), path.name)
        else:
            table = _csv_table(path)
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
    frame = frame.rename(columns=str)
    return Table(name=name, sample=frame.head(_SAMPLE_ROWS), whole=frame)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ImportError as error:
        raise UserError(
            f"{path.name} is a Parquet file, and no package that reads Parquet is installed.",
            "a CSV file, or the package pyarrow.",
            "run pip install 'keras-rnn-recipes[parquet]', or save the table as CSV.",
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path.name} could not be read: {error}.", "a Parquet file.", "write it again."
        ) from error


def _csv_table(path: Path) -> Table:
    try:
        with open_text(path) as lines:
            head = list(itertools.islice(lines, 20))
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except (OSError, EOFError) as error:
        raise broken_file(path, error) from error
    blank = sum(1 for _ in itertools.takewhile(lambda line: not line.strip(), head))
    if blank == len(head):
        raise empty_file(path)
    separator = _separator(head[blank])
    names = [name.strip() for name in next(csv.reader([head[blank]], delimiter=separator))]
    _check_header(path, names)
    table = Table(
        name=path.name,
        sample=pd.DataFrame(columns=names),
        path=path,
        separator=separator,
        header_line=blank + 1,
    )
    sample = _sample(table)
    return Table(
        name=path.name,
        sample=sample,
        path=path,
        separator=separator,
        decimal=_decimal(sample, separator),
        header_line=blank + 1,
    )


def _sample(table: Table) -> pd.DataFrame:
    try:
        sample = table._read(
            nrows=_SAMPLE_ROWS, dtype=str, keep_default_na=False, na_values=_MISSING
        )
    except pd.errors.EmptyDataError:
        return table.sample
    return sample.dropna(how="all")


def _separator(header: str) -> str:
    counts = {separator: header.count(separator) for separator in ",;\t|"}
    best = max(counts, key=lambda separator: counts[separator])
    return best if counts[best] else ","


def _decimal(sample: pd.DataFrame, separator: str) -> str:
    """The decimal sign: a comma where it is not the separator and most cells use it."""
    if separator == "," or sample.empty:
        return "."
    cells = [str(cell) for cell in sample.to_numpy().ravel()]
    comma = sum(1 for cell in cells if re.fullmatch(r"[+-]?\d+,\d+", cell))
    point = sum(1 for cell in cells if re.fullmatch(r"[+-]?\d+\.\d+", cell))
    return "," if comma > point else "."


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
        what = f"Line {found[2]} of {path.name} has {found[3]} cells."
        return UserError(what, f"{found[1]}, as in the lines before.", "correct that line.")
    return UserError(
        f"{path.name} has lines with more cells than the header (line {header_line}).",
        "as many cells in every line as in the header.",
        "correct the lines, or put cells that contain the separator in quotes.",
    )


def number_or_nan(values: pd.Series) -> np.ndarray:
    """Convert values to float64, NaN where a value is missing or not a number.

    Args:
        values: cells of a column.

    Example:
        >>> number_or_nan(pd.Series(["1.5", "x", None])).tolist()
        [1.5, nan, nan]
    """
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)


def read_numbers(cells: pd.Series, table: Table) -> np.ndarray:
    """Convert cells to float64, NaN where empty.

    Args:
        cells: of a column, indexed by row number.
        table: which tells the line of a row.

    Raises:
        UserError: a cell is text or infinite; the message names its line.
    """
    values = number_or_nan(cells)
    text = np.isnan(values) & cells.notna().to_numpy()
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
