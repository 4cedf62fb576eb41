"""Parametric distributions that a network outputs, in the units of the data.

    gaussian            location, scale
    student_t           location, scale, degrees of freedom (above 2, so that a variance exists)
    negative_binomial   mean, dispersion: counts with variance mean + dispersion * mean^2

The probabilities of all quantiles are known when the graph is built. What depends only on them is
computed in NumPy at that time: the *scores* of a quantile, from which the graph computes its value
once it has the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from numpy.polynomial import chebyshev

# In units of the window's scale. Without a bound the likelihood has no maximum as a scale goes to
# zero.
_LEAST_SCALE = 1e-3
_LEAST_DEGREES = 2.01
# A softplus makes the mean positive. It differs from the identity only below about a tenth of the
# window's magnitude.
_SHARPNESS = 10.0
_LEAST_MEAN, _LEAST_DISPERSION = 1e-6, 1e-4
# Degree of the polynomial for quantiles of Student's t; a higher one changes nothing in float32.
_DEGREE = 12
# Bisection steps that reduce any range of whole numbers in float64 to two neighbors.
_HALVINGS = 64


# The number of a distribution that is the forecast.
POINTS = ("median", "mean")


class Distribution(NamedTuple):
    """The functions that define a distribution.

    Attributes:
        num_parameters: number of outputs of the head for each step. The first is for the mean.
        parameters: from the head's outputs ``(..., num_parameters)`` and the magnitude, center and
            scale ``(..., 1)`` of the window to the parameters ``(..., num_parameters)``.
        scores: from probabilities, an array of any shape, to ``(..., scores)``.
        quantiles: from parameters ``(..., num_parameters)`` and scores ``(..., scores)``, which
            broadcast, to values ``(...)``.
        whole: whether the values are whole numbers.
    """

    num_parameters: int
    parameters: Callable[..., Any]
    scores: Callable[[np.ndarray], np.ndarray]
    quantiles: Callable[[Any, Any], Any]
    whole: bool = False


def distribution_named(name):
    """Look a distribution up.

    Raises:
        ValueError: there is none of this name.

    Example:
        >>> distribution_named("student_t").num_parameters
        3
    """
    if name not in DISTRIBUTIONS:
        raise ValueError(f"distribution must be one of {tuple(DISTRIBUTIONS)}; received {name!r}.")
    return DISTRIBUTIONS[name]


def check_point(point):
    """Check which number of a distribution is the forecast.

    Raises:
        ValueError: it is neither ``"median"`` nor ``"mean"``.
    """
    if point not in POINTS:
        raise ValueError(f"point must be one of {POINTS}; received {point!r}.")


def with_mean(quantiles, mean):
    """The mean in place of the median, and bounds that contain it.

    Args:
        quantiles: ``(..., 1 + 2 * levels)``: median, then lower and upper bound of each level.
        mean: ``(..., 1)``.

    Example:
        >>> import numpy as np
        >>> np.array(with_mean(np.array([[0.0, 0.0, 1.0]]), np.array([[1.5]]))).tolist()
        [[1.5, 0.0, 1.5]]
    """
    lower = ops.minimum(quantiles[..., 1::2], mean)
    upper = ops.maximum(quantiles[..., 2::2], mean)
    bounds = ops.stack([lower, upper], axis=-1)
    bounds = ops.reshape(bounds, ops.shape(quantiles[..., 1:]))
    return ops.concatenate([mean, bounds], axis=-1)


def probabilities_of(levels):
    """The probabilities of the median and of the bounds of each level in percent.

    The same as `evaluation.levels.probabilities`, which layers do not import.

    Example:
        >>> probabilities_of((80,)).round(3).tolist()
        [0.5, 0.1, 0.9]
    """
    tails = [(1 - level / 100) / 2 for level in levels]
    return np.array([0.5, *(side for tail in tails for side in (tail, 1 - tail))])


def _location_and_scale(head, magnitude, center, scale):
    location = magnitude * (center + scale * head[..., :1])
    wide = magnitude * _spread(scale) * (ops.softplus(head[..., 1:2]) + _LEAST_SCALE)
    return ops.concatenate([location, wide], axis=-1)


def _with_degrees(head, magnitude, center, scale):
    degrees = ops.softplus(head[..., 2:]) + _LEAST_DEGREES
    return ops.concatenate([_location_and_scale(head, magnitude, center, scale), degrees], axis=-1)


def _mean_and_dispersion(head, magnitude, center, scale):
    level = center + _spread(scale) * head[..., :1]
    mean = magnitude * (ops.softplus(_SHARPNESS * level) / _SHARPNESS + _LEAST_MEAN)
    return ops.concatenate([mean, ops.softplus(head[..., 1:]) + _LEAST_DISPERSION], axis=-1)


def _spread(scale):
    """The scale; for a constant window, whose scale is 0, one magnitude instead."""
    return ops.where(scale > 0, scale, ops.ones_like(scale))


def _normal_scores(probabilities):
    from scipy.special import ndtri

    return ndtri(probabilities)[..., None]


def _normal_quantiles(parameters, scores):
    return parameters[..., 0] + parameters[..., 1] * ops.cast(scores[..., 0], parameters.dtype)


def _student_scores(probabilities):
    """Coefficients, highest power first, of a polynomial in ``4 / degrees - 1``.

    From 2 degrees of freedom to the normal distribution a quantile is a smooth function of
    ``1 / degrees``, which a polynomial of degree 12 interpolates to the precision of float32.
    """
    from scipy.special import stdtrit

    flat = np.ravel(probabilities)
    series = chebyshev.chebinterpolate(lambda x: stdtrit(4 / (x[:, None] + 1), flat), _DEGREE)
    # NumPy drops trailing coefficients that are zero.
    powers = [np.pad(chebyshev.cheb2poly(one), (0, _DEGREE)) for one in series.T]
    coefficients = np.array([one[_DEGREE::-1] for one in powers])
    return coefficients.reshape(*np.shape(probabilities), _DEGREE + 1)


def _student_quantiles(parameters, scores):
    x, value = 4 / parameters[..., 2] - 1, 0.0
    scores = ops.cast(scores, parameters.dtype)
    for power in range(_DEGREE + 1):
        value = value * x + scores[..., power]
    return parameters[..., 0] + parameters[..., 1] * value


def _count_quantiles(parameters, scores):
    """The smallest whole number whose cumulative probability reaches the given one, by bisection.

    The cumulative distribution is an incomplete beta function; Cantelli's inequality bounds the
    range.
    """
    exact = "float64" if keras.backend.backend() == "tensorflow" else parameters.dtype
    mean, dispersion = (ops.cast(parameters[..., i], exact) for i in (0, 1))
    wanted = ops.cast(scores[..., 0], exact)
    reach = ops.sqrt(mean * (1 + dispersion * mean) / (1 - wanted))
    high = ops.ceil(mean + reach)
    chance = 1 / (1 + dispersion * mean) + ops.zeros_like(high)
    shape = 1 / dispersion + ops.zeros_like(high)

    def halve(low, high):
        middle = ops.floor((low + high) / 2)
        enough = _incomplete_beta(shape, middle + 1, chance) >= wanted
        # Between two neighbors the middle is the lower one, which is too low: nothing changes.
        return ops.where(enough, low, middle), ops.where(enough, middle, high)

    def unsettled(low, high):
        return ops.any(high - low > 1)

    low = ops.full_like(high, -1.0)
    _, found = ops.while_loop(unsettled, halve, (low, high), maximum_iterations=_HALVINGS)
    return ops.cast(found, parameters.dtype)


def _incomplete_beta(a, b, x):
    """The regularized incomplete beta function of the backend; Keras has none."""
    if keras.backend.backend() == "jax":
        from jax.scipy.special import betainc
    else:
        from tensorflow.math import betainc
    return betainc(a, b, x)


DISTRIBUTIONS = {
    "gaussian": Distribution(2, _location_and_scale, _normal_scores, _normal_quantiles),
    "student_t": Distribution(3, _with_degrees, _student_scores, _student_quantiles),
    "negative_binomial": Distribution(
        2,
        _mean_and_dispersion,
        lambda probabilities: np.asarray(probabilities)[..., None],
        _count_quantiles,
        whole=True,
    ),
}
