"""Parsing of dates: one order of day and month, and one treatment of zones, for a whole column."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

_OFFSET = r"\d{1,2}:\d{2}.*(?:Z|UTC|[+-]\d{2}:?\d{2})\s*$"
_SLASHED = r"^\s*(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ T,]\s*(.*))?$"
_UNIT = pd.DatetimeIndex(["2000-01-01"]).unit


@dataclass(frozen=True)
class Dates:
    """A column of times.

    Args:
        values: datetime64 without a zone, NaT where a cell could not be parsed; or int64.
        bad: mask of the cells that are empty or could not be parsed.
        notes: sentences about the choices that were made.
    """

    values: np.ndarray
    bad: np.ndarray
    notes: tuple[str, ...] = ()


def parse_dates(column: pd.Series) -> Dates:
    """Parse a column of dates (text, datetimes with or without a zone, periods) or whole numbers.

    Whole numbers stay numbers, except eight digits that are dates (20240131). Dates such as
    3/4/2024 are read month first or day first, whichever fits every row; where both fit, whichever
    gives the more regular steps. Times with a zone: where all have the same offset from UTC, or all
    the same time of day (daily data), the local time is kept and the zone dropped. Otherwise they
    are converted to UTC, in which no hour is skipped or repeated by daylight saving time.

    Args:
        column: the cells.

    Returns:
        The times; cells that could not be parsed are marked and raise no error.

    Example:
        >>> parse_dates(pd.Series(["31/12/2023", "01/01/2024"])).values.astype("datetime64[D]")
        array(['2023-12-31', '2024-01-01'], dtype='datetime64[D]')
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, texts = column.cat.codes.to_numpy(), pd.Series(column.cat.categories)
    elif pd.api.types.is_numeric_dtype(column.dtype):
        return _parse_numbers(column)
    elif isinstance(column.dtype, pd.PeriodDtype):
        return _parse_times(column.dt.to_timestamp())
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _parse_times(column)
    else:
        codes, uniques = pd.factorize(column)
        texts = pd.Series(uniques)
    if not len(texts):
        return Dates(np.zeros(len(column), "int64"), np.ones(len(column), bool))
    parsed = _parse_texts(texts.astype(str).str.strip())
    # A missing cell has the code -1: it takes the last value and is marked as bad.
    bad = parsed.bad[codes] | (codes < 0)
    return Dates(parsed.values[codes], bad, parsed.notes)


def looks_like_dates(column: pd.Series) -> bool:
    """Whether more than half of the non-empty cells are dates (7 is not, 20240131 is).

    Args:
        column: the cells, or a sample of them.

    Example:
        >>> looks_like_dates(pd.Series(["2024-01", "2024-02"]))
        True
        >>> looks_like_dates(pd.Series(["7", "8"]))
        False
    """
    filled = column.dropna()
    if filled.empty:
        return False
    if filled.dtype.kind == "f":
        return False
    texts = filled
    if not pd.api.types.is_datetime64_any_dtype(filled.dtype) and filled.dtype.kind not in "iu":
        texts = filled.astype(str)
        if (texts.str.count(r"\d") >= 4).mean() < 0.5:
            return False
    parsed = parse_dates(texts)
    return parsed.values.dtype.kind == "M" and bool(parsed.bad.mean() < 0.5)


def _parse_numbers(column: pd.Series) -> Dates:
    numbers = column.to_numpy(dtype="float64", na_value=np.nan)
    bad = ~np.isfinite(numbers) | (numbers != np.round(numbers))
    whole = np.where(bad, 0, numbers).astype("int64")
    if not bad.any():
        dates = _eight_digits(whole)
        if dates is not None:
            return Dates(dates, bad)
    return Dates(whole, bad)


def _eight_digits(numbers: np.ndarray) -> np.ndarray | None:
    """Numbers such as 20240131 as dates; None unless all are dates."""
    if len(numbers) == 0 or numbers.min() < 1700_01_01 or numbers.max() > 2200_12_31:
        return None
    dates = pd.to_datetime(pd.Series(numbers).astype(str), format="%Y%m%d", errors="coerce")
    return None if dates.isna().any() else _plain(dates)


def _plain(dates: pd.Series) -> np.ndarray:
    """Without a zone, in the unit that pandas uses by default."""
    return dates.to_numpy().astype(f"datetime64[{_UNIT}]")


def _parse_texts(texts: pd.Series) -> Dates:
    if texts.str.fullmatch(r"\s*[+-]?\d{1,18}\s*").mean() > 0.5:
        return _parse_numbers(pd.to_numeric(texts, errors="coerce"))
    if texts.str.contains(_OFFSET).any():
        return _parse_times(_to_datetimes(texts, utc=True), _local_times(texts))
    slashed = texts.str.extract(_SLASHED)
    if slashed[0].notna().mean() > 0.5:
        return _parse_slashed(slashed)
    return _parse_times(_to_datetimes(texts))


def _to_datetimes(texts: pd.Series, *, utc: bool = False) -> pd.Series:
    """Parsed as ISO 8601 where most cells are, else cell by cell; NaT where that fails."""
    dates = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=utc)
    if dates.notna().mean() > 0.5:
        return dates
    with warnings.catch_warnings():
        # pandas warns that it infers the format of each cell, which is intended here.
        warnings.simplefilter("ignore")
        return pd.to_datetime(texts, format="mixed", errors="coerce", utc=utc)


def _local_times(texts: pd.Series) -> pd.Series:
    return _to_datetimes(texts.str.replace(r"\s*(?:Z|UTC|[+-]\d{2}:?\d{2})\s*$", "", regex=True))


def _parse_times(dates: pd.Series, wall: pd.Series | None = None) -> Dates:
    """Drop the zone, keeping local time or converting to UTC (see ``parse_dates``)."""
    bad = dates.isna().to_numpy()
    if getattr(dates.dt, "tz", None) is None:
        return Dates(_plain(dates), bad)
    if wall is None:
        wall = dates.dt.tz_localize(None)
    clock, universal = _plain(wall), _plain(dates.dt.tz_convert("UTC").dt.tz_localize(None))
    offsets = np.unique((clock - universal)[~bad])
    times_of_day = np.unique((clock - clock.astype("datetime64[D]"))[~bad])
    if len(offsets) <= 1 or len(times_of_day) <= 1:
        note = "The times have a zone; the local time was kept and the zone dropped."
        return Dates(clock, bad, (note,))
    note = (
        "The times have a zone with daylight saving time; they were converted to UTC, so that no "
        "hour is skipped or repeated."
    )
    return Dates(universal, bad, (note,))


def _parse_slashed(parts: pd.DataFrame) -> Dates:
    """Dates such as 3/4/2024, with one order of day and month for the whole column."""
    readings = {"month/day/year": (0, 2), "day/month/year": (2, 0)}
    if (parts[1] == ".").mean() > 0.5:
        readings = dict(reversed(readings.items()))
    dates = {name: _in_order(parts, *order) for name, order in readings.items()}
    best = min(dates, key=lambda name: (dates[name].isna().sum(), _num_step_lengths(dates[name])))
    bad = dates[best].isna().to_numpy()
    notes: tuple[str, ...] = ()
    if all(series.isna().sum() == bad.sum() for series in dates.values()):
        notes = (f"The order of day and month is ambiguous; the dates were read as {best}.",)
    return Dates(_plain(dates[best]), bad, notes)


def _in_order(parts: pd.DataFrame, month: int, day: int) -> pd.Series:
    iso = parts[3] + "-" + parts[month].str.zfill(2) + "-" + parts[day].str.zfill(2)
    times = parts[4].fillna("").str.strip()
    return _to_datetimes((iso + " " + times).str.strip())


def _num_step_lengths(dates: pd.Series) -> int:
    """Number of different steps between the sorted dates; 1 where they are regular."""
    known = np.unique(_plain(dates.dropna()))
    return len(np.unique(np.diff(known)))
