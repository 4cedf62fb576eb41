"""The pretrained forecaster in NumPy: an answer for a few series without TensorFlow's import."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from keras_rnn_recipes.pretrained.card import FOLDER, pretrained_card, read_weights
from keras_rnn_recipes.pretrained.mixture import Mixture, Parts, two_seasons

# Histories forecast at once, which bounds the memory.
_BATCH = 256


@dataclass(frozen=True)
class NumPyForecaster:
    """The pretrained forecaster, called like a forecaster from a SavedModel.

    Args:
        horizon: number of steps to forecast.
        season_length: steps of the season, 1 for none; or of several.
        levels: of prediction intervals in percent, ascending, each at most 95.
        folder: with a card and weights.
        threads: in which it computes; None for one for each core.

    Example:
        >>> forecaster = NumPyForecaster(4, season_length=4)
        >>> history = np.tile([2.0, 3.0, 5.0, 4.0], 8).reshape(1, 32, 1)
        >>> forecaster.forecast_windows(history).round().tolist()
        [[2.0, 3.0, 5.0, 4.0]]
    """

    horizon: int
    season_length: int | Sequence[int] = 1
    levels: tuple[float, ...] = ()
    folder: str | Path = FOLDER
    threads: int | None = None
    _mixture: Mixture = field(init=False, repr=False)

    def __post_init__(self) -> None:
        card = pretrained_card(self.folder)
        parts, seasons = numpy_parts(read_weights(card)), two_seasons(self.season_length)
        mixture = Mixture(seasons, parts, card.forecasts, card.widening)
        object.__setattr__(self, "_mixture", mixture)

    def forecast_windows(self, windows: Any) -> np.ndarray:
        """Forecast from histories.

        Args:
            windows: ``(n, time, 1)``, NaN = missing.

        Returns:
            float64 ``(n, horizon)``, or with levels ``(n, horizon, 1 + 2 * levels)``: median, then
            the bounds of each level. NaN for a history without a value.
        """
        history = np.asarray(windows, "float64")[:, :, 0]
        batches = (history[k : k + _BATCH] for k in range(0, len(history), _BATCH))
        # NumPy lets other threads run while it computes; its own would only wait for each other.
        workers = min(self.threads or os.cpu_count() or 1, 1 + len(history) // _BATCH)
        limit = 1 if workers > 1 else self.threads
        with ThreadPoolExecutor(workers) as pool, threadpool_limits(limit):
            parts = list(pool.map(self._forecast, batches))
        outputs = 1 + 2 * len(self.levels)
        answer = np.concatenate([*parts, np.empty((0, self.horizon, outputs))])
        return answer if self.levels else answer[..., 0]

    def _forecast(self, history: np.ndarray) -> np.ndarray:
        history = np.where(np.isfinite(history), history, np.nan)
        answer = self._mixture.forecast(history, self.horizon, self.levels)
        seen = np.any(np.isfinite(history), axis=1)
        return np.where(seen[:, None, None], answer, np.nan)


def numpy_parts(weights: Sequence[np.ndarray]) -> Parts:
    """The trained parts of a network as functions of arrays.

    Args:
        weights: in the order of the Keras layer: kernel and recurrent kernel of the LSTM, then
            kernel and bias of each dense layer (`of_step` has no bias).
    """
    kernel, recurrent, origin, origin_bias, step, middle, middle_bias, head, head_bias = (
        np.asarray(array, "float64") for array in weights
    )
    return Parts(
        _lstm(kernel, recurrent),
        _dense(origin, origin_bias),
        _dense(step),
        _dense(middle, middle_bias),
        _dense(head, head_bias),
    )


def _dense(kernel: np.ndarray, bias: np.ndarray | float = 0.0) -> Callable:
    return lambda values: values @ kernel + bias


def _lstm(kernel: np.ndarray, recurrent: np.ndarray) -> Callable[[np.ndarray, Any], np.ndarray]:
    """The state after each step (Hochreiter and Schmidhuber 1997), in float32, as Keras has it.

    The gates of Keras stand in the order input, forget, candidate, output; here the candidate is
    last. Since ``sigmoid(x) = (1 + tanh(x / 2)) / 2``, one call of tanh serves all of them. The age
    of the series is not used: it matters to gradients only.
    """
    units = len(recurrent)
    order = np.r_[: 2 * units, 3 * units : 4 * units, 2 * units : 3 * units]
    halves = np.repeat([0.5, 1.0], [3 * units, units])
    # Features first and series last, so that each gate is one block of memory; and one product for
    # the state and the features, which stand one below the other.
    both = np.concatenate([recurrent, kernel])[:, order] * halves
    weights = np.ascontiguousarray(both.T, "float32")

    def run(features: np.ndarray, age: Any = None) -> np.ndarray:
        batch, time, _ = features.shape
        given = np.zeros((time + 1, weights.shape[1], batch), "float32")
        given[:-1, units:] = features.transpose(1, 2, 0)
        memory, change = np.zeros((2, units, batch), "float32")
        gates = np.empty((4 * units, batch), "float32")
        taken, kept, shown, candidate = np.split(gates, 4)
        open_by = gates[: 3 * units]
        for now, after in pairwise(given):
            np.matmul(weights, now, out=gates)
            np.tanh(gates, out=gates)
            open_by *= 0.5
            open_by += 0.5
            memory *= kept
            memory += np.multiply(taken, candidate, out=change)
            np.multiply(shown, np.tanh(memory, out=change), out=after[:units])
        return given[1:, :units].transpose(2, 0, 1)

    return run
