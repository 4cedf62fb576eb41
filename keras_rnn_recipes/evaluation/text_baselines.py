"""Baselines for texts with several labels or a number: frequencies, means, linear models."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_rnn_recipes.evaluation.classification_baselines import Classifier, tfidf_words

# Texts in, numbers (examples,) out.
Regression = Callable[[Sequence[str]], np.ndarray]


def fit_label_frequencies(truth: np.ndarray, *, weights: np.ndarray | None = None) -> Classifier:
    """Predict the frequency of each label for every text; a threshold keeps the most frequent ones.

    Args:
        truth: 0 or 1, ``(examples, labels)``, of the training part.
        weights: of the examples ``(examples,)``; None: all the same.

    Returns:
        A function from texts to probabilities ``(examples, labels)``.

    Example:
        >>> fit_label_frequencies(np.array([[1, 0], [1, 1]]))(["whatever"]).tolist()
        [[1.0, 0.5]]
    """
    shares = np.average(truth, axis=0, weights=weights)
    return lambda texts: np.tile(shares, (len(texts), 1))


def fit_tfidf_labels(
    texts: Sequence[str], truth: np.ndarray, *, weights: np.ndarray | None = None
) -> Classifier:
    """A logistic regression on tf-idf weights of words for each label against its absence.

    Args:
        texts: of the training part.
        truth, weights: as in `fit_label_frequencies`.

    Returns:
        A function from texts to probabilities ``(examples, labels)``.

    Example:
        >>> texts = ["so late", "very late", "so rude", "very rude"]
        >>> classify = fit_tfidf_labels(texts, np.array([[1, 0], [1, 0], [0, 1], [0, 1]]))
        >>> classify(["late"]).argmax(axis=1).tolist()
        [0]
    """
    from sklearn.linear_model import LogisticRegression

    words = tfidf_words()
    features = words.fit_transform(texts)
    truth = np.asarray(truth)
    constant = truth.mean(axis=0)
    models = {
        place: LogisticRegression(max_iter=1000).fit(features, truth[:, place], weights)
        for place in np.flatnonzero((constant > 0) & (constant < 1)).tolist()
    }

    def classify(texts: Sequence[str]) -> np.ndarray:
        probabilities = np.tile(constant.astype("float64"), (len(texts), 1))
        for place, model in models.items() if len(texts) else ():
            probabilities[:, place] = model.predict_proba(words.transform(texts))[:, 1]
        return probabilities

    return classify


def fit_mean(numbers: np.ndarray, *, weights: np.ndarray | None = None) -> Regression:
    """Predict the mean of the training part for every text.

    Args:
        numbers: ``(examples,)``.
        weights: as in `fit_label_frequencies`.

    Returns:
        A function from texts to numbers ``(examples,)``.

    Example:
        >>> fit_mean(np.array([1.0, 4.0]))(["whatever"]).tolist()
        [2.5]
    """
    mean = float(np.average(numbers, weights=weights))
    return lambda texts: np.full(len(texts), mean)


def fit_tfidf_ridge(
    texts: Sequence[str], numbers: np.ndarray, *, weights: np.ndarray | None = None
) -> Regression:
    """Ridge regression on tf-idf weights of words.

    Args:
        texts: of the training part.
        numbers, weights: as in `fit_mean`.

    Returns:
        A function from texts to numbers ``(examples,)``.

    Example:
        >>> predict = fit_tfidf_ridge(["so good", "so bad"] * 9, np.array([5.0, 1.0] * 9))
        >>> predict(["good", "bad"]).round().tolist()
        [5.0, 1.0]
    """
    from sklearn.linear_model import Ridge

    words = tfidf_words()
    model = Ridge().fit(words.fit_transform(texts), numbers, sample_weight=weights)
    return lambda texts: model.predict(words.transform(texts)) if len(texts) else np.zeros(0)
