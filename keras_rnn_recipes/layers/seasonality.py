"""What repeats in every season, taken from the history at every time step."""

from __future__ import annotations

from numbers import Integral

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.lags import take_lags
from keras_rnn_recipes.layers.scaling import apply_transform


@registered
class SeasonalBase(layers.Layer):
    """The level of the last season and the smoothed shape of the seasons, ahead and at each lag.

    The shape of a season is its values less their mean. Shapes are smoothed exponentially, the
    latest weighing most; the mean of the last season is the level they are added to. The network
    sees its lags without the season, and its output corrects the seasonal forecast.

    Args:
        season_length: steps in a season; or several lengths, whose forecasts are averaged.
        horizon: steps to forecast.
        transform: as in `WindowStatistics`.
        offsets: the lags, in steps back, for which the season is asked too.
        seasons: memory of the smoothing: each season before weighs 1 - 2 / (seasons + 1) of the one
            after it, over ``2 * seasons - 1`` of them, as far as the history holds them whole.
            1: the last season is repeated as it was.

    Call arguments:
        filled: ``(batch, time, features)``; magnitude: ``(batch, time or 1, features)``.
        last_only: give the last time step alone.

    Returns:
        All transformed and in units of the magnitude. ``base``: ``(batch, time or 1, horizon,
        features)``, the forecast; ``season``: ``(batch, time or 1, offsets, features)``, the same
        level and shape at each lag; ``shape``: ``(batch, time or 1, season *
        features)``, that of the shortest season whole, its oldest phase first.

    Source: the seasonal part of exponential smoothing (Winters 1960), its normalised weights cut
    off; in a recurrent network: Smyl 2020.

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
        """How many steps before a time step its output depends on."""
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

    def _level_and_shape(self, filled, magnitude, length, last_only):
        total, weights = 0.0, 0.0
        for age in range(2 * self.seasons - 1):
            offsets = range((age + 1) * length - 1, age * length - 1, -1)
            values, inside = take_lags(filled, offsets, last_only)
            values = apply_transform(values / magnitude[:, :, None], self.transform)
            mean = ops.mean(values, axis=2, keepdims=True)
            if age == 0:
                # Before there is a whole season, the first value stands in for what is not known.
                level, total, weights = mean, values - mean, 1.0
                continue
            weight = (1 - 2 / (self.seasons + 1)) ** age
            weight = weight * ops.cast(ops.all(inside, axis=2, keepdims=True), values.dtype)
            total, weights = total + weight * (values - mean), weights + weight
        return level, total / weights

    def get_config(self):
        lengths = self.season_lengths
        config = {"season_length": lengths[0] if len(lengths) == 1 else list(lengths)}
        config |= {"horizon": self.horizon, "transform": self.transform}
        config |= {"offsets": list(self.offsets), "seasons": self.seasons}
        return {**super().get_config(), **config}


def _at(shape, offsets):
    """A season's shape, ``(batch, time, season, features)``, so many steps back or (below 0) on."""
    length = shape.shape[2]
    return ops.take(shape, [(length - 1 - offset) % length for offset in offsets], axis=2)
