"""The covariates that forecasters see: the rows of their own series, as far as they are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.evaluation.backtest import backtest, forecast_future
from keras_rnn_recipes.evaluation.histories import Baseline

LOOKBACK, HORIZON = 4, 2
COLUMNS = {"past_cols": ("rain",), "future_cols": ("promo", "price"), "static_cols": ("town",)}


def panel() -> pd.DataFrame:
    """Two series; every number says which row it stands in."""
    frame = pd.DataFrame({"unique_id": ["a"] * 9 + ["b"] * 3, "ds": [*range(9), *range(3)]})
    row = np.arange(12.0)
    town = frame["unique_id"].map({"a": 1.0, "b": 2.0})
    return frame.assign(y=row, rain=row / 10, promo=row * 10, price=-row, town=town)


def keeping(seen: list):
    def forecaster(given):
        seen.append(given)
        return np.zeros((len(given["history"]), HORIZON))

    return forecaster


def test_a_backtest_shows_each_origin_its_own_rows():
    seen: list = []
    shown: list = []
    naive = Baseline("naive", lambda h: shown.append(h) or np.zeros((len(h), HORIZON)), 2)
    options = {"lookback": LOOKBACK, "horizon": HORIZON, "test_size": 3, **COLUMNS}
    table = backtest(panel(), {"model": keeping(seen), "naive": naive}, **options)
    assert len(table) == 3 * HORIZON  # two origins of a, one of b
    assert shown[0].shape == (3, 2, 2)  # a baseline is told the history alone
    given, frame = seen[0], panel().set_index(["unique_id", "ds"])
    cutoffs = table.drop_duplicates(["unique_id", "cutoff"])[["unique_id", "cutoff"]]
    for place, (name, cutoff) in enumerate(cutoffs.itertuples(index=False)):
        rows = frame.loc[name].reindex(range(cutoff - LOOKBACK + 1, cutoff + HORIZON + 1))
        np.testing.assert_array_equal(given["history"][place], rows[["y", "rain"]][:LOOKBACK])
        np.testing.assert_array_equal(given["future"][place], rows[["promo", "price"]])
        assert given["static"][place].tolist() == [frame.loc[name]["town"].iloc[0]]


def test_nothing_after_a_cutoff_changes_what_was_seen_there():
    options = {"lookback": LOOKBACK, "horizon": HORIZON, "test_size": 5, **COLUMNS}
    rng, before = np.random.default_rng(0), []
    frame = panel()[:9]
    table = backtest(frame, {"m": keeping(before)}, **options)
    for place, cutoff in enumerate(table["cutoff"].unique()):
        other = frame.copy()
        unknown = {
            "y": cutoff,
            "rain": cutoff,
            "promo": cutoff + HORIZON,
            "price": cutoff + HORIZON,
        }
        for name, last in unknown.items():
            other.loc[other["ds"] > last, name] = rng.normal(size=int((other["ds"] > last).sum()))
        after: list = []
        backtest(other, {"m": keeping(after)}, **options)
        for name, values in before[0].items():
            np.testing.assert_array_equal(values[place], after[0][name][place])
            changed = not np.array_equal(values, after[0][name])
            assert changed or name == "static" or cutoff >= 8 - HORIZON


def test_a_forecast_is_shown_the_rows_to_come():
    future = pd.DataFrame(
        {"unique_id": list("aabb"), "promo": [1.0, 2, 3, 4], "price": [5.0, 6, 7, 8]}
    )
    seen: list = []
    options = {"lookback": LOOKBACK, "horizon": HORIZON, "freq": 1, **COLUMNS}
    forecast_future(panel(), {"m": keeping(seen)}, future=future, **options, batch_size=1)
    assert [given["future"][0, -2:].tolist() for given in seen] == [
        [[1, 5], [2, 6]],
        [[3, 7], [4, 8]],
    ]
    np.testing.assert_array_equal(seen[1]["future"][0, :4, 0], [np.nan, 90, 100, 110])
    np.testing.assert_array_equal(seen[1]["history"][0, :, 0], [np.nan, 9, 10, 11])
    for wrong in (None, future[:3], future.assign(unique_id=list("abab"))):
        with pytest.raises(ValueError, match="a row for each step of each series"):
            forecast_future(panel(), {"m": keeping(seen)}, future=wrong, **options)
