"""Times at which a series never has a value: closed weekdays, hours of the week, months.

A shop that is closed on Sundays has no row, or an empty one, for every Sunday. Such a step is not a
gap, and a forecast for it would mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.frames import series_bounds
from keras_rnn_recipes.errors import counted

# A phase is closed if it came at least this often, always without a value, ...
_LEAST_OCCURRENCES = 4
# ... and if that would be less probable than this, were its values missing at random.
_CHANCE = 1e-3

_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# A longer table of phases would be larger than most panels.
_MOST_PHASES = 2016


def closed_steps(frame: pd.DataFrame, ahead: pd.DataFrame) -> np.ndarray:
    """Which rows lie at times at which their series never has a value.

    Args:
        frame: columns ``unique_id, ds, y``, sorted, regular, NaN = missing (as ``Panel.frame``).
        ahead: columns ``unique_id, ds``: the rows to judge; series that are not in ``frame`` are
            open at all times.

    Returns:
        bool ``(rows of ahead,)``: true where the weekday (for steps of a day or less also the time
        of the week, for months the month) came at least four times in ``frame``, never with a
        value, and other times have enough values for this not to be chance.

    Example:
        >>> days = pd.date_range("2024-01-01", periods=42)
        >>> sales = np.where(days.day_of_week == 6, np.nan, 1.0)  # closed on Sundays
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": sales})
        >>> ahead = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-02-12", periods=7)})
        >>> closed_steps(frame, ahead).tolist()
        [False, False, False, False, False, False, True]
    """
    bounds = series_bounds(frame)
    if not _may_be_closed(frame, bounds):
        return np.zeros(len(ahead), bool)
    place = pd.Index(frame["unique_id"].iloc[bounds[:-1]]).get_indexer(ahead["unique_id"])
    return _closed(frame, bounds, place, ahead["ds"])


def _closed(
    frame: pd.DataFrame, bounds: np.ndarray, place: np.ndarray, ds: pd.Series
) -> np.ndarray:
    """`closed_steps` of times ``ds`` of the series with the numbers ``place``, -1 for none."""
    closed = np.zeros(len(ds), bool)
    for phase, number in _phases(frame["ds"], bounds):
        never = _never_observed(frame, bounds, phase, number)
        if never.any():
            closed |= never[place, phase(ds)] & (place >= 0)
    return closed


def _may_be_closed(frame: pd.DataFrame, bounds: np.ndarray) -> bool:
    """Whether a series lacks as many values as a closed phase does at least."""
    missing = np.add.reduceat(frame["y"].isna().to_numpy(), bounds[:-1], dtype="int64")
    return bool(missing.max(initial=0) >= _LEAST_OCCURRENCES)


def closed_notes(frame: pd.DataFrame) -> tuple[str, ...]:
    """A sentence about the weekdays, hours or months at which series never have a value.

    Args:
        frame: as in `closed_steps`.

    Example:
        >>> days = pd.date_range("2024-01-01", periods=42)
        >>> sales = np.where(days.day_of_week == 6, np.nan, 1.0)
        >>> closed_notes(pd.DataFrame({"unique_id": "a", "ds": days, "y": sales}))
        ('1 series never has a value on Sundays: these steps are forecast as missing.',)
    """
    bounds = series_bounds(frame)
    if not _may_be_closed(frame, bounds):
        return ()
    series = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    rows = _closed(frame, bounds, series, frame["ds"])
    if not rows.any():
        return ()
    names = frame["unique_id"][rows].unique()
    number, theirs = len(names), frame["unique_id"].isin(names).to_numpy()
    have = counted(number, "series", "never has", "never have")
    when = _named(frame["ds"][rows], frame["ds"][theirs & ~rows])
    return (f"{have} a value {when}: these steps are forecast as missing.",)


def _named(closed: pd.Series, others: pd.Series) -> str:
    """The weekdays in words, if it is whole weekdays."""
    days, open_days = set(closed.dt.day_of_week), set(others.dt.day_of_week)
    if len(days) < 7 and not days & open_days:
        return "on " + " and ".join(_WEEKDAYS[day] for day in sorted(days))
    if len(days) < 7 and closed.dt.normalize().eq(closed).all():
        return "on some of " + ", ".join(_WEEKDAYS[day] for day in sorted(days))
    return "at some times of the day or the week, or in some months"


def _phases(
    ds: pd.Series, bounds: np.ndarray
) -> list[tuple[Callable[[pd.Series], np.ndarray], int]]:
    """Functions from dates to phases, with the number of phases, that suit the frequency."""
    if not pd.api.types.is_datetime64_any_dtype(ds):
        return []
    steps = np.delete(np.diff(ds.to_numpy()), bounds[1:-1] - 1)
    if not len(steps):
        return []
    seconds = int(steps.min() / np.timedelta64(1, "s"))
    if 28 * _DAY <= seconds <= 31 * _DAY:
        return [(lambda dates: dates.dt.month.to_numpy() - 1, 12)]
    if seconds > _DAY or seconds < _MINUTE:
        return []
    found: list[tuple[Callable[[pd.Series], np.ndarray], int]] = [(_weekday, 7)]
    if seconds < _DAY and 7 * _DAY // seconds <= _MOST_PHASES:
        per_day = -(-_DAY // seconds)
        found += [
            (lambda dates: _second(dates) // seconds, per_day),
            (lambda dates: _weekday(dates) * per_day + _second(dates) // seconds, 7 * per_day),
        ]
    return found


def _weekday(dates: pd.Series) -> np.ndarray:
    return dates.dt.day_of_week.to_numpy()


def _second(dates: pd.Series) -> np.ndarray:
    return (dates.dt.hour * _HOUR + dates.dt.minute * _MINUTE + dates.dt.second).to_numpy()


def _never_observed(
    frame: pd.DataFrame, bounds: np.ndarray, phase: Callable[[pd.Series], np.ndarray], number: int
) -> np.ndarray:
    """By series and phase, whether it is closed, bool ``(series, phases)``."""
    shape = (len(bounds) - 1, number)
    series = np.repeat(np.arange(shape[0]), np.diff(bounds))
    cell = series * number + phase(frame["ds"])
    known = frame["y"].notna().to_numpy()
    rows = np.bincount(cell, minlength=shape[0] * number).reshape(shape)
    values = np.bincount(cell[known], minlength=shape[0] * number).reshape(shape)
    open_rows = np.where(values > 0, rows, 0).sum(axis=1)
    missing = 1 - values.sum(axis=1) / np.maximum(open_rows, 1)
    by_chance = missing[:, None] ** rows < _CHANCE
    return (values == 0) & (rows >= _LEAST_OCCURRENCES) & by_chance
