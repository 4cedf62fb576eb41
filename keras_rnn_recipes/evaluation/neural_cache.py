"""A cache of the words just read, and mixtures of language models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_AT_ONCE = 256  # positions whose similarities to the cache are computed in one product


def cache_probabilities(
    hidden: np.ndarray, ids: np.ndarray, size: int, flatness: float
) -> np.ndarray:
    """Probability of each token by a cache of what followed similar states a short time ago.

    The cache holds the last ``size`` states with the token that followed each. A token has the
    share of the states that it followed, weighted by ``exp(flatness * similarity)``, where the
    similarity of two states is their scalar product.

    Args:
        hidden: states from which the network predicts the next token, ``(tokens, width)``.
        ids: the token that follows each state, ``(tokens,)``.
        size: states in the cache.
        flatness: 0 counts all states alike.

    Returns:
        float64 ``(tokens,)``; 0 where the token is not in the cache.

    Raises:
        ValueError: a size below 1.

    Source: Grave, Joulin and Usunier 2017, Improving neural language models with a continuous
    cache, equation 3.

    Example:
        >>> cache_probabilities(np.ones((4, 2)), np.array([7, 8, 7, 7]), size=9, flatness=0.0)
        array([0.        , 0.        , 0.5       , 0.66666667])
    """
    if size < 1:
        raise ValueError(f"size must be at least 1; received {size}.")
    found = np.zeros(len(ids))
    for start in range(0, len(ids), _AT_ONCE):
        end, first = min(start + _AT_ONCE, len(ids)), max(start - size, 0)
        now, kept = np.arange(start, end)[:, None], np.arange(first, end)[None]
        inside = (kept < now) & (kept >= now - size)
        similar = flatness * (hidden[start:end] @ hidden[first:end].T).astype("float64")
        similar = np.where(inside, similar, -np.inf)
        highest = np.max(similar, axis=1, keepdims=True)
        weights = np.exp(similar - np.where(np.isfinite(highest), highest, 0.0))
        same = ids[first:end][None] == ids[start:end][:, None]
        totals = weights.sum(axis=1)
        found[start:end] = (weights * same).sum(axis=1) / np.where(totals > 0, totals, 1.0)
    return found


def mixture_weights(
    probabilities: Mapping[str, np.ndarray], *, steps: int = 200
) -> dict[str, float]:
    """The weights of models whose mixture gives the tokens of a text the highest likelihood.

    Args:
        probabilities: of each token ``(tokens,)`` by model. One of them must never be 0.
        steps: of the EM algorithm, which cannot get stuck, since the likelihood is concave.

    Returns:
        Weights that add to 1, by model.

    Source: Jelinek and Mercer 1980, Interpolated estimation of Markov source parameters from
    sparse data.

    Example:
        >>> weights = mixture_weights({"a": np.array([0.5, 0.5]), "b": np.array([0.1, 0.1])})
        >>> round(weights["a"], 3)
        1.0
    """
    table = np.stack(list(probabilities.values()))
    weights = np.full(len(table), 1 / len(table))
    for _ in range(steps):
        joint = weights[:, None] * table
        weights = (joint / joint.sum(axis=0)).mean(axis=1)
    return dict(zip(probabilities, weights.tolist(), strict=True))


def mixed_nats(probabilities: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """Negative log probability of each token by a mixture, in nats.

    Args:
        probabilities: of each token ``(tokens,)`` by model, also of models without a weight.
        weights: from `mixture_weights`.

    Example:
        >>> both = {"a": np.array([0.5]), "b": np.array([0.1])}
        >>> float(mixed_nats(both, {"a": 0.25, "b": 0.75}).round(3)[0])
        1.609
    """
    return -np.log(sum(weight * probabilities[name] for name, weight in weights.items()))
