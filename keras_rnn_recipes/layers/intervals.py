"""Prediction intervals around a forecast, computed inside the graph."""

from __future__ import annotations

import numpy as np
from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class ForecastBounds(layers.Layer):
    """Add lower and upper bounds to forecasts, in proportion to the changes of each history.

    Args:
        levels: in percent, ascending.
        widths: ``(horizon, 2 * levels)``: for each step ahead and each level the offsets of the
            lower bound (at most 0) and of the upper bound (at least 0), in units of the scale of
            the history. That scale is the geometric mean of the mean absolute seasonal difference
            and the mean absolute one-step difference; only the latter if the former is zero or
            unknown.
        season_length: steps in a season.
        nonnegative: replace bounds below zero by zero.
        refuse_unknown: the bounds are NaN if the history has no two values from which a change is
            known; otherwise they equal the forecast, as if it were certain.

    Call arguments:
        history: ``(batch, time, features)``, the target first, NaN = missing.
        forecast: ``(batch, horizon)`` or ``(batch, horizon, 1)``.

    Returns:
        ``(batch, horizon, 1 + 2 * levels)``: the forecast, then lower and upper bound of each
        level. Bounds never cross.

    Raises:
        ValueError: ``widths`` has another number of columns.

    Example:
        >>> bounds = ForecastBounds([80], [[-2.0, 1.0]], nonnegative=True)
        >>> np.array(bounds(np.array([[[1.0], [2.0]]]), np.array([[1.5]]))).tolist()
        [[[1.5, 0.0, 2.5]]]
    """

    def __init__(
        self,
        levels,
        widths,
        season_length=1,
        nonnegative=False,
        refuse_unknown=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.refuse_unknown = bool(refuse_unknown)
        self.levels = tuple(float(level) for level in levels)
        self.widths = np.asarray(widths, "float64").tolist()
        self.season_length, self.nonnegative = int(season_length), bool(nonnegative)
        if np.shape(self.widths)[1:] != (2 * len(self.levels),):
            raise ValueError(
                f"widths must be (horizon, 2 * levels); received {np.shape(self.widths)} for "
                f"{len(self.levels)} levels."
            )

    def call(self, history, forecast):
        target = history[:, :, 0]
        seasonal, seasons = _mean_change(target, self.season_length)
        single, steps = _mean_change(target, 1)
        # The roots come before the product, which could overflow float32.
        both = ops.sqrt(seasonal) * ops.sqrt(single)
        scale = ops.where(seasonal > 0, both, single)
        point = ops.reshape(forecast, (-1, len(self.widths), 1))
        widths = ops.convert_to_tensor(self.widths, point.dtype)
        bounds = point + ops.cast(scale, point.dtype)[:, None, None] * widths
        if self.nonnegative:
            bounds = ops.maximum(bounds, ops.minimum(point, 0.0))
        if self.refuse_unknown:
            known = ops.reshape(ops.logical_or(seasons, steps), (-1, 1, 1))
            bounds = ops.where(known, bounds, float("nan"))
        return ops.concatenate([point, bounds], axis=-1)

    def compute_output_shape(self, history_shape, forecast_shape):
        return (history_shape[0], len(self.widths), 1 + 2 * len(self.levels))

    def get_config(self):
        config = {"levels": self.levels, "widths": self.widths}
        config |= {"season_length": self.season_length, "nonnegative": self.nonnegative}
        config |= {"refuse_unknown": self.refuse_unknown}
        return {**super().get_config(), **config}


def _mean_change(target, lag):
    """Mean absolute difference over ``lag`` steps where both values are known, and if any are.

    Two tensors, ``(batch,)`` each.
    """
    # NaN in front makes this work for histories shorter than the lag.
    padding = ops.full_like(target[:, :1], float("nan"))
    earlier = ops.concatenate([ops.repeat(padding, lag, axis=1), target], axis=1)
    change = ops.abs(target - earlier[:, : ops.shape(target)[1]])
    known = ops.isfinite(change)
    total = ops.sum(ops.where(known, change, ops.zeros_like(change)), axis=1)
    number = ops.sum(ops.cast(known, total.dtype), axis=1)
    return total / ops.maximum(number, 1.0), number > 0
