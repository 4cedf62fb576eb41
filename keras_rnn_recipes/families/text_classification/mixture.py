"""A text classifier as a mixture: the network, averaged embeddings and n-grams in one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

# Names of the parts in results.
_NAMES = {
    "network": "network_alone",
    "averaged embeddings": "averaged_embeddings",
    "n-grams": "ngrams_alone",
}
# Shares of a part that are tried.
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

    The weights are chosen on the validation part and printed.

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
    labels = [head.truth(part) for part in (texts.train, texts.valid)]
    parts = {"network": network}
    if options.averaged:
        parts["averaged embeddings"] = fit_averaged(texts, head, tokenizer, config).model
    parts["n-grams"] = fit_ngrams(
        (texts.train.texts, texts.valid.texts),
        (labels[0], labels[1]),
        tokenizer,
        num_classes=head.size,
        longest=options.ngrams,
        characters=options.character_ngrams,
    )
    model, told = mixed(parts, tokenizer, texts.valid.texts, labels[1])
    print(told)
    return model, {_NAMES[name]: Pipeline(tokenizer, one, head) for name, one in parts.items()}


def mixed(
    parts: Mapping[str, keras.Model],
    tokenizer: Tokenizer,
    valid: Sequence[str],
    watched: np.ndarray,
) -> tuple[keras.Model, str]:
    """Several classifiers in one model, each mixed with those before it by its best weight.

    Args:
        parts: models from tokens to logits by name, the network first.
        tokenizer: texts to tokens.
        valid, watched: texts and class numbers of the validation part, which chooses the weights.

    Returns:
        The model, and a sentence on losses and weights.
    """
    network, *others = parts.values()
    alone = [log_softmax(_logits(one, tokenizer, valid)) for one in parts.values()]
    model, both, weights = network, alone[0], [1.0]
    for other, more in zip(others, alone[1:], strict=True):
        mixtures = [log_softmax((1 - share) * both + share * more) for share in _SHARES]
        place = _nearest_to_equal(np.array([losses(watched, one) for one in mixtures]))
        share, both = _SHARES[place], mixtures[place]
        weights = [*((1 - share) * weight for weight in weights), share]
        model = _joined(model, other, share, f"{network.name}_with_ngrams")
    found = ", ".join(
        f"{part} {number(losses(watched, one).mean())} (weight {weight:.0%})"
        for part, one, weight in zip(parts, alone, weights, strict=True)
    )
    mean = number(losses(watched, both).mean())
    return model, f"Log loss on the validation part: {found}; mixture {mean}."


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
