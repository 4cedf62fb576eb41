"""Frequencies: inferring the step of a panel's dates, and arithmetic on such steps.

A frequency is a pandas offset alias ("D", "MS", "W-SUN", "15min", ...), or a number such as "1"
where time is a whole number. Three kinds of step cover the aliases: a fixed length of time, whole
months (at their start or end), and business days.
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
_ONE_DAY, _ONE_MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")
# Aliases that pandas has removed or that users write, and their present names.
_OLD_ALIASES = {
    "M": "ME",
    "Q": "QE",
    "Y": "YE",
    "A": "YE",
    "AS": "YS",
    "H": "h",
    "T": "min",
    "S": "s",
}
_KNOWN = "D, B, W, W-SUN, MS, ME, QS, QE, YS, YE, h, 30min, s, 2W, or 1 for whole numbers."
_HOUR, _WEEK, _YEAR = 3600 * 10**9, 7 * _DAY, 364 * _DAY
_UNITS = {"h": _HOUR, "min": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3}


@dataclass(frozen=True)
class _Step:
    """One step of ``size`` nanoseconds, months, business days or whole numbers, by ``kind``."""

    kind: str  # "time", "month_start", "month_end", "business" or "number"
    size: int


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
    step = int(_most_common(steps.astype("timedelta64[ns]").astype("int64")))
    if step % _DAY:
        return _time_alias(step)
    days = values.astype("datetime64[D]")
    return _calendar_alias(days, steps, step // _DAY)


def normalise_freq(freq: str, ds: pd.Series | np.ndarray) -> str:
    """Normalize a frequency that the user gave, with its anchor taken from the dates.

    "W" becomes "W-WED" where the dates are Wednesdays, "M" becomes "MS" or "ME", "H" becomes "h".

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
                "leave freq out, or give a column of dates.",
            )
        return freq
    step = _parse(freq)
    if step.kind in ("month_start", "month_end"):
        return _month_alias(values.astype("datetime64[D]"), step.size)
    if step.kind == "business":
        return "B"
    return _time_alias(step.size, values.astype("datetime64[D]"))


def infer_season_length(freq: str, y: np.ndarray | None = None) -> int:
    """Infer the number of steps in a season from the frequency and the data.

    A day has 24 hours, a week 7 days, a year 12 months or 52 weeks. Steps shorter than an hour have
    two candidates, the day and the hour: the one with the higher autocorrelation of the differenced
    series is taken if that exceeds 0.3, else the day, or the hour where the data are too short.

    Args:
        freq: the frequency.
        y: values of one regular series, (time,), NaN where missing.

    Returns:
        Steps in a season; 1 where there is no usual season.

    Example:
        >>> infer_season_length("D"), infer_season_length("MS"), infer_season_length("15min")
        (7, 12, 96)
    """
    candidates = _season_candidates(freq)
    if y is None or len(candidates) == 1:
        return candidates[0]
    candidates = [c for c in candidates if len(y) >= 2 * c] or candidates[-1:]
    strengths = [_seasonality(np.asarray(y, float), candidate) for candidate in candidates]
    best = int(np.argmax(strengths))
    return candidates[best] if strengths[best] > 0.3 else candidates[0]


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
        return values.astype("datetime64[ns]").astype("int64") // step.size
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
        months = days.astype("datetime64[M]") + steps * step.size
        if step.kind == "month_end":
            later = (months + _ONE_MONTH).astype("datetime64[D]") - _ONE_DAY
        else:
            later = months.astype("datetime64[D]")
    return later.astype(values.dtype)


def to_grid(ds: np.ndarray, freq: str) -> np.ndarray:
    """Move dates to the start or end of their month where the steps are months."""
    if _parse(freq).kind in ("month_start", "month_end"):
        return advance(ds, 0, freq)
    return ds


def _delta_type(values: np.ndarray) -> str:
    return f"timedelta64[{np.datetime_data(values.dtype)[0]}]"


def _parse(freq: str) -> _Step:
    """The step of a frequency, without its anchor."""
    if freq.isdecimal() and int(freq):
        return _Step("number", int(freq))
    match = re.fullmatch(r"(\d*)([A-Za-z]+)(?:-([A-Za-z]{3}))?", freq.strip())
    number = int(match[1] or 1) if match else 0
    if match and number:
        name = _OLD_ALIASES.get(match[2], match[2])
        months = {"M": 1, "Q": 3, "Y": 12}.get(name[0]) if name[1:] in ("S", "E") else None
        if months:
            return _Step("month_start" if name[1] == "S" else "month_end", months * number)
        if name == "B" and number == 1:
            return _Step("business", 1)
        days = {"D": 1, "W": 7}.get(name)
        if days:
            return _Step("time", days * number * _DAY)
        if name in _UNITS:
            return _Step("time", number * _UNITS[name])
    raise UserError(
        f"The frequency {freq!r} is unknown.", f"one such as {_KNOWN}", "give one of these."
    )


def _most_common(values: np.ndarray) -> np.integer:
    if (values == values[0]).mean() > 0.5:  # avoids sorting millions of equal steps
        return values[0]
    unique, counts = np.unique(values, return_counts=True)
    return unique[np.argmax(counts)]


def _time_alias(step: int, days: np.ndarray | None = None) -> str:
    """Alias of a fixed length of time; weeks are anchored where all dates share a weekday."""
    if step % _DAY == 0:
        number = step // _DAY
        if number == 7 and days is not None:
            weekdays = np.unique((days.astype("int64") + 3) % 7)
            if len(weekdays) == 1:
                return f"W-{_DAYS[weekdays[0]]}"
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
    same_day = len(np.unique(day_of_month)) == 1 or bool(_month_ends(days).all())
    lengths = steps.astype("timedelta64[D]").astype("int64")
    near = lengths[(lengths >= step - 3) & (lengths <= step + 3)]
    if step >= 28 and (same_day or len(np.unique(near)) > 1):
        return _month_alias(days, max(round(step / 30.4375), 1))
    if step == 1 and _is_business(days, lengths):
        return "B"
    return _time_alias(step * _DAY, days)


def _is_business(days: np.ndarray, lengths: np.ndarray) -> bool:
    """Whether no date lies on a weekend and at least two weekends are skipped."""
    if ((days.astype("int64") + 3) % 7 >= 5).any():
        return False
    return int((lengths == 3).sum()) >= 2


def _month_ends(days: np.ndarray) -> np.ndarray:
    return (days + _ONE_DAY).astype("datetime64[M]") != days.astype("datetime64[M]")


def _month_alias(days: np.ndarray, size: int) -> str:
    """Alias of steps of ``size`` months: at their end if all dates are month ends."""
    end = "E" if bool(_month_ends(days).all()) else "S"
    month = int(_most_common(days.astype("datetime64[M]").astype("int64") % size))
    if size == 12:
        name = _MONTHS[month]
        usual = "DEC" if end == "E" else "JAN"
        return f"Y{end}" if name == usual else f"Y{end}-{name}"
    if size == 3:
        # A quarter alias names the month of the year's last end, or of its first start.
        name = _MONTHS[month + 9] if end == "E" else _MONTHS[month]
        usual = "DEC" if end == "E" else "JAN"
        return f"Q{end}" if name == usual else f"Q{end}-{name}"
    return f"M{end}" if size == 1 else f"{size}M{end}"


def _season_candidates(freq: str) -> list[int]:
    step = _parse(freq)
    if step.kind == "number":
        return [1]
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


def _seasonality(y: np.ndarray, season: int) -> float:
    """Autocorrelation of the differenced ``y`` at lag ``season``; 0 where it is undefined."""
    change = np.diff(y)
    if len(change) < 2 * season + 2:
        return 0.0
    a, b = change[season:], change[:-season]
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < season + 2 or a[known].std() == 0 or b[known].std() == 0:
        return 0.0
    return float(np.corrcoef(a[known], b[known])[0, 1])
