"""Small models of every kind, histories with every kind of hole, and the slow way to recurse."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import keras
import numpy as np

from keras_rnn_recipes.builders import PRESETS, build_forecaster, to_forecaster

STRATEGIES = ("direct", "seq2seq", "recursive")
RECURRENT_PRESETS = ("simple_rnn", "deep_rnn", "lstm", "gru")
COMBINATIONS = tuple(itertools.product(PRESETS, STRATEGIES))
RECURRENT_COMBINATIONS = tuple(itertools.product(RECURRENT_PRESETS, STRATEGIES))

_UNITS = {"deep_rnn": (4, 3), "conv": (4, 3)}


def small(
    preset: str, strategy: Any, horizon: int = 3, seed: int = 1, **options: Any
) -> keras.Model:
    """The preset with a handful of units, so that it is built and run in no time."""
    keras.utils.set_random_seed(seed)
    defaults: dict[str, Any] = {} if preset == "linear" else {"units": _UNITS.get(preset, 4)}
    if preset in ("linear", "dense"):
        defaults["lags"] = 5
    return build_forecaster(preset, strategy, horizon, **{**defaults, **options})


def shared(preset: str, strategy: str, horizon: int = 3, **options: Any) -> keras.Model:
    """A small model that is built once for all tests: none of them may change it."""
    return _built(preset, strategy, horizon, tuple(sorted(options.items())))


def shared_forecaster(preset: str, strategy: str, horizon: int = 3, **options: Any) -> keras.Model:
    """The forecaster of a shared model; none of the tests may change it either."""
    return _forecaster(preset, strategy, horizon, tuple(sorted(options.items())))


@functools.cache
def _built(preset: str, strategy: str, horizon: int, options: tuple) -> keras.Model:
    return small(preset, strategy, horizon, **dict(options))


@functools.cache
def _forecaster(preset: str, strategy: str, horizon: int, options: tuple) -> keras.Model:
    return to_forecaster(_built(preset, strategy, horizon, options))


def run(model: Any, history: Any) -> np.ndarray:
    """The model's output, as an array."""
    return np.array(model(np.asarray(history, "float32"), training=False))


def positive(time: int = 15, features: int = 1, batch: int = 4, seed: int = 0) -> np.ndarray:
    """Complete histories between 1 and 6."""
    values = np.random.default_rng(seed).uniform(1, 6, (batch, time, features))
    return values.astype("float32")


def with_holes(time: int = 15, features: int = 1) -> np.ndarray:
    """Four histories: complete; beginning late; with a gap; without their last two values."""
    values = positive(time, features)
    values[1, : time // 2] = np.nan
    values[2, time // 3 : time // 3 + 2, 0] = np.nan
    values[3, max(time - 2, 1) :] = np.nan
    return values


def growing_window(model: Any, history: Any, horizon: int) -> np.ndarray:
    """A recursive model run on the whole history again for each forecast that is added to it."""
    grown = np.array(history, "float32")
    for _ in range(horizon):
        grown = np.concatenate([grown, run(model, grown)[:, -1:]], axis=1)
    return grown[:, -horizon:]


def target_shape(strategy: str, batch: int, time: int, horizon: int, targets: int = 1) -> tuple:
    """What a model of the strategy is trained on."""
    return {
        "direct": (batch, horizon, targets),
        "seq2seq": (batch, time, horizon, targets),
        "recursive": (batch, time, targets),
    }[strategy]


def windows(
    series: np.ndarray, lookback: int, horizon: int, strategy: str
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of every window of a series, cut one by one."""
    x: list[Any] = []
    y: list[Any] = []
    for start in range(len(series) - lookback - horizon + 1):
        end = start + lookback
        x.append(series[start:end])
        if strategy == "direct":
            y.append(series[end : end + horizon])
        elif strategy == "recursive":
            y.append(series[start + 1 : end + 1])
        else:
            y.append([series[t + 1 : t + 1 + horizon] for t in range(start, end)])
    return np.array(x, "float32")[..., None], np.array(y, "float32")[..., None]


def sine(length: int, period: int = 12) -> np.ndarray:
    """A sine without noise around 10."""
    return np.array([10 + 3 * math.sin(2 * math.pi * t / period) for t in range(length)])
