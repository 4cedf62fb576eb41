"""Conformal prediction intervals: calibrated on a forecaster's errors on held-out values.

The errors of a backtest are divided by a scale computed from each history. This pools the errors of
all series of a panel, and also gives intervals to a series that was not calibrated on. Quantiles of
the scaled errors, times the scale of a history, are added to its forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.evaluation.backtest import backtest
from keras_rnn_recipes.evaluation.baselines import seasonal_naive
from keras_rnn_recipes.evaluation.histories import Baseline, Forecaster, target_of
from keras_rnn_recipes.evaluation.levels import check_levels

# A quantile is taken from at least this many errors: those of neighboring steps are added.
ENOUGH_SCORES = 400
# At most this many origins: with more, the stride grows first, then series are left out.
MOST_ORIGINS = 10_000
# Horizons before the validation part that tell whether it was typical, and the largest widening.
HORIZONS_BEFORE, MOST_WIDENING = 3, 3.0


@dataclass(frozen=True)
class Calibration:
    """The widths of the intervals of one forecaster.

    Attributes:
        levels: in percent, ascending.
        widths: ``(horizon, 2 * levels)``: for each level the offsets of the lower bound (at most
            0) and of the upper bound (at least 0), in units of the history's scale.
        season_length: steps in a season, for that scale.
        nonnegative: whether negative bounds are set to 0.
        notes: sentences about the errors that the widths were computed from.
    """

    levels: tuple[float, ...]
    widths: np.ndarray
    season_length: int
    nonnegative: bool = False
    notes: tuple[str, ...] = ()

    def bounds(self, point: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Add bounds to point forecasts.

        Args:
            point: forecasts, ``(n, horizon)``.
            scale: of their histories, ``(n,)``, from `interval_scale`.

        Returns:
            ``(n, horizon, 1 + 2 * levels)``: the forecast, then the lower and upper bound of each
            level. Bounds do not cross.

        Example:
            >>> one = Calibration((80.0,), np.array([[-2.0, 1.0]]), 1, nonnegative=True)
            >>> one.bounds(np.array([[5.0]]), np.array([3.0])).tolist()
            [[[5.0, 0.0, 8.0]]]
        """
        bounds = point[..., None] + scale[:, None, None] * self.widths
        if self.nonnegative:
            bounds = np.maximum(bounds, np.minimum(point, 0.0)[..., None])
        return np.concatenate([point[..., None], bounds], axis=-1)


def interval_scale(history: np.ndarray, season_length: int) -> np.ndarray:
    """Scale of the changes of a series, from season to season and from step to step.

    Args:
        history: ``(n, time)``, or ``(n, time, features)`` with the target first; NaN = missing.
        season_length: steps in a season.

    Returns:
        ``(n,)`` in the units of the history: the geometric mean of the mean absolute seasonal and
        one-step differences; the latter alone for histories without two values a season apart, or
        that are exactly periodic; 0 where there is no change at all.

    Example:
        >>> history = np.array([[1.0, 5.0, 2.0, 9.0, 4.0], [3.0, 4.0, 3.0, 4.0, 3.0]])
        >>> interval_scale(history, 2).round(2)
        array([3.33, 1.  ])
    """
    target = target_of(history)
    seasonal, single = _mean_change(target, season_length), _mean_change(target, 1)
    return np.where(seasonal > 0, np.sqrt(seasonal * single), single)


def calibrate(
    frame: pd.DataFrame,
    forecaster: Forecaster,
    *,
    levels: Sequence[float],
    lookback: int,
    horizon: int,
    season_length: int,
    valid_size: int,
    past_cols: Sequence[str] = (),
    future_cols: Sequence[str] = (),
    static_cols: Sequence[str] = (),
    batch_size: int = 1024,
) -> Calibration:
    """Calibrate the intervals of a forecaster on its errors on the last steps.

    Args:
        frame: columns ``unique_id, ds, y`` and the covariates, sorted, regular, NaN = missing. It
            ends with the validation part and must not contain the test part.
        forecaster: as in `backtest`; fitted on the rows before the last ``valid_size`` steps.
        levels: in percent.
        lookback, horizon, past_cols, future_cols, static_cols, batch_size: as in `backtest`.
        season_length: steps in a season.
        valid_size: steps at the end of each series that the forecaster was not fitted on. Where
            they are fewer than ``horizon``, the last ``horizon`` steps are used, with a note.

    Returns:
        The calibration. The width of a level at a step is the finite-sample quantile (rank
        ``ceil((n + 1) level / 100)``) of the absolute scaled errors at that step, pooled over all
        series, and over neighboring steps where errors are few. It is divided into a lower and an
        upper part by the skewness of the errors of all steps, unless these are few.

        A validation part of one horizon shows a single period, which may have been easy to
        forecast. The errors of the seasonal naive forecast in that period are therefore compared
        with those in the three horizons before, and the widths move halfway towards the typical
        size and halfway towards symmetry; less far for longer validation parts.

    Raises:
        UserError: invalid levels, no series that is long enough, or no usable error.

    Source:
        Vovk et al. (2005), Algorithmic learning in a random world; the scaling is that of
        normalised conformal prediction (Papadopoulos et al. 2008).

    Example:
        >>> noise = np.random.default_rng(0).normal(size=600).cumsum()
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(600), "y": noise})
        >>> last = lambda history: history[:, -1:, 0].repeat(2, axis=1)
        >>> found = calibrate(frame, last, levels=[80], lookback=20, horizon=2, season_length=1,
        ...     valid_size=500)
        >>> found.widths.shape, bool(found.widths[1, 1] > found.widths[0, 1] > 1.2)
        ((2, 2), True)
    """
    levels = check_levels(levels)
    size = max(valid_size, horizon)
    sample, stride = _thinned(frame, size, horizon)
    options: dict[str, Any] = {"horizon": horizon, "season_length": season_length}
    scores = _scaled_errors(
        sample,
        forecaster,
        lookback=lookback,
        test_size=size,
        stride=stride,
        past_cols=past_cols,
        future_cols=future_cols,
        static_cols=static_cols,
        batch_size=batch_size,
        **options,
    )
    if not np.isfinite(scores).any():
        raise UserError(
            "Intervals cannot be calibrated: no value was observed in the last "
            f"{counted(size, 'step')}, or all histories are constant.",
            "series that vary and have values in these steps.",
            "leave the levels out, or give more data.",
        )
    # The longer the validation part, the better it represents other periods.
    trust = size / (size + horizon)
    widening = _widening(sample, size, **options) ** (1 - trust)
    return Calibration(
        levels,
        widening * interval_widths(scores, levels, skewness=trust),
        season_length,
        nonnegative=bool(frame["y"].min() >= 0),
        notes=_notes(valid_size, horizon, int(np.isfinite(scores).sum()), levels, widening),
    )


def interval_widths(
    scores: np.ndarray, levels: Sequence[float], *, skewness: float = 1.0
) -> np.ndarray:
    """Compute the widths of intervals from scaled errors.

    Args:
        scores: ``(origins, horizon)``, true value minus forecast, divided by the scale; NaN where
            unknown; at least one finite error.
        levels: in percent, ascending.
        skewness: weight of the errors' skewness, from 0 (symmetric intervals) to 1.

    Returns:
        ``(horizon, 2 * levels)``, as in `Calibration`; a higher level is never narrower.

    Source:
        Lei et al. (2018), Distribution-free predictive inference for regression, for the rank of
        the quantile.

    Example:
        >>> errors = np.arange(-49.0, 50.0)[:, None]
        >>> interval_widths(errors, (80, 98)).tolist()
        [[-40.0, 40.0, -49.0, 49.0]]
    """
    pools = [_pool(np.abs(scores), step) for step in range(scores.shape[1])]
    columns: list[np.ndarray] = []
    for level in levels:
        share = level / 100
        sizes = np.array([_quantile(pool, share) for pool in pools])
        # Skewness is taken from all steps together: estimating it needs more errors than the width.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            relative = (scores / sizes).ravel()
        relative = relative[np.isfinite(relative)]
        below = above = 1.0
        if len(relative) >= ENOUGH_SCORES:
            sides = (_quantile(side, (1 + share) / 2) for side in (-relative, relative))
            below, above = (1 + skewness * (max(side, 0.0) - 1) for side in sides)
        columns += [-below * sizes, above * sizes]
    lower = np.minimum.accumulate(columns[::2], axis=0)
    upper = np.maximum.accumulate(columns[1::2], axis=0)
    return np.stack([lower, upper], axis=-1).transpose(1, 0, 2).reshape(scores.shape[1], -1)


def with_bounds(forecaster: Forecaster, calibration: Calibration, *, lookback: int) -> Baseline:
    """Make a forecaster that returns calibrated bounds with its forecasts.

    Args:
        forecaster: ``(n, time, features) -> (n, horizon)``, or of a dict with ``history``.
        calibration: of this forecaster, from `calibrate`.
        lookback: steps of history that it takes, unless it has an attribute ``lookback``.

    Returns:
        A forecaster ``(n, time, features) -> (n, horizon, 1 + 2 * levels)``.

    Example:
        >>> last = lambda history: history[:, -1:, 0]
        >>> one = Calibration((80.0,), np.array([[-2.0, 1.0]]), 1)
        >>> with_bounds(last, one, lookback=2)(np.array([[[1.0], [2.0]]])).tolist()
        [[[2.0, 0.0, 3.0]]]
    """

    def answer(seen: np.ndarray) -> np.ndarray:
        history = _history_of(seen)
        point = np.asarray(forecaster(seen), dtype="float64").reshape(len(history), -1)
        return calibration.bounds(point, interval_scale(history, calibration.season_length))

    name = str(getattr(forecaster, "name", "forecaster"))
    return Baseline(name, answer, int(getattr(forecaster, "lookback", None) or lookback))


def _scaled_errors(
    frame: pd.DataFrame,
    forecaster: Forecaster,
    *,
    lookback: int,
    horizon: int,
    season_length: int,
    **options: Any,
) -> np.ndarray:
    """Errors divided by the scale of the history, ``(origins, horizon)``; NaN where unknown."""

    def scale(history: np.ndarray) -> np.ndarray:
        moves = interval_scale(_history_of(history), season_length)
        return moves[:, None].repeat(horizon, axis=1)

    seen = int(getattr(forecaster, "lookback", None) or lookback)
    both: dict[str, Forecaster] = {"point": forecaster, "scale": Baseline("scale", scale, seen)}
    options |= {"season_length": season_length}
    tested = backtest(frame, both, lookback=lookback, horizon=horizon, **options)
    error = (tested["y"] - tested["point"]).to_numpy("float64")
    divisor = tested["scale"].to_numpy("float64")
    scores = np.divide(error, divisor, out=np.full(len(error), np.nan), where=divisor > 0)
    return scores.reshape(-1, horizon)


def _widening(frame: pd.DataFrame, size: int, *, horizon: int, season_length: int) -> float:
    """Ratio, from 1 to 3, of the typical to the latest errors of the seasonal naive forecast."""
    frame = _some_series(frame, MOST_ORIGINS // (5 * HORIZONS_BEFORE))
    simple = partial(seasonal_naive, horizon=horizon, season_length=season_length)
    options: dict[str, Any] = {
        "lookback": max(5 * season_length, 2 * horizon),
        "stride": max(horizon // 4, 1),
        "horizon": horizon,
        "season_length": season_length,
    }
    sizes = [
        np.abs(_scaled_errors(frame, simple, test_size=steps, **options))
        for steps in (size, size + HORIZONS_BEFORE * horizon)
    ]
    if not all(np.isfinite(part).any() for part in sizes):
        return 1.0
    at_the_end, usual = (np.nanquantile(part, 0.8) for part in sizes)
    if not at_the_end > 0:
        return 1.0
    return float(np.clip(usual / at_the_end, 1.0, MOST_WIDENING))


def _history_of(seen: Any) -> np.ndarray:
    """The history among the inputs of a forecaster, which may also be a dict with covariates."""
    return seen["history"] if isinstance(seen, Mapping) else seen


def _mean_change(target: np.ndarray, lag: int) -> np.ndarray:
    change = np.abs(target[:, lag:] - target[:, :-lag])
    known = np.isfinite(change)
    return np.where(known, change, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _pool(sizes: np.ndarray, step: int) -> np.ndarray:
    """Errors at a step and, until there are enough, at its neighboring steps."""
    for reach in range(sizes.shape[1]):
        near = sizes[:, max(step - reach, 0) : step + reach + 1]
        near = near[np.isfinite(near)]
        if len(near) >= ENOUGH_SCORES:
            break
    return near


def _quantile(values: np.ndarray, share: float) -> float:
    """The bound that a further value does not exceed with this probability, or the maximum."""
    # Rounded first: floating-point error would raise a product that is a whole number by one rank.
    rank = int(np.ceil(round((len(values) + 1) * share, 9)))
    return float(np.sort(values)[min(rank, len(values)) - 1])


def _thinned(frame: pd.DataFrame, size: int, horizon: int) -> tuple[pd.DataFrame, int]:
    """At most ``MOST_ORIGINS``: a larger stride, up to the horizon, and then every k-th series."""
    number = frame["unique_id"].nunique()
    stride = 1
    while number * ((size - horizon) // stride + 1) > MOST_ORIGINS and stride < horizon:
        stride += 1
    return _some_series(frame, MOST_ORIGINS // ((size - horizon) // stride + 1)), stride


def _some_series(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    names = frame["unique_id"].unique()
    every = -(-len(names) // max(most, 1))
    return frame[frame["unique_id"].isin(names[::every])] if every > 1 else frame


def _notes(
    valid_size: int, horizon: int, count: int, levels: Sequence[float], widening: float
) -> tuple[str, ...]:
    notes = []
    if widening > 1.1:
        notes.append(
            "The validation part was easier to forecast than the steps before it: the intervals "
            f"are {widening - 1:.0%} wider than its errors alone would give."
        )
    if valid_size < horizon:
        notes.append(
            f"The intervals are calibrated on the last {counted(horizon, 'step')}, which the model "
            "was trained on, since the validation part is shorter: they are likely too narrow."
        )
    # Rounded: floating-point error would raise the whole numbers that most levels give.
    if count < round(2 / (1 - levels[-1] / 100), 9) - 1:
        notes.append(
            f"The intervals of level {levels[-1]:g} are as wide as the largest of only "
            f"{counted(count, 'error')}: they are likely too narrow."
        )
    return tuple(notes)
