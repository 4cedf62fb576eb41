"""The classical forecasts against loops over the steps of one series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.pretrained.arrays import carry_forward
from keras_rnn_recipes.pretrained.classical import (
    DAMPING,
    NUM_CLASSICAL,
    RATES,
    ClassicalForecasts,
    Season,
    Series,
    weighted_means,
)


def series_of(values):
    """One series as the filters take it, NaN = missing."""
    values = np.asarray(values, "float64")[None]
    known = ~np.isnan(values)
    age = np.cumsum(np.cumsum(known, axis=1) > 0, axis=1)
    filled = carry_forward(values[:, :, None])[:, :, 0]
    return Series(filled, known.astype("float64"), age)


def forecasts(values, season, origins, steps):
    found = ClassicalForecasts(series_of(values), season)
    origins, steps = np.array([origins]), np.array(steps)
    return found.at(origins, steps, lambda one: np.take_along_axis(one, origins, axis=1))[0]


@st.composite
def histories(draw, shortest=1):
    length = draw(st.integers(shortest, 40))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    return random.normal(size=length).cumsum()


@given(histories(), st.sampled_from([0.05, 0.3, 0.7, 1.0]))
def test_weighted_means_are_those_of_a_recursion(values, rate):
    found = weighted_means(values[None], np.ones((1, len(values))), [rate])[0][0]
    total = number = 0.0
    for value, mean in zip(values, found, strict=True):
        total, number = (1 - rate) * total + value, (1 - rate) * number + 1
        assert mean == pytest.approx(total / number)


@pytest.mark.parametrize("length", [2, 3, 4, 7, 12])
def test_the_season_is_a_weighted_mean_of_deviations_from_a_centered_average(length):
    values = np.random.default_rng(1).normal(size=5 * length + 3)
    half, even = length // 2, length % 2 == 0
    weights = np.ones(2 * half + 1)
    if even:
        weights[[0, -1]] = 0.5
    deviation = {
        t: values[t] - weights @ values[t - half : t + half + 1] / length
        for t in range(half, len(values) - half)
    }
    origin = len(values) - 1
    found = Season(series_of(values), length).ahead(
        np.array([[origin]]), np.arange(1, 2 * length + 1)
    )
    for step, value in enumerate(found[0, 0], 1):
        phase = [t for t in sorted(deviation, reverse=True) if (origin + step - t) % length == 0]
        decay = 0.6 ** np.arange(4)[: len(phase)]
        expected = decay @ [deviation[t] for t in phase[:4]] / (decay.sum() + 0.3)
        assert value == pytest.approx(expected)


def test_without_a_season_they_are_smoothing_holt_theta_drift_naive():
    values = np.random.default_rng(2).normal(size=30).cumsum() + 5
    found = forecasts(values, 1, [29], [1, 2, 5])[0]

    def mean(numbers, rate):
        decay = (1 - rate) ** np.arange(len(numbers))[::-1]
        return decay @ numbers / decay.sum()

    changes = np.diff(values)
    slope, slow = mean(changes, 0.15), mean(changes, 0.03)
    for row, ahead in zip(found, (1, 2, 5), strict=True):
        damped = sum(DAMPING**k for k in range(1, ahead + 1))
        level = [mean(values, rate) if rate < 1 else values[-1] for rate in RATES]
        expected = [
            *level,
            level[2] + slope * (1.5 + damped),
            level[3] + slope * damped,
            level[2] + 0.5 * slow * ahead,
            level[3] + 0.5 * slow * ahead,
            level[3] + slow * ahead,
            mean(values, 0.7) + 0.5 * slope * damped,
            mean(values, 0.02),
            values[-1],
            mean(values, 0.3),
        ]
        np.testing.assert_allclose(row, expected, rtol=1e-9)
    assert len(expected) == NUM_CLASSICAL


def test_a_pure_season_is_continued_by_the_last_season_and_its_growth():
    values = np.tile([1.0, 5.0, 2.0], 6)
    found = forecasts(values, 3, [17], range(1, 8))[0]
    expected = np.tile([1.0, 5.0, 2.0], 3)[:7]
    np.testing.assert_allclose(found[:, 9], expected)
    np.testing.assert_allclose(found[:, 10], expected, atol=1e-12)
    line = np.arange(18.0)  # grows by 3 in each season of 3 steps
    found = forecasts(line, 3, [17], [1, 3, 4])[0]
    np.testing.assert_allclose(found[:, 9], [15, 17, 15])
    np.testing.assert_allclose(found[:, 10], [15 + 2.1, 17 + 2.1, 15 + 4.2])


@given(histories(shortest=6), st.sampled_from([1, 2, 4, 7]), st.data())
def test_no_forecast_depends_on_later_values(values, season, data):
    origin = data.draw(st.integers(0, len(values) - 2))
    changed = values.copy()
    changed[origin + 1 :] += 100
    one, other = (forecasts(v, season, [origin], [1, 3, 9]) for v in (values, changed))
    np.testing.assert_allclose(one, other)


@given(histories(), st.integers(1, 9), st.sampled_from([1, 2, 5, 12]))
def test_padding_at_the_start_changes_no_forecast(values, padding, season):
    padded = np.concatenate([np.full(padding, np.nan), values])
    steps = [1, 2, season, 2 * season + 1]
    found = forecasts(values, season, [len(values) - 1], steps)
    again = forecasts(padded, season, [len(padded) - 1], steps)
    np.testing.assert_allclose(found, again, atol=1e-9)


@given(histories(shortest=2), st.sampled_from([1, 4]))
def test_they_are_linear(values, season):
    other = np.sin(np.arange(len(values)))
    origin, steps = [len(values) - 1], [1, 2, 6]
    one, two, both = (
        forecasts(v, season, origin, steps) for v in (values, other, 2 * values - 3 * other)
    )
    np.testing.assert_allclose(both, 2 * one - 3 * two, atol=1e-8)
