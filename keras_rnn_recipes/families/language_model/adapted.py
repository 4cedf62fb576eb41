"""Scores of a language model that uses the text it is scored on, apart from its usual scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.builders.language_model import language_reader
from keras_rnn_recipes.config.language_model import LanguageEvaluateConfig
from keras_rnn_recipes.evaluation.neural_cache import (
    cache_probabilities,
    mixed_nats,
    mixture_weights,
)
from keras_rnn_recipes.evaluation.ngrams import NGrams
from keras_rnn_recipes.families.language_model.pipeline import Pipeline
from keras_rnn_recipes.families.language_model.task import score
from keras_rnn_recipes.text.contiguous import pieces_of_text
from keras_rnn_recipes.training.dynamic_evaluation import DynamicEvaluation

FLATNESSES = (0.0, 0.05, 0.1, 0.2, 0.4)
RATES = (0.0003, 0.001, 0.003)
# Tokens of the validation part on which rates are compared.
_TOKENS_FOR_RATES = 20_000
_PIECE = 512

Cache = Callable[[float], np.ndarray]


@dataclass(frozen=True)
class Adapted:
    """How a language model was adapted, chosen on the validation part.

    Attributes:
        nats: of each token of the test part, by the name of the way.
        weights: of the models of each mixture, by the name of the way.
        flatness: of the cache; None without one.
        rate: of dynamic evaluation; None without it.
    """

    nats: dict[str, np.ndarray]
    weights: dict[str, dict[str, float]]
    flatness: float | None = None
    rate: float | None = None

    def record(self, num_characters: int) -> dict[str, Any]:
        """Scores by way and what was chosen, for ``metrics.json``.

        Args:
            num_characters: of the test part.
        """
        chosen = {name: value for name, value in asdict(self).items() if name != "nats"}
        return {"scores": score(self.nats, num_characters), "chosen": chosen}


def adapt(
    served: Pipeline,
    config: LanguageEvaluateConfig,
    train: np.ndarray,
    valid: np.ndarray,
    test: np.ndarray,
    ngrams: Mapping[str, NGrams],
) -> Adapted:
    """Score a language model that is mixed with n-grams, keeps a cache, or goes on learning.

    The cache and dynamic evaluation read the test part while they are scored on it: each token is
    predicted from the tokens before it only, but from all of them. Settings and weights of the
    mixtures are chosen on the validation part.

    Args:
        served: the trained model.
        config: the recipe's section, whose key ``adapt`` names the ways.
        train, valid, test: ids from `text_ids`.
        ngrams: baselines, of which the longest is mixed in.

    Returns:
        Each way mixed with the network, or by itself for dynamic evaluation, and with several ways
        all together.
    """
    flatness = rate = None
    parts = (valid, test)
    known, new = ({"network": np.exp(-served.nats(ids))} for ids in parts)
    if "ngram" in config.adapt:
        longest = max(ngrams.values(), key=lambda one: one.length)
        known["ngram"], new["ngram"] = (np.exp(-longest.nats(ids)) for ids in parts)
    if "cache" in config.adapt:
        caches = _caches(served, parts, config.cache_size)
        flatness = min(FLATNESSES, key=lambda one: _error_with(known["network"], caches[0](one)))
        known["cache"], new["cache"] = (cache(flatness) for cache in caches)
    if "dynamic" in config.adapt:
        judge = DynamicEvaluation(served.model, train)
        some = valid[:_TOKENS_FOR_RATES]
        # In 64 bits, since the errors of a rate that is too high are beyond any bound.
        rate = min(RATES, key=lambda one: float(judge.nats(some, one).mean(dtype="float64")))
        known["dynamic"], new["dynamic"] = (np.exp(-judge.nats(ids, rate)) for ids in parts)
    mixtures: dict[str, tuple[str, ...]] = {
        f"with_{way}": ("network", way) for way in ("ngram", "cache") if way in known
    }
    if len(config.adapt) > 1:
        mixtures["all_together"] = tuple(known)
    weights = {
        name: mixture_weights({one: known[one] for one in several})
        for name, several in mixtures.items()
    }
    nats = {name: mixed_nats(new, chosen) for name, chosen in weights.items()}
    if "dynamic" in new:
        nats["dynamic"] = -np.log(new["dynamic"])
    return Adapted(nats, weights, flatness, rate)


def _caches(served: Pipeline, parts: Sequence[np.ndarray], size: int) -> list[Cache]:
    """For each part a function from the flatness to the probability of each token."""
    return [
        partial(cache_probabilities, hidden, ids[1:], size)
        for hidden, ids in zip(hidden_states(served, parts), parts, strict=True)
    ]


def _error_with(network: np.ndarray, cache: np.ndarray) -> float:
    """Mean error of the best mixture of the network and a cache, in nats."""
    both = {"network": network, "cache": cache}
    return float(mixed_nats(both, mixture_weights(both)).mean())


def hidden_states(served: Pipeline, texts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the output layer reads at each token but the last.

    Args:
        served: the model.
        texts: ids of each text ``(tokens,)``.

    Returns:
        For each text float32 ``(tokens - 1, width)``.
    """
    reader = language_reader(served.model, hidden=True)
    read = tf.function(lambda inputs: reader(inputs)[1:], reduce_retracing=True)
    widths = [state.shape[-1] for state in reader.inputs[1:]]
    found = []
    for ids in texts:
        states: list[Any] = [tf.zeros([1, width]) for width in widths]
        pieces = []
        for given, _ in pieces_of_text(ids, _PIECE):
            hidden, *states = read([tf.constant(given), *states])
            pieces.append(hidden.numpy()[0])
        found.append(np.concatenate(pieces))
    return found
