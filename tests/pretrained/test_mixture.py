"""The network of the pretrained forecaster: invariants, and agreement of NumPy and Keras."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st
from scipy.stats import norm

from keras_rnn_recipes.layers import ForecastMixture
from keras_rnn_recipes.pretrained.mixture import QUANTILES, Mixture, interpolation
from keras_rnn_recipes.pretrained.numpy_forecaster import numpy_parts

LEVELS = (50.0, 80.0, 95.0)


def random_weights(seed=0, size=0.2):
    random = np.random.default_rng(seed)
    layer = ForecastMixture(1, units=6, hidden=5)
    layer.build((None, None, 1))
    return [size * random.normal(size=array.shape) for array in layer.get_weights()]


WEIGHTS = random_weights()


def mixture(*seasons, kept=None, widening=1.0):
    return Mixture(seasons, numpy_parts(WEIGHTS), kept, widening)


@st.composite
def histories(draw):
    length = draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    values = random.normal(size=(2, length)).cumsum(axis=1) + draw(st.sampled_from([0, 30]))
    return values * 10.0 ** draw(st.integers(-20, 20))


SEASONS = st.sampled_from([(1,), (2,), (4,), (7, 14)])


@pytest.mark.parametrize("seasons", [(1,), (4,), (12,), (6, 12)])
def test_keras_and_numpy_agree(seasons):
    random = np.random.default_rng(3)
    history = np.exp(0.1 * random.normal(size=(4, 50)).cumsum(axis=1)) * 100
    history[1] -= 100  # negative values
    history[2, :20] = np.nan
    history[3, 30:35] = np.nan
    layer = ForecastMixture(9, seasons, LEVELS, units=6, hidden=5, widening=1.3)
    layer.build((None, None, 1))
    layer.set_weights(WEIGHTS)
    found = np.asarray(layer(history[:, :, None].astype("float32")))
    expected = mixture(*seasons, widening=1.3).forecast(history, 9, LEVELS)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-3)


@given(histories(), SEASONS, st.integers(1, 9))
def test_padding_and_company_change_no_forecast(values, seasons, padding):
    padded = np.concatenate([np.full((2, padding), np.nan), values], axis=1)
    found = mixture(*seasons).forecast(values, 5, LEVELS)
    # The states are float32, and their sums depend on the number of rows in the last digit.
    close = {"rtol": 1e-5, "atol": 1e-5 * np.abs(values).max()}
    np.testing.assert_allclose(mixture(*seasons).forecast(padded, 5, LEVELS), found, **close)
    alone = mixture(*seasons).forecast(values[:1], 5, LEVELS)
    np.testing.assert_allclose(alone[0], found[0], **close)


@given(histories(), SEASONS, st.sampled_from([1.0, 1.2, 3.0]))
def test_quantiles_never_cross(values, seasons, widening):
    found = mixture(*seasons, widening=widening).forecast(values, 8, LEVELS)
    assert np.isfinite(found).all()
    ascending = found[..., [5, 3, 1, 0, 2, 4, 6]]
    assert (np.diff(ascending, axis=-1) >= 0).all()


@given(histories(), SEASONS, st.sampled_from([0.5, 2.0, 1024.0]))
def test_a_forecast_has_the_unit_of_its_history(values, seasons, factor):
    found = mixture(*seasons).forecast(values, 4, LEVELS)
    scaled = mixture(*seasons).forecast(values * factor, 4, LEVELS)
    close = {"rtol": 1e-5, "atol": 1e-5 * factor * np.abs(values).max()}
    np.testing.assert_allclose(scaled, found * factor, **close)


def test_what_is_trained_on_is_what_is_forecast():
    """`errors` at an origin agrees with `forecast` from the history up to it."""
    random = np.random.default_rng(5)
    values = random.normal(size=(3, 40)).cumsum(axis=1)  # with negative values: not as logarithms
    values[:, 0] = -1.0
    layer = ForecastMixture(6, 4, LEVELS, units=6, hidden=5)
    layer.build((None, None, 1))
    layer.set_weights(WEIGHTS)
    error, observed = layer.errors(
        values.astype("float32"), np.array([[20, 33]] * 3, "int32"), np.array([1, 6], "int32")
    )
    assert np.asarray(observed).min() == 1
    # Of the quantiles 0.1, 0.5 and 0.9, the target minus each, up to the dispersion.
    part = np.asarray(error)[:, 0, 1][:, [1, 5, 9]]
    found = mixture(4).forecast(values[:, :21], 6, (80.0,))[:, 5, [1, 0, 2]]
    expected = values[:, 26, None] - found
    ratio = expected / part
    np.testing.assert_allclose(ratio, ratio[:, :1] * np.ones((1, 3)), rtol=1e-3)
    assert (ratio > 0).all()


def test_only_the_kept_forecasts_are_mixed():
    weights = random_weights(size=0.0)
    history = np.random.default_rng(6).normal(size=(2, 30)).cumsum(axis=1)
    last = Mixture((1,), numpy_parts(weights), kept=[3]).forecast(history, 3)
    np.testing.assert_allclose(last[..., 0], np.repeat(history[:, -1:], 3, axis=1))


def test_a_straight_line_constant_and_single_value_without_training():
    untrained = Mixture((1,), numpy_parts(random_weights(size=0.0)))
    constant = untrained.forecast(np.full((1, 20), 7.0), 3, (80.0,))
    np.testing.assert_allclose(constant, 7.0, rtol=2e-3)
    single = untrained.forecast(np.array([[7.0]]), 2, (80.0,))[0]
    np.testing.assert_allclose(single[:, 0], 7.0)
    assert (single[:, 2] - single[:, 1] > 0.1).all()  # little is known after one value
    nothing = untrained.forecast(np.full((1, 5), np.nan), 2)
    assert np.isfinite(nothing).all()  # the forecaster replaces it by NaN


def test_levels_between_the_learned_quantiles_follow_the_normal_distribution():
    scores = norm.ppf(QUANTILES)
    wanted = [0.05, 0.25, 0.5, 0.66, 0.95]
    np.testing.assert_allclose(scores @ interpolation(wanted), norm.ppf(wanted), atol=1e-12)
    np.testing.assert_allclose(interpolation(wanted).sum(axis=0), 1)


def test_only_intervals_beyond_80_percent_are_widened():
    scores = norm.ppf(QUANTILES)
    wanted = [0.025, 0.06, 0.1, 0.3, 0.5, 0.9, 0.95, 0.975]
    found = scores @ interpolation(wanted, widening=1.2)
    inner, outer = scores[-2], scores[-1]
    share = np.clip((np.abs(norm.ppf(wanted)) - inner) / (outer - inner), 0, 1)
    np.testing.assert_allclose(found, norm.ppf(wanted) * (1 + 0.2 * share), atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"horizon": 0}, {"season_length": 0}, {"levels": (96,)}, {"season_length": (1, 2, 3)}],
)
def test_arguments_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        ForecastMixture(**{"horizon": 3, **options})


def test_gradients_of_a_short_series_do_not_depend_on_its_padding():
    """Back through many steps before the first value, wide weights would make them infinite."""
    layer = ForecastMixture(3, 4, units=6, hidden=5)
    layer.build((None, None, 1))
    layer.set_weights(random_weights(size=2.0))
    values = np.random.default_rng(1).normal(50, 5, (1, 30, 1)).astype("float32")
    found = []
    for padding in (0, 600):
        history = tf.constant(
            np.pad(values, [(0, 0), (padding, 0), (0, 0)], constant_values=np.nan)
        )
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(history))
        found.append(tape.gradient(loss, layer.trainable_weights))
    for short, padded in zip(*found, strict=True):
        np.testing.assert_allclose(padded, short, rtol=1e-3, atol=1e-3 * np.abs(short).max())
