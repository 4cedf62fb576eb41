"""Calendar covariates: columns derived from the dates, hence known for every future step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.covariates import Covariate
from keras_rnn_recipes.data.frequency import advance
from keras_rnn_recipes.errors import UserError

Feature = Literal[
    "minute",
    "hour",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "week_of_year",
    "month",
    "quarter",
]
HOLIDAY = "holiday"
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS_IN_YEAR = 365.25
_DAY = np.timedelta64(1, "D")


def _numbers(first: int, last: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(first, last + 1))


# For each feature its categories, and a function from dates to the index of the category.
_CATEGORIES: dict[str, tuple[tuple[str, ...], Callable[[pd.DatetimeIndex], pd.Index]]] = {
    "minute": (_numbers(0, 59), lambda ds: ds.minute),
    "hour": (_numbers(0, 23), lambda ds: ds.hour),
    "day_of_week": (_DAY_NAMES, lambda ds: ds.day_of_week),
    "day_of_month": (_numbers(1, 31), lambda ds: ds.day - 1),
    "week_of_year": (_numbers(1, 53), lambda ds: pd.Index(ds.isocalendar()["week"] - 1)),
    "month": (_numbers(1, 12), lambda ds: ds.month - 1),
    "quarter": (_numbers(1, 4), lambda ds: ds.quarter - 1),
}


def calendar_columns(calendar: Sequence[str], holidays: str | None) -> tuple[Covariate, ...]:
    """The future covariates that represent features of the calendar.

    Args:
        calendar: features. minute, hour, day_of_week, day_of_month, week_of_year, month and quarter
            are categorical; day_of_year becomes two numbers, a sine and a cosine over the year.
        holidays: a country code such as "US"; None for no column of holidays.

    Returns:
        The columns, in the order of ``calendar``, the holidays last.

    Raises:
        UserError: an unknown feature.

    Example:
        >>> [column.name for column in calendar_columns(["month", "day_of_year"], "US")]
        ['month', 'day_of_year_sin', 'day_of_year_cos', 'holiday']
    """
    columns: list[Covariate] = []
    for feature in dict.fromkeys(calendar):
        if feature == "day_of_year":
            columns += [Covariate("day_of_year_sin"), Covariate("day_of_year_cos")]
        elif feature in _CATEGORIES:
            columns.append(Covariate(feature, _CATEGORIES[feature][0]))
        else:
            raise UserError(
                f"There is no calendar feature {feature!r}.",
                f"some of: {', '.join(get_args(Feature))}.",
                "correct calendar.",
            )
    return (*columns, Covariate(HOLIDAY)) if holidays else tuple(columns)


def calendar_values(
    ds: np.ndarray, freq: str, calendar: Sequence[str], holidays: str | None
) -> dict[str, np.ndarray]:
    """The values of `calendar_columns` at given dates: category codes from 1, or numbers.

    The column ``holiday`` counts the public holidays from a date up to the next step. For a
    frequency whose dates end their period (such as "ME") it counts those of that period.

    Args:
        ds: datetime64 (rows,).
        freq: the frequency of the panel.
        calendar, holidays: as in `calendar_columns`.

    Returns:
        ``{column: float32 (rows,)}``.

    Raises:
        UserError: times that are whole numbers, an unknown country, or the package ``holidays`` is
            not installed.

    Example:
        >>> days = np.array(["2024-02-29", "2024-03-01"], "datetime64[us]")
        >>> calendar_values(days, "D", ["day_of_week", "month"], None)["month"].tolist()
        [2.0, 3.0]
    """
    if not calendar and not holidays:
        return {}
    if ds.dtype.kind != "M":
        raise UserError(
            "Calendar features were asked for, but the times are whole numbers.",
            "a column of dates.",
            "give a column of dates, or leave calendar and holidays out.",
        )
    dates = pd.DatetimeIndex(ds)
    values: dict[str, np.ndarray] = {}
    for feature in dict.fromkeys(calendar):
        if feature == "day_of_year":
            angle = 2 * np.pi * (dates.day_of_year.to_numpy() - 1) / _DAYS_IN_YEAR
            values |= {"day_of_year_sin": np.sin(angle), "day_of_year_cos": np.cos(angle)}
        else:
            values[feature] = _CATEGORIES[feature][1](dates).to_numpy() + 1
    if holidays:
        values[HOLIDAY] = _count_holidays(ds, freq, holidays)
    return {name: np.asarray(column, "float32") for name, column in values.items()}


def _count_holidays(ds: np.ndarray, freq: str, country: str) -> np.ndarray:
    """Number of public holidays in the period of each date."""
    unique, place = np.unique(ds, return_inverse=True)
    if "E" in freq.split("-")[0]:  # the date ends its month, quarter or year
        before = advance(unique, -1, freq)
        first, last = before.astype("datetime64[D]") + _DAY, unique.astype("datetime64[D]") + _DAY
    else:
        first = unique.astype("datetime64[D]")
        last = np.maximum(advance(unique, 1, freq).astype("datetime64[D]"), first + _DAY)
        if freq == "B":
            last = first + _DAY
    days = _holidays_between(first.min(), last.max(), country)
    count = np.searchsorted(days, last) - np.searchsorted(days, first)
    return count[place]


def _holidays_between(first: np.datetime64, last: np.datetime64, country: str) -> np.ndarray:
    try:
        import holidays
    except ImportError as error:
        raise UserError(
            "Holidays were asked for, and the package holidays is not installed.",
            "the package holidays.",
            "run pip install 'keras-rnn-recipes[holidays]', or leave holidays out.",
        ) from error
    years = range(pd.Timestamp(first).year, pd.Timestamp(last).year + 1)
    try:
        days = holidays.country_holidays(country, years=years)
    except (NotImplementedError, AttributeError, KeyError) as error:
        raise UserError(
            f"The package holidays knows no country {country!r}.",
            "a country code of two letters, such as US or DE.",
            "correct holidays.",
        ) from error
    return np.sort(np.array(list(days), dtype="datetime64[D]"))
