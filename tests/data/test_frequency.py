"""Frequencies agree with pandas' own arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.data.frequency import (
    advance,
    infer_freq,
    normalise_freq,
    ordinals,
    to_grid,
)
from keras_rnn_recipes.errors import UserError

PANDAS = [
    "D", "B", "h", "min", "s", "15min", "6h", "2D", "W-MON", "W-SUN", "MS", "ME", "QS", "QE",
    "BME", "BMS", "BYS", "QS-FEB", "QE-OCT", "YS", "YE", "YS-APR", "YE-JUN", "6MS",
]  # fmt: skip


def grid(freq: str, periods: int = 12) -> np.ndarray:
    return pd.date_range("2019-12-30", periods=periods, freq=freq).to_numpy()


@pytest.mark.parametrize("freq", PANDAS)
def test_the_frequency_of_a_regular_grid_is_its_own(freq):
    ds = grid(freq)
    inferred = infer_freq(ds, np.array([0, len(ds)]))
    again = pd.date_range(ds[0], periods=len(ds), freq=inferred)
    assert again.to_numpy().tolist() == ds.tolist()
    usual = {"QS": "QS", "QE": "QE", "YS": "YS", "YE": "YE"}
    assert inferred == usual.get(freq, freq)


@pytest.mark.parametrize("freq", PANDAS)
def test_steps_forward_are_those_of_pandas(freq):
    ds = grid(freq, 20)
    np.testing.assert_array_equal(advance(ds[:1], np.arange(20), freq), ds)
    np.testing.assert_array_equal(advance(ds[5:6], -5, freq), ds[:1])
    assert np.diff(ordinals(ds, freq)).tolist() == [1] * 19


def test_the_commonest_step_counts_and_steps_between_series_do_not():
    days, months = grid("D", 6), grid("MS", 3)
    ds = np.concatenate([days[[0, 1, 2, 4, 5]], days, months])
    assert infer_freq(ds, np.array([0, 5, 11, 14])) == "D"


@pytest.mark.parametrize(
    ("dates", "freq"),
    [
        (["2024-01-15", "2024-02-15", "2024-03-15"], "MS-15"),
        (["2024-01-15", "2024-02-15", "2024-03-16"], "MS"),
        (["2024-01-30", "2024-02-28", "2024-03-29"], "ME"),
        (["2024-01-31", "2024-02-29", "2024-03-29"], "BME"),
        (["2024-01-01", "2024-02-01", "2024-04-01", "2024-05-02"], "BMS"),
        (["2024-01-03", "2024-01-10", "2024-01-18", "2024-01-24", "2024-01-31"], "W-WED"),
        (["2024-01-01", "2024-01-29", "2024-02-26", "2024-03-25"], "28D"),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], "D"),
        (["2023-02-01", "2023-03-01"], "MS"),
    ],
)
def test_dates_near_a_calendar_step(dates, freq):
    ds = np.array(dates, "datetime64[us]")
    assert infer_freq(ds, np.array([0, len(ds)])) == freq


def test_dates_are_moved_within_their_months_only():
    ds = np.array(["2024-01-15T06:00", "2024-02-29T00:00"], "datetime64[us]")
    assert to_grid(ds, "MS").astype("datetime64[D]").astype(str).tolist() == [
        "2024-01-01",
        "2024-02-01",
    ]
    assert to_grid(ds, "D") is ds


@pytest.mark.parametrize(
    ("given", "of", "meant"),
    [
        ("M", "MS", "MS"), ("M", "ME", "ME"), ("MS", "ME", "ME"), ("W", "W-WED", "W-WED"),
        ("H", "h", "h"), ("T", "min", "min"), ("60min", "h", "h"), ("Q", "QS-FEB", "QS-FEB"),
        ("A", "YE", "YE"), ("Y", "YS", "YS"), ("2W", "2W", "14D"), ("7D", "W-FRI", "W-FRI"),
    ],
)  # fmt: skip
def test_a_given_frequency_takes_its_anchor_from_the_dates(given, of, meant):
    assert normalise_freq(given, grid(of)) == meant


@pytest.mark.parametrize("wrong", ["", "X", "0D", "5 days", "-1D", "WS", "1"])
def test_frequencies_that_are_none_are_refused(wrong):
    if wrong == "1":
        with pytest.raises(UserError, match="whole numbers"):
            normalise_freq("D", np.arange(3))
        return
    with pytest.raises(UserError, match="is unknown"):
        normalise_freq(wrong, grid("D"))
