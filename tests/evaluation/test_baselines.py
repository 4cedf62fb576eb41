"""Baselines equal loops over one series at a time, gaps and short histories included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import Ridge

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation import ridge as ridge_module
from keras_rnn_recipes.evaluation.baselines import (
    NAMES,
    drift,
    fit_baselines,
    fit_ridge,
    naive,
    seasonal_naive,
)
from keras_rnn_recipes.evaluation.histories import (
    cut_histories,
    fill_missing,
    series_bounds,
    training_windows,
)
from keras_rnn_recipes.evaluation.ridge import tune_ridge

VALUES = st.one_of(st.just(np.nan), st.floats(-100, 100, width=32))
HISTORIES = arrays(
    "float64", st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=VALUES, fill=VALUES
)


def frame_of(values: np.ndarray, name: str = "a") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": np.arange(len(values)), "y": values})


def observed(row: np.ndarray) -> list[int]:
    return [t for t, value in enumerate(row) if not np.isnan(value)]


@given(HISTORIES, st.integers(1, 5))
def test_naive_repeats_the_last_observation(history: np.ndarray, horizon: int) -> None:
    forecast = naive(history, horizon)
    for row, ahead in zip(history, forecast, strict=True):
        seen = observed(row)
        expected = row[seen[-1]] if seen else np.nan
        np.testing.assert_array_equal(ahead, [expected] * horizon)


@given(HISTORIES, st.integers(1, 9), st.integers(1, 5))
def test_seasonal_naive_looks_back_whole_seasons(
    history: np.ndarray, horizon: int, season_length: int
) -> None:
    forecast = seasonal_naive(history, horizon, season_length)
    for row, ahead in zip(history, forecast, strict=True):
        seen = observed(row)
        for step in range(horizon):
            same = [t for t in seen if (len(row) + step - t) % season_length == 0]
            expected = row[same[-1]] if same else row[seen[-1]] if seen else np.nan
            np.testing.assert_array_equal(ahead[step], expected)


@given(HISTORIES, st.integers(1, 5))
def test_drift_joins_first_and_last(history: np.ndarray, horizon: int) -> None:
    forecast = drift(history, horizon)
    for row, ahead in zip(history, forecast, strict=True):
        seen = observed(row)
        if not seen:
            assert np.isnan(ahead).all()
            continue
        start, end = seen[0], seen[-1]
        slope = (row[end] - row[start]) / (end - start) if end > start else 0.0
        expected = [row[end] + slope * (len(row) + step - end) for step in range(horizon)]
        np.testing.assert_allclose(ahead, expected, atol=1e-9)


@given(HISTORIES, st.integers(1, 4))
def test_filling_keeps_what_is_there(history: np.ndarray, season_length: int) -> None:
    filled = fill_missing(history, season_length)
    there = ~np.isnan(history)
    np.testing.assert_array_equal(filled[there], history[there])
    np.testing.assert_array_equal(np.isnan(filled), ~there.any(axis=1)[:, None] & ~there)


@given(HISTORIES, st.integers(0, 3))
def test_padding_in_front_changes_nothing(history: np.ndarray, padding: int) -> None:
    padded = np.pad(history, ((0, 0), (padding, 0)), constant_values=np.nan)
    for forecast in (lambda h: naive(h, 3), lambda h: drift(h, 3)):
        np.testing.assert_allclose(forecast(history), forecast(padded), atol=1e-9)
    np.testing.assert_array_equal(seasonal_naive(history, 5, 4), seasonal_naive(padded, 5, 4))


def test_three_axes_are_read_at_the_target() -> None:
    history = np.dstack([np.arange(12.0).reshape(2, 6), np.full((2, 6), 99.0)])
    np.testing.assert_array_equal(naive(history, 2), [[5, 5], [11, 11]])
    np.testing.assert_array_equal(seasonal_naive(history, 2, 3), [[3, 4], [9, 10]])
    np.testing.assert_array_equal(drift(history, 2), [[6, 7], [12, 13]])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 4), st.integers(1, 4))
def test_training_windows_equal_loops(lengths: list[int], lookback: int, horizon: int) -> None:
    parts = [frame_of(100 * k + np.arange(n), str(k)) for k, n in enumerate(lengths)]
    expected = []
    for k, n in enumerate(lengths):
        for end in range(min(n, lookback + horizon), n + 1):
            if n > horizon:
                row = [
                    100 * k + t if t >= 0 else np.nan for t in range(end - lookback - horizon, end)
                ]
                expected.append(row)
    windows = training_windows(
        pd.concat(parts), lookback=lookback, horizon=horizon, max_windows=1000, seed=0
    )
    width = lookback + horizon
    np.testing.assert_array_equal(windows, np.array(expected, float).reshape(-1, width))


def test_bounds_and_cuts_stay_inside_a_series() -> None:
    frame = pd.concat([frame_of(np.arange(3.0), "x"), frame_of(np.arange(10.0, 12.0), "y")])
    starts, stops = series_bounds(frame)
    assert starts.tolist() == [0, 3] and stops.tolist() == [3, 5]
    cut = cut_histories(frame[["y"]].to_numpy(), starts, stops, 4)[..., 0]
    np.testing.assert_array_equal(cut, [[np.nan, 0, 1, 2], [np.nan, np.nan, 10, 11]])


def wave(length: int, seed: int = 0) -> np.ndarray:
    time = np.arange(length)
    noise = np.random.default_rng(seed).normal(0, 0.1, length)
    return 50 + 0.1 * time + 5 * np.sin(time * 2 * np.pi / 12) + noise


def test_ridge_equals_least_squares() -> None:
    y = wave(60)
    ridge = fit_ridge(frame_of(y), lookback=5, horizon=2, alpha=1e-9)
    rows = np.array([y[t : t + 7] for t in range(54)])
    centre = rows[:, :5].mean(axis=1, keepdims=True)
    scale = np.abs(rows[:, :5] - centre).mean(axis=1, keepdims=True)
    relative = (rows - centre) / scale
    design = np.c_[relative[:, :5], np.ones(54)]
    fitted = design @ np.linalg.lstsq(design, relative[:, 5:], rcond=None)[0]
    np.testing.assert_allclose(ridge(rows[:, :5]), fitted * scale + centre, atol=1e-3)


@pytest.mark.parametrize(("windows", "inputs"), [(60, 12), (7, 12)])
def test_ridge_has_the_coefficients_of_scikit_learn(windows: int, inputs: int) -> None:
    rng = np.random.default_rng(windows)
    x, y = rng.normal(size=(windows, inputs)), rng.normal(size=(windows, 3))
    weights, intercept = ridge_module._coefficients(x, y, 0.5)
    model = Ridge(alpha=0.5).fit(x, y)
    np.testing.assert_allclose(weights.T, model.coef_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(intercept, model.intercept_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("log", [False, True])
def test_ridge_follows_the_level_and_the_scale(log: bool) -> None:
    ridge = fit_ridge(frame_of(wave(120)), lookback=24, horizon=6, log=log)
    history = wave(24)[None]
    np.testing.assert_allclose(ridge(history * 1e6), ridge(history) * 1e6, rtol=1e-6)
    if not log:
        np.testing.assert_allclose(ridge(history + 1000), ridge(history) + 1000, rtol=1e-6)


def test_ridge_takes_gaps_short_and_empty_histories() -> None:
    y = wave(200)
    y[::17] = np.nan
    ridge = fit_ridge(frame_of(y), lookback=24, horizon=6, season_length=12)
    history = np.array([y[150:174], np.r_[[np.nan] * 20, 1, 2, 3, 4], [np.nan] * 24])
    forecast = ridge(history)
    assert np.isfinite(forecast[:2]).all() and np.isnan(forecast[2]).all()
    np.testing.assert_allclose(forecast[0], wave(200)[174:180], atol=1.5)
    np.testing.assert_allclose(ridge(history[1:2, -4:]), forecast[1:2])


def test_constant_series_are_forecast_constant() -> None:
    ridge = fit_ridge(frame_of(np.full(50, 7.0)), lookback=8, horizon=3)
    np.testing.assert_allclose(ridge(np.full((1, 8), 7.0)), 7.0)


def test_ridge_draws_the_same_windows_for_a_seed() -> None:
    frame = frame_of(wave(400))
    fits = [
        fit_ridge(frame, lookback=12, horizon=2, max_windows=50, seed=seed)(wave(12)[None])
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(fits[0], fits[1])
    assert not np.array_equal(fits[0], fits[2])


def test_a_series_no_longer_than_the_horizon_cannot_be_fitted() -> None:
    with pytest.raises(UserError, match="at least 6 steps"):
        fit_ridge(frame_of(np.arange(5.0)), lookback=3, horizon=5)
    baselines = fit_baselines(frame_of(np.arange(5.0)), horizon=5, season_length=4)
    assert list(baselines) == ["naive", "seasonal_naive", "drift"]


def test_tuning_takes_logarithms_where_growth_is_multiplicative() -> None:
    time = np.arange(150)
    parts = [
        frame_of(np.exp(0.02 * time + 0.4 * np.sin(time * np.pi / 6 + k) + k), str(k))
        for k in range(4)
    ]
    frame = pd.concat(parts, ignore_index=True)
    ahead = np.stack([part["y"].to_numpy() for part in parts])[:, -12:]
    train = frame[frame["ds"] < 138]
    history = np.stack([part["y"].to_numpy() for part in parts])[:, :138]
    tuned = tune_ridge(train, horizon=12, season_length=12)(history)
    np.testing.assert_allclose(tuned, ahead, rtol=0.05)


def test_tuning_takes_the_lookback_that_forecasts_the_held_out_end_best() -> None:
    """A season of ten needs the longer of the lookbacks 5 and 14; a walk only the shorter."""
    seasonal = np.tile([0.0, 5, 1, 9, 2, 7, -3, 4, 8, -6], 30)
    assert tune_ridge(frame_of(seasonal), horizon=4, season_length=1).lookback == 14
    walk = np.random.default_rng(1).normal(size=60).cumsum()
    assert tune_ridge(frame_of(walk), horizon=4, season_length=1).lookback == 5


def test_tuning_fits_on_what_lies_before_the_held_out_fifth(monkeypatch) -> None:
    fitted: list[pd.DataFrame] = []

    def spy(train, **options):
        fitted.append(train)
        return fit_ridge(train, **options)

    monkeypatch.setattr(ridge_module, "fit_ridge", spy)
    train = frame_of(np.random.default_rng(0).normal(size=100).cumsum())
    tune_ridge(train, horizon=4, season_length=1)
    assert [part["ds"].tolist() for part in fitted[:-1]] == [list(range(80))] * 2
    assert fitted[-1] is train


def test_series_of_any_scale_count_alike_in_tuning() -> None:
    rng = np.random.default_rng(3)
    small, large = (frame_of(rng.normal(size=80).cumsum(), name) for name in "ab")
    options = {"horizon": 4, "season_length": 1, "seed": 0}
    errors = [
        ridge_module._held_out_error(
            pd.concat([small, large.assign(y=large["y"] * factor)]), 5, False, options
        )
        for factor in (1.0, 1000.0)
    ]
    assert errors[0] == pytest.approx(errors[1], rel=1e-6)


def test_a_sample_of_series_holds_whole_series() -> None:
    frame = pd.concat([frame_of(np.arange(float(3 + k)), f"s{k}") for k in range(9)])
    sample = ridge_module._some_series(frame, 4, seed=1)
    lengths = sample.groupby("unique_id").size()
    assert len(lengths) == 4 and all(lengths[name] == 3 + int(name[1:]) for name in lengths.index)
    pd.testing.assert_frame_equal(sample, ridge_module._some_series(frame, 4, seed=1))
    assert ridge_module._some_series(frame, 9, seed=1) is frame


def test_an_empty_frame_has_no_series() -> None:
    starts, stops = series_bounds(pd.DataFrame({"unique_id": pd.Series([], dtype=object)}))
    assert len(starts) == len(stops) == 0


def test_baselines_come_in_the_order_asked_for() -> None:
    frame = frame_of(wave(100))
    asked = ("ridge", "naive", "drift", "seasonal_naive")
    baselines = fit_baselines(frame, horizon=4, season_length=12, names=asked)
    assert tuple(baselines) == asked and set(asked) == set(NAMES)
    assert baselines["seasonal_naive"].lookback == 60
    for one in baselines.values():
        assert one(wave(60)[None]).shape == (1, 4)
    with pytest.raises(UserError, match="'arima'.*naive"):
        fit_baselines(frame, horizon=4, season_length=12, names=("arima",))


def test_baselines_of_data_without_negative_values_stay_at_zero_or_above():
    falling = frame_of(np.maximum(20.0 - np.arange(40), 0.0) + 1)
    for low, shift in ((0, 0.0), (-np.inf, -30.0)):  # with negative values nothing is changed
        frame = falling.assign(y=falling["y"] + shift)
        found = fit_baselines(frame, horizon=30, season_length=1)
        history = np.array([[9.0, 6.0, 3.0], [1.0, -2.0, -5.0]])
        ahead = {name: one(history) for name, one in found.items()}
        line = drift(history, 30)
        np.testing.assert_array_equal(ahead["drift"][0], np.maximum(line[0], low))
        np.testing.assert_array_equal(ahead["drift"][1], line[1])  # a history below 0
        assert all((forecast[0] >= low).all() for forecast in ahead.values())
        assert np.isnan(found["drift"](np.array([[np.nan, np.nan]]))).all()
