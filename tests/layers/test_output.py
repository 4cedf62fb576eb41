"""The last layers: the season before, repeated, and the way back to the data's units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from layers.arrays import call, series

from keras_rnn_recipes.layers import BothEnds, ForecastOutput, LastStep, SeasonalBase


@pytest.mark.parametrize(("season_length", "horizon"), [(1, 3), (4, 3), (4, 4), (4, 10), (12, 5)])
def test_the_seasonal_base_repeats_the_last_season_at_every_step(season_length, horizon):
    values = np.random.default_rng(0).uniform(1, 9, (2, 15, 2))
    magnitude = np.random.default_rng(1).uniform(1, 9, (2, 15, 2))
    expected = np.empty((2, 15, horizon, 2))
    for step in range(15):
        for ahead in range(1, horizon + 1):
            season_before = step + ahead
            while season_before > step:
                season_before -= season_length
            expected[:, step, ahead - 1] = values[:, max(season_before, 0)] / magnitude[:, step]
    layer = SeasonalBase(season_length, horizon)
    np.testing.assert_allclose(call(layer, values, magnitude), expected, rtol=1e-6)
    last = call(layer, values, magnitude[:, -1:], last_only=True)
    np.testing.assert_allclose(last, expected[:, -1:], rtol=1e-6)
    assert layer.context == season_length - 1


@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=2),
    seasons=st.integers(1, 3),
    horizon=st.integers(1, 6),
    time=st.integers(1, 12),
)
@settings(deadline=None, max_examples=25)
def test_the_mean_of_several_seasons_takes_what_there_is(lengths, seasons, horizon, time):
    """For each step the mean of the values some whole seasons before it, as far as they exist."""
    values = np.arange(1.0, time + 1) ** 2
    layer = SeasonalBase(lengths, horizon, seasons=seasons)
    found = call(layer, values.reshape(1, -1, 1).astype("float32"), np.ones((1, time, 1)))
    for now in range(time):
        for step in range(horizon):
            back = [
                (season + 1) * length - 1 - step % length
                for length in lengths
                for season in range(seasons)
            ]
            known = [values[now - b] for b in back if b <= now]
            expected = np.mean(known) if known else values[0]
            assert found[0, now, step, 0] == pytest.approx(expected, rel=1e-5)


def test_the_seasonal_base_is_transformed():
    base = call(SeasonalBase(2, 2, "log"), series(4, 8), np.full((1, 1, 1), 2.0), last_only=True)
    np.testing.assert_allclose(base.ravel(), np.log([2.0, 4.0]), rtol=1e-6)


def test_every_strategy_has_its_shape_and_its_units():
    """magnitude * (center + scale * head), the head's numbers in order of steps, then targets."""
    head = np.arange(12.0).reshape(1, 2, 6)  # two time steps, three steps ahead, two targets
    magnitude, center, scale = (np.full((1, 2, 3), c) for c in (10.0, 0.5, 2.0))
    expected = 10 * (0.5 + 2 * np.arange(12.0)).reshape(1, 2, 3, 2)
    arguments = head, magnitude, center, scale
    np.testing.assert_allclose(call(ForecastOutput("seq2seq", 3, 2), *arguments), expected)
    np.testing.assert_allclose(call(ForecastOutput("direct", 3, 2), *arguments), expected[:, 1])
    one = call(ForecastOutput("recursive", 3, 2), head[:, :, :2], magnitude, center, scale)
    np.testing.assert_allclose(one, expected[:, :, 0])


@pytest.mark.parametrize(
    ("transform", "inverse"), [("none", lambda x: x), ("log", np.exp), ("asinh", np.sinh)]
)
def test_the_transform_is_undone(transform, inverse):
    ones = np.ones((1, 1, 1))
    found = call(
        ForecastOutput("direct", 2, 1, transform), series(-1, 2).reshape(1, 1, 2), *[ones] * 3
    )
    np.testing.assert_allclose(found.ravel(), inverse(np.array([0.0, 3.0])), rtol=1e-6)


def test_a_seasonal_base_takes_the_place_of_the_center():
    ones, base = np.ones((1, 1, 1)), np.array([5.0, 7.0]).reshape(1, 1, 2, 1)
    head = np.array([0.5, -0.5]).reshape(1, 1, 2)
    found = call(ForecastOutput("direct", 2), head, 10 * ones, base, 2 * ones)
    np.testing.assert_allclose(found.ravel(), [60.0, 60.0])


def test_last_step_and_both_ends():
    values = np.arange(12.0).reshape(1, 3, 4)
    np.testing.assert_array_equal(call(LastStep(), values), [[[8, 9, 10, 11]]])
    np.testing.assert_array_equal(call(BothEnds(), values), [[[8, 9, 2, 3]]])


def test_an_unknown_strategy_or_an_empty_season_is_refused():
    with pytest.raises(ValueError, match=r"strategy must be one of .*; received 'mimo'\."):
        ForecastOutput("mimo", 3)
    with pytest.raises(ValueError, match=r"season_length must be at least 1; received 0\."):
        SeasonalBase(0, 3)
