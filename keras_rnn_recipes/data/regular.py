"""Sorting rows, checking for duplicates, and filling gaps: one row for every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.frequency import (
    advance,
    coarser,
    infer_freq,
    on_weekends,
    ordinals,
    to_grid,
)
from keras_rnn_recipes.data.reading import Table
from keras_rnn_recipes.errors import UserError, counted

# Filling gaps may grow a panel this much; beyond it, a date or the frequency must be wrong.
_MOST_GROWTH, _MOST_ROWS = 50, 1_000_000


@dataclass(frozen=True)
class Rows:
    """The rows of a panel, column by column.

    Args:
        codes: number of the series of each row, int64 (rows,).
        names: names of the series by number, sorted.
        ds: datetime64 or int64 (rows,).
        y: float64 (rows,).
        covariates: float64 (rows, covariates); a category is the number of its label.
        row: number of each row in the table, -1 for a row that was filled in.
        table: the table.
    """

    codes: np.ndarray
    names: np.ndarray
    ds: np.ndarray
    y: np.ndarray
    covariates: np.ndarray
    row: np.ndarray
    table: Table

    @cached_property
    def bounds(self) -> np.ndarray:
        """First row of each series, and the number of rows; the rows must be sorted."""
        starts = np.flatnonzero(np.diff(self.codes)) + 1
        return np.concatenate([[0], starts, [len(self.codes)]])

    def take(self, rows: np.ndarray) -> Rows:
        """Select rows by number or by a mask."""
        parts = {
            name: getattr(self, name)[rows] for name in ("codes", "ds", "y", "covariates", "row")
        }
        return replace(self, **parts)

    def with_dates(self, ds: np.ndarray) -> Rows:
        """The same rows at other dates."""
        return replace(self, ds=ds)

    def without_past(self, rows: np.ndarray, num_past: int) -> Rows:
        """The same rows; those under the mask lose their target and past covariates."""
        covariates = self.covariates.copy()
        covariates[rows, :num_past] = np.nan
        return replace(self, y=np.where(rows, np.nan, self.y), covariates=covariates)

    def at(self, row: int) -> str:
        """The series, time and line of a row, in words."""
        name, when = self.names[self.codes[row]], shown(self.ds[row])
        return f"series {name!r} at {when} ({self.table.where(int(self.row[row]))})"

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Concatenate the rows of several series of one table."""
        if len(parts) == 1:
            return parts[0]
        names = np.concatenate([part.names for part in parts])
        order = np.argsort(names)
        rank = np.empty(len(order), "int64")
        rank[order] = np.arange(len(order))
        shifts = np.cumsum([0, *(len(part.names) for part in parts[:-1])])
        codes = [rank[part.codes + shift] for part, shift in zip(parts, shifts, strict=True)]
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("ds", "y", "covariates", "row")
        }
        return replace(parts[0], codes=np.concatenate(codes), names=names[order], **columns)


def shown(moment: object) -> str:
    """A time as text, without the time of day where that is midnight.

    Args:
        moment: datetime64 or a whole number.

    Example:
        >>> shown(np.datetime64("2024-01-31T00:00:00.000000"))
        '2024-01-31'
    """
    if isinstance(moment, np.datetime64):
        return str(pd.Timestamp(moment)).removesuffix(" 00:00:00")
    return str(moment)


def sort_rows(rows: Rows, notes: list[str]) -> Rows:
    """Sort rows by series, then time, with a note where a series was not in order of time."""
    if (np.diff(rows.codes) < 0).any():
        rows = rows.take(np.argsort(rows.codes, kind="stable"))
    back = _same_series(rows) & (np.diff(rows.ds).astype("int64") < 0)
    if not back.any():
        return rows
    number = len(np.unique(rows.codes[1:][back]))
    notes.append(f"The rows were out of order in {number} series and were sorted by time.")
    return rows.take(np.lexsort((rows.ds, rows.codes)))


def check_duplicates(rows: Rows, hint: str = "") -> None:
    """Check that no series has two rows at one time.

    Args:
        rows: sorted by series and time.
        hint: option that would tell such rows apart.

    Raises:
        UserError: there are two; the message names both lines.
    """
    same = _same_series(rows) & (np.diff(rows.ds).astype("int64") == 0)
    if not same.any():
        return
    first = int(np.argmax(same))
    number = int(same.sum())
    more = f", and {number - 1} more such" if number > 1 else ""
    clocks = ""
    if rows.ds.dtype.kind == "M" and rows.ds[first] != rows.ds[first].astype("datetime64[D]"):
        clocks = " (if daylight saving time ended there, give the times with their UTC offset)"
    raise UserError(
        f"Two rows stand for {rows.at(first)}: the other is "
        f"{rows.table.where(int(rows.row[first + 1]))}{more}.",
        "one row for each series and time.",
        f"{_way_out(hint, _summary_of_twins(rows, same, bool(clocks)))}{clocks}.",
    )


def _summary_of_twins(rows: Rows, same: np.ndarray, clocks: bool) -> str:
    """Options that summarize rows of one time: in steps of the other times, where they are even."""
    once = rows.take(np.append(True, ~same))
    steps = np.diff(once.ds)[_same_series(once)]
    if not len(steps) or rows.ds.dtype.kind == "i":
        return f"--aggregate sum --freq {'D' if rows.ds.dtype.kind == 'M' else 1}"
    usual = pd.Series(steps).mode()[0]
    even = usual >= np.timedelta64(1, "D") or (steps == usual).mean() > 0.5
    freq = infer_freq(once.ds, once.bounds) if even else "D"
    # An hour that comes twice in autumn is no hour of twice as much.
    return f"--aggregate {'mean' if clocks and even else 'sum'} --freq {freq}"


def _way_out(hint: str, summary: str) -> str:
    if hint.startswith("--time-col"):
        return f"give {hint}, whose columns together are the time"
    name = f"give {hint}, which names the series" if hint else "name the series with --id-col"
    return f"{name}; or summarize the rows, such as {summary}"


def regularise(rows: Rows, freq: str, *, strict: bool, notes: list[str]) -> Rows:
    """Fill gaps: one row for every step between the first and last row of a series.

    Args:
        rows: sorted, without duplicates.
        freq: the frequency.
        strict: whether the frequency was inferred. Then a series with less than half of its steps
            is an error, since it probably has another frequency.
        notes: a sentence about the gaps is appended.

    Returns:
        The rows; those that were filled in have NaN as target and covariates.

    Raises:
        UserError: a date that is not a whole number of steps after the first of its series, or
            mixed frequencies.
    """
    bounds = rows.bounds
    lengths = np.diff(bounds)
    number = ordinals(rows.ds, freq)
    position = number - np.repeat(number[bounds[:-1]], lengths)
    _check_grid(rows, position, freq, strict)
    full = position[bounds[1:] - 1] + 1
    if (full == lengths).all():
        return rows
    _check_growth(rows, lengths, full, freq, strict)
    gaps = full > lengths
    notes.append(
        f"Steps without a row were filled in as missing values: {int((full - lengths).sum())} in "
        f"{int(gaps.sum())} series (the first: {rows.names[rows.codes[bounds[:-1][gaps][0]]]!r})."
    )
    return _filled(rows, position, full, freq)


def on_grid(rows: Rows, freq: str, notes: list[str]) -> Rows:
    """Move dates that lie beside the steps of their frequency to the nearest step, and say so.

    Rows on weekends are left out of series of business days.

    Args:
        rows: sorted, without duplicates.
        freq: the frequency.
        notes: sentences about what was changed are appended.
    """
    if rows.ds.dtype.kind == "i":
        return rows
    if freq == "B" and (weekend := on_weekends(rows.ds)).any():
        first = int(np.argmax(weekend))
        many = counted(int(weekend.sum()), "row", "on weekends was", "on weekends were")
        notes.append(
            f"{many} left out of the business days, the first of {rows.at(first)} "
            "(--freq D keeps them)."
        )
        rows = rows.take(~weekend)
    ds = to_grid(rows.ds, freq)
    moved = ds != rows.ds
    if not moved.any() or (_same_series(rows) & (np.diff(ds).astype("int64") == 0)).any():
        return rows
    first = int(np.argmax(moved))
    were = "was" if moved.sum() == 1 else "were"
    notes.append(
        f"{int(moved.sum()):,} of {counted(len(ds), 'date')} {were} moved to the nearest step of "
        f"{freq}: "
        f"{rows.at(first)} to {shown(ds[first])}."
    )
    return rows.with_dates(ds)


def without_rows_ahead(rows: Rows, known: np.ndarray, notes: list[str]) -> Rows:
    """Leave out the rows after the last observed target of each series: the steps to forecast.

    Args:
        rows: regular, as `regularise` gives them.
        known: mask of the rows up to the last observed target of their series, bool (rows,).
        notes: a sentence about the rows is appended.
    """
    if known.all():
        return rows
    series = np.unique(rows.codes[~known])
    first = int(np.argmax(~known))
    notes.append(
        f"Rows without a value at the end of {len(series)} series are the steps to forecast, from "
        f"{shown(rows.ds[first])} on (the first: {rows.names[rows.codes[first]]!r}): "
        f"{counted(int((~known).sum()), 'row')}."
    )
    return rows.take(known)


def _same_series(rows: Rows) -> np.ndarray:
    return np.diff(rows.codes) == 0


def _check_grid(rows: Rows, position: np.ndarray, freq: str, strict: bool) -> None:
    first = np.repeat(rows.ds[rows.bounds[:-1]], np.diff(rows.bounds))
    off = advance(first, position, freq) != rows.ds
    off[1:] |= _same_series(rows) & (np.diff(position) == 0)
    if not off.any():
        return
    row = int(np.argmax(off))
    # Dates that were moved to the grid (such as to the start of a month) may be equal here.
    before = shown(rows.ds[row - 1]) if row and rows.ds[row - 1] != rows.ds[row] else ""
    before = f" (the row before: {before})" if before else ""
    source = "the most common step of the table" if strict else "the given frequency"
    raise UserError(
        f"The steps are irregular: {rows.at(row)} is not a whole number of steps after "
        f"{shown(first[row])}{before}.",
        f"steps of {freq!r}, {source}.",
        f"summarize the rows, such as --aggregate sum --freq {coarser(freq)}; or give --freq; or "
        "correct the dates.",
    )


def _check_growth(
    rows: Rows, lengths: np.ndarray, full: np.ndarray, freq: str, strict: bool
) -> None:
    sparse = (full > 2 * lengths) & (lengths >= 4) & strict
    if not sparse.any() and full.sum() <= _MOST_GROWTH * lengths.sum() + _MOST_ROWS:
        return
    series = int(np.argmax(sparse)) if sparse.any() else int(np.argmax(full - lengths))
    start, end = rows.bounds[series], rows.bounds[series + 1]
    row = start + int(np.argmax(np.diff(rows.ds[start:end]))) + 1
    raise UserError(
        f"The frequencies are mixed, or a date is wrong: steps of {freq!r} would leave "
        f"{full[series] - lengths[series]} of {full[series]} steps of series "
        f"{rows.names[rows.codes[start]]!r} without a row; the longest gap ends at {rows.at(row)}.",
        "rows for at least half the steps of every series.",
        f"correct the dates; or pass --freq {freq} if these are gaps; or summarize the rows, such "
        f"as --aggregate sum --freq {coarser(freq)}.",
    )


def _filled(rows: Rows, position: np.ndarray, full: np.ndarray, freq: str) -> Rows:
    ends = np.cumsum(full)
    starts = ends - full
    lengths = np.diff(rows.bounds)
    place = position + np.repeat(starts, lengths)
    step = np.arange(ends[-1]) - np.repeat(starts, full)
    y = np.full(ends[-1], np.nan)
    covariates = np.full((ends[-1], rows.covariates.shape[1]), np.nan)
    row = np.full(ends[-1], -1)
    y[place], covariates[place], row[place] = rows.y, rows.covariates, rows.row
    firsts = rows.bounds[:-1]
    return replace(
        rows,
        codes=np.repeat(rows.codes[firsts], full),
        ds=advance(np.repeat(rows.ds[firsts], full), step, freq),
        y=y,
        covariates=covariates,
        row=row,
    )
