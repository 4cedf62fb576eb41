"""The query that reads a large table with its dates and numbers converted.

DuckDB reads and sorts. The columns of a CSV file come as text, as everywhere in this package, and
are converted by an expression that is chosen on a sample; a cell that it cannot convert ends the
query with an error that names the file, the column and the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.columns import Columns, choose_columns
from keras_rnn_recipes.data.dates import parse_dates
from keras_rnn_recipes.data.numbers import MISSING, NumberStyle, looks_like_number, style_of
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.shards.sources import Source, TableFile

# The column that holds the path of each row's file, while rows are read.
_FILE = "krr file"
_MARK, _END = "krr-cell", "\x1f"

# Formats of dates besides that of ISO 8601, as strptime has them.
_FORMATS = (
    *("%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%Y-%m"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M"),
    *("%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M", "%Y%m%d%H", "%m.%Y", "%m/%Y", "%Y/%m", "%Y%m"),
    *("%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%b %Y", "%d %b %Y"),
)


@dataclass(frozen=True)
class Layout:
    """The roles of the columns of a large table, and the SQL that reads them.

    Attributes:
        ids, time, targets: names of columns.
        columns: name and SQL expression of every column, in the order of the table.
        notes: sentences about what was assumed.
    """

    ids: tuple[str, ...]
    time: str
    targets: tuple[str, ...]
    columns: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """SQL of the name of a series, as `read_panel` makes it from several columns."""
        texts = [f"CAST({quoted(name)} AS VARCHAR)" for name in self.ids]
        return texts[0] if len(texts) == 1 else f"concat_ws('/', {', '.join(texts)})"

    @property
    def order(self) -> str:
        """SQL of the order by series, then time; rows of the same time are ordered by value."""
        return ", ".join([self.key, quoted(self.time), *map(quoted, self.targets)])


def quoted(name: str) -> str:
    """A name as SQL, in double quotation marks.

    Example:
        >>> print(quoted("store number"))
        "store number"
    """
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL.

    Example:
        >>> print(text("it's"))
        'it''s'
    """
    return "'" + value.replace("'", "''") + "'"


def choose_layout(
    source: Source,
    connection: Any,
    *,
    by: str = "unique_id",
    time_col: str | None = None,
    target_col: str | None = None,
    date_format: str | None = None,
    day_first: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
) -> Layout:
    """Choose the roles of the columns by a sample, and how their cells are converted.

    Args:
        source: the files.
        connection: of DuckDB.
        by: column that names the series, or several joined by commas.
        time_col, target_col, date_format, day_first, decimal, thousands: as in ``read_panel``.

    Raises:
        UserError: a column is missing or no column fits, the time is in several columns, or dates
            have a format that only a whole table in memory can tell.
    """
    sample = source.sample
    try:
        roles = choose_columns(sample, id_col=by, time_col=time_col, target_col=target_col)
    except UserError as error:  # which names the option of the other commands
        raise UserError(
            error.what, error.expected, error.fix.replace("--id-col", "--by")
        ) from error
    if len(roles.times) > 1:
        raise UserError(
            f"The time is in {len(roles.times)} columns: {', '.join(roles.times)}.",
            "one column of dates or whole numbers.",
            "name it with --time-col, or write the dates into one column.",
        )
    values = [sample.sample[name] for name in roles.targets if _is_text(sample.sample[name])]
    style, told = style_of(values, sample.separator, decimal=decimal, thousands=thousands)
    dates, more = _time(sample.sample[roles.times[0]], connection, date_format, day_first)
    columns = {
        name: dates if name == roles.times[0] else _cell(sample.sample[name], roles, style)
        for name in sample.sample.columns
    }
    return Layout(roles.ids, roles.times[0], roles.targets, columns, (*told, *more))


def select(source: Source, layout: Layout) -> str:
    """The query of all rows, converted, in no order."""
    chosen = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in layout.columns.items())
    return f"SELECT {chosen} FROM ({_rows(source.files)})"


def cell_error(error: Exception, layout: Layout) -> UserError | None:
    """The error for the cell that ended a query; None where something else did."""
    found = re.search(f"{_MARK}{_END}(.*?){_END}(.*?){_END}(.*?){_END}", str(error), re.S)
    if found is None:
        return None
    path, name, cell = found.groups()
    if name in layout.ids:
        return UserError(
            f"Column {name!r} is empty in a row of {path}.", "the name of a series.", "fill it in."
        )
    if name == layout.time:
        return UserError(
            f"Column {name!r} contains {cell!r} in {path}, which is not a date in the format of "
            "the first rows."
            if cell
            else f"Column {name!r} is empty in a row of {path}.",
            "a date such as 2024-01-31, in the same format in every row.",
            "correct or remove the row, or give the format with --date-format, such as %d.%m.%Y.",
        )
    return UserError(
        f"Column {name!r} contains {cell!r} in {path}, which is not a finite number.",
        "a number such as 1234.5, or an empty cell where the value is missing.",
        "correct that cell, or leave it empty; --decimal and --thousands say how numbers are "
        "written.",
    )


def _rows(files: Sequence[TableFile]) -> str:
    """SQL of the rows of all files: one part for all Parquet files, or for each form of CSV."""
    groups: dict[tuple[object, ...], list[TableFile]] = {}
    for file in files:
        table = file.table
        form = () if table is None else (table.separator, table.header_line, *table.sample.columns)
        groups.setdefault(form, []).append(file)
    return " UNION ALL BY NAME ".join(f"SELECT * FROM {_read(group)}" for group in groups.values())


def read_parquet_sql(paths: Sequence[Path], *, hive: bool) -> str:
    """The rows of Parquet files, with the path of each row's file in the column "krr file".

    Args:
        paths: of the files.
        hive: whether the paths state columns (``year=2024``), which are read as text.
    """
    return f"read_parquet({', '.join(_options(paths, hive))})"


def _options(paths: Sequence[Path], hive: bool) -> list[str]:
    listed = ", ".join(text(_literal(str(path.absolute()))) for path in paths)
    options = [f"[{listed}]", f"filename = {text(_FILE)}"]
    if hive:
        options += ["hive_partitioning = true", "hive_types_autocast = false"]
    return options


def _read(files: Sequence[TableFile]) -> str:
    paths, hive = [file.path for file in files], bool(files[0].partition)
    table = files[0].table
    if table is None:
        return read_parquet_sql(paths, hive=hive)
    options = _options(paths, hive)
    names = ", ".join(f"{text(str(name))}: 'VARCHAR'" for name in table.sample.columns)
    options += [
        f"delim = {text(table.separator)}",
        f"skip = {table.header_line}",
        f"columns = {{{names}}}",
        "header = false, auto_detect = false, quote = '\"', escape = '\"'",
    ]
    return f"read_csv({', '.join(options)})"


def _literal(path: str) -> str:
    """A path in which DuckDB finds no pattern."""
    return re.sub(r"[*?\[]", lambda sign: f"[{sign[0]}]", path)


def _is_text(cells: pd.Series) -> bool:
    return not (
        pd.api.types.is_numeric_dtype(cells.dtype)
        or pd.api.types.is_datetime64_any_dtype(cells.dtype)
    )


def _cell(cells: pd.Series, roles: Columns, style: NumberStyle) -> str:
    """SQL of a column that is not the time."""
    name = quoted(str(cells.name))
    if cells.name in roles.ids:
        return _or_error(f"nullif(trim({name}), '')" if _is_text(cells) else name, str(cells.name))
    known = [str(cell) for cell in cells.dropna() if str(cell).strip() not in MISSING]
    is_target = cells.name in roles.targets
    if not _is_text(cells) or not (is_target or known and all(map(looks_like_number, known))):
        return name
    plain = f"trim({name})"
    if style.thousands:
        plain = f"replace({plain}, {text(style.thousands)}, '')"
    if style.decimal == ",":
        plain = f"replace({plain}, ',', '.')"
    number = f"TRY_CAST({plain} AS DOUBLE)"
    missing = ", ".join(map(text, MISSING))
    return (
        f"CASE WHEN {name} IS NULL OR trim({name}) IN ({missing}) THEN NULL "
        f"WHEN isfinite({number}) THEN {number} "
        f"ELSE CAST({_error(str(cells.name))} AS DOUBLE) END"
    )


def _or_error(value: str, name: str) -> str:
    return f"CASE WHEN {value} IS NULL THEN {_error(name)} ELSE {value} END"


def _error(name: str) -> str:
    """SQL that ends the query, for a cell of a column."""
    parts = [text(_MARK), quoted(_FILE), text(name), f"CAST({quoted(name)} AS VARCHAR)", "''"]
    return f"error(concat_ws({text(_END)}, {', '.join(f'coalesce({p}, chr(0))' for p in parts)}))"


def _time(
    cells: pd.Series, connection: Any, date_format: str | None, day_first: bool | None
) -> tuple[str, tuple[str, ...]]:
    """SQL that converts the cells of the time column, and sentences about it."""
    name = str(cells.name)
    if not _is_text(cells):
        return _or_error(quoted(name), name), ()
    known = cells.dropna().astype(str).str.strip()
    dates = parse_dates(known.rename(name), date_format=date_format, day_first=day_first)
    good = known[~dates.bad]
    if good.empty:
        raise UserError(
            f"Column {name!r} has no date in its first rows"
            + (f": {known.iloc[0]!r}." if len(known) else "."),
            "dates such as 2024-01-31, or whole numbers.",
            "name the column with --time-col, or the format with --date-format.",
        )
    found = dates.values[~dates.bad]
    for sql in _readings(f"trim({quoted(name)})", date_format, found.dtype.kind == "i"):
        if _agrees(connection, sql, good, found):
            return _or_error(sql, name), dates.notes
    raise UserError(
        f"Column {name!r} has dates such as {good.iloc[0]!r}, which are converted only for tables "
        "that fit into memory.",
        "dates such as 2024-01-31 or 2024-01-31 13:00, or one format for all.",
        "give the format with --date-format, such as %d.%m.%Y, or write the dates as in ISO 8601.",
    )


def _readings(cell: str, date_format: str | None, whole: bool) -> Iterable[str]:
    if whole:
        yield f"TRY_CAST({cell} AS BIGINT)"
        return
    if date_format is not None:
        yield f"try_strptime({cell}, {text(date_format)})"
        return
    yield f"TRY_CAST({cell} AS TIMESTAMP)"
    for form in _FORMATS:
        yield f"try_strptime({cell}, {text(form)})"


def _agrees(connection: Any, sql: str, cells: pd.Series, values: np.ndarray) -> bool:
    """Whether an expression gives the values that `parse_dates` found."""
    import pyarrow as pa

    sample = pa.table({str(cells.name): pa.array(list(cells), pa.string())})
    connection.register("krr_sample", sample)
    try:
        got = connection.sql(f"SELECT {sql} AS found FROM krr_sample").to_arrow_table()["found"]
    finally:
        connection.unregister("krr_sample")
    if got.null_count:
        return False
    read = got.to_numpy()
    return bool((read == values.astype(read.dtype)).all())
