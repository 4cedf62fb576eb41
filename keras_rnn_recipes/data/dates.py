"""Dates: one format and one treatment of zones for a whole column.

Every reading that the cells allow (`date_formats`) is judged by its steps (`steps`): the wrong
order of day and month leaves holes, or gives a step that no calendar has. One clear winner is
taken; otherwise the readings are shown and the user is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.date_formats import (
    NO_YEAR,
    Reading,
    number_readings,
    strict_reading,
    text_readings,
)
from keras_rnn_recipes.data.steps import Regularity, regularity
from keras_rnn_recipes.errors import UserError

_UNIT = pd.DatetimeIndex(["2000-01-01"]).unit
_ISO = r"\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*"
# 01.2024 and 2024.01 are months, although they look like numbers.
_MONTH_AND_YEAR = r"(?:0?[1-9]|1[0-2])\.(?:19|20)\d{2}|(?:19|20)\d{2}\.(?:0[1-9]|1[0-2])"
# A reading whose steps are covered this many times better than those of the others is taken.
_CLEARLY = 1.8
# Digits alone are dates where they are this regular; otherwise they are numbers.
_REGULAR = 0.5
# Years of two digits between these are read alike by everybody.
_OLDEST_USUAL, _NEWEST_USUAL = 1970, 2030
TIME_WORDS = (
    "date", "time", "day", "week", "month", "quarter", "year", "period", "ds", "hour", "stamp",
    "datum", "fecha", "data", "jour", "tag", "monat", "woche", "jahr", "mes", "mois",
)  # fmt: skip


@dataclass(frozen=True)
class Dates:
    """A column of times.

    Args:
        values: datetime64 without a zone, NaT where a cell could not be parsed; or int64.
        bad: mask of the cells that are empty or could not be parsed.
        notes: sentences about the choices that were made.
        day_first: the order of day and month, where the cells allow both; None elsewhere.
    """

    values: np.ndarray
    bad: np.ndarray
    notes: tuple[str, ...] = ()
    day_first: bool | None = None


def parse_dates(
    column: pd.Series, *, date_format: str | None = None, day_first: bool | None = None
) -> Dates:
    """Parse a column of dates (text, datetimes with or without a zone, periods) or whole numbers.

    Texts may be ISO dates, dates in any order of day, month and year, with years of two or four
    digits or names of months, months (2024-01, Jan-24), quarters (2024Q1), ISO weeks (2024-W07) or
    periods, with a time of day (13:30, 1:30 PM) or none. Numbers may be YYYYMMDD, YYYYMM, YYYYWW,
    YYYYQ, seconds or milliseconds since 1970, or serial days of a spreadsheet; other whole numbers
    stay numbers. The whole column has one format: that which fits every cell and gives the most
    regular steps.

    Times with a zone: where all have the same offset from UTC, or all the same time of day (daily
    data), the local time is kept and the zone dropped. Otherwise they are converted to UTC, in
    which no hour is skipped or repeated by daylight saving time.

    Args:
        column: the cells; its name is a hint (a column "month" holds months).
        date_format: format as in ``strptime``, or "number" to keep numbers; None: inferred.
        day_first: whether the day stands before the month where both fit; None: inferred.

    Returns:
        The times; cells that could not be parsed are marked and raise no error.

    Raises:
        UserError: two readings fit equally well.

    Example:
        >>> parse_dates(pd.Series(["31/12/2023", "01/01/2024"])).values.astype("datetime64[D]")
        array(['2023-12-31', '2024-01-01'], dtype='datetime64[D]')
    """
    name = "" if column.name is None else str(column.name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, texts = column.cat.codes.to_numpy(), pd.Series(column.cat.categories, name=name)
    elif isinstance(column.dtype, pd.PeriodDtype):
        return _plain_times(column.dt.to_timestamp())
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _plain_times(column)
    else:
        codes, uniques = pd.factorize(column)
        texts = pd.Series(uniques, name=name)
    if not len(texts):
        return Dates(np.zeros(len(column), "int64"), np.ones(len(column), bool))
    parsed = _parse(texts, date_format, day_first)
    # A missing cell has the code -1: it takes the last value and is marked as bad.
    bad = parsed.bad[codes] | (codes < 0)
    return Dates(parsed.values[codes], bad, parsed.notes, parsed.day_first)


def looks_like_dates(column: pd.Series) -> bool:
    """Whether more than half of the non-empty cells are dates (7 is not, 20240131 is).

    Digits alone are dates only where they rise in regular steps, or the column has the name of a
    time.

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
    if pd.api.types.is_datetime64_any_dtype(filled.dtype) or filled.dtype == "period":
        return True
    if isinstance(filled.dtype, pd.PeriodDtype):
        return True
    if not pd.api.types.is_numeric_dtype(filled.dtype):
        texts = filled.astype(str)
        if (texts.str.count(r"\d") >= 2).mean() < 0.5:
            return False
    try:
        parsed = parse_dates(filled)
    except UserError:  # dates in two orders are dates
        return True
    return parsed.values.dtype.kind == "M" and bool(parsed.bad.mean() < 0.5)


def names_a_time(name: str) -> bool:
    """Whether the name of a column is that of a time.

    Example:
        >>> names_a_time("Order Date"), names_a_time("sales")
        (True, False)
    """
    return any(word in name.lower() for word in TIME_WORDS)


def _parse(texts: pd.Series, date_format: str | None, day_first: bool | None) -> Dates:
    """Parse different cells, all of them filled."""
    if date_format not in (None, "number"):
        cells = texts.astype(str).str.strip()
        reading = strict_reading(cells, str(date_format))
        return _dates(reading, _about_century(cells, reading))
    numbers = _as_numbers(texts)
    if numbers is not None:
        return _parse_numbers(numbers, str(texts.name), plain=date_format == "number")
    texts = texts.astype(str).str.strip()
    if texts.str.fullmatch(_ISO).all():
        times = pd.to_datetime(texts, format="ISO8601", errors="coerce")
        if times.notna().all():
            return Dates(_in_unit(times.to_numpy()), times.isna().to_numpy())
    readings, offsets = text_readings(texts)
    if not readings:
        return Dates(np.full(len(texts), np.datetime64("NaT", _UNIT)), np.ones(len(texts), bool))
    reading, note = _choose(readings, texts, day_first)
    first = _is_day_first(reading) if note else None
    notes = (*((note,) if note else ()), *_about_century(texts, reading))
    if offsets is not None:
        return _without_zone(reading.values, offsets.to_numpy(), notes)
    return _dates(reading, notes, first)


def _dates(reading: Reading, notes: tuple[str, ...] = (), first: bool | None = None) -> Dates:
    return Dates(_in_unit(reading.values), reading.bad, notes, first)


def _about_century(texts: pd.Series, reading: Reading) -> tuple[str, ...]:
    """A sentence about years of two digits that another reader would put into another century."""
    if texts.str.contains(r"\d{4}").any() or reading.bad.all():
        return ()
    years = reading.values[~reading.bad].astype("datetime64[Y]").astype("int64") + 1970
    first, last = years.min(), years.max()
    if first < 100 or (first > _OLDEST_USUAL and last < _NEWEST_USUAL):
        return ()
    return (
        f"The years of column {str(texts.name)!r} have two digits and were read as {first} to "
        f"{last}; write them with four digits if another century is meant.",
    )


def _in_unit(values: np.ndarray) -> np.ndarray:
    """In the unit that pandas uses by default."""
    return values.astype(f"datetime64[{_UNIT}]")


def _as_numbers(texts: pd.Series) -> pd.Series | None:
    """The cells as numbers, NaN where one is none; None unless most of them are numbers."""
    if not pd.api.types.is_numeric_dtype(texts.dtype):
        cells = texts.astype(str).str.strip()
        if not cells.str.fullmatch(r"[+-]?\d{1,19}(?:\.\d+)?(?:[eE]\+?\d+)?").mean() > 0.5:
            return None
        if cells.str.fullmatch(_MONTH_AND_YEAR).all():
            return None
        if cells.str.fullmatch(r"\d{8}").all() and cells.str.startswith("0").any():
            return None  # 01022024, a date that begins with its day or month
    numbers = pd.to_numeric(texts, errors="coerce")
    return numbers if len(numbers) else None


def _parse_numbers(numbers: pd.Series, name: str, *, plain: bool) -> Dates:
    values = numbers.to_numpy("float64", na_value=np.nan)
    known = np.abs(values) < 2**63
    if not plain and known.mean() > 0.5:
        reading = _dates_in_digits(values[known], name)
        if reading is not None:
            spread = np.full(len(values), np.datetime64("NaT", "us"), "datetime64[us]")
            spread[known] = reading.values
            usual = reading.name.endswith("(YYYYMMDD)")
            note = None if usual else f"The numbers of column {name!r} were read as {reading.name}."
            return Dates(_in_unit(spread), ~known, (note,) if note else ())
    bad = ~known | (values != np.round(values))
    return Dates(np.where(bad, 0, values).astype("int64"), bad)


def _dates_in_digits(values: np.ndarray, name: str) -> Reading | None:
    """The reading of numbers as dates, if there is one that is regular or its column says so."""
    named = names_a_time(name)
    found = []
    for one in number_readings(values):
        steps = regularity(one.values)
        hinted = _hint(one, steps, name)
        # A counter that passes 40,000 is as regular as the serial days of a spreadsheet.
        believed = hinted or named or steps.step not in ("days", "quarters") or one.family == ""
        if steps.coverage >= _REGULAR and believed or (named and len(values) < 3):
            found.append((one.prior * steps.coverage * (2 if hinted else 1), one))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _choose(
    readings: Sequence[Reading], texts: pd.Series, day_first: bool | None
) -> tuple[Reading, str | None]:
    """The reading with the fewest cells that do not fit and the most regular steps.

    Returns:
        The reading; and a sentence about the choice if another one fits every cell as well.
    """
    fewest = min(int(one.bad.sum()) for one in readings)
    fitting = [one for one in readings if int(one.bad.sum()) == fewest]
    different = {one.values.tobytes(): one for one in reversed(fitting)}
    fitting = [one for one in fitting if different.get(one.values.tobytes()) is one]
    if len(fitting) == 1 and fitting[0].family != NO_YEAR:
        return fitting[0], None
    given = [one for one in fitting if _is_day_first(one) is day_first]
    if day_first is not None and given:
        return given[0], None
    judged = [(one, regularity(one.values[~one.bad])) for one in fitting]
    scores = [_score(one, steps, str(texts.name)) for one, steps in judged]
    order = np.argsort(scores)[::-1]
    best, second = order[0], order[min(1, len(order) - 1)]
    close = [judged[one][0] for one in order if scores[best] < _CLEARLY * scores[one]]
    if any(one.family == NO_YEAR for one in close):
        raise _without_year(texts)
    if scores[best] < _CLEARLY * scores[second]:
        raise _ambiguous(texts, [judged[place] for place in order[:2]])
    reading, steps = judged[best]
    if judged[second][0].prior < reading.prior / 5:  # as good as never written
        return reading, None
    days = _is_day_first(reading) is not None
    options = "--day-first, --month-first or --date-format" if days else "--date-format"
    return reading, (
        f"The dates of column {str(texts.name)!r} were read as {reading.name}, which gives steps "
        f"of {steps.step} ({options} to change it)."
    )


def _is_day_first(reading: Reading) -> bool | None:
    order = [part for part in ("day", "month") if part in reading.name]
    if reading.family != "order" or len(order) < 2 or reading.name.startswith("year"):
        return None
    return reading.name.startswith("day")


def _score(reading: Reading, steps: Regularity, name: str) -> float:
    rising = np.diff(reading.values[~reading.bad]).astype("int64")
    ordered = max((rising > 0).mean(), (rising < 0).mean()) if len(rising) else 1.0
    score = reading.prior * steps.coverage * (0.5 + 0.5 * ordered)
    if _hint(reading, steps, name):
        score *= 2
    if steps.step == "months" and _is_whole_year(reading.values):
        # Twelve first days of months: the other order would end on the twelfth day by chance.
        score *= 2
    return float(score)


def _hint(reading: Reading, steps: Regularity, name: str) -> bool:
    """Whether the name of the column says what the steps of a reading are."""
    words = {"month": "months", "monat": "months", "week": "weeks", "woche": "weeks"}
    words |= {"quarter": "quarters", "day": "days", "year": "years"}
    said = [step for word, step in words.items() if word in name.lower()]
    if reading.family == "excel":
        return names_a_time(name)
    return len(set(said)) == 1 and steps.step == said[0]


def _is_whole_year(values: np.ndarray) -> bool:
    known = np.unique(values[~np.isnat(values)])
    months = known.astype("datetime64[M]")
    first = bool((known == months.astype("datetime64[us]")).all())
    return first and len(known) >= 12 and int(months[0].astype("int64")) % 12 == 0


def _ambiguous(texts: pd.Series, judged: Sequence[tuple[Reading, Regularity]]) -> UserError:
    shown = []
    for reading, steps in judged:
        known = np.sort(reading.values[~reading.bad]).astype("datetime64[D]")
        form = f", --date-format {reading.format}" if reading.format else ""
        shown.append(f"{reading.name} ({known[0]} to {known[-1]}, steps of {steps.step}{form})")
    orders = {_is_day_first(reading) for reading, _ in judged}
    option = "--day-first or --month-first" if orders == {True, False} else "--date-format"
    return UserError(
        f"The dates of column {str(texts.name)!r}, such as {texts.iloc[0]!r}, can be read in two "
        f"ways: {shown[0]}; or {shown[1]}.",
        "dates that can be read in one way only, such as 2024-01-31.",
        f"choose one with {option}.",
    )


def _without_year(texts: pd.Series) -> UserError:
    name, cell = str(texts.name), texts.iloc[0]
    return UserError(
        f"The dates of column {name!r}, such as {cell!r}, seem to have no year.",
        "dates with a year, such as 2024-01-31.",
        "add the year, or give the format with --date-format if they have one, such as %y-%m.",
    )


def _plain_times(dates: pd.Series) -> Dates:
    """Datetimes; a zone is dropped or converted to UTC (see ``parse_dates``)."""
    bad = dates.isna().to_numpy()
    if getattr(dates.dt, "tz", None) is None:
        return Dates(_in_unit(dates.to_numpy()), bad)
    local = dates.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    universal = dates.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return _without_zone(local, local - universal.astype("datetime64[us]"), ())


def _without_zone(local: np.ndarray, offsets: np.ndarray, notes: tuple[str, ...]) -> Dates:
    """Keep the local time or convert to UTC (see ``parse_dates``)."""
    bad = np.isnat(local) | np.isnat(offsets)
    different = np.unique(offsets[~bad])
    times_of_day = np.unique((local - local.astype("datetime64[D]"))[~bad])
    if len(different) <= 1 or len(times_of_day) <= 1:
        told = "The times have a zone; the local time was kept and the zone dropped."
        return Dates(_in_unit(local), bad, (*notes, told))
    told = (
        "The times have a zone with daylight saving time; they were converted to UTC, so that no "
        "hour is skipped or repeated."
    )
    return Dates(_in_unit(local - offsets), bad, (*notes, told))
