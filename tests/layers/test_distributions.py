"""Quantiles of distributions equal SciPy's, whatever the parameters are."""

from __future__ import annotations

import numpy as np
import pytest
from layers.arrays import call
from scipy import stats

from keras_rnn_recipes.layers import DistributionQuantiles, ForecastOutput, SampledPaths
from keras_rnn_recipes.layers.distributions import DISTRIBUTIONS, probabilities_of

LEVELS = (10, 80, 95, 99.9)
WANTED = probabilities_of(LEVELS)


def quantiles(name: str, parameters: np.ndarray) -> np.ndarray:
    return call(DistributionQuantiles(name, LEVELS), parameters[None])[0]


def test_those_of_the_normal_distribution():
    location, scale = np.array([0.0, -3.0, 1e6]), np.array([1.0, 0.02, 1e5])
    found = quantiles("gaussian", np.stack([location, scale], axis=-1))
    expected = stats.norm.ppf(WANTED, location[:, None], scale[:, None])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_those_of_student_t_from_two_degrees_of_freedom_to_the_normal_distribution():
    degrees = np.array([2.01, 2.5, 3.3, 6.0, 30.0, 1e4, 1e8])
    location, scale = np.full(7, 2.0), np.full(7, 0.5)
    found = quantiles("student_t", np.stack([location, scale, degrees], axis=-1))
    expected = stats.t.ppf(WANTED, degrees[:, None], 2.0, 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_those_of_the_negative_binomial_are_whole_numbers():
    means = np.array([1e-6, 0.05, 0.7, 3.0, 12.5, 400.0, 2e5])
    for dispersion in (1e-4, 0.1, 0.8, 5.0, 60.0):
        found = quantiles(
            "negative_binomial", np.stack([means, np.full(7, dispersion)], axis=-1)
        ).astype(float)
        # The parameters as float32 holds them.
        mean, spread = np.float64(np.float32(means))[:, None], np.float64(np.float32(dispersion))
        expected = stats.nbinom.ppf(WANTED, 1 / spread, 1 / (1 + spread * mean))
        np.testing.assert_allclose(found, expected, rtol=2e-7)
        assert (found % 1 == 0).all() and found.min() == 0


def test_what_is_no_number_ends_the_search():
    parameters = np.array([[np.nan, 1.0], [np.inf, 1.0], [3.0, 0.5]])
    found = quantiles("negative_binomial", parameters)
    assert not np.isfinite(found[0]).any()
    np.testing.assert_array_equal(found[2], stats.nbinom.ppf(WANTED, 2.0, 0.4))


def test_parameters_are_in_the_units_of_the_data():
    """Location as a point forecast, scale by magnitude and scale of the window."""
    head = np.array([0.5, 0.0, 30.0]).reshape(1, 1, 3)
    window = [np.full((1, 1, 1), x) for x in (10.0, 0.5, 2.0)]  # magnitude, center, scale
    output = ForecastOutput("direct", 1, distribution="student_t")
    location, scale, degrees = call(output, head, *window).ravel()
    assert location == pytest.approx(10 * (0.5 + 2 * 0.5))
    assert scale == pytest.approx(20 * (np.log(2) + 1e-3), rel=1e-5)
    assert degrees == pytest.approx(32.01)
    output = ForecastOutput("direct", 1, distribution="negative_binomial")
    mean, dispersion = call(output, head[..., :2], *window).ravel()
    assert mean == pytest.approx(15, rel=1e-3) and dispersion == pytest.approx(np.log(2), rel=1e-3)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("number", [-1e4, 0.0, 1e4])
def test_whatever_the_head_says_parameters_are_valid(name, number):
    depth = DISTRIBUTIONS[name].num_parameters
    window = [np.full((1, 1, 1), x) for x in (5.0, 1.0, 0.0)]  # of a constant
    found = call(
        ForecastOutput("direct", 1, distribution=name), np.full((1, 1, depth), number), *window
    ).ravel()
    assert np.isfinite(found).all() and (found[1:] > 0).all()
    assert name != "student_t" or found[2] > 2
    assert name != "negative_binomial" or found[0] > 0
    assert name == "negative_binomial" or found[0] == 5  # a constant goes on


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"distribution must be one of .*; received 'cauchy'\."):
        DistributionQuantiles("cauchy")
    with pytest.raises(ValueError, match="samples must be at least 2; received 1"):
        SampledPaths(None, samples=1)
