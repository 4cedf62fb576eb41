"""What training makes small: the losses, and how the weights of windows act on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_rnn_recipes.data.prefetching import prefetched
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import probabilities

# A compiled model is saved with the name of its loss.
_registered = keras.saving.register_keras_serializable(package="keras_rnn_recipes")

# Between counts (1) and amounts (2): many noughts, and sizes as skewed as sales are.
TWEEDIE_POWER = 1.5

# Below this share of the series' scale the deviance goes on along its tangent, so that a forecast
# of nought or less, where it is infinite, is pulled up again.
_LEAST_MEAN = 0.01

# Near the least number that float32 holds, so that no other observed value is below it.
_LEAST_POSITIVE = 1e-30


def loss_function(
    name: str, levels: Sequence[float] = (), distribution: str | None = None
) -> str | Callable[[Any, Any], Any]:
    """What ``keras.Model.compile`` takes as the loss of that name.

    Args:
        name: a value of ``fit.loss``: mae, mae_log, mse, huber, smape, tweedie, pinball or nll.
        levels: of the intervals that the model gives beside its median, for pinball.
        distribution: whose parameters the model gives, for nll.

    Returns:
        A name that Keras knows, or a function of what `prepare` makes of the targets.

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


def prepare(dataset: tf.data.Dataset, name: str) -> tf.data.Dataset:
    """Make the weights act on the error itself, before the loss bends it.

    A weight that is one over the scale of a series makes its error free of units. The absolute
    error times the weight is that already, and sMAPE is without any; the squared error needs the
    weight squared; Huber's loss has its bend at 1 and must see the weighted error, and Tweedie's
    deviance and a likelihood the weighted values.

    Args:
        dataset: batches ``(x, y, w)`` as ``window_dataset`` gives them.
        name: as in `loss_function`.

    Returns:
        Batches for ``keras.Model.fit``; with the weights packed beside the targets, or not.
    """
    if name in ("mae", "mae_log", "smape", "pinball"):
        return dataset
    return prefetched(dataset.map(_squared if name == "mse" else _packed))


def pinball(target: Any, forecast: Any, probabilities: Sequence[float]) -> Any:
    """The mean pinball loss of quantiles, twice over, so that a median alone has its mean error.

    Args:
        target: ``(..., 1)``.
        forecast: ``(..., quantiles)``.
        probabilities: one for each quantile.

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
    """``2 |y - f| / (|y| + |f|)``, 0 where both are nought; the mean over the last axis.

    For values of one sign: a forecast of the other is 2 wrong, however far off, and has no slope.

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
    """``|log f - log y|``, the mean over the last axis: relative errors, all series alike.

    Args:
        target, forecast: ``(..., targets)``, nought or more. Nought counts as 1e-30: an error that
            is large and pulls the forecast down as much as any other.

    Returns:
        ``(...)``, free of units; about the relative error where that is small.

    Example:
        >>> mae_log(ops.array([[1.0]]), ops.array([[1.1]])).numpy().round(4)
        array([0.0953], dtype=float32)
    """
    log_of = [ops.log(ops.maximum(values, _LEAST_POSITIVE)) for values in (forecast, target)]
    return ops.mean(ops.abs(log_of[0] - log_of[1]), axis=-1)


def tweedie_deviance(target: Any, forecast: Any) -> Any:
    """Unit deviance of the Tweedie distribution of power 1.5, for amounts with many noughts.

    Args:
        target: of any shape, 0 or more.
        forecast: of the same shape. Below 0.01 the deviance goes on as a straight line.

    Returns:
        The deviance of each value, 0 where the forecast is right.

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
