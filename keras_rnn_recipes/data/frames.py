"""Panels: one or many series as a validated, regular table in long format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.columns import Columns, choose_columns
from keras_rnn_recipes.data.covariate_cells import (
    Labels,
    category_columns,
    cells_as_column,
    check_static,
    fill_static,
    observed_part,
    read_cells,
)
from keras_rnn_recipes.data.covariates import Covariates
from keras_rnn_recipes.data.dates import parse_dates
from keras_rnn_recipes.data.frequency import (
    infer_freq,
    infer_season_length,
    normalise_freq,
    to_grid,
)
from keras_rnn_recipes.data.reading import Table, open_table, read_numbers
from keras_rnn_recipes.data.regular import (
    Rows,
    check_duplicates,
    regularise,
    shown,
    sort_rows,
    without_rows_ahead,
)
from keras_rnn_recipes.errors import UserError


@dataclass(frozen=True)
class Panel:
    """One or many series in long format, regular in time.

    Args:
        frame: columns unique_id (str), ds (datetime64 without a zone, or int64), y (float64, NaN
            where missing), then ``past_cols``, ``future_cols`` and ``static_cols`` (float64, or
            category); sorted by unique_id, then ds; every step between a series' first row and its
            last observed target is a row. Rows after that are steps to forecast.
        freq: pandas offset alias such as "D", "MS", "W-SUN", "h"; a number such as "1"
            where ds is a whole number.
        season_length: steps in a season.
        past_cols: covariates that are known up to the present only.
        notes: sentences about what was found and corrected on reading.
        future_cols: covariates that are known ahead.
        static_cols: covariates that are constant in each series.
        future: columns unique_id, ds and ``future_cols``: the rows after the last observed target;
            None where there are no future covariates.
        covariates: the meaning of the covariates once they are numbers, see ``apply_covariates``.
    """

    frame: pd.DataFrame
    freq: str
    season_length: int
    past_cols: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    future_cols: tuple[str, ...] = ()
    static_cols: tuple[str, ...] = ()
    future: pd.DataFrame | None = None
    covariates: Covariates = Covariates()

    @property
    def num_series(self) -> int:
        """Number of series."""
        return len(series_bounds(self.frame)) - 1

    @property
    def columns(self) -> dict[str, Any]:
        """Names of the covariates, as keyword arguments of windows and backtests."""
        return {
            "past_cols": self.past_cols,
            "future_cols": self.future_cols,
            "static_cols": self.static_cols,
        }

    @property
    def sizes(self) -> dict[str, Any]:
        """Keyword arguments of a builder, once the covariates are numbers."""
        return {"num_features": 1 + len(self.past_cols), **self.covariates.sizes}


def series_bounds(frame: pd.DataFrame) -> np.ndarray:
    """First row of each series, and the number of rows, int64 (series + 1,).

    Args:
        frame: a column ``unique_id``; the rows of each series are contiguous.

    Raises:
        UserError: not a frame of series, or the rows of a series are not contiguous.

    Example:
        >>> series_bounds(pd.DataFrame({"unique_id": ["a", "a", "b"]})).tolist()
        [0, 2, 3]
    """
    if not isinstance(frame, pd.DataFrame) or "unique_id" not in frame.columns:
        kind = "a frame without unique_id" if isinstance(frame, pd.DataFrame) else type(frame)
        raise UserError(
            f"The series were given as {getattr(kind, '__name__', kind)}.",
            "a DataFrame with the columns unique_id, ds, y, with one row for each step.",
            "read the data with read_panel, and give the frame of the panel: panel.frame.",
        )
    names = frame["unique_id"].to_numpy(dtype=object)
    starts = np.flatnonzero(names[1:] != names[:-1]) + 1
    bounds = np.concatenate([[0], starts, [len(names)]]) if len(names) else np.zeros(1, int)
    firsts = names[bounds[:-1]]
    if len(set(firsts)) < len(firsts):
        raise UserError(
            "The rows of a series are not contiguous in the frame.",
            "rows sorted by unique_id and ds.",
            'sort it: frame.sort_values(["unique_id", "ds"]).',
        )
    return bounds


def read_panel(
    source: str | Path | pd.DataFrame,
    *,
    id_col: str | None = None,
    time_col: str | None = None,
    target_col: str | None = None,
    past_cols: Sequence[str] = (),
    future_cols: Sequence[str] = (),
    static_cols: Sequence[str] = (),
    categories: Sequence[str] | None = None,
    freq: str | None = None,
    season_length: int | None = None,
    start: object = None,
    end: object = None,
    keep_empty_end: bool = False,
) -> Panel:
    """Read, validate and regularize a table of one or many series.

    Columns that are not named are inferred: unique_id, ds and y by name, else the only column of
    dates and the only column of numbers. A column of text names the series where dates are unique
    only within its values. ``Panel.notes`` lists the corrections (order, gaps, zones).

    Args:
        source: a CSV or TSV file (also gzipped; separated by commas, semicolons, tabs or bars), a
            Parquet file, or a DataFrame, whose datetime index counts as a column.
        id_col: column that names the series.
        time_col: column of dates (see ``dates.parse_dates``) or of whole numbers.
        target_col: column of values; several, joined by commas, become one series each.
        past_cols: covariates known up to the present: numbers, or categories (text, booleans,
            pandas' category).
        future_cols: covariates known ahead. Rows after the last observed target of a series hold
            their future values.
        static_cols: covariates that are constant in each series.
        categories: names of the categorical covariates; None: inferred from the cells.
        freq: the frequency; None: the most common step.
        season_length: steps in a season; None: the usual number for the frequency.
        start: first date kept, inclusive; "2019" or "2019-03" mean all of that year or month.
        end: last date kept, inclusive; later rows keep their ``future_cols`` only.
        keep_empty_end: keep rows after the last observed target of a series as missing values.
            Otherwise they are the steps to forecast, and not part of ``Panel.frame``.

    Raises:
        UserError: the table cannot be used; the message names file, line, series and column.

    Example:
        >>> days = ["2024-01-03", "2024-01-01", "2024-01-04"]
        >>> table = pd.DataFrame({"day": days, "sales": [3, 1, 4]})
        >>> panel = read_panel(table)
        >>> panel.freq, panel.frame["y"].tolist()
        ('D', [1.0, nan, 3.0, 4.0])
        >>> panel.notes[0]
        'The rows were out of order in 1 series and were sorted by time.'
    """
    table = open_table(source)
    columns = choose_columns(
        table,
        id_col=id_col,
        time_col=time_col,
        target_col=target_col,
        past_cols=past_cols,
        future_cols=future_cols,
        static_cols=static_cols,
    )
    texts = category_columns(table, columns, categories)
    rows, labels, notes = _read_rows(table, columns, texts)
    rows = _cut(rows, start, end, table, columns)
    rows = _without_empty_series(rows, table, notes)
    rows = sort_rows(rows, notes)
    check_duplicates(rows)
    check_static(rows, columns, labels)
    inferred = freq is None
    freq = infer_freq(rows.ds, rows.bounds) if freq is None else normalise_freq(freq, rows.ds)
    rows = _on_months(rows, freq, notes)
    rows = regularise(rows, freq, strict=inferred, notes=notes)
    fill_static(rows, len(columns.static))
    known = observed_part(rows)
    future = _frame(rows.take(~known), columns, labels) if columns.future else None
    if columns.future or not keep_empty_end:
        rows = without_rows_ahead(rows, known, notes)
    if season_length is None:
        season_length = infer_season_length(freq, _longest(rows))
    elif season_length < 1:
        raise UserError(
            f"season_length is {season_length}.", "a whole number of at least 1.", "correct it."
        )
    return Panel(
        _frame(rows, columns, labels),
        freq,
        season_length,
        columns.past,
        tuple(notes),
        columns.future,
        columns.static,
        None if future is None else future[["unique_id", "ds", *columns.future]],
    )


def _read_rows(
    table: Table, columns: Columns, texts: Sequence[str]
) -> tuple[Rows, Labels, list[str]]:
    """Load a table's rows as arrays and validate every cell."""
    keys = [columns.time, *([columns.id] if columns.id else [])]
    spare = list(columns.spare) if not columns.id else []
    numbers = [name for name in columns.covariates if name not in texts]
    frame = table.load([*keys, *spare, *texts], [*columns.targets, *numbers])
    line = frame.index.to_numpy()
    dates = parse_dates(frame[columns.time])
    _check_dates(dates.bad, frame[columns.time], table)
    notes = list(dates.notes)
    if table.decimal == ",":
        notes.append("Numbers were read with decimal commas.")
    id_col = columns.id or _hidden_id(frame, dates.values, spare, notes)
    covariates, labels = read_cells(frame, columns, texts, table)
    parts = []
    for target in columns.targets:
        codes, names = _series_names(frame, id_col, columns, target, table)
        y = read_numbers(frame[target], table)
        parts.append(Rows(codes, names, dates.values, y, covariates, line, table))
    return Rows.joined(parts), labels, notes


def _check_dates(bad: np.ndarray, cells: pd.Series, table: Table) -> None:
    if not bad.any():
        return
    first = int(np.argmax(bad))
    row, cell = cells.index[first], cells.iloc[first]
    more = f" ({int(bad.sum()) - 1} more like it)" if bad.sum() > 1 else ""
    where = table.where(row)
    what = "is empty" if pd.isna(cell) else f"contains {str(cell)!r}, which is not a date"
    raise UserError(
        f"Column {cells.name!r} {what}, in {where}{more}.",
        "a date such as 2024-01-31 or 2024-01-31 13:00, in the same format in every row.",
        "correct or remove the row.",
    )


def _hidden_id(
    frame: pd.DataFrame, ds: np.ndarray, spare: list[str], notes: list[str]
) -> str | None:
    """The only column of text whose values make the dates unique; None without such a column."""
    if not spare or not pd.Series(ds).duplicated().any():
        return None
    candidates = [
        name
        for name in spare
        if not pd.DataFrame({"id": frame[name].to_numpy(), "ds": ds}).duplicated().any()
    ]
    if len(candidates) != 1:
        return None
    notes.append(f"The column {candidates[0]!r} was taken as the name of the series.")
    return candidates[0]


def _series_names(
    frame: pd.DataFrame, id_col: str | None, columns: Columns, target: str, table: Table
) -> tuple[np.ndarray, np.ndarray]:
    """Code of each row's series, and the names in order of code, sorted."""
    if id_col is None:
        return np.zeros(len(frame), "int64"), np.array([target], dtype=object)
    cells = frame[id_col]
    missing = cells.isna().to_numpy()
    if missing.any():
        where = table.where(cells.index[int(np.argmax(missing))])
        raise UserError(
            f"Column {id_col!r} is empty in {where}.", "the name of a series.", "fill it in."
        )
    codes, uniques = pd.factorize(cells)
    names = np.array([str(name) for name in uniques], dtype=object)
    if len(columns.targets) > 1:
        names = np.array([f"{name}/{target}" for name in names], dtype=object)
    order = np.argsort(names)
    rank = np.empty(len(order), "int64")
    rank[order] = np.arange(len(order))
    return rank[codes], names[order]


def _cut(rows: Rows, start: object, end: object, table: Table, columns: Columns) -> Rows:
    if start is None and end is None:
        return rows
    keep, late = np.ones(len(rows.ds), bool), np.zeros(len(rows.ds), bool)
    if start is not None:
        keep &= rows.ds >= _boundary(start, rows.ds, first=True)
    if end is not None:
        late = rows.ds > _boundary(end, rows.ds, first=False)
    if columns.future and (keep & ~late).any():
        # Future covariates remain known after the end; the target and past covariates do not.
        rows = rows.without_past(late, len(columns.past))
    else:
        keep &= ~late
    if not keep.any():
        first, last = (shown(moment) for moment in (rows.ds.min(), rows.ds.max()))
        raise UserError(
            f"No row of {table.name} lies between start={start} and end={end}.",
            f"dates from {first} to {last}.",
            "correct start or end.",
        )
    return rows.take(keep)


def _boundary(value: object, ds: np.ndarray, *, first: bool) -> Any:
    """The first or last moment of a date, which may be only a month or a year."""
    try:
        if ds.dtype.kind == "i":
            return int(str(value))
        period = pd.Period(str(value))
        return np.datetime64((period.start_time if first else period.end_time).to_datetime64())
    except ValueError as error:
        name = "start" if first else "end"
        kind = "a whole number" if ds.dtype.kind == "i" else "a date such as 2019-03-01"
        raise UserError(f"{name} is {value!r}.", f"{kind}.", f"correct {name}.") from error


def _without_empty_series(rows: Rows, table: Table, notes: list[str]) -> Rows:
    """Leave out series without an observed value; an error where none is left."""
    observed = np.bincount(rows.codes[~np.isnan(rows.y)], minlength=len(rows.names)) > 0
    present = np.bincount(rows.codes, minlength=len(rows.names)) > 0
    empty = rows.names[present & ~observed]
    if not observed.any():
        raise UserError(
            f"Every value of {table.name} is missing (series: {_first_names(empty)}).",
            "at least a few values.",
            "fill in the values, or choose another --target-col.",
        )
    if len(empty):
        notes.append(
            f"{len(empty)} series without an observed value were left out: {_first_names(empty)}."
        )
    return rows.take(observed[rows.codes]) if len(empty) else rows


def _first_names(names: np.ndarray, number: int = 5) -> str:
    return ", ".join(map(str, names[:number])) + (", ..." if len(names) > number else "")


def _on_months(rows: Rows, freq: str, notes: list[str]) -> Rows:
    """Dates moved to the start or end of their month, where the step is months."""
    if rows.ds.dtype.kind == "i":
        return rows
    ds = to_grid(rows.ds, freq)
    if (ds == rows.ds).all():
        return rows
    notes.append("The dates lie within their months; they were moved to the start of the month.")
    return rows.with_dates(ds)


def _longest(rows: Rows) -> np.ndarray:
    number = int(np.argmax(np.diff(rows.bounds)))
    return rows.y[rows.bounds[number] : rows.bounds[number + 1]]


def _frame(rows: Rows, columns: Columns, labels: Labels) -> pd.DataFrame:
    names = pd.Series(pd.Categorical.from_codes(rows.codes, pd.Index(rows.names))).astype(str)
    frame = pd.DataFrame({"unique_id": names, "ds": rows.ds, "y": rows.y})
    for number, name in enumerate(columns.covariates):
        frame[name] = cells_as_column(rows.covariates[:, number], labels.get(name))
    return frame
