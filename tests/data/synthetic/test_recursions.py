"""Recursions, filters and spectra against plain loops, SciPy and theory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, special, stats

from keras_rnn_recipes.data.synthetic import arima, drawing, kernels
from keras_rnn_recipes.data.synthetic.smoothing import smoothing_paths


def smoothed(errors, alpha, beta, damping, trend, gammas, seasons, multiplicative):
    """Exponential smoothing of one series, as its equations are written."""
    level, seasons, values = 1.0, [list(season) for season in seasons], []
    for step, error in enumerate(errors):
        growth = damping * trend
        base = level * np.exp(growth) if multiplicative else level + growth
        now = [season[step % len(season)] for season in seasons]
        if multiplicative:
            values.append(base * np.prod(now) * (1 + error))
            factors = [1 + gamma * error for gamma in gammas]
            following = [value * factor for value, factor in zip(now, factors, strict=True)]
            level, trend = base * (1 + alpha * error), growth + beta * error
        else:
            values.append(base + sum(now) + error)
            following = [value + gamma * error for value, gamma in zip(now, gammas, strict=True)]
            level, trend = base + alpha * error, growth + beta * error
        for season, value in zip(seasons, following, strict=True):
            season[step % len(season)] = value
    return values


@pytest.mark.parametrize("periods", [(), (4,), (3, 7)])
@pytest.mark.parametrize("multiplicative", [False, True])
def test_exponential_smoothing_is_the_recursion_of_its_equations(multiplicative, periods):
    random = np.random.default_rng(1)
    errors = 0.1 * random.normal(size=(30, 5))
    rates = {name: random.random(5) for name in ("alpha", "beta", "damping")}
    rates["beta"] *= 0.1
    trend = 0.01 * random.normal(size=5)
    gammas = [random.random(5) for _ in periods]
    seasons = [1 + 0.2 * random.normal(size=(period, 5)) for period in periods]
    found = smoothing_paths(
        errors, **rates, trend=trend, gammas=gammas, seasons=seasons, multiplicative=multiplicative
    )
    for n in range(5):
        wanted = smoothed(
            errors[:, n],
            *(rate[n] for rate in rates.values()),
            trend[n],
            [gamma[n] for gamma in gammas],
            [season[:, n] for season in seasons],
            multiplicative,
        )
        np.testing.assert_allclose(found[:, n], wanted, rtol=1e-12)


def test_the_first_order_recursion_is_scipys_filter():
    shocks = np.random.default_rng(2).normal(size=(50, 3))
    found = drawing.first_order(shocks, np.array([0.9, -0.5, 0.0]))
    for n, coefficient in enumerate([0.9, -0.5, 0.0]):
        wanted = signal.lfilter([1], [1, -coefficient], shocks[:, n])
        np.testing.assert_allclose(found[:, n], wanted)


@pytest.mark.parametrize("lag", [1, 4, 30])
@pytest.mark.parametrize("order", [1, 2, 6])
def test_filters_are_those_of_scipy(order, lag):
    random = np.random.default_rng(order)
    shocks, coefficients = random.normal(size=(100, 3)), 0.2 * random.normal(size=(order, 3))
    moved = arima.moving_filter(shocks, coefficients, lag=lag)
    solved = arima.recursive_filter(shocks, coefficients, lag=lag)
    for n in range(3):
        polynomial = np.zeros(order * lag + 1)
        polynomial[lag::lag] = coefficients[:, n]
        one = np.eye(1, order * lag + 1)[0]
        np.testing.assert_allclose(moved[:, n], signal.lfilter(one + polynomial, 1, shocks[:, n]))
        wanted = signal.lfilter([1], one - polynomial, shocks[:, n])
        np.testing.assert_allclose(solved[:, n], wanted, atol=1e-12)


def test_poles_are_stable_and_every_order_occurs():
    coefficients = arima.random_factors(np.random.default_rng(3), 5, 400, 0.5)
    assert coefficients.shape == (10, 400)
    orders = set()
    for column in coefficients.T.astype(float):
        orders.add(int(np.max(np.flatnonzero(column), initial=-1)) + 1)
        # Ten poles close to each other are found to within a few percent from float32.
        assert np.abs(np.roots([1, *-column])).max(initial=0) < 1
    assert orders == {0, 2, 4, 6, 8, 10}


def test_a_factor_has_the_poles_that_were_drawn():
    poles = [
        np.roots([1, *-c]) for c in arima.random_factors(np.random.default_rng(4), 1, 500, 1).T
    ]
    real = np.array([np.isreal(pair).all() for pair in poles])
    assert 0.4 < real.mean() < 0.6
    assert np.abs(poles).max() <= 0.951
    assert np.real(np.array(poles)[real]).min() >= -0.601


def test_a_simulated_process_has_the_autocovariance_of_theory():
    shocks = np.random.default_rng(5).normal(size=(120, 20_000))
    constant = np.ones(shocks.shape[1])
    paths = arima.recursive_filter(shocks, np.array([0.5 * constant, -0.3 * constant]))
    # Yule-Walker of an AR(2) process with the coefficients 0.5 and -0.3 and unit innovations.
    first = 0.5 / 1.3
    second = 0.5 * first - 0.3
    variance = 1 / (1 - 0.5 * first + 0.3 * second)
    found = [np.mean(paths[-1] * paths[-1 - lag]) for lag in range(3)]
    np.testing.assert_allclose(found, variance * np.array([1, first, second]), atol=0.04)


@pytest.mark.parametrize("order", [-1.0, -0.4, 0.0, 0.3, 0.45, 1.0])
def test_fractional_weights_are_the_formula_of_gamma_functions(order):
    found = arima.fractional_weights(np.array([order]), 40)[:, 0]
    step = np.arange(40)
    # Gamma(k + d) / (Gamma(d) Gamma(k + 1)), by the reciprocal where d is a pole.
    wanted = special.poch(order, step) / special.factorial(step)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_fractional_sums_of_whole_orders_are_sums_and_differences():
    shocks = np.random.default_rng(6).normal(size=(37, 2))
    found = arima.fractional_sum(shocks, np.array([1.0, -1.0]))
    np.testing.assert_allclose(found[:, 0], np.cumsum(shocks[:, 0]), atol=1e-10)
    np.testing.assert_allclose(found[:, 1], np.diff(shocks[:, 1], prepend=0), atol=1e-10)
    twice = arima.fractional_sum(
        arima.fractional_sum(shocks, np.array([0.3, 0.3])), np.array([0.2, -0.3])
    )
    at_once = arima.fractional_sum(shocks, np.array([0.5, 0.0]))
    np.testing.assert_allclose(twice, at_once, atol=1e-10)


def row(distance: np.ndarray, kernel: str, scale: float) -> np.ndarray:
    """A kernel, written out once more."""
    if kernel == "periodic":
        return np.exp(-2 * np.sin(np.pi * distance / 12) ** 2 / scale**2)
    if kernel == "squared":
        return np.exp(-((distance / scale) ** 2) / 2)
    if kernel == "quadratic":
        return 1 / (1 + distance**2 / (2 * scale**2))
    return np.exp(-distance / scale)


@pytest.mark.parametrize(
    ("kernel", "scale", "function"),
    [
        ("periodic", 0.8, kernels._periodic_of(12)),
        ("squared", 5.0, kernels.squared_exponential),
        ("quadratic", 4.0, kernels.rational_quadratic),
        ("decay", 6.0, kernels.ornstein_uhlenbeck),
    ],
)
def test_sampled_processes_have_the_covariance_of_their_kernel(kernel, scale, function):
    length = 36
    size = kernels.circle_size(length, (12,))
    assert size >= 2 * length and size % 12 == 0
    distance = np.arange(size // 2 + 1, dtype="float32")
    covariance = np.repeat(function(distance, np.array([[scale]])), 8000, axis=0)
    paths = kernels.sample_stationary(np.random.default_rng(7), covariance)[:, :length]
    step = np.arange(length)
    wanted = row(np.abs(step[:, None] - step), kernel, scale)
    np.testing.assert_allclose(paths.T @ paths / len(paths), wanted, atol=0.06)


def test_a_periodic_process_repeats_exactly():
    distance = np.arange(kernels.circle_size(50, (7,)) // 2 + 1, dtype="float32")
    covariance = kernels.periodic(distance, np.array([[0.5]]), period=7)
    path = kernels.sample_stationary(np.random.default_rng(8), covariance)[0]
    np.testing.assert_allclose(path[7:50], path[:43], atol=2e-3)


@pytest.mark.parametrize(
    ("length", "seasons", "multiple"),
    [(100, (12,), 12), (1, (12,), 12), (100, (24, 168), 168), (100, (7, 365), 365), (9, (), 2)],
)
def test_the_circle_holds_twice_the_series_and_whole_seasons(length, seasons, multiple):
    size = kernels.circle_size(length, seasons)
    assert size >= 2 * length and size % 2 == 0 and size % multiple == 0


def test_noise_has_unit_variance_and_the_tails_of_students_t():
    random = np.random.default_rng(9)
    plain = drawing.noise(random, 100, 200)
    heavy = drawing.noise(random, 100, 200, heavy_share=1.0)
    assert stats.kstest(plain.ravel(), "norm").pvalue > 0.01
    assert stats.kstest(heavy.ravel() * np.sqrt(2), "t", args=(4,)).pvalue > 0.01
