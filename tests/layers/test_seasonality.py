"""The seasonal forecast that a network corrects, beside a loop over the steps."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st
from layers.arrays import call, series
from profiles import draws

from keras_rnn_recipes.layers import SeasonalBase


@pytest.mark.parametrize(("season_length", "horizon"), [(1, 3), (4, 3), (4, 4), (4, 10), (12, 5)])
def test_with_a_memory_of_one_the_last_season_is_repeated(season_length, horizon):
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
    np.testing.assert_allclose(call(layer, values, magnitude)[0], expected, rtol=1e-5)
    last = call(layer, values, magnitude[:, -1:], last_only=True)[0]
    np.testing.assert_allclose(last, expected[:, -1:], rtol=1e-5)
    assert layer.context == season_length - 1


def level_and_shape(values, now, length, seasons):
    """Mean of the last season, and phase by phase the weighted mean of the seasons less theirs."""
    padded = [values[max(step, 0)] for step in range(now - length + 1, now + 1)]
    shapes, weights = [np.array(padded) - np.mean(padded)], [1.0]
    for age in range(1, 2 * seasons - 1):
        first = now + 1 - (age + 1) * length
        if first < 0:
            break
        season = values[first : first + length]
        shapes.append(season - np.mean(season))
        weights.append(((seasons - 1) / (seasons + 1)) ** age)
    return np.mean(padded), np.average(shapes, axis=0, weights=weights)


@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=2),
    seasons=st.integers(1, 3),
    horizon=st.integers(1, 6),
    time=st.integers(1, 20),
    offsets=st.lists(st.integers(0, 9), min_size=1, max_size=3),
)
@draws(40)
def test_level_and_smoothed_shape_equal_a_loop(lengths, seasons, horizon, time, offsets):
    values = np.random.default_rng(time).uniform(1, 9, time)
    layer = SeasonalBase(lengths, horizon, offsets=offsets, seasons=seasons)
    found = call(layer, values.reshape(1, -1, 1).astype("float32"), np.ones((1, time, 1)))
    for now in range(time):
        parts = [(n, *level_and_shape(values, now, n, seasons)) for n in lengths]

        def at(steps, parts=parts):
            return np.mean([level + shape[(steps - 1) % n] for n, level, shape in parts])

        ahead = [at(step) for step in range(1, horizon + 1)]
        np.testing.assert_allclose(found[0][0, now, :, 0], ahead, rtol=1e-4, atol=1e-4)
        back = [at(-offset) for offset in offsets]
        np.testing.assert_allclose(found[1][0, now, :, 0], back, rtol=1e-4, atol=1e-4)
        shortest = min(parts, key=lambda part: part[0])[2]
        np.testing.assert_allclose(found[2][0, now], shortest, rtol=1e-4, atol=1e-4)


def test_a_season_that_repeats_exactly_is_forecast_exactly_whatever_the_memory():
    values = np.tile([3.0, 1.0, 8.0], 6).reshape(1, -1, 1)
    for seasons in (1, 2, 5):
        base = call(SeasonalBase(3, 4, seasons=seasons), values, np.ones((1, 1, 1)))[0]
        np.testing.assert_allclose(base[0, -1, :, 0], [3, 1, 8, 3], rtol=1e-6)


def test_the_base_is_transformed():
    layer = SeasonalBase(2, 2, "log")
    base = call(layer, series(4, 8), np.full((1, 1, 1), 2.0), last_only=True)[0]
    np.testing.assert_allclose(base.ravel(), np.log([2.0, 4.0]), rtol=1e-6)


@pytest.mark.parametrize("wrong", [{"season_length": 0}, {"season_length": 3, "seasons": 0}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="must be at least 1"):
        SeasonalBase(**{"horizon": 3, **wrong})


@pytest.mark.parametrize("time", [1, 5, 9, 30])
def test_a_history_of_known_length_has_the_same_seasons_as_one_of_any_length(time):
    layer = SeasonalBase((3, 4), 2, "log", offsets=(0, 5), seasons=4)
    values = np.random.default_rng(time).uniform(1, 9, (2, time, 1)).astype("float32")
    known = tf.function(lambda x: layer(x, x))
    unknown = tf.function(known.python_function, [tf.TensorSpec((None, None, 1))])
    for found, expected in zip(known(values), unknown(values), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
