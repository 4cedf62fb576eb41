"""The last layer of every forecaster: from the head's numbers to forecasts in the data's units."""

from __future__ import annotations

import numpy as np
from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.distributions import distribution_named
from keras_rnn_recipes.layers.scaling import invert_transform

STRATEGIES = ("recursive", "direct", "seq2seq")

# TensorFlow's kernels round smaller numbers (subnormal ones) to zero in sums, but not in copies.
_SMALLEST_NORMAL = float(np.finfo("float32").tiny)


@registered
class ForecastOutput(layers.Layer):
    """Puts the head's numbers back into the data's units and gives them their strategy's shape.

    Args:
        strategy: ``"direct"``, ``"seq2seq"`` or ``"recursive"``.
        horizon: steps to forecast in the end, whatever the strategy.
        num_targets: the targets are the first of the features.
        transform: as in `WindowStatistics`.
        levels: of the intervals that the head gives beside the median, in percent, ascending; for
            one target.
        distribution: whose parameters the head gives instead, for one target and without a
            transform, since it lives in the data's own units.

    Call arguments:
        head: ``(batch, time, steps * num_targets)``; steps is 1 for ``"recursive"``, else horizon.
            With levels ``(batch, time, steps * (1 + 2 * levels))``: the median, then for each level
            how much further than the level before it the interval reaches below and above, before
            a softplus makes it positive. So no two bounds cross, whatever the numbers are.
            With a distribution ``(batch, time, steps * parameters)``.
        magnitude, scale: ``(batch, time or 1, features)``, from `WindowStatistics`.
        center: the same shape; or from `SeasonalBase`, ``(batch, time or 1, steps, features)``.

    Returns:
        direct: ``(batch, horizon, num_targets)``, read at the last time step;
        seq2seq: ``(batch, time, horizon, num_targets)``; recursive: ``(batch, time, num_targets)``.
        With levels the last axis is ``1 + 2 * levels`` long: median, then lower and upper bound of
        each level. With a distribution it holds the parameters.
    """

    def __init__(
        self,
        strategy,
        horizon,
        num_targets=1,
        transform="none",
        levels=(),
        distribution=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
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

    def call(self, head, magnitude, center, scale):
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
        # Left out where there are none, so that files are as they were before there were any.
        if self.levels or self.distribution:
            config |= {"levels": self.levels, "distribution": self.distribution}
        return {**super().get_config(), **config}


def num_outputs(num_targets, levels, distribution):
    """How many numbers the head gives for each step."""
    if distribution is not None:
        return distribution_named(distribution).num_parameters
    return 1 + 2 * len(levels) if levels else num_targets


def check_distribution(distribution, num_targets, transform, levels):
    """Raises ValueError for an unknown distribution, or for what does not go with one."""
    distribution_named(distribution)
    if num_targets != 1 or transform != "none" or levels:
        raise ValueError(
            "A distribution is for one target, without a transform and without learnt quantiles; "
            f"received num_targets={num_targets}, transform={transform!r}, "
            f"quantiles={tuple(levels)}. Leave the others out, or the distribution."
        )


def output_of(model):
    """The `ForecastOutput` of a model; None where there is none."""
    found = (layer for layer in model.layers if isinstance(layer, ForecastOutput))
    return next(found, None)


def spread_out(head):
    """From a median and distances before their softplus to quantiles that do not cross.

    Args:
        head: ``(..., 1 + 2 * levels)``: the median, then for each level, ascending, below, above.

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
    """The last time step alone: ``(batch, time, ...)`` to ``(batch, 1, ...)``."""

    def call(self, values):
        return values[:, -1:]


@registered
class BothEnds(layers.Layer):
    """Where each direction of a bidirectional layer has read everything.

    The forward half is read at the last time step; there the backward half has seen one step only,
    and its recurrent kernel would never be trained. So that half is read at the first step.

    Call arguments:
        values: ``(batch, time, 2 * units)``, the forward half first.

    Returns:
        ``(batch, 1, 2 * units)``.
    """

    def call(self, values):
        half = values.shape[2] // 2
        return ops.concatenate([values[:, -1:, :half], values[:, :1, half:]], axis=2)
