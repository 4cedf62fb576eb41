"""Series of all generators together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from keras_rnn_recipes.data.synthetic.arima import seasonal_arima
from keras_rnn_recipes.data.synthetic.counts import intermittent_counts
from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seasons,
    check_size,
    chosen,
    log_uniform,
    read_seasons,
)
from keras_rnn_recipes.data.synthetic.effects import with_gaps
from keras_rnn_recipes.data.synthetic.kernels import gaussian_process
from keras_rnn_recipes.data.synthetic.mixing import mixup
from keras_rnn_recipes.data.synthetic.smoothing import exponential_smoothing
from keras_rnn_recipes.data.synthetic.structure import structural
from keras_rnn_recipes.data.synthetic.trend_season import trend_season_noise
from keras_rnn_recipes.errors import did_you_mean

Generator = Callable[..., np.ndarray]

# By name, the function and the weight that it has in a mixture of all.
GENERATORS: dict[str, tuple[Generator, float]] = {
    "structural": (structural, 0.45),
    "exponential_smoothing": (exponential_smoothing, 0.15),
    "seasonal_arima": (seasonal_arima, 0.15),
    "gaussian_process": (gaussian_process, 0.1),
    "trend_season_noise": (trend_season_noise, 0.1),
    "intermittent_counts": (intermittent_counts, 0.05),
}
# Series are drawn in blocks of this many, each with a seed of its own, however many are wanted.
BLOCK = 1024


def synthetic_series(
    num_series: int,
    length: int,
    *,
    season_length: Seasons = (12,),
    generators: Mapping[str, float] | Iterable[str] | None = None,
    seed: int = 0,
    first: int = 0,
    mixed_share: float = 0.1,
    gap_share: float = 0.05,
    scale: Bounds = (1.0, 1e4),
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> np.ndarray:
    """Draw series of several generators, mixed, scaled, and with gaps.

    Series ``first`` to ``first + num_series`` of an endless sequence are drawn, which the other
    arguments determine: batches of any size, one after another, give the same series.

    Args:
        num_series: number of series.
        length: their number of steps.
        season_length: steps of one season, or of each of several seasons; 1 for none.
        generators: names of generators with their weights, or names alone, for equal weights;
            by default all of `GENERATORS` with the weights there.
        seed: of the sequence.
        first: position of the first series in the sequence.
        mixed_share: share that is replaced by weighted means of the others (`mixup`).
        gap_share: share that gets gaps (`with_gaps`).
        scale: bounds of a factor of each series, log-uniform; counts keep their unit.
        options: by name of a generator, keyword arguments for it.

    Returns:
        Float32 ``(num_series, length)``, NaN in the gaps.

    Raises:
        ValueError: a length or a season below 1, an unknown generator, options of a generator that
            is not used, weights that are negative or all zero.

    Example:
        >>> series = synthetic_series(5, 60, season_length=(7, 365), seed=3)
        >>> later = synthetic_series(2, 60, season_length=(7, 365), seed=3, first=3)
        >>> series.shape, np.array_equal(series[3:], later, equal_nan=True)
        ((5, 60), True)
    """
    check_size(num_series, length)
    weights = _read_weights(generators)
    draws = _read_options(weights, read_seasons(season_length), options or {})
    result = np.empty((num_series, length), "float32")
    for number in range(first // BLOCK, -(-(first + num_series) // BLOCK)):
        random = np.random.default_rng([seed, number])
        block = _block(random, length, weights, draws, mixed_share, scale)
        block = with_gaps(block, share=gap_share, seed=random)
        start = number * BLOCK - first
        kept = block[max(0, -start) : num_series - start]
        result[max(0, start) : max(0, start) + len(kept)] = kept
    return result


def _read_weights(generators: Mapping[str, float] | Iterable[str] | None) -> dict[str, float]:
    """The weight of each generator; their sum is 1."""
    if generators is None:
        weights = {name: weight for name, (_, weight) in GENERATORS.items()}
    elif isinstance(generators, Mapping):
        weights = dict(generators)
    else:
        weights = dict.fromkeys(generators, 1.0)
    _check_names(weights, GENERATORS)
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError(f"Weights must not be negative, nor all zero; received {weights}.")
    return {name: weight / total for name, weight in weights.items()}


def _check_names(names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            advice = f"the generators are {', '.join(known)}."
            raise ValueError(f"No generator {name}: {did_you_mean(name, known, otherwise=advice)}")


def _read_options(
    weights: dict[str, float], seasons: tuple[int, ...], options: Mapping[str, Mapping[str, Any]]
) -> dict[str, Generator]:
    """Each generator as a function of the number of series, their length and a seed."""
    _check_names(options, weights)
    return {
        name: partial(GENERATORS[name][0], season_length=seasons, **options.get(name, {}))
        for name in weights
    }


def _block(
    random: np.random.Generator,
    length: int,
    weights: dict[str, float],
    draws: dict[str, Generator],
    mixed_share: float,
    scale: Bounds,
) -> np.ndarray:
    """``BLOCK`` series in random order, before gaps."""
    kind = random.choice(len(draws), size=BLOCK, p=list(weights.values()))
    block = np.empty((BLOCK, length), "float32")
    factor = log_uniform(random, scale, BLOCK)
    for number, (name, draw) in enumerate(draws.items()):
        members = np.flatnonzero(kind == number)
        block[members] = draw(len(members), length, seed=random)
        if name == "intermittent_counts":
            factor[members] = 1
    mixed = np.flatnonzero(chosen(random, mixed_share, BLOCK))
    block[mixed] = mixup(block, len(mixed), seed=random)
    factor[mixed] = log_uniform(random, scale, len(mixed))
    return block * factor[:, None]
