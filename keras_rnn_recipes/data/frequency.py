"""Frequencies: inferring the step of a panel's dates, and arithmetic on such steps.

A frequency is a pandas offset alias ("D", "MS", "W-SUN", "15min", ...), or a number such as "1"
where time is a whole number. Three kinds of step cover the aliases: a fixed length of time, whole
months (at their start or end, or on a day: "MS-15", which pandas does not have), and business days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY = 86_400 * 10**9
_DAY_US = _DAY // 1000
_ONE_DAY, _ONE_MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")
# Aliases that pandas has removed or that users write, and their present names.
_OLD_ALIASES = {
    "M": "ME",
    "Q": "QE",
    "Y": "YE",
    "BM": "BME",
    "BQ": "BQE",
    "A": "YE",
    "AS": "YS",
    "H": "h",
    "T": "min",
    "S": "s",
}
_KNOWN = "D, B, W, W-SUN, MS, ME, MS-15, QS, QE, YS, YE, h, 30min, s, 2W, or 1 for whole numbers."
_HOUR, _WEEK, _YEAR = 3600 * 10**9, 7 * _DAY, 364 * _DAY
_UNITS = {"h": _HOUR, "min": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3}


_MONTH_KINDS = (
    "month_start", "month_end", "business_month_start", "business_month_end", "month_day",
)  # fmt: skip
# Dates of a week that differ from the usual weekday, and those of business days on a weekend, are
# believed to be exceptions up to these shares.
_MOST_SHIFTED, _MOST_WEEKENDS = 0.25, 0.02
# Times that deviate this little from regular steps, in steps, are moved to them.
_JITTER = 0.1


@dataclass(frozen=True)
class _Step:
    """One step of ``size`` nanoseconds, months, business days or whole numbers, by ``kind``."""

    kind: str  # "time", "business", "number", or one of _MONTH_KINDS
    size: int
    weekday: int | None = None  # of weeks that are anchored, Monday = 0
    day: int = 1  # of the month, for "month_day"


def infer_freq(ds: pd.Series | np.ndarray, bounds: np.ndarray) -> str:
    """Infer the frequency of a panel from the most common step within its series.

    Args:
        ds: dates or whole numbers, ascending within each series, (rows,).
        bounds: first row of each series, and the number of rows (see ``frames.series_bounds``).

    Returns:
        A pandas offset alias, or a number as text.

    Raises:
        UserError: no series has two dates.

    Example:
        >>> ds = pd.date_range("2024-01-31", periods=5, freq="ME").to_series()
        >>> infer_freq(ds, np.array([0, 5]))
        'ME'
    """
    values = np.asarray(ds)
    steps = np.delete(np.diff(values), bounds[1:-1] - 1)
    if not len(steps):
        raise UserError(
            "The frequency cannot be inferred: no series has two dates.",
            "at least two dates in a series.",
            "give the frequency, such as freq=D (on the command line --freq D).",
        )
    if np.issubdtype(values.dtype, np.integer):
        return str(_most_common(steps))
    micros = steps.astype("timedelta64[us]").astype("int64")
    step = _usual_step(micros)
    if step % _DAY_US:
        return _time_alias(step * 1000)
    days = values.astype("datetime64[D]")
    return _calendar_alias(days, steps, step // _DAY_US)


def normalise_freq(freq: str, ds: pd.Series | np.ndarray) -> str:
    """Normalize a frequency that the user gave, with its anchor taken from the dates.

    "W" becomes "W-WED" where the dates are Wednesdays, "M" becomes "MS" or "ME", "H" becomes "h".
    "MS-15", the 15th of each month, stays.

    Args:
        freq: as the user wrote it.
        ds: dates or whole numbers, (rows,).

    Raises:
        UserError: an unknown frequency, or an alias where the times are whole numbers.

    Example:
        >>> normalise_freq("M", pd.date_range("2024-01-01", periods=3, freq="MS").to_series())
        'MS'
    """
    values = np.asarray(ds)
    if np.issubdtype(values.dtype, np.integer):
        if not freq.isdecimal():
            raise UserError(
                f"The frequency {freq!r} was given, but the times are whole numbers.",
                "a whole number as the frequency, such as 1.",
                "leave freq out; or give --date-format %Y if they are years, or a column of dates.",
            )
        return freq
    step = _parse(freq)
    if step.kind == "month_day":
        return freq
    if step.kind in _MONTH_KINDS:
        return _month_alias(values.astype("datetime64[D]"), step.size, by_day=False)
    if step.kind == "business":
        return "B"
    if step.weekday is not None and step.size == 7 * _DAY:
        return _time_alias(step.size, _at_weekdays(values, step.weekday))
    return _time_alias(step.size, values.astype("datetime64[D]"))


def ordinals(ds: pd.Series | np.ndarray, freq: str) -> np.ndarray:
    """Number of the step that each date lies in, int64, counted from 1970 (or from 0).

    Args:
        ds: dates or whole numbers, (rows,).
        freq: the frequency.

    Example:
        >>> ordinals(pd.Series(pd.to_datetime(["1970-03-01", "1971-01-01"])), "MS").tolist()
        [2, 12]
    """
    values, step = np.asarray(ds), _parse(freq)
    if step.kind == "number":
        return values.astype("int64") // step.size
    if step.kind == "time":
        return values.astype("datetime64[us]").astype("int64") // max(step.size // 1000, 1)
    if step.kind == "business":
        return np.busday_count(np.datetime64("1970-01-01"), values.astype("datetime64[D]"))
    return values.astype("datetime64[M]").astype("int64") // step.size


def advance(ds: pd.Series | np.ndarray, steps: int | np.ndarray, freq: str) -> np.ndarray:
    """Move dates by a number of steps, elementwise.

    Args:
        ds: dates on the grid of ``freq``, or whole numbers, of any shape.
        steps: whole numbers; broadcasts with ``ds``.
        freq: the frequency.

    Returns:
        datetime64 in the unit of ``ds`` (or int64).

    Example:
        >>> last = pd.Series(pd.to_datetime(["2024-01-31"]))
        >>> advance(last, 1, "ME").astype(str).tolist()
        ['2024-02-29T00:00:00.000000']
    """
    values, step = np.asarray(ds), _parse(freq)
    steps = np.asarray(steps, dtype="int64")
    if step.kind == "number":
        return values.astype("int64") + steps * step.size
    if step.kind == "time":
        return values + (steps * step.size).astype("timedelta64[ns]").astype(_delta_type(values))
    days = values.astype("datetime64[D]")
    if step.kind == "business":
        later = np.busday_offset(days, steps, roll="forward")
    else:
        later = _in_month(days.astype("datetime64[M]") + steps * step.size, step.kind, step.day)
    return later.astype(values.dtype)


def to_grid(ds: np.ndarray, freq: str) -> np.ndarray:
    """Move dates to the nearest step: within their month or week, or by a small part of a step.

    Args:
        ds: dates, (rows,).
        freq: the frequency.

    Returns:
        The dates; those that are too far from a step stay as they are.

    Example:
        >>> week = np.array(["2024-01-03", "2024-01-10", "2024-01-18"], "datetime64[us]")
        >>> to_grid(week, "W-WED").astype("datetime64[D]").astype(str).tolist()
        ['2024-01-03', '2024-01-10', '2024-01-17']
    """
    step = _parse(freq)
    if step.kind in _MONTH_KINDS:
        return advance(ds, 0, freq)
    if step.kind != "time":
        return ds
    if step.weekday is not None and step.size == 7 * _DAY:
        return ds - _days_off(ds, step.weekday).astype("timedelta64[D]").astype(_delta_type(ds))
    if step.size % _DAY == 0:
        return ds
    return _without_jitter(ds, step.size // 1000)


def period_of(ds: np.ndarray, freq: str) -> np.ndarray:
    """The step in which each moment lies, by its date; weeks are named by their last day.

    Args:
        ds: dates, (rows,).
        freq: the frequency.

    Example:
        >>> moments = np.array(["2024-01-03T10:30", "2024-01-08T09:00"], "datetime64[us]")
        >>> period_of(moments, "W-SUN").astype("datetime64[D]").astype(str).tolist()
        ['2024-01-07', '2024-01-14']
    """
    step = _parse("W-SUN" if freq == "W" else freq)
    if step.kind in _MONTH_KINDS:
        months = ds.astype("datetime64[M]").astype("int64") // step.size * step.size
        if step.kind.endswith("end"):
            months = months + step.size - 1
        return _in_month(months.astype("datetime64[M]"), step.kind, step.day).astype(ds.dtype)
    if step.kind == "business":
        return np.busday_offset(ds.astype("datetime64[D]"), 0, roll="forward").astype(ds.dtype)
    if step.weekday is not None:
        days = ds.astype("datetime64[D]")
        later = (step.weekday - (days.astype("int64") + 3)) % 7
        return (days + later).astype(ds.dtype)
    if step.kind == "number":
        return ds.astype("int64") // step.size * step.size
    size = max(step.size // 1000, 1)
    moments = ds.astype("datetime64[us]").astype("int64") // size * size
    return moments.astype("datetime64[us]").astype(ds.dtype)


def coarser(freq: str) -> str:
    """The next usual frequency with longer steps, in which irregular rows can be summarized.

    Example:
        >>> coarser("7min"), coarser("D"), coarser("14D"), coarser("MS")
        ('D', 'W', 'MS', 'YS')
    """
    step = _parse(freq)
    if step.kind in _MONTH_KINDS:
        return "YS"
    if step.kind == "number":
        return str(2 * step.size)
    if step.kind == "business" or _DAY <= step.size < _WEEK:
        return "W"
    return "D" if step.size < _DAY else "MS"


def on_weekends(ds: np.ndarray) -> np.ndarray:
    """Mask of the dates on a Saturday or Sunday."""
    return (ds.astype("datetime64[D]").astype("int64") + 3) % 7 >= 5


def _without_jitter(ds: np.ndarray, size: int) -> np.ndarray:
    """Times moved to regular steps of ``size`` microseconds, if all of them lie close to one."""
    moments = ds.astype("datetime64[us]").astype("int64")
    phase = int(_most_common(moments % size))
    if (moments % size == phase).mean() < 0.5:
        phase = 0
    off = (moments - phase + size // 2) % size - size // 2
    if not off.any() or np.abs(off).max() > _JITTER * size:
        return ds
    return (moments - off).astype("datetime64[us]").astype(ds.dtype)


def _days_off(ds: np.ndarray, weekday: int) -> np.ndarray:
    """Days from the nearest date with a weekday, from -3 to 3."""
    return (ds.astype("datetime64[D]").astype("int64") + 3 - weekday + 3) % 7 - 3


def _at_weekdays(ds: np.ndarray, weekday: int) -> np.ndarray:
    """Dates with a weekday, if most of the dates have it; otherwise the dates as they are."""
    days = ds.astype("datetime64[D]")
    off = _days_off(ds, weekday)
    return days[off == 0] if (off == 0).mean() >= 1 - _MOST_SHIFTED else days


def _in_month(months: np.ndarray, kind: str, day: int = 1) -> np.ndarray:
    """The day that stands for each month, by the kind of step; the last one of short months."""
    if kind.endswith("month_end"):
        days = (months + _ONE_MONTH).astype("datetime64[D]") - _ONE_DAY
        return np.busday_offset(days, 0, roll="backward") if kind.startswith("bus") else days
    days = months.astype("datetime64[D]")
    if kind == "month_day":
        after = (months + _ONE_MONTH).astype("datetime64[D]")
        return np.minimum(days + day * _ONE_DAY, after) - _ONE_DAY
    return np.busday_offset(days, 0, roll="forward") if kind.startswith("bus") else days


def _delta_type(values: np.ndarray) -> str:
    return f"timedelta64[{np.datetime_data(values.dtype)[0]}]"


def _parse(freq: str) -> _Step:
    """The step of a frequency, without its anchor."""
    if freq.isdecimal() and int(freq):
        return _Step("number", int(freq))
    match = re.fullmatch(r"(\d*)([A-Za-z]+)(?:-([A-Za-z]{3}|\d\d?))?", freq.strip())
    number = int(match[1] or 1) if match else 0
    if match and number:
        name = _OLD_ALIASES.get(match[2], match[2])
        business = name[0] == "B" and len(name) > 1
        unit = name[1:] if business else name
        months = {"M": 1, "Q": 3, "Y": 12}.get(unit[0]) if unit[1:] in ("S", "E") else None
        if months and (match[3] or "").isdecimal():
            if name == "MS" and 1 < int(match[3]) < 31:
                return _Step("month_day", number, day=int(match[3]))
            months = None
        if months:
            kind = "month_start" if unit[1] == "S" else "month_end"
            return _Step(f"business_{kind}" if business else kind, months * number)
        if name == "B" and number == 1:
            return _Step("business", 1)
        days = {"D": 1, "W": 7}.get(name)
        if days:
            weekday = (
                _DAYS.index(match[3].upper())
                if name == "W" and str(match[3]).upper() in _DAYS
                else None
            )
            return _Step("time", days * number * _DAY, weekday)
        if name in _UNITS:
            return _Step("time", number * _UNITS[name])
    raise UserError(
        f"The frequency {freq!r} is unknown.", f"one such as {_KNOWN}", "give one of these."
    )


def _usual_step(steps: np.ndarray) -> int:
    """The most common step in microseconds, or a round one near the median of times that jitter."""
    common = int(_most_common(steps))
    if (steps == common).mean() >= 0.3 or common % _DAY_US == 0:
        return common
    median = float(np.median(steps))
    for seconds in (1, 5, 10, 15, 20, 30):
        for size in (seconds * 10**6, seconds * 60 * 10**6):
            if abs(median - size) <= 0.02 * size:
                return size
    hours = max(round(median / (_DAY_US / 24)), 1) * (_DAY_US // 24)
    near = np.abs(steps - hours) <= 2 * _JITTER * hours
    return hours if near.mean() > 0.5 else common


def _most_common(values: np.ndarray) -> np.integer:
    if (values == values[0]).mean() > 0.5:  # avoids sorting millions of equal steps
        return values[0]
    unique, counts = np.unique(values, return_counts=True)
    often = unique[counts == counts.max()]
    # Of equally common values, that in the middle.
    return often[np.argmin(np.abs(often - np.median(values)))]


def _time_alias(step: int, days: np.ndarray | None = None) -> str:
    """Alias of a fixed length of time; weeks are anchored where all dates share a weekday."""
    if step % _DAY == 0:
        number = step // _DAY
        if number == 7 and days is not None:
            counts = np.bincount((days.astype("int64") + 3) % 7, minlength=7)
            # A holiday moves a date by a day or two, which is no other frequency.
            if counts.max() >= (1 - _MOST_SHIFTED) * counts.sum():
                return f"W-{_DAYS[int(counts.argmax())]}"
        return "D" if number == 1 else f"{number}D"
    for unit, size in _UNITS.items():
        if step % size == 0:
            return unit if step == size else f"{step // size}{unit}"
    raise UserError(
        f"The dates are {step} nanoseconds apart.", "microseconds or more.", "round them."
    )


def _calendar_alias(days: np.ndarray, steps: np.ndarray, step: int) -> str:
    """Alias of steps of whole days: months where the dates follow months, else a fixed length."""
    months = days.astype("datetime64[M]")
    day_of_month = (days - months.astype("datetime64[D]")).astype("int64")
    same_day = len(np.unique(day_of_month)) == 1 or _place_in_month(days) != "S"
    lengths = steps.astype("timedelta64[D]").astype("int64")
    near = lengths[(lengths >= step - 3) & (lengths <= step + 3)]
    if step >= 28 and (same_day or len(np.unique(near)) > 1):
        return _month_alias(days, max(round(step / 30.4375), 1))
    if step == 1 and _is_business(days, lengths):
        return "B"
    return _time_alias(step * _DAY, days)


def _is_business(days: np.ndarray, lengths: np.ndarray) -> bool:
    """Whether at least two weekends are skipped, and hardly a date lies on a weekend."""
    skipped, weekends = int((lengths == 3).sum()), int(on_weekends(days).sum())
    if weekends > _MOST_WEEKENDS * len(days) or skipped < 10 * weekends:
        return False
    return skipped >= 2


def _month_ends(days: np.ndarray) -> np.ndarray:
    return (days + _ONE_DAY).astype("datetime64[M]") != days.astype("datetime64[M]")


def _place_in_month(days: np.ndarray, *, by_day: bool = True) -> str:
    """Part of the alias of steps of months: where in their month the dates lie.

    Dates at the ends, on one day of all months, on first or last business days keep their place. Of
    other dates, those after the 27th are moved to the end of their month, the rest to its start.
    """
    months = days.astype("datetime64[M]")
    if _month_ends(days).all():
        return "E"
    if (days == months.astype("datetime64[D]")).all():
        return "S"
    day = int((days - months.astype("datetime64[D]")).astype("int64").max()) + 1
    if (
        by_day
        and len(np.unique(months)) > 1
        and (days == _in_month(months, "month_day", day)).all()
    ):
        return f"S-{day}"
    for end, kind in (("BE", "business_month_end"), ("BS", "business_month_start")):
        off = np.abs((_in_month(months, kind) - days).astype("int64"))
        # Some countries' holidays move a date by up to four days.
        if (off == 0).mean() >= 0.75 and off.max() <= 4:
            return end
    late = (days - months.astype("datetime64[D]")).astype("int64") >= 27
    return "E" if late.all() else "S"


def _month_alias(days: np.ndarray, size: int, *, by_day: bool = True) -> str:
    """Alias of steps of ``size`` months, by the place of the dates in their months."""
    place = _place_in_month(days, by_day=by_day)
    if place.startswith("S-"):
        return f"{size if size > 1 else ''}M{place}"
    month = int(_most_common(days.astype("datetime64[M]").astype("int64") % size))
    letter, end = ("B" if len(place) > 1 else ""), place[-1]
    if size == 12:
        name = _MONTHS[month]
        usual = "DEC" if end == "E" else "JAN"
        return f"{letter}Y{end}" if name == usual else f"{letter}Y{end}-{name}"
    if size == 3:
        # A quarter alias names the month of the year's last end, or of its first start.
        name = _MONTHS[month + 9] if end == "E" else _MONTHS[month]
        usual = "DEC" if end == "E" else "JAN"
        return f"{letter}Q{end}" if name == usual else f"{letter}Q{end}-{name}"
    return f"{letter}M{end}" if size == 1 else f"{size}{letter}M{end}"


def season_candidates(freq: str) -> list[int]:
    """Steps in the usual seasons of a frequency; none for whole numbers.

    Args:
        freq: the frequency.

    Example:
        >>> season_candidates("h"), season_candidates("15min"), season_candidates("1")
        ([24], [96, 4], [])
    """
    step = _parse(freq)
    if step.kind == "number":
        return []
    if step.kind == "business":
        return [5]
    if step.kind != "time":
        return [max(12 // step.size, 1)] if 12 % step.size == 0 else [1]
    fitting = [
        span // step.size
        for span in (_HOUR, _DAY, _WEEK, _YEAR)
        if span >= 2 * step.size and span % step.size == 0
    ]
    # Below an hour: the day, then the hour. Otherwise the next longer cycle.
    return fitting[1::-1] if 2 * step.size <= _HOUR else fitting[:1] or [1]
