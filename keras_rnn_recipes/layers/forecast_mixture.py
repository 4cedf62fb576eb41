"""The layer of the pretrained forecaster: classical forecasts, mixed and corrected by an LSTM."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.pretrained.card import LARGEST_LEVEL
from keras_rnn_recipes.pretrained.mixture import (
    NUM_AHEAD,
    NUM_FORECASTS,
    NUM_LAGGED,
    NUM_SCALARS,
    QUANTILES,
    Mixture,
    Parts,
)


@registered
class ForecastMixture(layers.Layer):
    """Forecast series of any season by a mixture of classical forecasts that an LSTM chooses.

    - A positive series is read as logarithms, any other as it is; both relative to their mean.
    - At each step, an LSTM reads recent and seasonal values, relative to the level and divided by
      the usual change of the series, and the last error of each classical forecast.
    - For each step ahead, one dense network, shared by all of them, reads the state of the LSTM and
      the classical forecasts; it gives their weights (softmax), a correction, and the distances
      between quantiles, which therefore never cross. Before training, its last layer is zero: the
      forecast is the mean of the classical ones.

    No weight depends on the season, the horizon or the length of the history, so that weights can
    be carried from one such layer to another. Padding a history with NaN at its start does not
    change its forecast: the LSTM has no bias, so that it keeps the state zero until the first
    observed value.

    Args:
        horizon: number of steps ahead.
        season_length: steps of the season, 1 for none; or a pair of a season and a longer one.
        levels: of the intervals in the output, in percent, ascending, between 0 and 95.
        units: width of the LSTM.
        hidden: width of the dense layers.
        forecasts: numbers of the classical forecasts to mix, for ablations; None: all of them.
        scaling: read by `to_forecaster`: ``"change"`` subtracts the last value of a history in
            float64.
        widening: factor on the distance of the outermost quantiles from the median.

    Call arguments:
        history: ``(batch, time, 1)`` in units of the data, NaN = missing.

    Returns:
        ``(batch, horizon, 1 + 2 * levels)``: median, then lower and upper bound of each level.

    Raises:
        ValueError: an argument out of range.

    Example:
        >>> import numpy as np
        >>> layer = ForecastMixture(4, season_length=2)
        >>> history = np.array([1, 5, 1, 5, 1, 5, 1, 5], "float32").reshape(1, 8, 1)
        >>> layer(history).shape
        TensorShape([1, 4, 1])
    """

    def __init__(
        self,
        horizon,
        season_length=1,
        levels=(),
        units=96,
        hidden=64,
        forecasts=None,
        scaling=None,
        widening=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        seasons = (season_length,) if isinstance(season_length, int) else tuple(season_length)
        if horizon < 1 or not 1 <= len(seasons) <= 2 or min(seasons) < 1:
            raise ValueError(
                "horizon and season_length must be at least 1, with at most two seasons; received "
                f"horizon={horizon}, season_length={season_length}."
            )
        self.horizon, self.seasons = int(horizon), tuple(sorted(map(int, seasons)))
        self.levels = tuple(float(level) for level in levels)
        if any(not 0 < level <= LARGEST_LEVEL for level in self.levels):
            raise ValueError(
                f"levels must be above 0 and at most {LARGEST_LEVEL:g} percent; received {levels}."
            )
        self.units, self.hidden = int(units), int(hidden)
        self.forecasts = tuple(forecasts) if forecasts is not None else None
        self.scaling, self.widening = scaling, float(widening)
        # Without a bias, zeros before the first observed value leave the state zero.
        self.lstm = layers.LSTM(units, return_sequences=True, use_bias=False, name="lstm")
        self.of_origin = layers.Dense(hidden, name="of_origin")
        self.of_step = layers.Dense(hidden, use_bias=False, name="of_step")
        self.middle = layers.Dense(hidden, name="middle")
        self.head = layers.Dense(
            NUM_FORECASTS + len(QUANTILES), kernel_initializer="zeros", name="head"
        )

    @property
    def parts(self):
        """The trained parts, in the order of their weights."""
        return Parts(self._states, self.of_origin, self.of_step, self.middle, self.head)

    @property
    def mixture(self):
        """The arithmetic with the parts of this layer."""
        return Mixture(self.seasons, self.parts, self.forecasts, self.widening)

    def build(self, shape):
        self.lstm.build((None, None, NUM_LAGGED + NUM_SCALARS + NUM_FORECASTS))
        self.of_origin.build((None, None, self.units + NUM_SCALARS))
        self.of_step.build((None, None, None, NUM_FORECASTS + NUM_AHEAD))
        self.middle.build((None, None, None, self.hidden))
        self.head.build((None, None, None, self.hidden))

    def call(self, history):
        history = ops.convert_to_tensor(history)
        return self.mixture.forecast(history[:, :, 0], self.horizon, self.levels)

    def _states(self, features, age):
        """The states of the LSTM, which reads each series from its first value on.

        The steps before it are read after the last one. Read first, they would leave the state at
        zero as well, but back through many of them the gradient grows until it is infinite.
        """
        time = ops.shape(features)[1]
        late = time - ops.max(age, axis=1)[:, None]
        steps = ops.arange(time, dtype=late.dtype)[None]
        rolled = ops.take_along_axis(features, ((steps + late) % time)[:, :, None], axis=1)
        states = self.lstm(rolled)
        return ops.take_along_axis(states, ((steps - late) % time)[:, :, None], axis=1)

    def errors(self, history, origins, steps):
        """As `Mixture.errors`, to pretrain the layer."""
        given = map(ops.convert_to_tensor, (history, origins, steps))
        return self.mixture.errors(*given)

    def with_options(self, **options):
        """A layer with other options, as of season, horizon or levels, and the same weights."""
        other = type(self)(**{**self.get_config(), "name": None, **options})
        for name in Parts._fields:
            setattr(other, name, getattr(self, name))
        other.built = True
        return other

    def compute_output_shape(self, shape):
        return (shape[0], self.horizon, 1 + 2 * len(self.levels))

    def get_config(self):
        config = {"horizon": self.horizon, "season_length": self.seasons, "levels": self.levels}
        config |= {"units": self.units, "hidden": self.hidden, "forecasts": self.forecasts}
        config |= {"scaling": self.scaling, "widening": self.widening}
        return {**super().get_config(), **config}
