"""The network of the pretrained forecaster: an LSTM mixes classical forecasts and corrects them.

Written for NumPy arrays and tensors of Keras alike: the trained parts are given as functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from keras_rnn_recipes.pretrained.arrays import carry_forward, ops_of
from keras_rnn_recipes.pretrained.classical import (
    NUM_CLASSICAL,
    ClassicalForecasts,
    Series,
    earlier,
    shifted,
    values_at,
)

# The quantiles that the network learns.
QUANTILES = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
_MEDIAN = QUANTILES.index(0.5)

# Of a longer second season, these classical forecasts: three levels and the last season.
_OF_SECOND_SEASON = (1, 2, 3, 9)
NUM_FORECASTS = NUM_CLASSICAL + len(_OF_SECOND_SEASON)

# Features of each step, from `_lagged` and `_scalars`.
NUM_LAGGED, NUM_SCALARS = 23, 12

# Features of each step ahead besides the classical forecasts.
NUM_AHEAD = 3

# A positive series is read as logarithms, unless its smallest value is this small a share of its
# mean: a few values near zero would dominate.
_SMALLEST_SHARE = 1e-3

# Forecasts of logarithms stay below this factor of the mean, e ** 20.
_LARGEST_LOG = 20.0

# The dispersion is at least this share of the mean absolute value (of 0.1 for logarithms), so that
# a constant series can be divided by it. After a single value it is the whole: nothing is known.
_SMALLEST_DISPERSION = 1e-3


def two_seasons(season_length: int | Sequence[int]) -> tuple[int, ...]:
    """The seasons that the network uses of those that were given: the first and the longest.

    Example:
        >>> two_seasons(12), two_seasons((24, 168, 8766)), two_seasons((7,))
        ((12,), (24, 8766), (7,))
    """
    seasons = (season_length,) if isinstance(season_length, int) else tuple(season_length)
    return tuple(sorted({seasons[0], max(seasons)}))


class Units(NamedTuple):
    """How values became what the network reads: ``values = scale * x`` or ``scale * exp(x)``."""

    positive: Any  # (batch, 1)
    scale: Any  # (batch, 1)


class Parts(NamedTuple):
    """The trained parts, as functions of arrays whose last axis holds features.

    Attributes:
        lstm: ``(batch, time, features)``, and the age of the series as in `Series`, to the state
            after each step, ``(batch, time, units)``.
        of_origin, of_step, middle, head: dense layers without an activation.
    """

    lstm: Callable[[Any, Any], Any]
    of_origin: Callable[[Any], Any]
    of_step: Callable[[Any], Any]
    middle: Callable[[Any], Any]
    head: Callable[[Any], Any]


class _State(NamedTuple):
    """What is known at each step of a batch: ``(batch, time)``, and features with one axis more."""

    filters: list[ClassicalForecasts]
    level: Any
    dispersion: Any
    encoded: Any
    scalars: Any


class Mixture:
    """From histories to quantiles, for given seasons and trained parts.

    Args:
        seasons: steps of the season, 1 for none; and of a longer one, if there are two.
        parts: the trained parts.
        kept: numbers of the classical forecasts to mix; None: all of them.
        widening: of the outermost quantiles, as in `interpolation`.
    """

    def __init__(
        self,
        seasons: Sequence[int],
        parts: Parts,
        kept: Sequence[int] | None = None,
        widening: float = 1.0,
    ) -> None:
        self.seasons, self.parts, self.widening = tuple(seasons), parts, widening
        excluded = () if kept is None else set(range(NUM_FORECASTS)) - set(kept)
        self._excluded = np.isin(np.arange(NUM_FORECASTS), list(excluded))

    def forecast(self, history: Any, horizon: int, levels: Sequence[float] = ()) -> Any:
        """Forecast from the last step.

        Args:
            history: ``(batch, time)`` in units of the data, NaN = missing.
            horizon: number of steps ahead.
            levels: of the bounds, in percent.

        Returns:
            ``(batch, horizon, 1 + 2 * levels)``: median, then the bounds of each level.
        """
        ops = ops_of(history)
        series, units = read(history)
        state = self._state(series, units)
        last = ops.shape(series.values)[1] - 1 + ops.zeros_like(series.age[:, :1])
        steps = ops.arange(1, horizon + 1, dtype="int32")
        quantiles, _ = self._quantiles(state, last, steps, lambda values: values[:, -1:])
        wanted = [0.5]
        for level in levels:
            wanted += [0.5 - level / 200, 0.5 + level / 200]
        between = ops.convert_to_tensor(interpolation(wanted, self.widening), dtype=quantiles.dtype)
        return _in_units(ops.matmul(quantiles[:, 0], between), units)

    def errors(self, history: Any, origins: Any, steps: Any) -> tuple[Any, Any]:
        """What to train on: by how much the quantiles at some origins are too low.

        Args:
            history: ``(batch, time)`` in units of the data, NaN = missing.
            origins: steps from which to forecast, ``(batch, origins)``.
            steps: steps ahead, ``(steps,)``; ``origins + steps`` lies within the history.

        Returns:
            The target minus each quantile, divided by the dispersion at the origin, and 1 where the
            target was observed: ``(batch, origins, steps, len(QUANTILES))`` and ``(..., 1)``.
        """
        ops = ops_of(history)
        series, units = read(history)
        state = self._state(series, units)
        time = ops.shape(series.values)[1]
        chosen = ops.one_hot(origins, time, dtype=series.values.dtype)

        def select(values: Any) -> Any:
            if len(values.shape) == 3:
                return ops.matmul(chosen, values)
            return ops.take_along_axis(values, origins, axis=1)

        quantiles, dispersion = self._quantiles(state, origins, steps, select)
        where = origins[:, :, None] + steps[None, None]
        target, _ = values_at(series, series.values, where)
        observed, _ = values_at(series, series.observed, where)
        error = (target[..., None] - quantiles) / dispersion[:, :, None, None]
        return error, observed[..., None]

    def _state(self, series: Series, units: Units) -> _State:
        """What the network knows at each step: the state of the LSTM, and in which units."""
        ops = ops_of(series.values)
        filters = [ClassicalForecasts(series, season) for season in self.seasons]
        level = filters[0].levels[0.4]
        scale = _scale_of(series, filters[0], units, self.seasons[0])
        scalars = _scalars(series, units, scale, self.seasons[0])
        lagged = _lagged(series, filters[0], self.seasons[0])
        errors = self._last_errors(series, filters, scale.dispersion)
        # 32 bits are enough for the network, from the differences of large numbers on.
        above, unit, scalar, errors = (
            ops.cast(x, "float32")
            for x in (lagged - level[..., None], 2.0 * scale.dispersion, scalars, errors)
        )
        features = [ops.arcsinh(above / unit[..., None]), scalar, ops.arcsinh(errors)]
        begun = ops.cast(series.age > 0, "float32")[..., None]
        encoded = self.parts.lstm(ops.concatenate(features, axis=-1) * begun, series.age)
        return _State(filters, level, scale.dispersion, encoded, scalars)

    def _last_errors(self, series: Series, filters: list[Any], dispersion: Any) -> Any:
        """By how much each classical forecast of this step was too low, in dispersions."""
        ops = ops_of(series.values)
        one = ops.ones((1,), dtype="int32")
        now = _forecasts(filters, filters[0].everywhere, one, lambda values: values)[:, :, 0]
        weight = series.observed * ops.cast(series.age > 1, dispersion.dtype) / dispersion
        error = (series.values[:, 1:, None] - now[:, :-1]) * weight[:, 1:, None]
        return ops.pad(error, [[0, 0], [1, 0], [0, 0]])  # the first step has no forecast

    def _quantiles(
        self, state: _State, origins: Any, steps: Any, select: Callable[[Any], Any]
    ) -> tuple[Any, Any]:
        """Quantiles ``(batch, origins, steps, QUANTILES)``, and the dispersion at the origins."""
        ops, parts = ops_of(state.level), self.parts
        level, dispersion = select(state.level), select(state.dispersion)
        forecasts = _forecasts(state.filters, origins, steps, select)
        wide = (..., None, None)
        relative = (forecasts - level[wide]) / dispersion[wide]
        origin = ops.concatenate([select(state.encoded), select(state.scalars)], axis=-1)
        ahead = _describe_steps(steps, self.seasons[0], relative.dtype)
        ahead = ops.broadcast_to(ahead, (*ops.shape(relative)[:3], NUM_AHEAD))
        step = ops.concatenate([ops.arcsinh(0.5 * relative), ahead], axis=-1)
        hidden = gelu(parts.of_origin(origin)[:, :, None] + parts.of_step(step))
        output = parts.head(hidden + gelu(parts.middle(hidden)))
        logits = output[..., :NUM_FORECASTS]
        if self._excluded.any():
            excluded = ops.convert_to_tensor(-1e9 * self._excluded, dtype=logits.dtype)
            logits = logits + excluded
        mixture = ops.sum(ops.softmax(logits, axis=-1) * relative, axis=-1)[..., None]
        quantiles = _spread(mixture, output[..., NUM_FORECASTS:])
        return level[wide] + dispersion[wide] * quantiles, dispersion


def gelu(x: Any) -> Any:
    """The activation of Hendrycks and Gimpel 2016, in its form with tanh.

    Example:
        >>> gelu(np.array([-1.0, 0.0, 1.0])).round(3).tolist()
        [-0.159, 0.0, 0.841]
    """
    ops = ops_of(x)
    return 0.5 * x * (1.0 + ops.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


def read(values: Any) -> tuple[Series, Units]:
    """Series as the network reads them, and the way back to their units.

    Args:
        values: ``(batch, time)`` in units of the data; NaN and infinity are missing.
    """
    ops = ops_of(values)
    known = ops.isfinite(values)
    filled = carry_forward(ops.where(known, values, float("nan"))[:, :, None])[:, :, 0]
    observed = ops.cast(known, filled.dtype)
    begun = ops.cumsum(ops.cast(known, "int32"), axis=1) > 0
    age = ops.cumsum(ops.cast(begun, "int32"), axis=1)
    number = ops.maximum(ops.sum(observed, axis=1)[:, None], 1.0)
    # Divided before it is summed: the sum of huge values would be infinite.
    scale = ops.sum(ops.abs(filled) / number * observed, axis=1)[:, None]
    scale = ops.where(scale > 0, scale, ops.ones_like(scale))
    relative = filled / scale
    positive = ops.all(relative > _SMALLEST_SHARE, axis=1)[:, None]
    logarithm = ops.log(ops.maximum(relative, _SMALLEST_SHARE))
    series = Series(ops.where(positive, logarithm, relative), observed, age)
    return series, Units(positive, scale)


def _forecasts(filters: list[Any], origins: Any, steps: Any, select: Any) -> Any:
    """The classical forecasts of each season, ``(batch, origins, steps, NUM_FORECASTS)``."""
    found = [one.at(origins, steps, select) for one in filters]
    ops = ops_of(found[0])
    second = ops.stack([found[-1][..., k] for k in _OF_SECOND_SEASON], axis=-1)
    return ops.concatenate([found[0], second], axis=-1)


def interpolation(wanted: Sequence[float], widening: float = 1.0) -> np.ndarray:
    """The matrix from `QUANTILES` to others between them, linear in scores of the normal.

    Args:
        wanted: probabilities from 0.025 to 0.975.
        widening: factor on the distance of the outermost quantiles from the median. It falls to 1
            at the quantiles 0.1 and 0.9; those between them stay as they were learned.

    Returns:
        ``(len(QUANTILES), len(wanted))``.

    Example:
        >>> interpolation([0.5, 0.9])[[5, 9]].tolist()
        [[1.0, 0.0], [0.0, 1.0]]
        >>> interpolation([0.9, 0.975], widening=1.5)[[5, 9, 10]].tolist()
        [[0.0, -0.5], [1.0, 0.0], [0.0, 1.5]]
    """
    scores = [NormalDist().inv_cdf(p) for p in QUANTILES]
    at = [NormalDist().inv_cdf(p) for p in wanted]
    learned = np.stack([np.interp(at, scores, row) for row in np.eye(len(QUANTILES))])
    factors = np.interp(np.abs(at), scores[-2:], [1.0, widening])
    median = np.eye(len(QUANTILES))[:, _MEDIAN, None]
    return factors * learned + (1.0 - factors) * median


class _Scale(NamedTuple):
    """How much a series changes, at each step from the past alone: ``(batch, time)``."""

    dispersion: Any  # by which the network divides
    typical: Any  # a tenth of a logarithm, or the mean absolute value
    spreads: tuple[Any, ...]  # of the seasonal changes, the changes, those without the season


def _scale_of(series: Series, filters: ClassicalForecasts, units: Units, season: int) -> _Scale:
    values, observed, age = series
    ops = ops_of(values)

    def mean_so_far(sizes: Any, since: int) -> Any:
        weights = ops.cast(age > since, values.dtype) * observed
        total = ops.cumsum(weights, axis=1)
        return ops.cumsum(ops.abs(sizes) * weights, axis=1) / ops.maximum(total, 1.0)

    steps = mean_so_far(values - shifted(values, 1), 1)
    seasons = mean_so_far(values - shifted(values, season), season)
    adjusted = mean_so_far(filters.changes, 1)
    usual = ops.where(seasons > 0, 0.5 * (ops.minimum(steps, seasons) + seasons), steps)
    typical = ops.where(units.positive, 0.1, ops.maximum(mean_so_far(values, 0), _SMALLEST_SHARE))
    seen = ops.cumsum(observed, axis=1)
    smallest = ops.where(seen > 1, _SMALLEST_DISPERSION * typical, typical)
    return _Scale(ops.maximum(usual, smallest), typical, (seasons, steps, adjusted))


def _lagged(series, filters, season):
    """Recent and seasonal values, and means of seasons: ``(batch, time, 23)``."""
    seasonal = [season, max(season - 1, 0), max(season - 2, 0), 2 * season]
    seasonal += [2 * season - 1, 3 * season]
    found = earlier(series, series.values, range(8))
    found += earlier(series, filters.adjusted, range(6))
    found += earlier(series, series.values, seasonal)
    found += earlier(series, filters.average, [0, season, 2 * season])
    return ops_of(series.values).stack(found, axis=-1)


def _scalars(series, units, scale, season):
    """Numbers that describe the series up to each step, ``(batch, time, 12)``."""
    values, observed, age = series
    ops = ops_of(values)
    ones = ops.ones_like(values)
    age = ops.cast(ops.maximum(age, 1), values.dtype)
    size = 0.3 * ops.log(scale.dispersion / scale.typical)
    positive = ops.cast(units.positive, values.dtype) * ones
    parts = [ones, size, size * positive, positive, observed]
    parts += [0.3 * ops.minimum(age / season, 6.0), 0.2 * ops.log(age)]
    parts += [ops.log(spread / scale.dispersion + _SMALLEST_SHARE) for spread in scale.spreads]
    parts += [0.3 * math.log(season) * ones, ops.cumsum(observed, axis=1) / age]
    return ops.stack(parts, axis=-1)


def _describe_steps(steps, season, dtype):
    """Numbers that describe a step ahead, ``(steps, 3)``."""
    ops = ops_of(steps)
    ahead = ops.cast(steps, dtype)
    whole = ops.cast(ops.equal(steps % season, 0), dtype)
    return ops.stack([0.5 * ops.log(ahead), 0.5 * ops.minimum(ahead / season, 4.0), whole], axis=-1)


def _spread(mixture, outputs):
    """Quantiles around the corrected mixture, whose distances are positive."""
    ops = ops_of(mixture)
    middle = mixture + outputs[..., _MEDIAN : _MEDIAN + 1]
    gaps = ops.softplus(outputs - 1.0)
    above = ops.cumsum(gaps[..., _MEDIAN + 1 :], axis=-1)
    below = ops.flip(ops.cumsum(ops.flip(gaps[..., :_MEDIAN], axis=-1), axis=-1), axis=-1)
    return ops.concatenate([middle - below, middle, middle + above], axis=-1)


def _in_units(forecasts, units):
    """From what the network reads to units of the data, ``(batch, steps, outputs)``."""
    ops = ops_of(forecasts)
    positive, scale = units.positive[..., None], units.scale[..., None]
    exponential = ops.exp(ops.minimum(forecasts, _LARGEST_LOG))
    return scale * ops.where(positive, exponential, forecasts)
