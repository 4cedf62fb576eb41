"""Baselines of intermittent demand, against loops; totals and the verdict that sees a bias."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.evaluation.baselines import fit_baselines
from keras_rnn_recipes.evaluation.intermittent import croston, tsb, zero
from keras_rnn_recipes.evaluation.metrics import totals
from keras_rnn_recipes.reporting.format import verdict


def smoothed(values: list[float], weight: float) -> float:
    level = values[0]
    for value in values[1:]:
        level = weight * value + (1 - weight) * level
    return level


def croston_by_hand(series: list[float]) -> float:
    known = [value for value in series if not math.isnan(value)]
    places = [place for place, value in enumerate(known, start=1) if value > 0]
    if not places:
        return 0.0
    intervals = [places[0], *(b - a for a, b in zip(places, places[1:], strict=False))]
    sizes = [known[place - 1] for place in places]
    return 0.95 * smoothed(sizes, 0.1) / smoothed(intervals, 0.1)


def tsb_by_hand(series: list[float]) -> float:
    known = [value for value in series if not math.isnan(value)]
    sizes = [value for value in known if value > 0]
    if not sizes:
        return 0.0
    return smoothed(sizes, 0.2) * smoothed([float(value > 0) for value in known], 0.2)


def test_baselines_are_those_of_their_papers():
    rng = np.random.default_rng(0)
    history = rng.poisson(0.4, (50, 40)) * rng.integers(1, 5, (50, 40)) * 1.0
    history[rng.random(history.shape) < 0.1] = np.nan
    history[0] = 0.0
    rows = history.tolist()
    np.testing.assert_allclose(croston(history, 3)[:, 2], [croston_by_hand(row) for row in rows])
    np.testing.assert_allclose(tsb(history, 3)[:, 2], [tsb_by_hand(row) for row in rows])
    assert not zero(history, 3).any()


def test_without_observations_nothing_is_forecast():
    for baseline in (croston, tsb, zero):
        assert np.isnan(baseline(np.full((1, 4), np.nan), 2)).all()


def test_they_are_baselines_with_a_long_memory():
    frame = pd.DataFrame({"unique_id": "a", "ds": range(30), "y": 0.0})
    names = ("croston", "tsb", "zero")
    found = fit_baselines(frame, horizon=2, season_length=7, names=names)
    assert list(found) == list(names) and found["tsb"].lookback == 512


def forecasts(y, lstm, series: int = 1) -> pd.DataFrame:
    names = np.repeat([f"s{n}" for n in range(series)], len(y) // series)
    return pd.DataFrame({"unique_id": names, "ds": range(len(y)), "y": y, "lstm": lstm})


def test_totals_count_a_step_once_however_many_origins_forecast_it():
    twice = pd.concat([forecasts([1.0, 3.0], [1.0, 1.0]), forecasts([1.0, 3.0], [3.0, 1.0])])
    assert totals(twice, "lstm") == pytest.approx(
        {"forecast": 3.0, "observed": 4.0, "standard_error": math.sqrt(2) * 3 / math.sqrt(2)}
    )
    assert totals(forecasts([-1.0, 3.0], [1.0, 1.0]), "lstm") is None
    assert totals(forecasts([np.nan, np.nan], [1.0, 1.0]), "lstm") is None


@pytest.mark.parametrize(
    ("forecast", "kind", "says"),
    [
        (33.0, "worse", "sum to 33, the observed values to 374: in sum they are 91% too low."),
        (250.0, "level", "in sum they are 33% too low."),
        (500.0, "level", "in sum they are 34% too high."),
        (360.0, "better", "against 2."),
    ],
)
def test_a_better_error_with_a_bias_is_no_better_forecast(forecast, kind, says):
    record = {"model": {"mae": 1.0}, "baselines": {"naive": {"mae": 2.0}}}
    record["totals"] = {"forecast": forecast, "observed": 374.0, "standard_error": 20.0}
    found, sentence = verdict("lstm", record, "mae")
    assert found == kind and sentence.endswith(says)
    record["totals"]["standard_error"] = 200.0  # that may be chance
    assert verdict("lstm", record, "mae")[0] == "better"
