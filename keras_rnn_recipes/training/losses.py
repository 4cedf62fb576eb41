"""Losses of forecasters, and how the weights of windows act on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_rnn_recipes.builders.intervals import levels_of_model
from keras_rnn_recipes.builders.to_forecaster import distribution_of_model
from keras_rnn_recipes.data.prefetching import mapped, prefetched
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import probabilities

# A compiled model is saved with the name of its loss.
_registered = keras.saving.register_keras_serializable(package="keras_rnn_recipes")

# Names of losses that Keras does not have.
OWN_LOSSES = ("nll", "pinball", "mae_log", "smape", "tweedie")

# Losses that grow with the error as the weight does, so that Keras may apply the weight.
WEIGHTED_BY_KERAS = ("mae", "mae_log", "smape", "pinball")

# Between the Poisson (1) and the gamma distribution (2): many zeros, and positive values as skewed
# as sales.
TWEEDIE_POWER = 1.5

# Below this share of the series' scale the deviance continues as its tangent. It is infinite at
# zero, and a forecast of zero or less still needs a finite gradient.
_LEAST_MEAN = 0.01

# Near the smallest number of float32, so that no other observed value is below it.
_LEAST_POSITIVE = 1e-30


def loss_function(
    name: str, levels: Sequence[float] = (), distribution: str | None = None
) -> str | Callable[[Any, Any], Any]:
    """The loss of a name, for ``keras.Model.compile``.

    Args:
        name: a value of ``fit.loss``: mae, mae_log, mse, huber, smape, tweedie, pinball or nll.
        levels: of the model's prediction intervals in percent, for pinball.
        distribution: name of the model's distribution, for nll.

    Returns:
        The name of a loss of Keras, or a function of targets from `prepare` and forecasts.

    Raises:
        UserError: nll without a distribution, or a distribution with another loss.

    Example:
        >>> loss_function("mae")
        'mae'
    """
    if (name == "nll") != (distribution is not None):
        raise UserError(
            f"The loss is {name!r} and the model's distribution is {distribution!r}.",
            "the loss 'nll' and a model with a distribution, or neither.",
            "set fit.loss to 'nll', or build the model with or without a distribution.",
        )
    if distribution is not None:
        return likelihood_loss(distribution)
    if name == "pinball":
        wanted = probabilities(levels).tolist()

        def of_levels(target: Any, forecast: Any) -> Any:
            return pinball(target, forecast, wanted)

        return of_levels
    ours = {"huber": _huber_of_packed, "tweedie": _tweedie_of_packed, "smape": smape}
    ours |= {"mae_log": mae_log}
    return ours.get(name, name)


def forecast_loss(model: keras.Model) -> str | Callable[[Any, Any], Any]:
    """The loss that belongs to the output of a forecaster, for ``keras.Model.compile``.

    Targets and weights are those of ``window_dataset``; Keras multiplies the loss by the weights.

    Args:
        model: from a builder of this package.

    Returns:
        For a model with a distribution the negative log-likelihood, for one with quantiles the
        pinball loss, for any other the name of the absolute error.

    Example:
        >>> from keras_rnn_recipes.builders import lstm
        >>> model = lstm("direct", 12, distribution="student_t")
        >>> model.compile("adam", loss=forecast_loss(model))
        >>> forecast_loss(model).__name__
        'student_t_nll'
    """
    levels, distribution = levels_of_model(model), distribution_of_model(model)
    name = "nll" if distribution else "pinball" if levels else "mae"
    return loss_function(name, levels, distribution)


def prepare(dataset: tf.data.Dataset, name: str) -> tf.data.Dataset:
    """Apply the weights of windows to the errors, where a nonlinear loss requires it.

    The weight of a window is usually one over the scale of its series and makes errors unit-free.
    Keras multiplies the loss by the weight, which is right for the absolute error and for sMAPE.
    The squared error needs the squared weight. Huber's loss changes its shape at 1 and needs the
    weighted error; Tweedie's deviance and likelihoods need the weighted values.

    Args:
        dataset: batches ``(x, y, w)`` from ``window_dataset``.
        name: as in `loss_function`.

    Returns:
        Batches for ``keras.Model.fit``: ``(x, y, w)``, or ``(x, packed)`` with the weights
        concatenated to the targets in the last axis.
    """
    if name in WEIGHTED_BY_KERAS:
        return dataset
    return prefetched(mapped(dataset, _squared if name == "mse" else _packed))


def pinball(target: Any, forecast: Any, probabilities: Sequence[float]) -> Any:
    """Twice the mean pinball loss of quantiles; for the median that is the absolute error.

    Args:
        target: ``(..., 1)``.
        forecast: ``(..., quantiles)``.
        probabilities: of the quantiles, in the same order.

    Returns:
        ``(...)``, in the units of the target.

    Source: Koenker and Bassett (1978), Regression quantiles.

    Example:
        >>> pinball(ops.array([[4.0]]), ops.array([[2.0, 1.0]]), [0.5, 0.1]).numpy().round(3)
        array([1.3], dtype=float32)
    """
    error = target - forecast
    p = ops.convert_to_tensor(probabilities, error.dtype)
    return 2 * ops.mean(ops.maximum(p * error, (p - 1) * error), axis=-1)


@_registered
def smape(target: Any, forecast: Any) -> Any:
    """Symmetric relative error ``2 |y - f| / (|y| + |f|)``; the mean over the last axis.

    It is 0 if both values are zero. Use it for values of one sign: a forecast of the other sign has
    the constant error 2, with a gradient of zero.

    Args:
        target, forecast: ``(..., targets)``.

    Returns:
        ``(...)``, between 0 and 2.

    Source: the M4 competition's sMAPE, as a fraction.

    Example:
        >>> smape(ops.array([[1.0], [0.0]]), ops.array([[3.0], [0.0]])).numpy().tolist()
        [1.0, 0.0]
    """
    size = ops.abs(target) + ops.abs(forecast)
    parts = 2 * ops.abs(target - forecast) / ops.where(size > 0, size, 1.0)
    return ops.mean(parts, axis=-1)


@_registered
def mae_log(target: Any, forecast: Any) -> Any:
    """Absolute error of the logarithms, ``|log f - log y|``; the mean over the last axis.

    Args:
        target, forecast: ``(..., targets)``, at least 0. Zero is replaced by 1e-30: the error is
            then large, and its gradient has the usual size.

    Returns:
        ``(...)``, unit-free; close to the relative error if that is small.

    Example:
        >>> mae_log(ops.array([[1.0]]), ops.array([[1.1]])).numpy().round(4)
        array([0.0953], dtype=float32)
    """
    log_of = [ops.log(ops.maximum(values, _LEAST_POSITIVE)) for values in (forecast, target)]
    return ops.mean(ops.abs(log_of[0] - log_of[1]), axis=-1)


def tweedie_deviance(target: Any, forecast: Any) -> Any:
    """Unit deviance of the Tweedie distribution with power 1.5, for amounts with many zeros.

    Args:
        target: of any shape, at least 0.
        forecast: of the same shape. Below 0.01 the deviance continues as its tangent.

    Returns:
        The deviance of each value, 0 for an exact forecast.

    Source: Jørgensen 1987, Exponential dispersion models.

    Example:
        >>> tweedie_deviance(ops.array([0.0, 4.0]), ops.array([4.0, 4.0])).numpy().tolist()
        [8.0, 0.0]
    """
    p = TWEEDIE_POWER
    mean = ops.maximum(forecast, _LEAST_MEAN)
    past = target ** (2 - p) / ((1 - p) * (2 - p))
    deviance = 2 * (past - target * mean ** (1 - p) / (1 - p) + mean ** (2 - p) / (2 - p))
    slope = 2 * (mean ** (1 - p) - target * mean ** (-p))
    return deviance + slope * ops.minimum(forecast - _LEAST_MEAN, 0.0)


def _squared(x: tf.Tensor, y: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, ...]:
    return x, y, tf.square(w)


def _packed(x: tf.Tensor, y: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, ...]:
    return x, tf.concat([y, tf.broadcast_to(w[..., tf.newaxis], tf.shape(y))], axis=-1)


def _weighted(packed: Any, forecast: Any) -> tuple[Any, Any]:
    target, weight = ops.split(packed, 2, axis=-1)
    return target * weight, forecast * weight


@_registered
def _huber_of_packed(packed: Any, forecast: Any) -> Any:
    return keras.losses.huber(*_weighted(packed, forecast))


@_registered
def _tweedie_of_packed(packed: Any, forecast: Any) -> Any:
    target, mean = _weighted(packed, forecast)
    known = ops.cast(ops.split(packed, 2, axis=-1)[1] > 0, mean.dtype)
    return ops.mean(known * tweedie_deviance(target, mean), axis=-1)


def likelihood_loss(distribution: str) -> Callable[[Any, Any], Any]:
    """The loss ``nll`` of a distribution, a function of targets with or without packed weights.

    It is the negative log-likelihood of the weighted values, so that a weight of one over the scale
    of a series makes it unit-free. Counts have no unit, so their weight only tells whether the
    value is known.

    Example:
        >>> likelihood_loss("gaussian").__name__
        'gaussian_nll'
    """
    return _LOSSES[distribution]


def negative_log_likelihood(distribution: str, target: Any, parameters: Any) -> tf.Tensor:
    """The negative log-likelihood of values, ``-log p(target)``.

    Args:
        distribution: ``"gaussian"``, ``"student_t"`` or ``"negative_binomial"``.
        target: ``(..., 1)``; whole numbers of at least 0 for a negative binomial.
        parameters: ``(..., parameters)``, in the order and units of `forecaster`.

    Returns:
        ``(...)`` in nats, float64: in float32 the differences of log factorials lose all digits.

    Source: the negative binomial by mean and dispersion: Salinas et al. 2020 (DeepAR).

    Example:
        >>> value = negative_log_likelihood("gaussian", [[1.0]], [[1.0, 2.0]])
        >>> round(float(value[0]), 4)  # log(2 * sqrt(2 * pi))
        1.6121
    """
    target, parameters = (tf.cast(x, tf.float64) for x in (target, parameters))
    return _FORMULAS[distribution](target[..., 0], *tf.unstack(parameters, axis=-1))


def _gaussian(y: Any, location: Any, scale: Any) -> Any:
    return tf.square((y - location) / scale) / 2 + tf.math.log(scale) + math.log(2 * math.pi) / 2


def _student_t(y: Any, location: Any, scale: Any, degrees: Any) -> Any:
    half = degrees / 2
    constant = tf.math.lgamma(half) - tf.math.lgamma(half + 0.5) + tf.math.log(scale)
    constant += tf.math.log(math.pi * degrees) / 2
    return constant + (half + 0.5) * tf.math.log1p(tf.square((y - location) / scale) / degrees)


def _negative_binomial(y: Any, mean: Any, dispersion: Any) -> Any:
    shape, ratio = 1 / dispersion, dispersion * mean
    ways = tf.math.lgamma(y + shape) - tf.math.lgamma(shape) - tf.math.lgamma(y + 1)
    return (shape + y) * tf.math.log1p(ratio) - y * tf.math.log(ratio) - ways


def _of_packed(distribution: str, packed: Any, parameters: Any) -> Any:
    plain = packed.shape[-1] == 1  # targets alone: Keras multiplies by the weights
    target, weight = (packed, tf.ones_like(packed)) if plain else tf.split(packed, 2, axis=-1)
    loss = negative_log_likelihood(distribution, target, parameters)
    known = weight[..., 0] > 0
    if distribution != "negative_binomial":
        weight = tf.where(known, weight[..., 0], 1.0)
        loss += tf.cast(tf.math.log(weight), loss.dtype)
    return tf.cast(tf.where(known, loss, 0.0), parameters.dtype)


@_registered
def gaussian_nll(packed: Any, parameters: Any) -> Any:
    """`likelihood_loss` of the normal distribution."""
    return _of_packed("gaussian", packed, parameters)


@_registered
def student_t_nll(packed: Any, parameters: Any) -> Any:
    """`likelihood_loss` of Student's t distribution."""
    return _of_packed("student_t", packed, parameters)


@_registered
def negative_binomial_nll(packed: Any, parameters: Any) -> Any:
    """`likelihood_loss` of the negative binomial distribution."""
    return _of_packed("negative_binomial", packed, parameters)


_FORMULAS: dict[str, Callable[..., Any]] = {
    "gaussian": _gaussian,
    "student_t": _student_t,
    "negative_binomial": _negative_binomial,
}

_LOSSES = {
    "gaussian": gaussian_nll,
    "student_t": student_t_nll,
    "negative_binomial": negative_binomial_nll,
}
