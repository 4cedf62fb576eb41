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
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.evaluation.ngrams import NGrams
from keras_rnn_recipes.families.language_model.pipeline import Pipeline
from keras_rnn_recipes.families.text_parts import load_parts, unit_name
from keras_rnn_recipes.layers import TiedEmbedding
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.serving.vocabulary import vocabulary_record as vocabulary_record
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.contiguous import contiguous_batches, count_windows_of_text
from keras_rnn_recipes.text.reading import read_text
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.text.vocabulary import START, UNKNOWN
from keras_rnn_recipes.training import loop
from keras_rnn_recipes.training.sampled_loss import SampledLoss, WholeVocabulary
from keras_rnn_recipes.training.token_loss import token_loss


def load(data: LanguageDataConfig) -> TextParts:
    """Load the training, validation and test text of a recipe, each a string.

    Args:
        data: the recipe's section: the name of a data set, a text file to split, or a file for each
            part. Missing parts are cut from the end of the training part.

    Raises:
        UserError: as `load_parts`.

    Example:
        >>> parts = load(LanguageDataConfig(source="language_reference"))
        >>> len(parts.train) > 5 * len(parts.test)
        True
    """
    read = partial(read_text, encoding=data.encoding, tell=print)
    return load_parts(data, "language_model", read=read, hold_out=_cut_end)


def text_ids(tokenizer: Tokenizer, text: str) -> np.ndarray:
    """Token ids of a text after [START], int32 ``(tokens + 1,)``."""
    return np.concatenate([[START], tokenizer.encode([text])[0]]).astype("int32")


def describe(parts: TextParts, tokenizer: Tokenizer) -> str:
    """Summary of the data, a few lines for the terminal."""
    uses = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in uses)
    unit = unit_name(tokenizer)
    known = len(tokenizer.vocabulary)
    lines = [f"{parts.name}: characters {counts}"]
    lines.append(f"{known:,} different {unit}, 4 of them signs of ours")
    return "\n".join([*lines, *tokenizer.notes])


def _cut_end(text: str, share: float) -> tuple[str, str]:
    at = len(text) - round(share * len(text))
    if not 0 < at < len(text):
        raise UserError(
            f"A text of {counted(len(text), 'character')} is too short to hold out a share of "
            f"{share}.",
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
        model: from `language_model`. A `stateful_copy` is trained, and its final weights are copied
            back.
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
    sampled = _sampled_loss(model, train, config)
    twin = stateful_copy(model, config.batch_size, hidden=sampled is not None)
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
        loss=sampled or token_loss(),
        callbacks=[_BeginAnew(), *_switch(sampled, config)],
    )
    copy_recurrent_weights(twin, model)
    return history


def _sampled_loss(
    model: keras.Model, train: np.ndarray, config: LanguageFitConfig
) -> SampledLoss | None:
    """The loss over a part of the vocabulary, if the recipe asks for one that is smaller."""
    size = model.output.shape[-1]
    if config.sampled is None or config.sampled >= size:
        return None
    return SampledLoss(
        [layer for layer in model.layers if isinstance(layer, TiedEmbedding)],
        np.bincount(train, minlength=size),
        size=config.sampled,
        precision=config.precision,
        seed=config.seed,
    )


def _switch(sampled: SampledLoss | None, config: LanguageFitConfig) -> list[WholeVocabulary]:
    return [] if sampled is None else [WholeVocabulary(sampled, config.epochs - config.whole)]


@final
class _BeginAnew(keras.callbacks.Callback):
    """Reset the states at the start of every epoch, so that a resumed run starts with the same."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.RNN):
                layer.reset_state()


METRICS = ("perplexity", "nats_per_token", "bits_per_character")


def fit_baselines(
    train: np.ndarray, lengths: Sequence[int], vocabulary_size: int
) -> dict[str, NGrams]:
    """N-gram models with Kneser-Ney smoothing, by name.

    Example:
        >>> list(fit_baselines(np.array([2, 4, 5, 4, 5]), [1, 3], 6))
        ['1-gram', '3-gram']
    """
    return {f"{n}-gram": NGrams(train[1:], n, vocabulary_size) for n in lengths}


def score(nats: Mapping[str, np.ndarray], num_characters: int) -> dict[str, dict[str, float]]:
    """Scores of language models by name.

    Args:
        nats: negative log probability of every token of a text, by model.
        num_characters: number of characters of that text.

    Returns:
        ``perplexity`` per token, ``nats_per_token`` and ``bits_per_character``. An unknown token
        costs what [UNK] costs, see `describe_unknown`.

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


def describe_unknown(ids: np.ndarray) -> str:
    """What unknown tokens mean for the scores of a text; empty without any.

    Args:
        ids: from `text_ids`.

    Example:
        >>> describe_unknown(np.array([START, 4, 1, 4, 5]))[:34]
        '25.0% of the tokens scored are unk'
        >>> describe_unknown(np.array([START, 4, 5]))
        ''
    """
    share = float((ids[1:] == UNKNOWN).mean()) if len(ids) > 1 else 0.0
    if not share:
        return ""
    return (
        f"{share:.1%} of the tokens scored are unknown to the vocabulary. Which tokens they are "
        "costs nothing in bits_per_character and perplexity, so models of other vocabularies "
        "cannot be compared by them."
    )


def predictions_table(
    served: Pipeline, ids: np.ndarray, nats: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each token: the ``token`` and its negative log probability by model, in nats."""
    tokens = np.array(served.tokenizer.vocabulary, dtype=object)[ids[1:]]
    return pd.DataFrame({"token": tokens, **{name: row.round(4) for name, row in nats.items()}})


def draw_samples(served: Pipeline, config: LanguageEvaluateConfig) -> list[str]:
    """Texts sampled without a prompt, one for each seed from 0 on."""
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
    """The first sampled text, for the terminal; empty without any.

    Example:
        >>> print(show_sample(["Once upon a time"]))
        It writes: Once upon a time
    """
    return f"It writes: {samples[0]}" if samples else ""
