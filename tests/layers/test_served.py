"""The served part of a forecaster: its window, its answer without observations, its limits."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from builders.cases import STRATEGIES, positive, run, shared, small, with_holes

from keras_rnn_recipes.builders import add_bounds, forecaster_info, to_forecaster
from keras_rnn_recipes.builders.intervals import levels_of_model
from keras_rnn_recipes.builders.served import serve
from keras_rnn_recipes.evaluation.histories import cut_histories, recent_ends
from keras_rnn_recipes.layers.served import recent_window

NAN = float("nan")


def window_by_hand(series: list[float], lookback: int, season: int) -> list[float]:
    """The rule as it is written: the last steps, whole seasons earlier, or to the last value."""

    def cut(end: int) -> list[float]:
        padded = [NAN] * lookback + series[: max(end, 0)]
        return padded[-lookback:]

    known = [step for step, value in enumerate(series) if not np.isnan(value)]
    window = cut(len(series))
    if not known or not np.isnan(window).all():
        return window
    gap = len(series) - 1 - known[-1]
    seasons = next(n for n in range(gap + 1) if n * season >= gap) * season
    earlier = cut(len(series) - seasons)
    return cut(len(series) - gap) if np.isnan(earlier).all() else earlier


def random_series(rng: np.random.Generator) -> list[float]:
    values = rng.integers(1, 100, rng.integers(1, 30)).astype(float)
    values[rng.random(len(values)) < rng.choice([0.1, 0.9])] = NAN
    values[len(values) - rng.integers(0, len(values) + 1) :] = NAN
    return values.tolist()


def test_the_window_is_that_of_the_rule_in_the_graph_and_in_numpy():
    rng = np.random.default_rng(0)
    moved = 0
    for _ in range(150):
        series, lookback, season = random_series(rng), rng.integers(1, 7), rng.integers(1, 6)
        expected = window_by_hand(series, int(lookback), int(season))
        values = np.array(series)
        found = recent_window(values.reshape(1, -1, 1), int(lookback), int(season))
        np.testing.assert_array_equal(np.ravel(found), expected)
        start, end = np.array([0]), np.array([len(series)])
        ends = recent_ends(values, start, end, int(lookback), int(season))
        cut = cut_histories(values[:, None], start, ends, int(lookback))
        np.testing.assert_array_equal(cut.ravel(), expected)
        moved += int(ends[0] < end[0])
    assert moved > 20


def test_series_of_a_batch_move_on_their_own_and_past_covariates_with_them():
    targets = np.array([[1.0, 2, 3, 4, 5, 6], [1, 2, 3, NAN, NAN, NAN], [NAN] * 6])
    past = np.arange(18.0).reshape(3, 6)
    found = np.array(recent_window(np.stack([targets, past], axis=2), 2))
    np.testing.assert_array_equal(found[..., 0], [[5, 6], [2, 3], [NAN, NAN]])
    np.testing.assert_array_equal(found[..., 1], [[4, 5], [7, 8], [16, 17]])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_whole_history_is_answered_as_its_window(strategy):
    model = shared("gru", strategy, lags=3, season_length=4)
    forecast = to_forecaster(model, lookback=9, season_length=4)
    history = with_holes(30)
    expected = run(to_forecaster(model), history[:, -9:])
    np.testing.assert_allclose(run(forecast, history), expected, rtol=1e-6)
    np.testing.assert_allclose(run(forecast, history[:, -9:]), expected, rtol=1e-6)
    whole = run(to_forecaster(model), history)  # without the window, the answer is another one
    assert np.abs(whole - expected).max() > 1e-4
    short = history[:, -4:]
    np.testing.assert_allclose(run(forecast, short), run(to_forecaster(model), short), rtol=1e-5)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("options", [{}, {"lookback": 4}], ids=["plain", "lookback"])
def test_without_any_observation_the_forecast_is_missing(strategy, options):
    forecast = to_forecaster(shared("gru", strategy), **options)
    history = positive(6)
    history[1] = NAN
    found = run(forecast, history)
    assert np.isnan(found[1]).all() and np.isfinite(found[[0, 2, 3]]).all()
    if options:
        assert np.isnan(run(forecast, history[:, :0])).all()  # an empty history


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_gap_as_long_as_the_window_is_forecast_from_before_it(strategy):
    forecast = to_forecaster(shared("gru", strategy), lookback=5, season_length=7)
    history = 1000 + positive(40)
    gone = np.concatenate([history, np.full((4, 60, 1), NAN, "float32")], axis=1)
    expected = run(forecast, history[:, :-3])  # 63 steps back: nine weeks
    np.testing.assert_allclose(run(forecast, gone), expected, rtol=1e-6)
    assert 900 < run(forecast, gone).min() < 1100


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_empty_batch_has_an_empty_answer(strategy):
    model = shared("gru", strategy, lags=3, season_length=4)
    for forecast in (to_forecaster(model), to_forecaster(model, lookback=4, nonnegative=True)):
        assert run(forecast, np.zeros((0, 8, 1))).shape == (0, 3, 1)
    drawn = small("gru", strategy, distribution="negative_binomial")
    assert run(to_forecaster(drawn, (80,), lookback=4), np.zeros((0, 8, 1))).shape == (0, 3, 3)


def falling() -> keras.Model:
    """Forecasts the last value minus 1, 2 and 3."""
    history = keras.Input((None, 1))
    return keras.Model(history, history[:, -1:] - np.array([[[1.0], [2.0], [3.0]]], "float32"))


def test_forecasts_stay_at_or_above_zero_where_the_window_does():
    served = serve(falling(), lookback=3, nonnegative=True)
    history = np.array([[9.0, 4, 2], [-1, 4, 2], [9, 4, -2]])[..., None]
    found = run(served, history)[..., 0]
    assert found.tolist() == [[1, 0, 0], [1, 0, -1], [-3, -4, -5]]
    before = np.concatenate([[[[-5.0]]] * 3, history], axis=1)  # not in the window
    np.testing.assert_array_equal(run(served, before)[..., 0], found)


def test_a_network_on_logarithms_refuses_negative_values():
    model = shared("gru", "direct", scaling="mean", transform="log")
    history = positive(6)
    history[2, 3] = -1.0
    found = run(to_forecaster(model, lookback=4), history)
    assert np.isnan(found[2]).all() and np.isfinite(found[[0, 1, 3]]).all()


def test_bounds_come_from_the_window_and_are_limited_with_the_forecast():
    plain = serve(small("gru", "direct", scaling="last"), lookback=4)
    bounded = add_bounds(plain, [80], [[-1, 1]] * 3)
    history = positive(12)
    np.testing.assert_allclose(run(bounded, history), run(bounded, history[:, -4:]), rtol=1e-6)
    np.testing.assert_allclose(run(bounded, history)[..., :1], run(plain, history), rtol=1e-6)
    assert levels_of_model(bounded) == (80,)
    limited = serve(small("gru", "direct", scaling="last"), lookback=4, nonnegative=True)
    found = run(add_bounds(limited, [80], [[-99, 99]] * 3), history)
    assert found[..., 1].max() == 0 and found[..., 2].min() > 6


def test_one_value_tells_a_forecast_and_no_interval():
    bounded = add_bounds(
        serve(small("gru", "direct", scaling="last"), lookback=4), [80], [[-1, 1]] * 3
    )
    found = run(bounded, np.array([[[NAN], [NAN], [5.0]], [[NAN], [4.0], [5.0]]]))
    assert np.isfinite(found[0, :, 0]).all() and np.isnan(found[0, :, 1:]).all()
    assert (found[1, :, 1] < found[1, :, 0]).all() and (found[1, :, 0] < found[1, :, 2]).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_served_forecaster_keeps_its_weights_and_says_what_it_is(strategy, tmp_path):
    model = small("gru", strategy)
    forecast = to_forecaster(model, lookback=5, season_length=7, nonnegative=True)
    assert forecaster_info(forecast) == ("direct", 3, 1, 1)
    assert to_forecaster(forecast, lookback=9) is forecast
    assert forecast.count_params() == model.count_params()
    forecast.save(tmp_path / "forecaster.keras")
    again = keras.saving.load_model(tmp_path / "forecaster.keras")
    np.testing.assert_allclose(run(again, positive(9)), run(forecast, positive(9)), rtol=1e-6)


def test_infinities_count_as_missing_values():
    forecast = to_forecaster(shared("gru", "direct"), lookback=5)
    history, missing = positive(6), positive(6)
    history[:, 3], missing[:, 3] = np.inf, NAN
    np.testing.assert_array_equal(run(forecast, history), run(forecast, missing))


def test_a_network_that_is_trained_has_a_number_for_every_window():
    model = small("gru", "direct")
    empty = np.full((2, 4, 1), NAN, "float32")
    assert np.isfinite(np.array(model(empty, training=True))).all()
    assert np.isnan(np.array(model(empty, training=False))).all()


def test_a_window_of_no_steps_is_refused():
    with pytest.raises(ValueError, match="lookback must be at least 1 step; received 0"):
        to_forecaster(shared("gru", "direct"), lookback=0)
