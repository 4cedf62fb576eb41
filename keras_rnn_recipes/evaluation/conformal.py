"""Intervals for any forecaster, as wide as its own errors were on values it had not learnt from.

The errors of a backtest are divided by a scale that each history has in itself, so that the series
of a panel tell each other how wide an interval has to be and an unseen series has one too. Their
quantiles, times the scale of the history at hand, are added to the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.backtest import backtest
from keras_rnn_recipes.evaluation.baselines import seasonal_naive
from keras_rnn_recipes.evaluation.histories import Baseline, Forecaster, target_of
from keras_rnn_recipes.evaluation.levels import check_levels

# Errors from which a quantile is taken: with fewer at a step, its neighbours' are added.
ENOUGH_SCORES = 400
# Origins to calibrate on; with more, they are taken further apart and then from fewer series.
MOST_ORIGINS = 10_000
# Before the validation part, to tell whether it was a usual one; and what is believed at most.
HORIZONS_BEFORE, MOST_WIDENING = 3, 3.0


@dataclass(frozen=True)
class Calibration:
    """How wide the intervals of one forecaster are.

    Attributes:
        levels: in percent, ascending.
        widths: ``(horizon, 2 * levels)``: for each level what is added to the forecast below (0 or
            less) and above (0 or more), in units of the history's scale.
        season_length: steps between the values whose differences make that scale.
        nonnegative: whether a bound below nought is nought.
        notes: sentences about what the intervals rest on.
    """

    levels: tuple[float, ...]
    widths: np.ndarray
    season_length: int
    nonnegative: bool = False
    notes: tuple[str, ...] = ()

    def bounds(self, point: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Put the bounds beside forecasts.

        Args:
            point: ``(n, horizon)``.
            scale: ``(n,)``, from `interval_scale`.

        Returns:
            ``(n, horizon, 1 + 2 * levels)``: the forecast, then lower and upper bound of each
            level. No two cross.

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
    """Measure how much a series moves, from season to season and from step to step.

    Args:
        history: ``(n, time)``, or ``(n, time, features)`` with the target first; NaN = missing.
        season_length: steps in a season.

    Returns:
        ``(n,)`` in the units of the history: the geometric mean of the mean sizes of its seasonal
        and of its one-step differences; the latter alone for histories without two values a season
        apart, or that repeat themselves exactly; 0 where there are none of these either.

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
    """Find out how wide a forecaster's intervals have to be, from its errors on the last steps.

    Args:
        frame: columns ``unique_id, ds, y`` and ``past_cols``, sorted, regular, NaN = missing. It
            ends where the validation part does: nothing of the test part may be in it.
        forecaster: as in `backtest`; fitted on what is before the last ``valid_size`` steps.
        levels: in percent.
        lookback, horizon, past_cols, future_cols, static_cols, batch_size: as in `backtest`.
        season_length: steps in a season.
        valid_size: steps at the end of each series that the forecaster was not fitted on. Where
            they hold no whole forecast, the last ``horizon`` steps are taken, with a note.

    Returns:
        The widths: for every step ahead the finite-sample quantile of the sizes of the scaled
        errors there (the smallest error than which no more than the wanted share of ``n + 1`` is
        larger), from all series together and from neighbouring steps where errors are few; divided
        between below and above as the errors of all steps are, if these are not few. A validation
        part of one horizon is one moment, which all series share and which may have been an easy
        one: the errors of the seasonal naive forecast there and in the three horizons before tell,
        and the widths then go halfway to what was usual, and halfway to being the same below and
        above (less far for longer parts).

    Raises:
        UserError: levels that are none, or no series is long enough.

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
            "There are no errors to make intervals from: nothing was observed in the last "
            f"{size} steps, or no history moves.",
            "series with values there that are not all alike.",
            "leave the levels out, or give more data.",
        )
    # A part of one horizon is one moment; the longer it is, the more it tells of others.
    told = size / (size + horizon)
    widening = _widening(sample, size, **options) ** (1 - told)
    return Calibration(
        levels,
        widening * interval_widths(scores, levels, skewness=told),
        season_length,
        nonnegative=bool(frame["y"].min() >= 0),
        notes=_notes(valid_size, horizon, int(np.isfinite(scores).sum()), levels, widening),
    )


def interval_widths(
    scores: np.ndarray, levels: Sequence[float], *, skewness: float = 1.0
) -> np.ndarray:
    """Take the widths of intervals from scaled errors.

    Args:
        scores: ``(origins, horizon)``, truth minus forecast over scale; NaN where unknown, and
            some number somewhere.
        levels: in percent, ascending.
        skewness: how far the division between below and above is that of the errors, from 0 (both
            alike) to 1.

    Returns:
        ``(horizon, 2 * levels)``, as in `Calibration`; a higher level is nowhere narrower.

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
        # Skewness is the same thing at all steps, and needs more errors to be seen than size does.
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
    """Make a forecaster give its intervals as well.

    Args:
        forecaster: ``(n, time, features) -> (n, horizon)``.
        calibration: from `calibrate`, of this forecaster.
        lookback: steps of history it wants, where it does not say so itself.

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
    """Truth minus forecast over the history's scale, ``(origins, horizon)``; NaN where unknown."""

    def scale(history: np.ndarray) -> np.ndarray:
        moves = interval_scale(_history_of(history), season_length)
        return moves[:, None].repeat(horizon, axis=1)

    seen = int(getattr(forecaster, "lookback", None) or lookback)
    both: dict[str, Forecaster] = {"point": forecaster, "scale": Baseline("scale", scale, seen)}
    tested = backtest(frame, both, lookback=lookback, horizon=horizon, **options)
    error = (tested["y"] - tested["point"]).to_numpy("float64")
    divisor = tested["scale"].to_numpy("float64")
    scores = np.divide(error, divisor, out=np.full(len(error), np.nan), where=divisor > 0)
    return scores.reshape(-1, horizon)


def _widening(frame: pd.DataFrame, size: int, *, horizon: int, season_length: int) -> float:
    """How much larger than at the end errors usually are, told by forecasts without fitting."""
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
    """What a forecaster sees may be a history with other columns beside it."""
    return seen["history"] if isinstance(seen, Mapping) else seen


def _mean_change(target: np.ndarray, lag: int) -> np.ndarray:
    change = np.abs(target[:, lag:] - target[:, :-lag])
    known = np.isfinite(change)
    return np.where(known, change, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _pool(sizes: np.ndarray, step: int) -> np.ndarray:
    """Errors at a step and, until there are enough, at the ones around it."""
    for reach in range(sizes.shape[1]):
        near = sizes[:, max(step - reach, 0) : step + reach + 1]
        near = near[np.isfinite(near)]
        if len(near) >= ENOUGH_SCORES:
            break
    return near


def _quantile(values: np.ndarray, share: float) -> float:
    """The value that the next one does not exceed with this probability; the largest at most."""
    # The product is a whole number too often to be left to rounding.
    rank = int(np.ceil(round((len(values) + 1) * share, 9)))
    return float(np.sort(values)[min(rank, len(values)) - 1])


def _thinned(frame: pd.DataFrame, size: int, horizon: int) -> tuple[pd.DataFrame, int]:
    """Few enough origins: further apart, up to a horizon, and then from every so-manieth series."""
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
            "The validation part was easier to forecast than the time before it: the intervals are "
            f"{widening - 1:.0%} wider than the errors there would make them."
        )
    if valid_size < horizon:
        notes.append(
            f"The intervals rest on errors in the last {horizon} steps that were learnt from, for "
            "want of a longer validation part: they are likely too narrow."
        )
    if count < 2 / (1 - levels[-1] / 100) - 1:
        notes.append(
            f"The intervals of level {levels[-1]:g} reach as far as the largest of only {count} "
            "errors: they are likely too narrow."
        )
    return tuple(notes)
