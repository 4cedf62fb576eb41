"""The loss of a network that gives the parameters of a distribution: how unlikely the truth was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

# A compiled model is saved with the name of its loss.
_registered = keras.saving.register_keras_serializable(package="keras_rnn_recipes")


def likelihood_loss(distribution: str) -> Callable[[Any, Any], Any]:
    """The loss ``nll`` of that distribution, a function of targets with their weights packed.

    The likelihood is that of the weighted values, so that a weight of one over the scale of a
    series makes it free of units; a count has none, and its weight only says whether it is known.

    Example:
        >>> likelihood_loss("gaussian").__name__
        'gaussian_nll'
    """
    return _LOSSES[distribution]


def negative_log_likelihood(distribution: str, target: Any, parameters: Any) -> tf.Tensor:
    """How unlikely values are under their distributions: ``-log p(target)``.

    Args:
        distribution: ``"gaussian"``, ``"student_t"`` or ``"negative_binomial"``.
        target: ``(..., 1)``; whole numbers of nought or more for the last.
        parameters: ``(..., parameters)``, in the order and units of `forecaster`.

    Returns:
        ``(...)``, in nats, float64: of float32 the logarithm of a factorial leaves nothing.

    Source: Salinas et al. 2020 (DeepAR) for the negative binomial by mean and dispersion.

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
    target, weight = tf.split(packed, 2, axis=-1)
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
