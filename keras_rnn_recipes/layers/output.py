"""The last layer of every forecaster: from outputs of the head to forecasts in the data's units."""

from __future__ import annotations

import numpy as np
from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.distributions import check_point, distribution_named
from keras_rnn_recipes.layers.scaling import invert_transform

STRATEGIES = ("recursive", "direct", "seq2seq")

# TensorFlow's kernels round smaller numbers (subnormal ones) to zero in sums, but not in copies.
_SMALLEST_NORMAL = float(np.finfo("float32").tiny)


@registered
class ForecastOutput(layers.Layer):
    """Convert outputs of the head to the data's units and to the shape of the strategy.

    Args:
        strategy: ``"direct"``, ``"seq2seq"`` or ``"recursive"``.
        horizon: number of steps to forecast, for every strategy.
        num_targets: the first ``num_targets`` features are the targets.
        transform: as in `WindowStatistics`.
        levels: of prediction intervals around the median, in percent, ascending; only for one
            target.
        distribution: name of a distribution, whose parameters the head outputs instead; only for
            one target and without a transform, because its parameters are in the data's units.
        point: ``"median"`` or ``"mean"``: which of a distribution is the forecast. `to_forecaster`
            reads it.

    Call arguments:
        head: ``(batch, time, steps * num_targets)``; steps is 1 for ``"recursive"``, else horizon.
            With levels ``(batch, time, steps * (1 + 2 * levels))``, as in `spread_out`.
            With a distribution ``(batch, time, steps * parameters)``.
        magnitude, scale: ``(batch, time or 1, features)``, from `WindowStatistics`.
        center: the same shape; or from `SeasonalBase`, ``(batch, time or 1, steps, features)``.
        observed: from `FillMissing`, optional. If no target of a history was observed, its forecast
            is NaN, except while training, where such a window has no weight.

    Returns:
        direct: ``(batch, horizon, num_targets)``, from the last time step;
        seq2seq: ``(batch, time, horizon, num_targets)``; recursive: ``(batch, time, num_targets)``.
        With levels the last axis has length ``1 + 2 * levels``: median, then lower and upper bound
        of each level. With a distribution it holds the parameters.

    Raises:
        ValueError: an unknown strategy or distribution, or levels or a distribution for more than
            one target.

    Example:
        >>> head, one = np.array([[[1.0, 2.0]]]), np.ones((1, 1, 1))
        >>> layer = ForecastOutput("direct", horizon=2)
        >>> np.array(layer(head, 10 * one, 3 * one, one))[0, :, 0].tolist()  # 10 * (3 + head)
        [40.0, 50.0]
    """

    def __init__(
        self,
        strategy,
        horizon,
        num_targets=1,
        transform="none",
        levels=(),
        distribution=None,
        point="median",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_point(point)
        self.point = point
        if levels and num_targets != 1:
            raise ValueError(f"levels are for one target; received num_targets={num_targets}.")
        if distribution is not None:
            check_distribution(distribution, num_targets, transform, levels)
        self.levels = tuple(float(level) for level in levels)
        self.distribution = distribution
        if strategy not in STRATEGIES:
            raise ValueError(f"strategy must be one of {STRATEGIES}; received {strategy!r}.")
        self.strategy, self.horizon = strategy, horizon
        self.num_targets, self.transform = num_targets, transform

    def call(self, head, magnitude, center, scale, observed=None, training=False):
        forecast = self._in_units(head, magnitude, center, scale)
        if observed is None or training:
            return forecast
        known = ops.any(observed[:, :, : self.num_targets] > 0, axis=(1, 2))
        known = ops.reshape(known, (-1, *[1] * (len(forecast.shape) - 1)))
        return ops.where(known, forecast, float("nan"))

    def _in_units(self, head, magnitude, center, scale):
        if self.strategy == "direct":
            head, magnitude, center, scale = (t[:, -1:] for t in (head, magnitude, center, scale))
        magnitude, scale = magnitude[:, :, None], scale[:, :, None]
        if len(center.shape) == 3:
            center = center[:, :, None]
        magnitude, center, scale = (t[..., : self.num_targets] for t in (magnitude, center, scale))
        batch, time = ops.shape(head)[:2]
        depth = num_outputs(self.num_targets, self.levels, self.distribution)
        head = ops.reshape(head, (batch, time, head.shape[2] // depth, depth))
        if self.distribution:
            known = distribution_named(self.distribution)
            forecast = known.parameters(head, magnitude, center, scale)
        else:
            head = spread_out(head) if self.levels else head
            forecast = magnitude * invert_transform(center + scale * head, self.transform)
        if self.strategy == "direct":
            return forecast[:, 0]
        return forecast if self.strategy == "seq2seq" else forecast[:, :, 0]

    def call_last_step(self, *args):
        return type(self).from_config({**self.get_config(), "strategy": "direct"})(*args)

    def get_config(self):
        config = {"strategy": self.strategy, "horizon": self.horizon}
        config |= {"num_targets": self.num_targets, "transform": self.transform}
        # Left out if empty, so that files are the same as those of earlier versions.
        if self.levels or self.distribution:
            config |= {"levels": self.levels, "distribution": self.distribution}
            config |= {"point": self.point}
        return {**super().get_config(), **config}


def num_outputs(num_targets, levels, distribution):
    """The number of outputs of the head for each step.

    Example:
        >>> num_outputs(3, (), None), num_outputs(1, (80, 95), None), num_outputs(1, (), "gaussian")
        (3, 5, 2)
    """
    if distribution is not None:
        return distribution_named(distribution).num_parameters
    return 1 + 2 * len(levels) if levels else num_targets


def check_distribution(distribution, num_targets, transform, levels):
    """Check that a distribution exists and that the other options allow one.

    Raises:
        ValueError: it does not exist, or there is more than one target, a transform, or a level.
    """
    distribution_named(distribution)
    if num_targets != 1 or transform != "none" or levels:
        raise ValueError(
            "A distribution is for one target, without a transform and without learned quantiles; "
            f"received num_targets={num_targets}, transform={transform!r}, "
            f"quantiles={tuple(levels)}. Remove these options, or the distribution."
        )


def output_of(model):
    """The `ForecastOutput` of a model, or None."""
    found = (layer for layer in model.layers if isinstance(layer, ForecastOutput))
    return next(found, None)


def spread_out(head):
    """Convert the median and raw distances to quantiles that never cross.

    A softplus makes each distance positive. The distances of a level are added to the bounds of the
    level before.

    Args:
        head: ``(..., 1 + 2 * levels)``: the median, then for each level, ascending, the raw
            distances to the lower and to the upper bound.

    Returns:
        The same shape: the median, then lower and upper bound of each level.

    Example:
        >>> import numpy as np
        >>> quantiles = spread_out(np.array([[1.0, 0.0, 0.0, -9.0, 3.0]]))[0]
        >>> [round(float(q), 2) for q in quantiles]
        [1.0, 0.31, 1.69, 0.31, 4.74]
    """
    median = head[..., :1]
    distances = ops.softplus(head[..., 1:])
    below, above = (ops.cumsum(distances[..., side::2], axis=-1) for side in (0, 1))
    # The sum of a subnormal median and a distance of about zero would be zero, on the wrong side of
    # the median; such a distance leaves the median as it is.
    lower, upper = (
        ops.where(ops.abs(distance) < _SMALLEST_NORMAL, median, median + distance)
        for distance in (-below, above)
    )
    bounds = ops.stack([lower, upper], axis=-1)
    return ops.concatenate([median, ops.reshape(bounds, ops.shape(distances))], axis=-1)


@registered
class LastStep(layers.Layer):
    """Keep only the last time step: ``(batch, time, ...)`` to ``(batch, 1, ...)``.

    Example:
        >>> np.array(LastStep()(np.array([[[1.0], [2.0]]]))).tolist()
        [[[2.0]]]
    """

    def call(self, values):
        return values[:, -1:]


@registered
class BothEnds(layers.Layer):
    """The outputs of a bidirectional layer after each direction has read the whole sequence.

    That is the last time step for the forward half and the first time step for the backward half.
    At the last time step the backward half has read one step only, so its recurrent kernel would
    never be trained.

    Call arguments:
        values: ``(batch, time, 2 * units)``, the forward half first.

    Returns:
        ``(batch, 1, 2 * units)``.

    Example:
        >>> np.array(BothEnds()(np.array([[[1.0, 10.0], [2.0, 20.0]]]))).tolist()
        [[[2.0, 10.0]]]
    """

    def call(self, values):
        half = values.shape[2] // 2
        return ops.concatenate([values[:, -1:, :half], values[:, :1, half:]], axis=2)
