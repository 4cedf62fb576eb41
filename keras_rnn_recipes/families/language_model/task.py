"""The steps that the script of language_model calls: load, batches, baselines, scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, final

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_rnn_recipes.builders.language_model import copy_recurrent_weights, stateful_copy
from keras_rnn_recipes.config.language_model import (
    LanguageDataConfig,
    LanguageEvaluateConfig,
    LanguageFitConfig,
)
from keras_rnn_recipes.data.text.catalogue import TextParts
from keras_rnn_recipes.data.text.contiguous import contiguous_batches, count_windows_of_text
from keras_rnn_recipes.data.text.reading import read_text
from keras_rnn_recipes.data.text.tokenizer import Tokenizer
from keras_rnn_recipes.data.text.vocabulary import START
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.ngrams import NGrams
from keras_rnn_recipes.families.language_model.pipeline import Pipeline
from keras_rnn_recipes.families.text_parts import load_parts
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.serving.vocabulary import vocabulary_record as vocabulary_record
from keras_rnn_recipes.training import loop
from keras_rnn_recipes.training.token_loss import token_loss


def load(data: LanguageDataConfig) -> TextParts:
    """Read the text of a language model's recipe, in three parts, each a string.

    Args:
        data: the recipe's section: the name of a data set, a plain text to be divided, or one for
            each part. Parts that are not there are cut from the end of the training part.

    Raises:
        UserError: as `load_parts`.

    Example:
        >>> parts = load(LanguageDataConfig(source="language_reference"))
        >>> len(parts.train) > 5 * len(parts.test)
        True
    """
    return load_parts(data, "language_model", read=read_text, hold_out=_cut_end)


def text_ids(tokenizer: Tokenizer, text: str) -> np.ndarray:
    """The ids of a text's tokens, [START] before them, int32 ``(tokens + 1,)``."""
    return np.concatenate([[START], tokenizer.encode([text])[0]]).astype("int32")


def describe(parts: TextParts, tokenizer: Tokenizer) -> str:
    """What was read, in a few lines for the terminal."""
    uses = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in uses)
    unit = "characters" if tokenizer.preparation.unit == "characters" else "words"
    known = len(tokenizer.vocabulary)
    return f"{parts.name}: characters {counts}\n{known:,} different {unit}, 4 of them signs of ours"


def _cut_end(text: str, share: float) -> tuple[str, str]:
    at = len(text) - round(share * len(text))
    if not 0 < at < len(text):
        raise UserError(
            f"A text of {len(text):,} characters is too short to hold out a share of {share}.",
            "some text for training and some to judge by.",
            "give a longer text, or files for data.valid and data.test.",
        )
    return text[:at], text[at:]


def fit(
    model: keras.Model,
    train: np.ndarray,
    valid: np.ndarray,
    *,
    config: LanguageFitConfig | None = None,
    run: RunDirectory | None = None,
) -> pd.DataFrame:
    """Train a language model in place by truncated back-propagation through contiguous text.

    Args:
        model: from `language_model`. A `stateful_copy` is trained in its place, and the weights it
            ends with are given back.
        train, valid: ids from `text_ids`.
        config: how to train; ``LanguageFitConfig()`` when left out.
        run: as in `fit`.

    Returns:
        As `fit`; losses in nats per token.

    Raises:
        UserError: as `fit` and `contiguous_batches`.
    """
    config = config or LanguageFitConfig()
    shape: dict[str, Any] = {"batch_size": config.batch_size, "window": config.window}
    twin = stateful_copy(model, config.batch_size)
    batches = partial(
        contiguous_batches,
        train,
        shuffle=True,
        reset_rate=config.reset_rate,
        seed=config.seed,
        repeat=True,
        **shape,
    )
    history = loop.fit(
        twin,
        batches,
        contiguous_batches(valid, **shape),
        num_windows=config.batch_size * count_windows_of_text(len(train), **shape),
        config=config,
        run=run,
        loss=token_loss(),
        callbacks=[_BeginAnew()],
    )
    copy_recurrent_weights(twin, model)
    return history


@final
class _BeginAnew(keras.callbacks.Callback):
    """States of zeros at the beginning of every epoch: one that is resumed begins in no others."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.RNN):
                layer.reset_state()


METRICS = ("perplexity", "nats_per_token", "bits_per_character")


def fit_baselines(
    train: np.ndarray, lengths: Sequence[int], vocabulary_size: int
) -> dict[str, NGrams]:
    """N-gram models of these lengths, by name, smoothed as Kneser and Ney do it.

    Example:
        >>> list(fit_baselines(np.array([2, 4, 5, 4, 5]), [1, 3], 6))
        ['1-gram', '3-gram']
    """
    return {f"{n}-gram": NGrams(train[1:], n, vocabulary_size) for n in lengths}


def score(nats: Mapping[str, np.ndarray], num_characters: int) -> dict[str, dict[str, float]]:
    """Figures of language models by name.

    Args:
        nats: by name, the negative log probability of every token of a text.
        num_characters: of that text.

    Returns:
        ``perplexity`` per token, ``nats_per_token`` and ``bits_per_character``.

    Example:
        >>> score({"coin": np.log([2.0, 2.0])}, 2)["coin"]["perplexity"]
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


def predictions_table(
    served: Pipeline, ids: np.ndarray, nats: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each token of a text: the ``token``, and by model its nats, fewer the better."""
    tokens = np.array(served.tokenizer.vocabulary, dtype=object)[ids[1:]]
    return pd.DataFrame({"token": tokens, **{name: row.round(4) for name, row in nats.items()}})


def draw_samples(served: Pipeline, config: LanguageEvaluateConfig) -> list[str]:
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
