"""AutoETS, AutoARIMA and AutoTheta: one fit per series and origin, failures told, nothing leaks.

What concerns our own part runs with a stand-in for statsforecast, which cannot be installed beside
pandas 3; where it is there, the forecasts are those of the library itself.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
import warnings

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes import extras
from keras_rnn_recipes.config.forecasting import EvaluateConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.backtest import backtest
from keras_rnn_recipes.evaluation.baselines import ALL_NAMES, fit_baselines, seasonal_naive
from keras_rnn_recipes.evaluation.metrics import score, score_notes
from keras_rnn_recipes.evaluation.statistical import MODELS

HORIZON, SEASON = 3, 4


class MeanOfAll:
    """Stands in for a model of the library: the mean of what it is fitted to, and its length."""

    seen: list[np.ndarray] = []

    def __init__(self, season_length: int):
        assert season_length == SEASON

    def forecast(self, y: np.ndarray, h: int) -> dict[str, np.ndarray]:
        assert y.dtype == np.float64 and np.isfinite(y).all()
        MeanOfAll.seen.append(y)
        if len(y) < 4:
            raise NotImplementedError("tiny datasets")
        warnings.warn("the search did not like it", UserWarning, stacklevel=2)
        return {"mean": np.full(h, y.mean())}


@pytest.fixture
def stand_in(monkeypatch):
    library, models = types.ModuleType("statsforecast"), types.ModuleType("statsforecast.models")
    library.__spec__ = importlib.machinery.ModuleSpec("statsforecast", None)
    for name in MODELS.values():
        setattr(models, name, MeanOfAll)
    library.models = models
    monkeypatch.setitem(sys.modules, "statsforecast", library)
    monkeypatch.setitem(sys.modules, "statsforecast.models", models)
    monkeypatch.setattr(MeanOfAll, "seen", [])


def panel(series: dict[str, list[float]]) -> pd.DataFrame:
    parts = [pd.DataFrame({"unique_id": n, "ds": range(len(y)), "y": y}) for n, y in series.items()]
    return pd.concat(parts, ignore_index=True)


def forecasts(frame: pd.DataFrame, name: str = "auto_ets", **options) -> pd.DataFrame:
    baselines = fit_baselines(frame, horizon=HORIZON, season_length=SEASON, names=(name,))
    return backtest(frame, baselines, lookback=2, horizon=HORIZON, **options)


def test_every_origin_is_a_fit_to_all_that_lies_before_it(stand_in):
    frame = panel({"a": [float(n * n) for n in range(12)], "b": [7.0, 1.0, 5.0] * 3})
    tested = forecasts(frame, test_size=5)
    for (name, cutoff), rows in tested.groupby(["unique_id", "cutoff"]):
        before = frame[(frame["unique_id"] == name) & (frame["ds"] <= cutoff)]["y"]
        np.testing.assert_allclose(rows["auto_ets"], before.mean())
    assert len(MeanOfAll.seen) == 6


def test_what_comes_after_a_cutoff_changes_nothing_before_it(stand_in):
    frame = panel({"a": [float(n % 5) for n in range(20)]})
    before = forecasts(frame, test_size=6)
    frame.loc[frame["ds"] > 15, "y"] = 1e9
    after = forecasts(frame, test_size=6)
    untouched = before["cutoff"] <= 15
    assert untouched.sum() == 3 * HORIZON
    pd.testing.assert_series_equal(before["auto_ets"][untouched], after["auto_ets"][untouched])


def test_gaps_are_filled_from_a_season_earlier_and_what_lies_before_the_first_is_left_out(stand_in):
    nan = np.nan
    forecasts(panel({"a": [nan, nan, 1.0, 2.0, 3.0, 4.0, nan, 6.0, 9.0, 9.0, 9.0]}))
    (fitted,) = MeanOfAll.seen
    assert fitted.tolist() == [1.0, 2.0, 3.0, 4.0, 1.0, 6.0]


def test_a_series_that_cannot_be_fitted_is_told_and_a_constant_one_needs_no_fit(stand_in):
    frame = panel({"long": [1.0, 2.0] * 5, "short": [1.0, 2.0, 3.0] * 2, "still": [5.0] * 9})
    tested = forecasts(frame).assign(net=1.0)
    told = tested.groupby("unique_id")["auto_ets"].first()
    assert np.isnan(told["short"]) and told["still"] == 5.0 and np.isfinite(told["long"])
    notes = score_notes(score(tested, frame, season_length=1, metrics=("mae",)))
    assert any(note.startswith("auto_ets gave no forecast for 1 of 3 series") for note in notes)


def test_a_forecast_with_a_missing_step_counts_as_none(stand_in, monkeypatch):
    def partly(self, y, h):
        return {"mean": np.array([1.0, np.nan, 1.0])[:h]}

    monkeypatch.setattr(MeanOfAll, "forecast", partly)
    assert forecasts(panel({"a": [1.0, 2.0] * 5}))["auto_ets"].isna().all()


def test_names_and_a_missing_extra_are_told_before_any_work(monkeypatch):
    monkeypatch.setitem(extras.MODULES, "baselines", ("statsforecast_of_nobody",))
    options = {"horizon": HORIZON, "season_length": SEASON}
    with pytest.raises(UserError, match=r"statsforecast_of_nobody.*keras-rnn-recipes\[baselines\]"):
        fit_baselines(panel({"a": [1.0, 2.0]}), names=("auto_theta",), **options)
    with pytest.raises(UserError, match="did you mean auto_arima"):
        fit_baselines(panel({"a": [1.0, 2.0]}), names=("autoarima",), **options)
    assert EvaluateConfig(baselines=ALL_NAMES).baselines == ALL_NAMES


@pytest.mark.parametrize("name", list(MODELS))
def test_the_forecasts_are_those_of_the_library(name):
    models = pytest.importorskip(
        "statsforecast.models", reason="needs the extra baselines, which takes pandas back to 2.x"
    )
    steps = np.arange(60)
    y = 50 + steps / 3 + 5 * np.sin(steps * np.pi / 2) + np.random.default_rng(0).normal(0, 1, 60)
    frame = panel({"a": y.tolist(), "b": (2 * y[:40]).tolist()})
    tested = forecasts(frame, name)
    for series, values in (("a", y[:57]), ("b", 2 * y[:37])):
        model = getattr(models, MODELS[name])(season_length=SEASON)
        expected = model.forecast(y=values, h=HORIZON)["mean"]
        np.testing.assert_allclose(tested[tested["unique_id"] == series][name], expected)


def test_seasonal_naive_is_that_of_the_library():
    models = pytest.importorskip("statsforecast.models", reason="needs the extra baselines")
    y = np.random.default_rng(1).normal(0, 1, 23)
    expected = models.SeasonalNaive(season_length=SEASON).forecast(y=y, h=9)["mean"]
    np.testing.assert_allclose(seasonal_naive(y[None], 9, SEASON)[0], expected)
