"""Seasonal level and shape, computed from the history at every time step."""

from __future__ import annotations

from numbers import Integral

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.lags import take_lags
from keras_rnn_recipes.layers.scaling import apply_transform

# Seasons of a short history, for which the rest of the memory is left out of the graph. With more,
# TensorFlow adds them in another order, and the last digits of a forecast depend on that order.
_FEW_SEASONS = 5


@registered
class SeasonalBase(layers.Layer):
    """A seasonal forecast: the level of the last season plus the smoothed seasonal shape.

    The level is the mean of the last season. The shape of a season is its values minus their mean;
    shapes of several seasons are smoothed exponentially. The network reads its lags minus their
    season, and its output is a correction of the seasonal forecast.

    Args:
        season_length: steps in a season; or several lengths, whose forecasts are averaged.
        horizon: steps to forecast.
        transform: as in `WindowStatistics`.
        offsets: lags in steps for which the season is returned too.
        seasons: memory of the smoothing in seasons. Each season has 1 - 2 / (seasons + 1) times the
            weight of the one after it, over at most ``2 * seasons - 1`` whole seasons of the
            history. 1: repeat the last season.

    Call arguments:
        filled: ``(batch, time, features)``.
        magnitude: ``(batch, time or 1, features)``, from `WindowStatistics`.
        last_only: return only the last time step.

    Returns:
        All values are transformed and in units of the magnitude. ``base``: ``(batch, time or 1,
        horizon, features)``, the forecast; ``season``: ``(batch, time or 1, offsets, features)``,
        level plus shape at each lag; ``shape``: ``(batch, time or 1, season * features)``, the
        whole shape of the shortest season, its oldest phase first.

    Raises:
        ValueError: ``season_length`` or ``seasons`` is below 1.

    Source: the seasonal part of exponential smoothing (Winters 1960) with truncated, normalized
        weights; in a recurrent network: Smyl 2020.

    Example:
        >>> import numpy as np
        >>> values = np.array([1.0, 3.0, 5.0, 9.0]).reshape(1, 4, 1)
        >>> layer = SeasonalBase(2, 3, offsets=(0, 1, 2), seasons=3)
        >>> found = layer(values, np.ones((1, 1, 1)), last_only=True)
        >>> [np.array(part).astype(float).round(2).ravel().tolist() for part in found]
        [[5.33, 8.67, 5.33], [8.67, 5.33, 8.67], [-1.67, 1.67]]
    """

    def __init__(self, season_length, horizon, transform="none", offsets=(0,), seasons=1, **kwargs):
        super().__init__(**kwargs)
        lengths = (season_length,) if isinstance(season_length, Integral) else season_length
        self.season_lengths = tuple(int(length) for length in lengths)
        if not self.season_lengths or min(self.season_lengths) < 1:
            raise ValueError(f"season_length must be at least 1; received {season_length}.")
        if seasons < 1:
            raise ValueError(f"seasons must be at least 1; received {seasons}.")
        self.horizon, self.transform, self.seasons = horizon, transform, seasons
        self.offsets = tuple(offsets)

    @property
    def context(self) -> int:
        """The number of steps before a time step that its output depends on."""
        return max(self.season_lengths) * (2 * self.seasons - 1) - 1

    def call(self, filled, magnitude, last_only=False):
        ahead = [-step for step in range(1, self.horizon + 1)]
        base, season = 0.0, 0.0
        for length in sorted(self.season_lengths, reverse=True):
            level, shape = self._level_and_shape(filled, magnitude, length, last_only)
            base += level + _at(shape, ahead)
            season += level + _at(shape, self.offsets)
        batch, time = ops.shape(shape)[:2]
        flat = ops.reshape(shape, (batch, time, shape.shape[2] * shape.shape[3]))
        number = len(self.season_lengths)
        return base / number, season / number, flat

    def call_one_step(self, *args):
        return self(*args, last_only=True)

    def compute_output_spec(self, filled, magnitude, last_only=False):
        # Keras would trace `call` to find these shapes, whenever a model is built or converted.
        batch, time, features = filled.shape
        shape = (min(self.season_lengths) * features,)
        widths = (self.horizon, features), (len(self.offsets), features), shape
        steps = 1 if last_only else time
        return tuple(
            KerasTensor((batch, steps, *width), dtype=self.compute_dtype) for width in widths
        )

    def _level_and_shape(self, filled, magnitude, length, last_only):
        total, weights = 0.0, 0.0
        for age in range(self._whole_seasons(ops.shape(filled)[1], length)):
            offsets = range((age + 1) * length - 1, age * length - 1, -1)
            values, inside = take_lags(filled, offsets, last_only)
            values = apply_transform(values / magnitude[:, :, None], self.transform)
            mean = ops.mean(values, axis=2, keepdims=True)
            if age == 0:
                # Before the first whole season, the first value replaces the unknown ones.
                level, total, weights = mean, values - mean, 1.0
                continue
            weight = (1 - 2 / (self.seasons + 1)) ** age
            weight = weight * ops.cast(ops.all(inside, axis=2, keepdims=True), values.dtype)
            total, weights = total + weight * (values - mean), weights + weight
        return level, total / weights

    def _whole_seasons(self, time, length):
        """The number of seasons to smooth: where a history is known to be short, those in it.

        Earlier seasons have the weight 0 at every time step, and would be most of the graph.
        """
        longest = 2 * self.seasons - 1
        inside = max(time // length, 1) if isinstance(time, int) else longest
        return min(inside, longest) if inside <= _FEW_SEASONS else longest

    def get_config(self):
        lengths = self.season_lengths
        config = {"season_length": lengths[0] if len(lengths) == 1 else list(lengths)}
        config |= {"horizon": self.horizon, "transform": self.transform}
        config |= {"offsets": list(self.offsets), "seasons": self.seasons}
        return {**super().get_config(), **config}


def _at(shape, offsets):
    """The shape ``(batch, time, season, features)`` at lags; a negative lag lies ahead."""
    length = shape.shape[2]
    return ops.take(shape, [(length - 1 - offset) % length for offset in offsets], axis=2)
