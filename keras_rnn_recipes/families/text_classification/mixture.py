"""A text classifier as a mixture: the network, averaged embeddings and n-grams in one model."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.config.text_classification import ClassificationConfig
from keras_rnn_recipes.evaluation.classification import log_softmax, losses
from keras_rnn_recipes.families.text_classification.averaged import fit_averaged
from keras_rnn_recipes.families.text_classification.heads import Head, as_head
from keras_rnn_recipes.families.text_classification.ngrams import fit_ngrams
from keras_rnn_recipes.families.text_classification.pipeline import Pipeline, network_inputs
from keras_rnn_recipes.layers import LogitMixture
from keras_rnn_recipes.reporting.format import number
from keras_rnn_recipes.serving.saved_text import in_batches
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.tokenizer import Tokenizer

# Shares of the n-grams that are tried.
_SHARES = tuple(np.linspace(0.0, 1.0, 21).round(2))
# A share is better than a half by more than chance if its loss is lower by this many.
_STANDARD_ERRORS = 2.0
_BATCH = 256


def add_parts(
    network: keras.Model,
    tokenizer: Tokenizer,
    texts: TextParts,
    head: Head | Sequence[str],
    *,
    config: ClassificationConfig,
) -> tuple[keras.Model, dict[str, Pipeline]]:
    """Mix a trained network with averaged embeddings and n-grams, as the recipe says.

    The network and the averaged embeddings have equal weights, since both are neural networks of
    the same texts; the weight of the n-grams is chosen on the validation part and printed.

    Args:
        network: tokens to logits.
        tokenizer: that of the network.
        texts: from `load`.
        head: from `fit_head`, or names of classes.
        config: the recipe, with ``model.ngrams``, ``model.character_ngrams`` and
            ``model.averaged``.

    Returns:
        The mixture, and its parts by name, to compare it with; the network itself and no parts
        without n-grams.
    """
    options = config.model
    if not options.ngrams:
        return network, {}
    head = as_head(head)
    alone, model = {"network_alone": Pipeline(tokenizer, network, head)}, network
    if options.averaged:
        averaged = fit_averaged(texts, head, tokenizer, config)
        alone["averaged_embeddings"] = averaged
        model = _joined(network, averaged.model, 0.5, network.name)
    labels = [head.truth(part) for part in (texts.train, texts.valid)]
    ngrams = fit_ngrams(
        (texts.train.texts, texts.valid.texts),
        (labels[0], labels[1]),
        tokenizer,
        num_classes=head.size,
        longest=options.ngrams,
        characters=options.character_ngrams,
    )
    alone["ngrams_alone"] = Pipeline(tokenizer, ngrams, head)
    model, told = mixed(model, ngrams, tokenizer, texts.valid.texts, labels[1])
    print(told)
    return model, alone


def mixed(
    network: keras.Model,
    ngrams: keras.Model,
    tokenizer: Tokenizer,
    valid: Sequence[str],
    watched: np.ndarray,
) -> tuple[keras.Model, str]:
    """A network and n-grams in one model, mixed as the validation part says.

    Args:
        network: tokens to logits.
        ngrams: from `fit_ngrams`.
        tokenizer: texts to tokens.
        valid, watched: texts and class numbers of the validation part.

    Returns:
        The model, and a sentence on the shares.
    """
    one, other = (log_softmax(_logits(model, tokenizer, valid)) for model in (network, ngrams))
    mixtures = (log_softmax((1 - share) * one + share * other) for share in _SHARES)
    by_share = np.array([losses(watched, mixture) for mixture in mixtures])
    place = _nearest_to_equal(by_share)
    share, (alone, linear, both) = _SHARES[place], by_share[[0, -1, place]].mean(axis=1)
    told = (
        f"Log loss on the validation part: network {number(alone)}, n-grams {number(linear)}, "
        f"mixture {number(both)}, in which the n-grams have a weight of {share:.0%}."
    )
    return _joined(network, ngrams, share, f"{network.name}_with_ngrams"), told


def _joined(first: keras.Model, second: keras.Model, share: float, name: str) -> keras.Model:
    """Two models of the same tokens as one; the second may read the characters of words too."""
    inputs = [keras.Input(part.shape[1:], dtype="int32", name=part.name) for part in second.inputs]
    other = second(inputs if len(inputs) > 1 else inputs[0])
    logits = LogitMixture(share, name="logits")(first(inputs[0]), other)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], logits, name=name)


def _nearest_to_equal(by_share: np.ndarray) -> int:
    """The place of the share nearest to a half whose loss is that of the best but for chance.

    On a small validation part the best share is often far from a half by chance.

    Args:
        by_share: losses of the texts of the validation part ``(shares, texts)``.
    """
    worse = by_share - by_share[by_share.mean(axis=1).argmin()]
    chance = worse.std(axis=1) / np.sqrt(worse.shape[1])
    allowed = np.flatnonzero(worse.mean(axis=1) <= _STANDARD_ERRORS * chance)
    return int(min(allowed, key=lambda place: abs(place - len(by_share) // 2)))


def _logits(model: keras.Model, tokenizer: Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """The logits of texts."""

    def answer(part: tf.Tensor) -> list[np.ndarray]:
        inputs = network_inputs(tokenizer, part, spelled=len(model.inputs) > 1)
        return list(np.asarray(model(inputs if len(inputs) > 1 else inputs[0])))

    return np.array(in_batches(texts, answer, batch_size=_BATCH))
