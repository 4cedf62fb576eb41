"""Classical forecasts as linear filters: exponential smoothing, Theta, drift, seasonal naive.

Every forecast is a fixed linear function of the past, for any season, computed for all forecast
origins at once in the graph. Nothing is fitted. Values before the first observed one never count,
so that padding a series at its start changes no forecast.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras_rnn_recipes.pretrained.arrays import ops_of

# Rates of exponential smoothing, from a stable level to the last value.
RATES = (0.05, 0.15, 0.4, 1.0)

# The damping factor of trends.
DAMPING = 0.92

# A season is a mean of this many past ones, each with this much less weight than the next one, and
# is pulled towards zero as if that much weight more had been seen.
_SEASONS, _SEASON_DECAY, _SHRINKAGE = 4, 0.6, 0.3


class Series(NamedTuple):
    """Series in one batch, and what is known of each step.

    Attributes:
        values: ``(batch, time)`` without NaN.
        observed: 1 where a value was observed, and 0 where it was filled in.
        age: steps from the first observed value on, which has age 1; 0 before it.
    """

    values: Any
    observed: Any
    age: Any


def shifted(values, steps):
    """The values of earlier steps; 0 before the start.

    Example:
        >>> import numpy as np
        >>> np.array(shifted(np.array([[1.0, 2.0, 3.0]]), 2)).tolist()
        [[0.0, 0.0, 1.0]]
    """
    ops = ops_of(values)
    time = ops.shape(values)[1]
    return ops.pad(values, [[0, 0], [steps, 0]])[:, :time]


def earlier(series, values, lags):
    """The values of earlier steps, one array for each lag; before the start the first one.

    Example:
        >>> import numpy as np
        >>> series = Series(np.array([[7.0, 1, 2]]), np.ones((1, 3)), np.array([[0, 1, 2]]))
        >>> [found.tolist() for found in earlier(series, series.values, [0, 1])]
        [[[1.0, 1.0, 2.0]], [[1.0, 1.0, 1.0]]]
    """
    ops = ops_of(values)
    first, _ = values_at(series, values, ops.zeros_like(series.age[:, :1]))
    return [ops.where(series.age > lag, shifted(values, lag), first) for lag in lags]


def trailing_mean(series, values, steps):
    """The mean of the last steps of each step, ``(batch, time)``; of fewer at the start.

    Example:
        >>> import numpy as np
        >>> ones = np.ones((1, 4), "float32")
        >>> series = Series(2 * ones, ones, np.array([[0, 1, 2, 3]]))
        >>> np.array(trailing_mean(series, np.array([[9.0, 1, 3, 5]], "float32"), 2)).tolist()
        [[0.0, 1.0, 2.0, 4.0]]
    """
    ops = ops_of(values)
    counted = ops.cast(series.age > 0, values.dtype)
    sums = ops.cumsum(values * counted, axis=1)
    number = ops.cast(ops.clip(series.age, 1, steps), values.dtype)
    return (sums - shifted(sums, steps)) / number


def weighted_means(values, weights, rates):
    """Exponentially weighted means of the past, one for each rate.

    Args:
        values: ``(batch, time)``.
        weights: of the values, ``(batch, time)``; 0 leaves a value out.
        rates: the factor of a value is ``(1 - rate) ** age``.

    Returns:
        A list of ``(batch, time)``; 0 where no value has a weight.

    Example:
        >>> import numpy as np
        >>> x = np.array([[1.0, 3.0]], "float32")
        >>> [np.array(m).tolist() for m in weighted_means(x, np.ones_like(x), [0.0, 1.0])]
        [[[1.0, 2.0]], [[1.0, 3.0]]]
    """
    ops = ops_of(values)
    both = ops.concatenate([values * weights, weights], axis=0)
    batch = ops.shape(values)[0]
    means = []
    for rate in rates:
        sums = ops.matmul(both, _decaying(ops, ops.shape(values)[1], rate, values.dtype))
        means.append(sums[:batch] / ops.maximum(sums[batch:], 1e-6))
    return means


def _decaying(ops, time, rate, dtype):
    """The weight of step i in the mean at step j, ``(time, time)``."""
    steps = ops.arange(time, dtype="int32")
    age = steps[None, :] - steps[:, None]
    powers = ops.power(ops.cast(1.0 - rate, dtype), ops.cast(steps, dtype))
    weights = ops.take(powers, ops.maximum(age, 0), axis=0)
    return ops.where(age >= 0, weights, ops.zeros_like(weights))


def values_at(series, values, positions):
    """Values at given steps, and whether the series has begun there.

    Args:
        series: the batch.
        values: ``(batch, time)``.
        positions: steps, ``(batch, ...)``, also before the first step, but not after the last.

    Returns:
        Values of the shape of ``positions``, those of the first observed step for earlier ones; and
        1 where the series has begun, else 0.
    """
    ops = ops_of(values)
    time = ops.shape(values)[1]
    # A series without any value has its age 0 everywhere; its last step is as good as any.
    first = ops.minimum(time - ops.max(series.age, axis=1), time - 1)
    shape = ops.shape(positions)
    flat = ops.reshape(positions, (shape[0], -1))
    inside = flat >= first[:, None]
    found = ops.take_along_axis(values, ops.where(inside, flat, first[:, None]), axis=1)
    return ops.reshape(found, shape), ops.cast(ops.reshape(inside, shape), values.dtype)


class Season:
    """The deviations from a centered moving average, and the season that they give.

    The average of one season around step ``t`` is known half a season later, so that a forecast
    from any origin uses no later values.

    Args:
        series: the batch.
        length: steps of the season, at least 2.
    """

    def __init__(self, series, length):
        self.ops = ops = ops_of(series.values)
        self.series, self.length, self.half = series, length, length // 2
        average = trailing_mean(series, series.values, length)
        even = length % 2 == 0
        if even:
            average = (average + shifted(average, 1)) / 2
        known = series.age >= length + even
        self.known = ops.cast(known, series.values.dtype)
        self.deviations = (shifted(series.values, self.half) - average) * self.known

    def ahead(self, positions, steps):
        """The season at some steps ahead of some origins.

        Args:
            positions: origins, ``(batch, origins)``.
            steps: steps ahead, ``(steps,)``; 0 is the origin itself.

        Returns:
            ``(batch, origins, steps)``.
        """
        ops = self.ops
        whole = (steps + self.half + self.length - 1) // self.length  # seasons back to known steps
        back = whole[:, None] + ops.arange(_SEASONS, dtype="int32")[None, :]
        offsets = steps[:, None] + self.half - self.length * back
        where = positions[:, :, None, None] + offsets[None, None]
        found, inside = values_at(self.series, self.deviations, where)
        known, _ = values_at(self.series, self.known, where)
        decay = [_SEASON_DECAY**k for k in range(_SEASONS)]
        weights = known * inside * ops.convert_to_tensor(decay, dtype=found.dtype)
        return ops.sum(found * weights, -1) / (ops.sum(weights, -1) + _SHRINKAGE)


class ClassicalForecasts:
    """Forecasts of a batch by linear filters, from any origin.

    The series without its season is smoothed at each of `RATES`, and its first differences at two
    rates more. These levels and slopes, with the season, give exponential smoothing, Holt's method
    with a damped trend, Theta (half of the slope), and drift. The others are the last value, a
    smoothed value, the last season, and the last season plus its growth.

    Args:
        series: the batch.
        season_length: steps of the season; 1 for none.

    Sources: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, chapters 3 and 8;
        Assimakopoulos and Nikolopoulos 2000 for Theta.
    """

    def __init__(self, series, season_length):
        self.series, self.length = series, season_length
        values, observed, age = series
        self.ops = ops = ops_of(values)
        time = ops.shape(values)[1]
        self.everywhere = ops.broadcast_to(ops.arange(time, dtype="int32")[None], ops.shape(values))
        self.season = Season(series, season_length) if season_length > 1 else None
        zero = ops.zeros((1,), dtype="int32")
        self.adjusted = values
        if self.season is not None:
            self.adjusted = values - self.season.ahead(self.everywhere, zero)[:, :, 0]
        follows = ops.cast(age > 1, values.dtype)
        self.changes = (self.adjusted - shifted(self.adjusted, 1)) * follows
        *levels, self.fast = weighted_means(self.adjusted, observed, (*RATES[:-1], 0.7))
        self.levels = dict(zip(RATES, (*levels, self.adjusted), strict=True))
        both = observed * shifted(observed, 1)
        self.slow_slope, self.slope = weighted_means(self.changes, both, (0.03, 0.15))
        self.smooth, self.mean = weighted_means(values, observed, (0.3, 0.02))
        self.average = trailing_mean(series, values, season_length)
        grown = ops.cast(age >= 2 * season_length, values.dtype)
        self.growth = (self.average - shifted(self.average, season_length)) * grown

    def at(self, positions, steps, select):
        """The forecasts, ``(batch, origins, steps, forecasts)``.

        Args:
            positions: origins, ``(batch, origins)``.
            steps: steps ahead, at least 1, ``(steps,)``.
            select: function from ``(batch, time)`` to the values at the origins.
        """
        ops = self.ops
        ahead = ops.cast(steps, self.adjusted.dtype)
        damped = DAMPING * (1.0 - ops.power(DAMPING, ahead)) / (1.0 - DAMPING)
        season = 0.0 * ahead if self.season is None else self.season.ahead(positions, steps)

        def at_origin(values):
            return select(values)[:, :, None]

        level = {rate: at_origin(values) for rate, values in self.levels.items()}
        slope, slow = at_origin(self.slope), at_origin(self.slow_slope)
        found = [level[rate] + season for rate in RATES]
        # The level lags behind a trend by (1 - rate) / rate steps.
        found += [level[a] + slope * ((1 - a) / a + damped) + season for a in (0.4, 1.0)]
        found += [level[a] + 0.5 * slow * ahead + season for a in (0.4, 1.0)]
        found.append(level[1.0] + slow * ahead + season)
        found += self._without_filter(positions, steps, at_origin, slope * damped)
        found += [at_origin(self.series.values), at_origin(self.smooth)]
        shape = ops.shape(found[4])
        return ops.stack([ops.broadcast_to(one, shape) for one in found], axis=-1)

    def _without_filter(self, positions, steps, at_origin, trend):
        """The last season, and with its growth; without a season a fast level and the mean."""
        if self.season is None:
            return [at_origin(self.fast) + 0.5 * trend, at_origin(self.mean)]
        cycles = (steps - 1) // self.length + 1
        where = positions[:, :, None] + (steps - self.length * cycles)[None, None]
        last, _ = values_at(self.series, self.series.values, where)
        return [last, last + 0.7 * at_origin(self.growth) * self.ops.cast(cycles, last.dtype)]


# Forecasts that `ClassicalForecasts.at` gives.
NUM_CLASSICAL = 13
