"""Array operations on histories that baselines and backtests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

# From a history (batch, time, features), or from a dict of the history and its covariates.
Forecaster = Callable[[Any], np.ndarray]


@dataclass(frozen=True)
class Baseline:
    """A forecaster with the length of history that it takes.

    Args:
        name: of its column in a backtest.
        function: ``history (batch, time) -> forecast (batch, horizon)``.
        lookback: steps of history that :func:`~keras_rnn_recipes.evaluation.backtest.backtest`
            passes to it.

    Example:
        >>> last = Baseline("last", lambda history: history[:, [-1, -1]], lookback=5)
        >>> last(np.array([[1.0, 4.0]]))
        array([[4., 4.]])
    """

    name: str
    function: Forecaster
    lookback: int

    def __call__(self, history: np.ndarray) -> np.ndarray:
        """Forecast; see the class."""
        return self.function(history)


def target_of(history: np.ndarray) -> np.ndarray:
    """The target of a history, with infinities as missing values.

    Args:
        history: ``(batch, time)``, or ``(batch, time, features)`` with the target first.

    Returns:
        float64 ``(batch, time)``, NaN = missing.

    Example:
        >>> target_of(np.array([[[1.0, 7.0], [np.inf, 8.0]]]))
        array([[ 1., nan]])
    """
    values = np.asarray(history, dtype="float64")
    values = values[..., 0] if values.ndim == 3 else values
    return np.where(np.isfinite(values), values, np.nan)


def last_observed(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last observed value along the last axis, and its position.

    Args:
        values: ``(..., time)``, NaN = missing.

    Returns:
        Values and positions, each ``(...,)``; NaN and 0 where nothing was observed.

    Example:
        >>> last_observed(np.array([[1.0, 2.0, np.nan]]))
        (array([2.]), array([1]))
    """
    at = np.where(np.isnan(values), 0, np.arange(values.shape[-1])).max(axis=-1)
    return np.take_along_axis(values, at[..., None], axis=-1)[..., 0], at


def fill_missing(history: np.ndarray, season_length: int = 1) -> np.ndarray:
    """Fill each gap with the value one season earlier, else the previous value, else the next.

    Args:
        history: ``(batch, time)``, NaN = missing.
        season_length: steps in a season.

    Returns:
        A copy without NaN, except in rows without any value.

    Example:
        >>> fill_missing(np.array([[np.nan, 1.0, 2.0, np.nan, 3.0]]), season_length=2)
        array([[1., 1., 2., 1., 3.]])
    """
    filled = np.array(history)
    if not np.isnan(filled).any():
        return filled
    for step in range(season_length, filled.shape[1]):
        here = filled[:, step]
        np.copyto(here, filled[:, step - season_length], where=np.isnan(here))
    for order in (slice(None), slice(None, None, -1)):  # forward, then backward
        view = filled[:, order]
        for step in range(1, view.shape[1]):
            here = view[:, step]
            np.copyto(here, view[:, step - 1], where=np.isnan(here))
    return filled


def series_bounds(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each series of a sorted frame, and the row after its last.

    Args:
        frame: a column ``unique_id``; the rows of each series are contiguous.

    Returns:
        Two arrays of row numbers, int64 ``(series,)``.

    Example:
        >>> series_bounds(pd.DataFrame({"unique_id": ["a", "a", "b"]}))
        (array([0, 2]), array([2, 3]))
    """
    # The array is compared as it is: Python's texts would take ten times as long.
    names = frame["unique_id"].array
    changes = np.asarray(names[1:] != names[:-1], dtype=bool)
    starts = np.flatnonzero(np.append(np.ones(min(len(names), 1), bool), changes))
    return starts, np.append(starts[1:], len(frame))[: len(starts)]


def cut_histories(
    values: np.ndarray, starts: np.ndarray, ends: np.ndarray, lookback: int
) -> np.ndarray:
    """Cut the ``lookback`` rows before each end, left-padded with NaN.

    Args:
        values: ``(rows, features)``, series after series.
        starts: ``(n,)`` first row of the series that each window belongs to.
        ends: ``(n,)`` the row after the last row of each window.
        lookback: length of the windows.

    Returns:
        ``(n, lookback, features)``, a copy.

    Example:
        >>> cut_histories(np.array([[1.0], [2.0]]), np.array([0]), np.array([2]), 3)[0, :, 0]
        array([nan,  1.,  2.])
    """
    rows = ends[:, None] + np.arange(-lookback, 0)
    inside = rows >= starts[:, None]
    cut = values[np.where(inside, rows, 0)]
    cut[~inside] = np.nan
    return cut


def recent_ends(
    values: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    lookback: int,
    season_length: int = 1,
) -> np.ndarray:
    """Where histories end: as given, or earlier if nothing was observed in the last steps.

    A window without an observed target moves back by the fewest whole seasons after which it ends
    before the gap, so that the phase of the season stays. If it has no observed target there
    either, it ends at the last observed one. `layers.served` has the same rule in the graph.

    Args:
        values: ``(rows,)``, the target, series after series, NaN = missing.
        starts, ends, lookback: as in `cut_histories`.
        season_length: steps in a season.

    Returns:
        ``(n,)``, the row after the last row of each window.

    Example:
        >>> values = np.array([1, 2, 3, 4, np.nan, np.nan, np.nan])
        >>> recent_ends(values, np.array([0]), np.array([7]), 2, season_length=2)
        array([3])
    """
    observed = ~np.isnan(values)
    before = np.concatenate([[0], np.cumsum(observed)])

    def found(end: np.ndarray) -> np.ndarray:
        end = np.maximum(end, starts)
        return before[end] > before[np.maximum(end - lookback, starts)]

    empty = ~found(ends) & (before[ends] > before[starts])
    if not empty.any():
        return ends
    rows = np.where(observed, np.arange(len(values)), -1)
    gap = ends - 1 - np.maximum.accumulate(rows)[ends - 1]
    seasons = -(-gap // season_length) * season_length
    return ends - np.where(empty, np.where(found(ends - seasons), seasons, gap), 0)


@dataclass(frozen=True)
class Windows:
    """Histories that end at given rows, with their covariates.

    Args:
        values: ``(rows, features)``, series after series.
        starts: ``(n,)`` first row of the series that each window belongs to.
        ends: ``(n,)`` the row after the last row of each window.
        horizon: steps after a window for which future covariates are known.
        future: ``(rows, columns)`` future covariates, or None.
        static: ``(rows, columns)`` static covariates, or None.
        ahead: ``(n * horizon, columns)``: the future covariates after each end; None where the
            rows after the end have them.
        season_length: steps in a season, for histories that end in a long gap (`recent_ends`).
    """

    values: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    horizon: int
    future: np.ndarray | None = None
    static: np.ndarray | None = None
    ahead: np.ndarray | None = None
    season_length: int = 1

    def history(self, part: slice, lookback: int) -> np.ndarray:
        """Cut the histories of some windows, ``(n, lookback, features)``."""
        starts, ends = self.starts[part], self.ends[part]
        cut = cut_histories(self.values, starts, ends, lookback)
        if not np.isnan(cut[..., 0]).all(axis=1).any():
            return cut
        ends = recent_ends(self.values[:, 0], starts, ends, lookback, self.season_length)
        return cut_histories(self.values, starts, ends, lookback)

    def with_covariates(
        self, part: slice, history: np.ndarray
    ) -> np.ndarray | dict[str, np.ndarray]:
        """The inputs of a forecaster: histories alone, or a dict of histories and covariates."""
        given = {"history": history}
        starts, ends, lookback = self.starts[part], self.ends[part], history.shape[1]
        if self.future is not None and self.ahead is None:
            lookback += self.horizon
            given["future"] = cut_histories(self.future, starts, ends + self.horizon, lookback)
        elif self.future is not None and self.ahead is not None:
            ahead = self.ahead.reshape(-1, self.horizon, self.ahead.shape[1])[part]
            before = cut_histories(self.future, starts, ends, lookback)
            given["future"] = np.concatenate([before, ahead], axis=1)
        if self.static is not None:
            given["static"] = self.static[starts]
        return given if len(given) > 1 else history


def training_windows(
    train: pd.DataFrame, *, lookback: int, horizon: int, max_windows: int, seed: int
) -> np.ndarray:
    """Cut windows of history and targets; a random sample where there are too many.

    Args:
        train: columns ``unique_id, y``, sorted, regular, NaN = missing.
        lookback: steps of history in a window.
        horizon: steps of targets after them.
        max_windows: at most this many windows, and at most ten million values.
        seed: of the sample.

    Returns:
        float64 ``(windows, lookback + horizon)``, NaN = missing. Windows without an observed value
        in the history or in the targets are left out. A series longer than the horizon but shorter
        than a window gives one window, left-padded with NaN.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "y": [1.0, 2.0, 3.0, 4.0]})
        >>> training_windows(train, lookback=2, horizon=1, max_windows=10, seed=0)
        array([[1., 2., 3.],
               [2., 3., 4.]])
    """
    values = train["y"].to_numpy("float64")
    starts, stops = series_bounds(train)
    stops, starts = stops[stops - starts > horizon], starts[stops - starts > horizon]
    first = np.minimum(starts + lookback + horizon, stops)
    count = stops - first + 1
    total = int(count.sum())
    size = min(total, max_windows, 10_000_000 // (lookback + horizon))
    rng = np.random.default_rng(seed)
    # Drawn with replacement: without, NumPy would hold a permutation of all windows in memory.
    number = np.arange(total) if size == total else rng.integers(0, max(total, 1), size)
    before = np.concatenate([[0], np.cumsum(count)])
    series = np.searchsorted(before, number, side="right") - 1
    ends = first[series] + number - before[series]
    windows = cut_histories(values[:, None], starts[series], ends, lookback + horizon)[..., 0]
    observed = ~np.isnan(windows)
    return windows[observed[:, :lookback].any(axis=1) & observed[:, lookback:].any(axis=1)]
