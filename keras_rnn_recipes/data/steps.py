"""How regular a set of dates is, as steps of the calendar.

`regularity` tells the step that leaves the fewest holes. It serves to choose between the readings
of a column of dates: the wrong order of day and month leaves most steps without a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_DAY = 86_400_000_000  # microseconds
# Monthly dates lie on the first or last day of a month as a rule. Others are believed where no
# other reading of the column is as regular.
_UNUSUAL_DAY = 0.4


@dataclass(frozen=True)
class Regularity:
    """The best step of a set of dates.

    Args:
        step: in words: "months", "days", ...
        coverage: share of the steps between the first and last date that have a date, lowered for
            steps that are unusual; between 0 and 1.
    """

    step: str
    coverage: float


def regularity(dates: np.ndarray) -> Regularity:
    """The step of the calendar that leaves the fewest holes between dates.

    Args:
        dates: datetime64, in any order, without NaT.

    Returns:
        The step and its coverage; coverage 1 for fewer than two different dates.

    Example:
        >>> regularity(np.array(["2024-01-01", "2024-02-01", "2024-04-01"], "datetime64[us]"))
        Regularity(step='months', coverage=0.75)
    """
    moments = np.unique(dates.astype("datetime64[us]"))
    if len(moments) < 2:
        return Regularity("days", 1.0)
    whole = moments.astype("datetime64[D]")
    found = list(_of_days(whole)) if (moments == whole).all() else list(_of_times(moments))
    best = max(found, key=lambda one: one.coverage)
    return Regularity(best.step, float(best.coverage))


def _of_days(days: np.ndarray) -> Iterator[Regularity]:
    number = days.astype("int64")
    span = number[-1] - number[0]
    weekday = (number + 3) % 7
    yield Regularity("days", len(days) / (span + 1))
    if (weekday < 5).all():
        yield Regularity("business days", len(days) / (np.busday_count(days[0], days[-1]) + 1))
    usual = np.bincount(weekday).max() / len(days)
    weeks = len(np.unique((number - number[0] + 3) // 7))
    if usual >= 0.75 and weeks == len(days):
        yield Regularity("weeks", len(days) / ((span + 3) // 7 + 1))
    steps = np.diff(number)
    common = int(np.bincount(steps).argmax()) if span < 10_000_000 else int(steps[0])
    if common > 1 and (steps % common == 0).all():
        yield Regularity(f"{common} days", 0.9 * len(days) / (span // common + 1))
    yield from _of_months(days)


def _of_months(days: np.ndarray) -> Iterator[Regularity]:
    months = days.astype("datetime64[M]").astype("int64")
    if len(np.unique(months)) < len(days):
        return
    weight = _place_in_month(days)
    for name, size in (("months", 1), ("quarters", 3), ("half-years", 6), ("years", 12)):
        if (months % size == months[0] % size).all():
            yield Regularity(name, weight * len(days) / ((months[-1] - months[0]) // size + 1))


def _place_in_month(days: np.ndarray) -> float:
    """1 for dates at the start or end of months, less for others; 0 for different days."""
    months = days.astype("datetime64[M]")
    day = (days - months.astype("datetime64[D]")).astype("int64")
    left = ((months + np.timedelta64(1, "M")).astype("datetime64[D]") - days).astype("int64") - 1
    # Holidays and weekends move the first and the last business day by a few days.
    if (day == 0).all() or (left == 0).all() or (left <= 4).all() or (day <= 3).all():
        return 1.0
    common = np.bincount(day).argmax()
    return _UNUSUAL_DAY if ((day == common) | ((day < common) & (left == 0))).all() else 0.0


def _of_times(moments: np.ndarray) -> Iterator[Regularity]:
    number = moments.astype("int64")
    steps = np.diff(number)
    values, counts = np.unique(steps, return_counts=True)
    common = int(values[counts.argmax()])
    span = int(number[-1] - number[0])
    yield Regularity(_words(common), min(len(moments) / (span // common + 1), 1.0))


def _words(step: int) -> str:
    for name, size in (("days", _DAY), ("hours", _DAY // 24), ("minutes", _DAY // 1440)):
        if step % size == 0:
            return name if step == size else f"{step // size} {name}"
    return f"{step / 1_000_000:g} seconds"
