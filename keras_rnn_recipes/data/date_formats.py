"""Formats of dates: which readings a column of texts or numbers allows.

A reading is one way to understand every cell of a column, such as day/month/year. `text_readings`
and `number_readings` list the readings that fit; `keras_rnn_recipes.data.dates` chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.date_words import ZONE, month_number, plain, utc_offset

_NAME = r"([a-z]{3,10})\.?"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?|\s*(?P<half_alone>[ap]\.?m\.?))"
)
_TIME = rf"(?:^|[\st,]+){_CLOCK}\s*(?P<zone>{ZONE})?(?=$|[\s,])"
_COMPACT_TIME = r"^(\d{8})[t ](\d{2}):?(\d{2})(?::?(\d{2}))?(z)?$"
# Digits alone stand for dates within these years; others are plain numbers.
_FIRST_YEAR, _LAST_YEAR = 1700, 2200
# Years of two digits do not lie after this one.
_FUTURE = 2040
_EXCEL_DAY_0 = np.datetime64("1899-12-30")
# The family of readings that lack a year: none of them can be taken, but they are often meant.
NO_YEAR = "no year"
_SEPARATOR = r"([-/. ])"
_WEEK = r"(?:w|kw|wk|week)[-/. ]?"


@dataclass(frozen=True)
class Reading:
    """One way to read a column of dates.

    Args:
        name: in words, such as "day/month/year".
        values: datetime64[us], NaT where a cell does not fit; int64 for plain numbers.
        prior: how usual the format is; 1 for the usual one.
        format: for ``--date-format``, where one exists.
        family: readings of one family differ in the order of their parts only.
    """

    name: str
    values: np.ndarray
    prior: float = 1.0
    format: str | None = None
    family: str = ""

    @property
    def bad(self) -> np.ndarray:
        """Mask of the cells that do not fit."""
        return np.isnat(self.values) if self.values.dtype.kind == "M" else np.zeros(0, bool)


def text_readings(texts: pd.Series) -> tuple[list[Reading], pd.Series | None]:
    """List the readings of a column of texts.

    Args:
        texts: different cells without white space around them.

    Returns:
        The readings of which more than half of the cells allow; and the offset from UTC of each
        cell as timedelta64[us], NaT where it has none, or None if no cell has one.

    Example:
        >>> readings, _ = text_readings(pd.Series(["3/4/2024", "5/4/2024"]))
        >>> [reading.name for reading in readings]
        ['month/day/year', 'day/month/year']
    """
    cells = pd.Series([plain(text) for text in texts], dtype=object)
    compact = cells.str.extract(_COMPACT_TIME)
    if compact[0].notna().mean() > 0.5:
        clock = compact[1] + ":" + compact[2] + ":" + compact[3].fillna("00")
        cells = (compact[0] + " " + clock + compact[4].fillna("")).where(compact[0].notna(), cells)
    times, offsets = _times(cells.str.extract(_TIME))
    dates = cells.str.replace(_TIME, " ", n=1, regex=True).str.strip(" ,")
    found = [
        Reading(one.name, one.values + times, one.prior, one.format, one.family)
        for one in _date_readings(dates)
    ]
    return [one for one in found if one.bad.mean() < 0.5], offsets


def number_readings(numbers: np.ndarray, width: int | None = None) -> list[Reading]:
    """List the readings of a column of whole numbers as dates, by their number of digits.

    Args:
        numbers: float64, finite.
        width: number of digits that they are written with, zeros at the start included.

    Returns:
        Readings that fit every number; the plain number is not among them.

    Example:
        >>> [reading.name for reading in number_readings(np.array([202101.0, 202102.0]))]
        ['year and month (YYYYMM)', 'year and ISO week (YYYYWW)']
    """
    if not len(numbers) or numbers.min() <= 0 or numbers.max() >= 2**63:
        return []
    if (numbers != np.round(numbers)).any():
        found = [_excel(numbers), *_epochs(numbers)]
    else:
        digits = {width or len(str(int(extreme))) for extreme in (numbers.min(), numbers.max())}
        whole = numbers.astype("int64")
        found = _fixed_digits(whole, digits.pop()) if len(digits) == 1 else []
        found = [*found, *_epochs(numbers)]
    return [one for one in found if one is not None and not one.bad.any()]


def strict_reading(texts: pd.Series, form: str) -> Reading:
    """Read texts in a format that the user gave, as in Python's ``strptime``.

    Args:
        texts: the cells.
        form: such as ``"%d/%m/%Y"``.

    Example:
        >>> strict_reading(pd.Series(["31.12.23"]), "%d.%m.%y").values.astype(str).tolist()
        ['2023-12-31T00:00:00.000000']
    """
    dates = pd.to_datetime(texts, format=form, errors="coerce")
    if getattr(dates.dt, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    values = dates.to_numpy().astype("datetime64[us]")
    return Reading(form, _in_one_century(values) if "%y" in form else values, 1.0, form)


def _in_one_century(dates: np.ndarray) -> np.ndarray:
    """Dates whose years were written with two digits, in the century of `full_years`."""
    months = dates.astype("datetime64[M]")
    years = np.where(np.isnat(dates), 0, months.astype("int64") // 12 + 1970)
    digits = pd.Series(years % 100).map("{:02d}".format).where(~np.isnat(dates))
    later = 12 * (full_years(digits) - years)
    return (months + later).astype("datetime64[us]") + (dates - months.astype("datetime64[us]"))


def _times(clock: pd.DataFrame) -> tuple[np.ndarray, pd.Series | None]:
    """Time of day of each cell (NaT where it is impossible), and its offset from UTC."""
    half = clock["half"].fillna(clock["half_alone"])
    parts = {name: _whole(clock[name], 0) for name in ("hour", "minute", "second")}
    hour = parts["hour"]
    twelve = half.notna().to_numpy()
    wrong = (hour > 24) | (parts["minute"] > 59) | (parts["second"] > 60)
    wrong |= twelve & ((hour < 1) | (hour > 12))
    afternoon = half.str.startswith("p").fillna(False).to_numpy(bool)
    hour = np.where(twelve, hour % 12 + 12 * afternoon, hour)
    fraction = _whole(clock["part"].fillna("").str.ljust(6, "0").str[:6], 0)
    seconds = hour * 3600 + parts["minute"] * 60 + parts["second"]
    times = (seconds * 1_000_000 + fraction).astype("timedelta64[us]")
    times[wrong] = np.timedelta64("NaT", "us")
    if not clock["zone"].notna().any():
        return times, None
    zones = [utc_offset(zone) if isinstance(zone, str) else None for zone in clock["zone"]]
    return times, pd.Series(np.array(zones, "timedelta64[us]"))


def _whole(texts: pd.Series, missing: int = -1) -> np.ndarray:
    return pd.to_numeric(texts, errors="coerce").fillna(missing).to_numpy("int64")


def _date_readings(dates: pd.Series) -> list[Reading]:
    """Readings of the cells without their time of day."""
    if dates.str.fullmatch(r"\d{4,8}").mean() > 0.5:
        numbers = pd.to_numeric(dates, errors="coerce")
        widths = set(dates[numbers.notna().to_numpy()].str.len())
        width = widths.pop() if len(widths) == 1 else None
        found = number_readings(numbers.dropna().to_numpy("float64"), width)
        return [_spread(one, numbers.notna().to_numpy()) for one in found]
    for pattern, readings in _PATTERNS:
        parts = dates.str.extract(f"^{pattern}$")
        if parts[0].notna().mean() > 0.5:
            found = [one for one in readings(parts) if not one.bad.all()]
            if found:
                return found
    return []


def _spread(reading: Reading, there: np.ndarray) -> Reading:
    values = np.full(len(there), np.datetime64("NaT", "us"), "datetime64[us]")
    values[there] = reading.values
    return Reading(reading.name, values, reading.prior, reading.format, reading.family)


def days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Dates of their parts as datetime64[us]; NaT where a part is out of range.

    Example:
        >>> days(np.array([2023]), np.array([2]), np.array([29])).tolist()
        [None]
    """
    fits = (month >= 1) & (month <= 12) & (year >= 1) & (year <= 9999)
    months = np.where(fits, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    after = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    lengths = (after - months.astype("datetime64[D]")).astype(int)
    fits &= (day >= 1) & (day <= lengths)
    found = months.astype("datetime64[D]") + np.where(fits, day - 1, 0)
    return np.where(fits, found, np.datetime64("NaT", "us")).astype("datetime64[us]")


def iso_weeks(year: np.ndarray, week: np.ndarray, day: np.ndarray | int = 1) -> np.ndarray:
    """Days of ISO weeks as datetime64[us], Monday = 1; NaT where a year has no such week.

    Example:
        >>> iso_weeks(np.array([2020]), np.array([2])).astype("datetime64[D]").astype(str).tolist()
        ['2020-01-06']
    """
    first = _monday_of_week_1(year)
    number = ((_monday_of_week_1(year + 1) - first).astype("int64")) // 7
    found = (first + 7 * (week - 1) + (np.asarray(day) - 1)).astype("datetime64[us]")
    return np.where((week >= 1) & (week <= number), found, np.datetime64("NaT", "us"))


def _monday_of_week_1(year: np.ndarray) -> np.ndarray:
    fourth = days(year, np.ones_like(year), np.full_like(year, 4)).astype("datetime64[D]")
    return fourth - (fourth.astype("int64") + 3) % 7


def full_years(written: pd.Series) -> np.ndarray:
    """Years of two digits as full years; one and three or more digits are kept.

    The years lie within one hundred years without a hole, the last of them before 2040: people
    bring what was observed, so 49 to 60 are not 2049 to 2060.

    Example:
        >>> full_years(pd.Series(["98", "99", "00"])).tolist()
        [1998, 1999, 2000]
    """
    years = _whole(written)
    two = (written.str.len() == 2).fillna(False).to_numpy(bool)
    if not two.any():
        return years
    known = np.unique(years[two])
    gaps = np.diff(np.append(known, known[0] + 100))
    last = int(known[np.argmax(gaps)])  # the longest gap on the circle of years follows it
    last += 2000 if 2000 + last < _FUTURE else 1900
    return np.where(two, last - (last - years) % 100, years)


def _ordered(*orders: tuple[str, float]) -> Callable[[pd.DataFrame], list[Reading]]:
    """Readings of three numbers with one separator: groups 0, 2 and 3."""

    def readings(parts: pd.DataFrame) -> list[Reading]:
        cells = [parts[0], parts[2], parts[3]]
        sign = parts[1].dropna().iloc[0]
        long = bool((parts[0].str.len() == 4).any() or (parts[3].str.len() == 4).any())
        found = []
        for order, prior in _for_sign(orders, sign, long):
            part = dict(zip(order, cells, strict=True))
            values = days(full_years(part["y"]), _whole(part["m"]), _whole(part["d"]))
            names = {"y": "year", "m": "month", "d": "day"}
            codes = {"y": "%Y" if long else "%y", "m": "%m", "d": "%d"}
            name, form = (sign.join(by[one] for one in order) for by in (names, codes))
            found.append(Reading(name, values, prior, form, "order"))
        return found

    return readings


def _for_sign(
    orders: Sequence[tuple[str, float]], sign: str, long: bool
) -> list[tuple[str, float]]:
    """Dots stand in day.month.year; years of two digits come first with hyphens only."""
    if sign == "." and not orders[0][0].startswith("y"):
        return [("dmy", 1.0), ("mdy", 0.1)]
    if not long and sign == "-":
        return [(order, 1.0) for order, _ in orders]
    return list(orders)


def _named(order: str) -> Callable[[pd.DataFrame], list[Reading]]:
    """Readings of a name of a month with a year, and a day or none, in the order of groups."""

    def readings(parts: pd.DataFrame) -> list[Reading]:
        part = dict(zip(order, (parts[number] for number in range(len(order))), strict=True))
        month = part["n"].map(month_number, na_action="ignore")
        day = _whole(part["d"]) if "d" in part else np.ones(len(parts), "int64")
        values = days(full_years(part["y"]), _whole(month), day)
        names = {"y": "year", "n": "name of the month", "d": "day"}
        found = [Reading(", ".join(names[one] for one in order), values, family="name")]
        if order == "ny" and (part["y"].str.len() == 2).all():  # Jan 05 may be a day
            days_of = days(np.full(len(parts), 2024), _whole(month), _whole(part["y"]))
            found.append(Reading("month and day", days_of, 0.5, None, NO_YEAR))
        return found

    return readings


def _year_and(
    unit: str, year: int, number: int, rarely: str | None = None
) -> Callable[[pd.DataFrame], list[Reading]]:
    """Readings of a year and a number of a month, quarter, half-year or week, in two groups."""

    def readings(parts: pd.DataFrame) -> list[Reading]:
        years, count = full_years(parts[year]), _whole(parts[number])
        found = []
        for prior, one in ((1.0, unit), (0.5, rarely)):
            if one is None:
                continue
            name = f"year and {one}" if year < number else f"{one} and year"
            if one == "ISO week":
                values = iso_weeks(years, count, _whole(parts[2], 1) if 2 in parts else 1)
            else:
                values = _units_of_year(years, count, one)
            found.append(Reading(name, values, prior, None, "period"))
        return found

    return readings


def _fiscal_year(parts: pd.DataFrame) -> list[Reading]:
    """2019/20 or FY2019: a year that is named by its first one."""
    year, second = full_years(parts[0]), parts[1].fillna("")
    next_year = [
        str(one + 1)[-len(text) :] if text else "" for one, text in zip(year, second, strict=True)
    ]
    fits = (second == pd.Series(next_year, dtype=object)).to_numpy(bool)
    values = np.where(
        fits, days(year, np.ones_like(year), np.ones_like(year)), np.datetime64("NaT", "us")
    )
    return [Reading("fiscal year", values.astype("datetime64[us]"), 1.0, None, "fiscal")]


def _month_or_fiscal_year(parts: pd.DataFrame) -> list[Reading]:
    found = _year_and("month", 0, 1, "ISO week")(parts)
    two = (parts[1].str.len() == 2).all()
    return [*found, *(one for one in _fiscal_year(parts) if two and not one.bad.any())]


def _units_of_year(years: np.ndarray, count: np.ndarray, unit: str) -> np.ndarray:
    months = {"month": 1, "quarter": 3, "half-year": 6}[unit]
    count = np.where(count >= 1, count, 100)
    return days(years, (count - 1) * months + 1, np.ones_like(count))


def _two_numbers(parts: pd.DataFrame) -> list[Reading]:
    """01-19: a month and a year of one or two digits, in either order; or dates without a year."""
    first, second = parts[0], parts[2]
    short_year = 0.5 if (parts[1] == "/").any() else 1.0
    found = []
    for name, form, prior, year, month in (
        ("month and year", "%m-%y", 1.0, second, first),
        ("year and month", "%y-%m", short_year, first, second),
    ):
        values = _units_of_year(full_years(year), _whole(month), "month")
        found.append(Reading(name, values, prior, form, "order"))
    # 1-01 is no way to write a day and a month.
    likely = 0.5 if (first.str.len() == 1).any() and (second.str.len() == 2).all() else 1.0
    leap = np.full(len(parts), 2024)
    for day, month in ((first, second), (second, first)):
        values = days(leap, _whole(month), _whole(day))
        found.append(Reading("day and month", values, likely, None, NO_YEAR))
    return found


def _interval(parts: pd.DataFrame) -> list[Reading]:
    start = pd.to_datetime(parts[0], format="%Y-%m-%d", errors="coerce")
    return [Reading("first day of a period", start.to_numpy().astype("datetime64[us]"))]


def _day_of_year(parts: pd.DataFrame) -> list[Reading]:
    return [_ordinal_days(_whole(parts[0]), _whole(parts[1]))]


def _ordinal_days(year: np.ndarray, day: np.ndarray) -> Reading:
    first = days(year, np.ones_like(year), np.ones_like(year)).astype("datetime64[D]")
    length = (days(year + 1, np.ones_like(year), np.ones_like(year)) - first).astype(
        "timedelta64[D]"
    )
    fits = (day >= 1) & (day <= length.astype("int64"))
    values = np.where(fits, first + (day - 1), np.datetime64("NaT", "us")).astype("datetime64[us]")
    return Reading("year and day of the year", values, 0.5, "%Y%j")


_DAY_FIRST = (("mdy", 1.0), ("dmy", 1.0))
_PATTERNS: tuple[tuple[str, Callable[[pd.DataFrame], list[Reading]]], ...] = (
    (r"(\d{4})[-/.](\d{3})", _day_of_year),
    (rf"(\d{{4}}){_SEPARATOR}(\d{{1,2}})\2(\d{{1,2}})", _ordered(("ymd", 1.0), ("ydm", 0.1))),
    (rf"(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})\2(\d{{4}})", _ordered(*_DAY_FIRST)),
    (rf"(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})\2(\d{{2}})", _ordered(*_DAY_FIRST, ("ymd", 0.1))),
    (r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})", _interval),
    (rf"(\d{{1,2}})[-/. ]*(?:de )?{_NAME}[-/., ]*(?:de )?'?(\d{{4}}|\d{{2}})", _named("dny")),
    (rf"{_NAME}[-/. ]*(\d{{1,2}})[, ]+(\d{{4}})", _named("ndy")),
    (rf"(\d{{4}})[-/. ]*{_NAME}[-/. ]*(\d{{1,2}})", _named("ynd")),
    (rf"{_NAME}[-/., ]*(?:de )?'?(\d{{4}}|\d{{2}})", _named("ny")),
    (rf"(\d{{4}}|\d{{2}})[-/:., ]*{_WEEK}(\d{{1,2}})(?:-?([1-7]))?", _year_and("ISO week", 0, 1)),
    (rf"{_WEEK}(\d{{1,2}})[-/., ]+(\d{{4}}|\d{{2}})", _year_and("ISO week", 1, 0)),
    (r"(\d{4}|\d{2})[-/:. ]*q([1-4])", _year_and("quarter", 0, 1)),
    (r"q([1-4])[-/:. ]*'?(\d{4}|\d{2})", _year_and("quarter", 1, 0)),
    (r"([1-4])\.? ?q(?:uarter)?[-/:. ]*'?(\d{4}|\d{2})", _year_and("quarter", 1, 0)),
    (r"(\d{4})[-/:. ]?[hs]([12])", _year_and("half-year", 0, 1)),
    (r"[hs]([12])[-/:. ]*'?(\d{4}|\d{2})", _year_and("half-year", 1, 0)),
    (r"([12])[hs][-/:. ]*'?(\d{4}|\d{2})", _year_and("half-year", 1, 0)),
    (r"(\d{4})[-:]?m(\d{1,2})", _year_and("month", 0, 1)),
    (r"m(\d{1,2})[-/:. ]*(\d{4})", _year_and("month", 1, 0)),
    (r"fy[ -]?'?(\d{4}|\d{2})(?:[-/](\d{4}|\d{2}))?", _fiscal_year),
    (r"(\d{4})[-/](\d{4})", _fiscal_year),
    (rf"(\d{{4}}|\d{{2}})[-/. ]*{_NAME}", _named("yn")),
    (r"(\d{4})[-/. :](\d{1,2})", _month_or_fiscal_year),
    (r"(\d{1,2})[-/. ](\d{4})", _year_and("month", 1, 0, "ISO week")),
    (r"(\d{1,2})([-/])(\d{1,2})", _two_numbers),
)


def _fixed_digits(numbers: np.ndarray, digits: int) -> list[Reading | None]:
    """Readings of whole numbers that all have the same number of digits."""
    if digits == 5:
        return [_digits_of(numbers, "quarter", 10), _excel(numbers.astype("float64"))]
    if digits == 6:
        months, weeks = (_digits_of(numbers, unit, 100) for unit in ("month", "ISO week"))
        return [months, weeks, _short_date(numbers)]
    if digits == 7:
        return [_within(_ordinal_days(numbers // 1000, numbers % 1000))]
    if digits == 8:
        return _eight_digits(numbers)
    if digits in (12, 14):
        text = pd.Series(numbers.astype(str))
        return [_within(strict_reading(text, "%Y%m%d%H%M%S"[: 10 if digits == 12 else 12]))]
    return [_within(_hours(numbers))] if digits == 10 else []


def _digits_of(numbers: np.ndarray, unit: str, base: int) -> Reading | None:
    years, count = numbers // base, numbers % base
    code = {"quarter": "YYYYQ", "month": "YYYYMM", "ISO week": "YYYYWW"}[unit]
    if unit == "ISO week":
        found = iso_weeks(years, count)
        return _within(Reading(f"year and ISO week ({code})", found, 0.7, None, "week"))
    form = "%Y%m" if unit == "month" else None
    return _within(
        Reading(f"year and {unit} ({code})", _units_of_year(years, count, unit), 1, form)
    )


def _short_date(numbers: np.ndarray) -> Reading | None:
    year = full_years(pd.Series((numbers // 10_000).astype(str)))
    values = days(year, numbers // 100 % 100, numbers % 100)
    return Reading("year, month, day (YYMMDD)", values, 0.3, "%y%m%d")


def _eight_digits(numbers: np.ndarray) -> list[Reading | None]:
    high, middle, low = numbers // 10_000, numbers // 100 % 100, numbers % 100
    usual = Reading("year, month, day (YYYYMMDD)", days(high, middle, low), 1.0, "%Y%m%d")
    year, first, second = numbers % 10_000, numbers // 1_000_000, numbers // 10_000 % 100
    return [
        _within(usual),
        _within(Reading("day, month, year (DDMMYYYY)", days(year, second, first), 0.3, "%d%m%Y")),
        _within(Reading("month, day, year (MMDDYYYY)", days(year, first, second), 0.3, "%m%d%Y")),
    ]


def _hours(numbers: np.ndarray) -> Reading:
    date, hour = numbers // 100, numbers % 100
    values = days(date // 10_000, date // 100 % 100, date % 100)
    values = np.where(hour < 24, values + hour.astype("timedelta64[h]"), np.datetime64("NaT", "us"))
    return Reading("year, month, day, hour (YYYYMMDDHH)", values.astype("datetime64[us]"), 1.0)


def _epochs(numbers: np.ndarray) -> list[Reading | None]:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, between 1973 and 2100."""
    found = []
    for name, size in (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6)):
        if numbers.min() >= 100_000_000 * size and numbers.max() < 4_102_444_800 * size:
            whole = np.round(numbers / size * 1_000_000).astype("int64")
            values = whole.astype("datetime64[us]")
            found.append(Reading(f"{name} since 1970", values, 1.0, None, "epoch"))
    if numbers.min() >= 10**17:
        values = (numbers / 1000).astype("int64").astype("datetime64[us]")
        found.append(Reading("nanoseconds since 1970", values, 1.0, None, "epoch"))
    return found  # type: ignore[return-value]


def _excel(numbers: np.ndarray) -> Reading | None:
    """Serial days of a spreadsheet, between 1927 and 2119."""
    if numbers.min() < 10_000 or numbers.max() > 80_000:
        return None
    seconds = np.round((numbers - np.floor(numbers)) * 86_400).astype("timedelta64[s]")
    values = _EXCEL_DAY_0 + np.floor(numbers).astype("timedelta64[D]")
    name = "serial days of a spreadsheet"
    return Reading(name, (values + seconds).astype("datetime64[us]"), 0.9, None, "excel")


def _within(reading: Reading) -> Reading | None:
    """The reading, if all its years are usual ones."""
    if reading.bad.any():
        return None
    years = reading.values.astype("datetime64[Y]").astype("int64") + 1970
    return reading if (years >= _FIRST_YEAR).all() and (years <= _LAST_YEAR).all() else None
