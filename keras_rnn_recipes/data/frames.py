"""Panels: one or many series as a validated, regular table in long format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.across import with_dates_down
from keras_rnn_recipes.data.bounds import series_bounds as series_bounds
from keras_rnn_recipes.data.columns import Columns, choose_columns
from keras_rnn_recipes.data.covariate_cells import (
    Labels,
    category_columns,
    cells_as_column,
    check_static,
    fill_static,
    observed_part,
)
from keras_rnn_recipes.data.covariates import Covariates
from keras_rnn_recipes.data.frequency import (
    infer_freq,
    normalise_freq,
    period_of,
)
from keras_rnn_recipes.data.reading import Table, open_table
from keras_rnn_recipes.data.regular import (
    Rows,
    check_duplicates,
    on_grid,
    regularise,
    shown,
    sort_rows,
    without_rows_ahead,
)
from keras_rnn_recipes.data.rows import Formats, RawRows, aggregate_rows, read_rows, zero_gaps
from keras_rnn_recipes.data.season import season_of
from keras_rnn_recipes.data.stored import StoredSeries
from keras_rnn_recipes.errors import UserError, counted, first_names

AGGREGATES = ("sum", "mean", "median", "min", "max", "first", "last", "count")


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
        day_first: the order of day and month that was chosen, where the dates allow both.
        roles: ``id_col``, ``time_col`` and ``target_col``, ``decimal`` and ``thousands`` as they
            were given or found, for reading more data in the same way.
        unobserved: names of the series without any value, which are not in ``frame``.
        files: all series of a panel in files, of which ``frame`` has only some; None where
            ``frame`` has all.
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
    day_first: bool | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    unobserved: tuple[str, ...] = ()
    files: SeriesInFiles | None = None

    @property
    def num_series(self) -> int:
        """Number of series."""
        return self.files.num_series if self.files else len(series_bounds(self.frame)) - 1

    @property
    def num_steps(self) -> int:
        """Number of steps of all series."""
        return self.files.num_steps if self.files else len(self.frame)

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


@dataclass(frozen=True)
class SeriesInFiles:
    """All series of a panel that is larger than memory.

    Attributes:
        num_series, num_steps: numbers of series and of steps.
        parts: function that reads all rows once more, and gives a panel for each file.
        stored: the values of all series, to train on; None where nothing is trained.
    """

    num_series: int
    num_steps: int
    parts: Callable[[], Iterator[Panel]]
    stored: StoredSeries | None = None

    def frames(self) -> Iterator[pd.DataFrame]:
        """Frames of whole series with all rows, columns ``unique_id, y`` at least."""
        return iter(self.stored or (part.frame for part in self.parts()))


def read_panel(
    source: str | Path | pd.DataFrame | pd.Series,
    *,
    id_col: str | None = None,
    time_col: str | None = None,
    target_col: str | None = None,
    past_cols: Sequence[str] = (),
    future_cols: Sequence[str] = (),
    static_cols: Sequence[str] = (),
    wide: bool = False,
    categories: Sequence[str] | None = None,
    date_format: str | None = None,
    day_first: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    aggregate: str | None = None,
    future_file: str | Path | pd.DataFrame | None = None,
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
        source: a text file (also gzipped or zipped; separated by commas, semicolons, tabs or
            bars), an Excel, Parquet or Feather file, a DataFrame, whose datetime index counts as a
            column, or a Series with such an index. Dates may stand in the header.
        id_col: column that names the series, or several joined by commas: "store,item".
        time_col: column of dates (see ``dates.parse_dates``) or of whole numbers; or the columns
            of the parts of dates, joined by commas: "year,month,day", "date,hour".
        target_col: column of values; several, joined by commas, become one series each.
        past_cols: covariates known up to the present: numbers, or categories (text, booleans,
            pandas' category).
        future_cols: covariates known ahead. Rows after the last observed target of a series hold
            their future values.
        static_cols: covariates that are constant in each series.
        wide: every column of numbers without another role is a series.
        categories: names of the categorical covariates; None: inferred from the cells.
        date_format, day_first: how dates are written, see ``dates.parse_dates``.
        decimal, thousands: how numbers are written, see ``numbers.style_of``.
        aggregate: "sum", "mean", "median", "min", "max", "first", "last" or "count" of all rows of
            a series in one step of ``freq``; None: one row for each step is expected.
        future_file: a second table with ``future_cols`` for the steps ahead, and the columns of the
            series and the time, named as in the first; None: the first table has them.
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
    table = with_dates_down(open_table(source))
    columns = choose_columns(
        table,
        id_col=id_col,
        time_col=time_col,
        target_col=target_col,
        past_cols=past_cols,
        future_cols=future_cols,
        static_cols=static_cols,
        wide=wide,
    )
    texts = category_columns(table, columns, categories)
    formats = Formats(date_format, day_first, decimal, thousands)
    ahead = None if future_file is None else open_table(future_file)
    raw = read_rows(table, columns, texts, formats, ahead)
    labels, notes = raw.labels, raw.notes
    rows = _cut(raw.rows, start, end, table, columns)
    rows, unobserved = _without_empty_series(rows, table, notes)
    rows, freq = _on_steps(rows, raw, columns, freq, aggregate)
    known = observed_part(rows)
    future = _frame(rows.take(~known), columns, labels) if columns.future else None
    if columns.future or not keep_empty_end:
        rows = without_rows_ahead(rows, known, notes)
    return Panel(
        _frame(rows, columns, labels),
        freq,
        _season(season_length, freq, rows),
        columns.past,
        tuple(notes),
        columns.future,
        columns.static,
        None if future is None else future[["unique_id", "ds", *columns.future]],
        day_first=raw.day_first,
        roles=_roles(columns, raw.ids, wide) | raw.style,
        unobserved=unobserved,
    )


def _roles(columns: Columns, ids: tuple[str, ...], wide: bool) -> dict[str, str]:
    names = {"id_col": ids, "time_col": columns.times}
    if not wide:
        names["target_col"] = columns.targets
    return {option: ",".join(found) for option, found in names.items() if found}


def _season(given: int | None, freq: str, rows: Rows) -> int:
    if given is None:
        return season_of(freq, rows.y, rows.bounds)
    if given < 1:
        raise UserError(
            f"season_length is {given}.", "a whole number of at least 1.", "correct it."
        )
    return given


def _on_steps(
    rows: Rows, raw: RawRows, columns: Columns, freq: str | None, aggregate: str | None
) -> tuple[Rows, str]:
    """One row for each step of each series, and the frequency."""
    notes, inferred = raw.notes, freq is None
    if aggregate is not None:
        rows = _aggregated(rows, aggregate, freq, notes)
    rows = sort_rows(rows, notes)
    check_duplicates(rows, raw.hint)
    check_static(rows, columns, raw.labels)
    freq = infer_freq(rows.ds, rows.bounds) if freq is None else normalise_freq(freq, rows.ds)
    rows = on_grid(rows, freq, notes)
    rows = regularise(rows, freq, strict=inferred and aggregate is None, notes=notes)
    if aggregate in ("sum", "count"):
        rows = zero_gaps(rows, notes)
    fill_static(rows, len(columns.static))
    return rows, freq


def _aggregated(rows: Rows, how: str, freq: str | None, notes: list[str]) -> Rows:
    if how not in AGGREGATES:
        raise UserError(
            f"--aggregate is {how!r}.", f"one of {', '.join(AGGREGATES)}.", "give one of these."
        )
    if freq is None:
        raise UserError(
            f"--aggregate {how} needs the length of a step.",
            "a frequency such as D, W, MS or h.",
            f"give it: --aggregate {how} --freq D.",
        )
    return aggregate_rows(rows, period_of(rows.ds, freq), how, notes)


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


def _without_empty_series(
    rows: Rows, table: Table, notes: list[str]
) -> tuple[Rows, tuple[str, ...]]:
    """Leave out series without an observed value, and name them; an error where none is left."""
    observed = np.bincount(rows.codes[~np.isnan(rows.y)], minlength=len(rows.names)) > 0
    present = np.bincount(rows.codes, minlength=len(rows.names)) > 0
    empty = rows.names[present & ~observed]
    if not observed.any():
        raise UserError(
            f"Every value of {table.name} is missing (series: {first_names(empty)}).",
            "at least a few values.",
            "fill in the values, or choose another --target-col.",
        )
    if not len(empty):
        return rows, ()
    left_out = "was left out, and is" if len(empty) == 1 else "were left out, and are"
    notes.append(
        f"{counted(len(empty), 'series')} without an observed value {left_out} forecast as missing:"
        f" {first_names(empty)}."
    )
    return rows.take(observed[rows.codes]), tuple(map(str, empty))


def _frame(rows: Rows, columns: Columns, labels: Labels) -> pd.DataFrame:
    names = pd.Series(rows.names, dtype="object").astype(str).array
    frame = pd.DataFrame({"unique_id": names.take(rows.codes), "ds": rows.ds, "y": rows.y})
    for number, name in enumerate(columns.covariates):
        frame[name] = cells_as_column(rows.covariates[:, number], labels.get(name))
    return frame
