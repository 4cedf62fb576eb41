"""The n-gram path of a text classifier: fitted by logistic regression, mixed with the network."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from scipy import sparse

from keras_rnn_recipes.evaluation.classification import log_softmax, losses
from keras_rnn_recipes.families.text_classification.pipeline import network_inputs
from keras_rnn_recipes.layers import NGramLogits
from keras_rnn_recipes.serving.saved_text import in_batches
from keras_rnn_recipes.text.tokenizer import Tokenizer

# Inverse penalties that are tried.
_PENALTIES = (0.03, 0.1, 0.3, 1.0)
# Added to the counts of each n-gram, so that one class alone does not decide.
_SMOOTHING = 1.0
# The shortest n-gram of characters: shorter ones tell little that words do not.
_FEWEST_CHARACTERS = 3
# Rows of the table of n-grams of characters, which repeat much, and the most numbers in a table of
# n-grams of tokens. Rows that several n-grams share cost accuracy: for the 14 million n-grams of
# 20,000 film reviews it is .889 on others with 2**17 rows, .912 with 2**20, .917 with 2**22.
_CHARACTER_ROWS = 2**17
_MOST_NUMBERS = 2**23
_BATCH = 256
# The logit of a class without a training text.
_NEVER = 30.0


def fit_ngrams(
    texts: tuple[Sequence[str], Sequence[str]],
    labels: tuple[np.ndarray, np.ndarray],
    tokenizer: Tokenizer,
    *,
    num_classes: int,
    longest: int = 2,
    characters: int = 0,
) -> keras.Model:
    """Fit a linear classifier of hashed n-grams.

    For each class, the n-grams of a text are weighted by the logarithm of how much more frequent
    they are in that class than in the others, and a logistic regression learns a factor for each.
    The penalty is the one with the lowest log loss on the validation part.

    Args:
        texts: of the training and the validation part.
        labels: their class numbers.
        tokenizer: texts to tokens.
        num_classes: number of classes.
        longest: tokens in the longest n-gram.
        characters: characters in the longest n-gram within words, of which the shortest has three;
            0 for tokens only.

    Returns:
        Inputs of `network_inputs` -> logits ``(batch, num_classes)``.

    Source: Wang and Manning 2012, Baselines and bigrams: simple, good sentiment and topic
        classification.

    Example:
        >>> from keras_rnn_recipes.text.preparation import Preparation
        >>> from keras_rnn_recipes.text.tokenizer import fit_tokenizer
        >>> train, valid = ["so good", "so bad"] * 4, ["good"]
        >>> tokenizer = fit_tokenizer(train, Preparation())
        >>> labels = np.array([1, 0] * 4), np.array([1])
        >>> model = fit_ngrams((train, valid), labels, tokenizer, num_classes=2)
        >>> np.asarray(model(tokenizer(["good", "bad"]))).argmax(axis=1).tolist()
        [1, 0]
    """
    rows = _rows_for(texts[0], tokenizer, longest, num_classes)
    model = _linear(num_classes, rows, longest, characters)
    tables = [layer for layer in model.layers if isinstance(layer, NGramLogits)]
    features = [_features(tables, tokenizer, part) for part in texts]

    def loss(weights: tuple[np.ndarray, np.ndarray]) -> float:
        logits = features[1] @ weights[0] + weights[1]
        return float(losses(labels[1], log_softmax(logits)).mean())

    tried = (_regressed(features[0], labels[0], num_classes, penalty) for penalty in _PENALTIES)
    table, bias = min(tried, key=loss)
    for layer, part in zip(tables, np.split(table, [rows])[: len(tables)], strict=True):
        layer.set_weights([part, bias])
        bias = np.zeros_like(bias)
    return model


def _rows_for(texts: Sequence[str], tokenizer: Tokenizer, longest: int, num_classes: int) -> int:
    """A power of two, as large as the number of n-grams of tokens in the texts, up to a limit."""
    tokens = sum(map(len, tokenizer.encode(texts)))
    enough = max(longest * tokens - 1, 1).bit_length()
    most = (_MOST_NUMBERS // num_classes).bit_length() - 1
    return 1 << max(1, min(enough, most))


def _linear(num_classes: int, rows: int, longest: int, characters: int) -> keras.Model:
    """The model without its weights."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    logits = NGramLogits(num_classes, rows, longest, name="ngrams")(tokens)
    if not characters:
        return keras.Model(tokens, logits, name="ngrams")
    spelled = keras.Input((None, None), dtype="int32", name="characters")
    sizes = (characters, _FEWEST_CHARACTERS)
    more = NGramLogits(num_classes, _CHARACTER_ROWS, *sizes, name="character_ngrams")(spelled)
    both = keras.layers.Add(name="sum", dtype="float32")([logits, more])
    return keras.Model([tokens, spelled], both, name="ngrams")


def _features(
    layers: Sequence[NGramLogits], tokenizer: Tokenizer, texts: Sequence[str]
) -> sparse.csr_matrix:
    """Which n-grams each text has, ``(texts, buckets of all layers)``."""

    def answer(part: tf.Tensor) -> list[sparse.csr_matrix]:
        inputs = network_inputs(tokenizer, part, spelled=len(layers) > 1)
        return list(sparse.hstack([*map(_counts, layers, inputs)], format="csr"))

    return sparse.vstack(in_batches(texts, answer, batch_size=_BATCH), format="csr")


def _counts(layer: NGramLogits, tokens: tf.Tensor) -> sparse.csr_matrix:
    """Which rows of a layer's table each text has, ``(texts, buckets)``."""
    found = np.asarray(layer.rows(tokens))
    text, place = np.nonzero(found)
    shape = (len(found), layer.buckets)
    return sparse.csr_matrix((np.ones(len(text)), (text, found[text, place])), shape)


def _regressed(
    features: sparse.csr_matrix, labels: np.ndarray, num_classes: int, inverse_penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """A table and a bias, ``(buckets, classes)`` and ``(classes,)``, one class against the others.

    Of two classes, the logit of the first is zero.
    """
    from sklearn.linear_model import LogisticRegression

    table = np.zeros((features.shape[1], num_classes), "float32")
    bias = np.zeros(num_classes, "float32")
    for k in range(1 if num_classes == 2 else 0, num_classes):
        of_class = labels == k
        if not 0 < of_class.sum() < len(labels):
            bias[k] = 0.0 if of_class.any() else -_NEVER
            continue
        ratios = _log_ratios(features, of_class)
        regression = LogisticRegression(C=inverse_penalty, solver="liblinear")
        regression.fit(features.multiply(ratios).tocsr(), of_class)
        table[:, k] = ratios * regression.coef_[0]
        bias[k] = regression.intercept_[0]
    return table, bias


def _log_ratios(features: sparse.csr_matrix, of_class: np.ndarray) -> np.ndarray:
    """By how much more frequent each n-gram is in a class, a logarithm ``(buckets,)``.

    It is 0 for rows of the table that no training text has.
    """
    inside, outside = (
        np.asarray(features[rows].sum(axis=0)).ravel() for rows in (of_class, ~of_class)
    )
    occurs = inside + outside > 0
    inside, outside = (np.where(occurs, _SMOOTHING + one, 0.0) for one in (inside, outside))
    ratios = np.zeros(len(occurs))
    np.divide(inside / inside.sum(), outside / outside.sum(), out=ratios, where=occurs)
    return np.log(ratios, out=ratios, where=occurs)
