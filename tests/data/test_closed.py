"""Weekdays, hours and months at which a series never has a value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.data.closed import closed_notes, closed_steps


def panel(ds: pd.DatetimeIndex, is_open: np.ndarray, name: str = "a") -> pd.DataFrame:
    values = np.where(is_open, np.arange(len(ds)) + 1.0, np.nan)
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": values})


def after(frame: pd.DataFrame, steps: int, freq: str) -> pd.DataFrame:
    ds = pd.date_range(frame["ds"].iloc[-1], periods=steps + 1, freq=freq)[1:]
    return pd.DataFrame({"unique_id": frame["unique_id"].iloc[-1], "ds": ds})


DAYS = pd.date_range("2024-01-01", periods=60)  # a Monday


@pytest.mark.parametrize("closed", [[], [6], [5, 6], [2]], ids=str)
def test_weekdays_without_values_are_closed(closed):
    frame = panel(DAYS, ~np.isin(DAYS.day_of_week, closed))
    ahead = after(frame, 14, "D")
    expected = ahead["ds"].dt.day_of_week.isin(closed).tolist()
    assert closed_steps(frame, ahead).tolist() == expected
    assert bool(closed_notes(frame)) == bool(closed)


def test_each_series_has_its_own_weekdays_and_unknown_series_are_open():
    sundays, none = panel(DAYS, DAYS.day_of_week != 6), panel(DAYS, DAYS.day_of_week > -1, "b")
    frame = pd.concat([sundays, none], ignore_index=True)
    ahead = pd.DataFrame({"unique_id": ["a", "b", "new"], "ds": pd.Timestamp("2024-03-03")})
    assert closed_steps(frame, ahead).tolist() == [True, False, False]
    assert closed_notes(frame) == (
        "1 series never has a value on Sundays: these steps are forecast as missing.",
    )


def test_one_value_opens_a_weekday():
    is_open = DAYS.day_of_week != 6
    is_open[6] = True
    assert not closed_steps(panel(DAYS, is_open), panel(DAYS, is_open)).any()


def test_a_few_missing_values_are_chance():
    short = DAYS[:20]  # only two Sundays
    assert not closed_steps(
        panel(short, short.day_of_week != 6), panel(short, short.day_of_week > -1)
    ).any()
    rng = np.random.default_rng(0)
    for _ in range(50):  # nine values of ten missing at random, in nine weeks
        assert not closed_steps(frame := panel(DAYS, rng.random(60) < 0.1), frame).any()


def test_hours_of_the_night_and_of_the_weekend():
    hours = pd.date_range("2024-01-01", periods=24 * 42, freq="h")
    is_open = (hours.hour >= 8) & (hours.hour < 18) & (hours.day_of_week < 5)
    frame = panel(hours, is_open)
    ahead = after(frame, 24 * 7, "h")
    found = closed_steps(frame, ahead)
    times = ahead["ds"].dt
    expected = ~((times.hour >= 8) & (times.hour < 18) & (times.day_of_week < 5))
    assert found.tolist() == expected.tolist()


def test_months_of_a_seasonal_business_and_whole_numbers():
    months = pd.date_range("2015-01-01", periods=72, freq="MS")
    frame = panel(months, ~months.month.isin([1, 2]))
    ahead = after(frame, 12, "MS")
    assert closed_steps(frame, ahead).tolist() == ahead["ds"].dt.month.isin([1, 2]).tolist()
    counted = pd.DataFrame(
        {"unique_id": "a", "ds": range(70), "y": [1.0] * 6 + [np.nan] + [1] * 63}
    )
    assert not closed_steps(counted, counted).any()
