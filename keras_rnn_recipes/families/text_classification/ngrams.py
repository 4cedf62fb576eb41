"""The n-gram path of a text classifier: fitted by logistic regression, mixed with the network."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from keras_rnn_recipes.families.text_classification.pipeline import Pipeline
from keras_rnn_recipes.layers import LogitMixture, NGramLogits
from keras_rnn_recipes.reporting.format import number
from keras_rnn_recipes.text.catalogue import TextParts
from keras_rnn_recipes.text.reading import number_labels
from keras_rnn_recipes.text.tokenizer import Tokenizer

# Inverse penalties that are tried, and the shares of the n-grams in a mixture.
_PENALTIES = (0.1, 1.0, 10.0)
_SHARES = tuple(np.linspace(0.0, 1.0, 21).round(2))
# Added to the counts of each n-gram, so that one class alone does not decide.
_SMOOTHING = 1.0
_BATCH = 256
# The logit of a class without a training text.
_NEVER = 30.0

Rows = Sequence[np.ndarray]


def fit_ngrams(
    train: Rows,
    labels: np.ndarray,
    valid: Rows,
    watched: np.ndarray,
    *,
    num_classes: int,
    longest: int = 2,
) -> keras.Model:
    """Fit a linear classifier of hashed n-grams.

    For each class, the n-grams of a text are weighted by the logarithm of how much more frequent
    they are in that class than in the others, and a logistic regression learns a factor for each.
    The penalty is the one with the lowest log loss on the validation part.

    Args:
        train: token ids of the training texts.
        labels: their class numbers.
        valid, watched: the same of the validation part.
        num_classes: number of classes.
        longest: tokens in the longest n-gram.

    Returns:
        ``tokens`` int32 ``(batch, time)`` -> logits ``(batch, num_classes)``.

    Source: Wang and Manning 2012, Baselines and bigrams: simple, good sentiment and topic
        classification.

    Example:
        >>> good, bad = np.array([5, 6]), np.array([5, 7])
        >>> model = fit_ngrams([good, bad] * 4, np.array([1, 0] * 4), [good], np.array([1]),
        ...     num_classes=2)
        >>> np.asarray(model(np.array([[6, 0], [7, 0]]))).argmax(axis=1).tolist()
        [1, 0]
    """
    layer = NGramLogits(num_classes, longest=longest, name="ngrams")
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    model = keras.Model(tokens, layer(tokens), name="ngrams")
    features = [_features(layer, rows) for rows in (train, valid)]

    def loss(weights: tuple[np.ndarray, np.ndarray]) -> float:
        return _log_loss(watched, _log_softmax(features[1] @ weights[0] + weights[1]))

    tried = (_regressed(features[0], labels, num_classes, penalty) for penalty in _PENALTIES)
    layer.set_weights(min(tried, key=loss))
    return model


def add_ngrams(
    network: keras.Model,
    tokenizer: Tokenizer,
    texts: TextParts,
    classes: Sequence[str],
    *,
    longest: int,
) -> tuple[keras.Model, dict[str, Pipeline]]:
    """Fit a linear classifier of n-grams next to a trained network, mix both, and print how.

    Args:
        network: tokens to logits.
        tokenizer: that of the network.
        texts: from `load`.
        classes: from `class_names`.
        longest: tokens in the longest n-gram; 0 to leave the network as it is.

    Returns:
        The mixture, and both parts alone, to compare it with.
    """
    if not longest:
        return network, {}
    parts = (texts.train, texts.valid)
    (train, valid), (labels, watched) = zip(
        *((tokenizer.encode(part.texts), number_labels(part.labels, classes)) for part in parts),
        strict=True,
    )
    ngrams = fit_ngrams(train, labels, valid, watched, num_classes=len(classes), longest=longest)
    model, told = mixed(network, ngrams, valid, watched)
    print(told)
    alone = {"network_alone": network, "ngrams_alone": ngrams}
    return model, {name: Pipeline(tokenizer, one, classes) for name, one in alone.items()}


def mixed(
    network: keras.Model, ngrams: keras.Model, valid: Rows, watched: np.ndarray
) -> tuple[keras.Model, str]:
    """A network and n-grams in one model, mixed as the validation part says.

    Args:
        network, ngrams: tokens to logits.
        valid, watched: token ids and class numbers of the validation part.

    Returns:
        The model, and a sentence on the shares.
    """
    one, other = (_log_softmax(_logits(model, valid)) for model in (network, ngrams))
    losses = {
        share: _log_loss(watched, _log_softmax((1 - share) * one + share * other))
        for share in _SHARES
    }
    share = min(losses, key=lambda one: losses[one])
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    logits = LogitMixture(share, name="logits")(network(tokens), ngrams(tokens))
    told = (
        f"Log loss on the validation part: network {number(losses[0.0])}, n-grams "
        f"{number(losses[1.0])}, mixture {number(losses[share])}, in which the n-grams have a "
        f"weight of {share:.0%}."
    )
    return keras.Model(tokens, logits, name=f"{network.name}_with_ngrams"), told


def _features(layer: NGramLogits, rows: Rows) -> sparse.csr_matrix:
    """Which n-grams each text has, ``(texts, buckets)``."""
    parts = []
    for start in range(0, len(rows), _BATCH):
        batch = _padded(rows[start : start + _BATCH])
        found = np.asarray(layer.rows(batch))
        text, place = np.nonzero(found)
        ones = np.ones(len(text))
        shape = (len(batch), layer.buckets)
        parts.append(sparse.csr_matrix((ones, (text, found[text, place])), shape))
    return sparse.vstack(parts).tocsr()


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


def _padded(rows: Rows) -> np.ndarray:
    """Token ids in one array, padded with 0 on the right."""
    return keras.utils.pad_sequences(rows, padding="post", dtype="int32")


def _logits(model: keras.Model, rows: Rows) -> np.ndarray:
    """The logits of texts, in batches of similar length."""
    order = np.argsort([len(row) for row in rows], kind="stable")
    found = np.concatenate(
        [
            np.asarray(model(_padded([rows[k] for k in order[start : start + _BATCH]])))
            for start in range(0, len(rows), _BATCH)
        ]
    )
    return found[np.argsort(order)]


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - logsumexp(logits, axis=1, keepdims=True)


def _log_loss(labels: np.ndarray, log_probabilities: np.ndarray) -> float:
    """The mean cross-entropy in nats."""
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())
