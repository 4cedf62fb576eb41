"""The figures of a language model beside n-grams, and texts drawn from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_rnn_recipes.evaluation.ngrams import NGrams
from keras_rnn_recipes.running.language_model.config import LanguageEvaluateConfig
from keras_rnn_recipes.running.language_model.served import ServedLanguageModel

METRICS = ("perplexity", "nats_per_token", "bits_per_character")


def fit_ngrams(
    train: np.ndarray, lengths: Sequence[int], vocabulary_size: int
) -> dict[str, NGrams]:
    """N-gram models of these lengths, by name, smoothed as Kneser and Ney do it.

    Example:
        >>> list(fit_ngrams(np.array([2, 4, 5, 4, 5]), [1, 3], 6))
        ['1-gram', '3-gram']
    """
    return {f"{n}-gram": NGrams(train[1:], n, vocabulary_size) for n in lengths}


def score_language_models(
    nats: Mapping[str, np.ndarray], num_characters: int
) -> dict[str, dict[str, float]]:
    """Figures of language models by name.

    Args:
        nats: by name, the negative log probability of every token of a text.
        num_characters: of that text.

    Returns:
        ``perplexity`` per token, ``nats_per_token`` and ``bits_per_character``.

    Example:
        >>> score_language_models({"coin": np.log([2.0, 2.0])}, 2)["coin"]["perplexity"]
        2.0
    """
    return {
        name: {
            "perplexity": math.exp(errors.mean()),
            "nats_per_token": float(errors.mean()),
            "bits_per_character": float(errors.sum() / math.log(2) / num_characters),
        }
        for name, errors in nats.items()
    }


def surprise_table(
    served: ServedLanguageModel, ids: np.ndarray, nats: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each token of a text: the ``token``, and by model its nats, fewer the better."""
    tokens = np.array(served.tokenizer.vocabulary, dtype=object)[ids[1:]]
    return pd.DataFrame({"token": tokens, **{name: row.round(4) for name, row in nats.items()}})


def draw_samples(served: ServedLanguageModel, config: LanguageEvaluateConfig) -> list[str]:
    """Texts drawn from nothing, one for each seed from 0 on."""
    if not config.samples:
        return []
    texts = served.generate(
        tf.constant([""] * config.samples),
        tf.constant(config.sample_length),
        tf.constant(config.temperature, tf.float32),
        tf.constant(0),
    )
    return [text.decode("utf-8", "replace") for text in texts.numpy()]


def show_sample(samples: Sequence[str]) -> str:
    """The first of the texts drawn, for the terminal; nothing without any.

    Example:
        >>> print(show_sample(["Once upon a time"]))
        It writes: Once upon a time
    """
    return f"It writes: {samples[0]}" if samples else ""
