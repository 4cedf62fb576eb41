"""Dates whose parts stand in several columns: year, month and day; or date and time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.date_formats import days, full_years, iso_weeks
from keras_rnn_recipes.data.date_words import month_number, plain

_PARTS = {
    "year": ("year", "yr", "yyyy", "jahr"),
    "quarter": ("quarter", "qtr", "quartal"),
    "month": ("month", "mon", "mo", "mnth", "monat"),
    "week": ("week", "wk", "weekno", "woche"),
    "day": ("day", "dy", "dom", "tag"),
    "hour": ("hour", "hr", "hh", "stunde"),
    "minute": ("minute", "min", "mi"),
    "second": ("second", "sec", "ss"),
}


_PREFIXES = {"month": "m", "quarter": "q|t", "week": "w|kw|wk|week", "hour": "he|h", "day": "d|day"}


def time_columns(names: Sequence[str]) -> tuple[str, ...]:
    """The columns that the names of the parts of a date have, from year to second.

    Args:
        names: of columns.

    Returns:
        Those with the name of a part, if there is a year among them; else none.

    Example:
        >>> time_columns(["No", "month", "year", "day", "pm2.5"])
        ('year', 'month', 'day')
    """
    found = [(_rank(name), name) for name in names if time_part(name)]
    return tuple(name for _, name in sorted(found)) if any(not rank for rank, _ in found) else ()


def join_times(columns: Sequence[pd.Series]) -> pd.Series:
    """One column of dates from the columns of their parts.

    Args:
        columns: numbers whose names are those of parts (year, month, ...); or a date, and a time
            of day or an hour.

    Returns:
        Dates as datetime64, missing where a part is missing or out of range; or texts to parse.

    Example:
        >>> parts = [pd.Series(["2024"], name="year"), pd.Series(["7"], name="month")]
        >>> join_times(parts).astype(str).tolist()
        ['2024-07-01']
    """
    name = " ".join(str(column.name) for column in columns)
    parts = [time_part(str(column.name)) or numbered_part(column) for column in columns]
    if "year" in parts and all(parts) and len(set(parts)) == len(parts):
        return pd.Series(_assembled(dict(zip(parts, columns, strict=True))), name=name)
    texts = [_as_text(column, first=not place) for place, column in enumerate(columns)]
    joined = texts[0].str.cat(pd.concat(texts[1:], axis=1), sep=" ")
    return joined.rename(name)


def numbered_part(column: pd.Series) -> str | None:
    """The part of a date that all cells of a column name, such as M01 or Q3; None for others.

    Example:
        >>> numbered_part(pd.Series(["M01", "M12"])), numbered_part(pd.Series(["M01", "x"]))
        ('month', None)
    """
    cells = pd.Series(pd.unique(column.dropna().astype(str))).str.strip().str.lower()
    letters = set(cells.str.extract(r"^([mqw])\d{1,2}$")[0])
    names = {"m": "month", "q": "quarter", "w": "week"}
    return names.get(letters.pop()) if len(letters) == 1 else None


def time_part(name: str) -> str | None:
    """The part of a date that a column has the name of, such as "hour"; None for other names.

    Example:
        >>> time_part("Hr"), time_part("shop")
        ('hour', None)
    """
    bare = name.strip().lower()
    return next((part for part, names in _PARTS.items() if bare in names), None)


def _rank(name: str) -> int:
    return list(_PARTS).index(str(time_part(name)))


def _assembled(parts: dict[str | None, pd.Series]) -> np.ndarray:
    numbers = {str(name): _numbers(cells, str(name)) for name, cells in parts.items()}
    whole = {name: np.where(n == np.round(n), n, -1).astype("int64") for name, n in numbers.items()}
    year = full_years(pd.Series(whole["year"].astype(str)))
    one = np.ones_like(year)
    if "week" in whole:
        date = iso_weeks(year, whole["week"], whole.get("day", one))
    elif "quarter" in whole:
        quarter = np.where((whole["quarter"] >= 1) & (whole["quarter"] <= 4), whole["quarter"], 9)
        date = days(year, quarter * 3 - 2, one)
    else:
        date = days(year, whole.get("month", one), whole.get("day", one))
    for name, seconds, most in (("hour", 3600, 24), ("minute", 60, 59), ("second", 1, 60)):
        if name in whole:
            fits = (whole[name] >= 0) & (whole[name] <= most)
            date = date + (whole[name] * seconds).astype("timedelta64[s]")
            date = np.where(fits, date, np.datetime64("NaT", "us"))
    return date.astype("datetime64[us]")


def _numbers(cells: pd.Series, part: str) -> np.ndarray:
    """Numbers of a part of dates, also written as March, Q1, W05 or HE01; -1 for none."""
    numbers = pd.to_numeric(cells, errors="coerce")
    if numbers.isna().any():
        texts = cells.astype("string").str.strip().str.lower()
        named = texts.map(lambda text: month_number(plain(text)), na_action="ignore")
        bare = texts.str.extract(rf"^(?:{_PREFIXES.get(part, '-')})[ .-]?(\d{{1,2}})$")[0]
        found = pd.to_numeric(bare, errors="coerce")
        if part == "month":
            found = found.fillna(pd.to_numeric(named.replace(0, np.nan), errors="coerce"))
        numbers = numbers.fillna(found.astype("float64"))
    return numbers.fillna(-1).to_numpy("float64")


def _as_text(column: pd.Series, *, first: bool) -> pd.Series:
    """A date as it is written; an hour as 7:00, and a time such as 18.30.00 with colons.

    Numbers up to 48 or 96 count the half-hours or quarters of an hour of a day.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.strftime("%Y-%m-%d")
    texts = column.astype("string").str.strip().astype(object)
    if first:
        return texts
    texts = texts.str.replace(r"^(?:HE|he|H|h)[ .-]?(?=\d{1,2}$)", "", regex=True)
    filled = texts.dropna()
    numbers = pd.to_numeric(texts, errors="coerce")
    most = numbers.max()
    if numbers.notna().sum() == len(filled) and (numbers % 1 == 0).all():
        if most in (47, 48, 95, 96) and numbers.nunique() > 24:
            minutes = (numbers - (most % 2 == 0)) * (30 if most < 50 else 15)
            return (minutes // 60).map("{:.0f}".format) + (minutes % 60).map(":{:02.0f}".format)
        if 100 <= most <= 2400 and (numbers % 100 < 60).all():
            texts = texts.str.replace(r"\.0$", "", regex=True).str.zfill(4)
            return texts.str.replace(r"(\d\d)(\d\d)", r"\1:\2", regex=True)
    if filled.str.fullmatch(r"\d{1,2}(?:\.0)?").all():
        return texts.str.replace(r"\.0$", "", regex=True) + ":00"
    if filled.str.fullmatch(r"\d{1,2}\.\d{2}(?:\.\d{2})?").all():
        return texts.str.replace(".", ":", regex=False)
    return texts
