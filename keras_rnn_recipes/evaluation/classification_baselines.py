"""Baseline text classifiers: class frequencies, and logistic regression on tf-idf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_rnn_recipes.writing_systems import word_pattern

# Texts in, probabilities (examples, classes) out.
Classifier = Callable[[Sequence[str]], np.ndarray]


def fit_majority(labels: Sequence[int] | np.ndarray, num_classes: int) -> Classifier:
    """Predict the class frequencies of the training part for every text.

    Args:
        labels: class numbers of the training part ``(examples,)``.
        num_classes: number of classes.

    Returns:
        A function from texts to probabilities ``(examples, classes)``.

    Example:
        >>> fit_majority([0, 0, 1, 0], 2)(["whatever"]).tolist()
        [[0.75, 0.25]]
    """
    counts = np.bincount(np.asarray(labels), minlength=num_classes)
    shares = counts / counts.sum()
    return lambda texts: np.tile(shares, (len(texts), 1))


def fit_tfidf(
    texts: Sequence[str],
    labels: Sequence[int] | np.ndarray,
    num_classes: int,
    *,
    longest: int = 1,
    inverse_penalty: float = 1.0,
    weights: np.ndarray | None = None,
) -> Classifier:
    """Logistic regression on tf-idf weights of words or word n-grams.

    Letters of scripts without spaces between words count as words.

    Args:
        texts: of the training part.
        labels: their class numbers ``(examples,)``, of at least two classes.
        num_classes: number of classes; one without a training example gets probability 0.
        longest: words in the longest n-gram; 1 ignores the order of words.
        inverse_penalty: scikit-learn's ``C``.
        weights: of the examples ``(examples,)``; None: all the same.

    Returns:
        A function from texts to probabilities ``(examples, classes)``.

    Source: Salton and Buckley 1988, Term-weighting approaches in automatic text retrieval;
    computed by scikit-learn with sublinear term frequencies.

    Example:
        >>> classify = fit_tfidf(["so good", "very good", "so bad", "very bad"], [1, 1, 0, 0], 2)
        >>> classify(["good", "bad"]).argmax(axis=1).tolist()
        [1, 0]
    """
    from sklearn.linear_model import LogisticRegression

    words = tfidf_words(longest)
    model = LogisticRegression(C=inverse_penalty, max_iter=1000)
    model.fit(words.fit_transform(texts), np.asarray(labels), sample_weight=weights)

    def classify(texts: Sequence[str]) -> np.ndarray:
        probabilities = np.zeros((len(texts), num_classes))
        if len(texts):
            probabilities[:, model.classes_] = model.predict_proba(words.transform(texts))
        return probabilities

    return classify


def tfidf_words(longest: int = 1) -> Any:
    """scikit-learn's vectorizer of the tf-idf weights of words or word n-grams.

    Args:
        longest: words in the longest n-gram.

    Example:
        >>> tfidf_words().fit_transform(["so good", "I see"]).shape
        (2, 4)
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    # The pattern keeps words of one letter ("I"), which scikit-learn leaves out, and divides
    # scripts without spaces into letters.
    return TfidfVectorizer(
        ngram_range=(1, longest), sublinear_tf=True, token_pattern=word_pattern(), dtype=np.float32
    )


# Images are averaged down to at most this side for the regression.
_LARGEST_SIDE = 32


def fit_pixels(
    images: np.ndarray,
    labels: Sequence[int] | np.ndarray,
    num_classes: int,
    *,
    inverse_penalty: float = 1.0,
) -> Callable[[np.ndarray], np.ndarray]:
    """Logistic regression on the pixels of images.

    Args:
        images: of the training part, ``(images, height, width, channels)``, from 0 to 255. Sides
            longer than 32 pixels are averaged in blocks.
        labels: their class numbers ``(images,)``, of at least two classes.
        num_classes: number of classes; one without a training example gets probability 0.
        inverse_penalty: scikit-learn's ``C``.

    Returns:
        A function from images to probabilities ``(images, classes)``.

    Example:
        >>> dark, light = np.zeros((3, 2, 2, 1)), np.full((3, 2, 2, 1), 255)
        >>> classify = fit_pixels(np.concatenate([dark, light]), [0, 0, 0, 1, 1, 1], 2)
        >>> classify(np.full((1, 2, 2, 1), 230)).argmax(axis=1).tolist()
        [1]
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=inverse_penalty, max_iter=500)
    with warnings.catch_warnings():  # a baseline that is nearly fitted is still one
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(_pixel_rows(images), np.asarray(labels))

    def classify(images: np.ndarray) -> np.ndarray:
        probabilities = np.zeros((len(images), num_classes))
        if len(images):
            probabilities[:, model.classes_] = model.predict_proba(_pixel_rows(images))
        return probabilities

    return classify


def _pixel_rows(images: np.ndarray) -> np.ndarray:
    """Images as rows of values from 0 to 1, averaged in blocks if they are large."""
    count, height, width, channels = images.shape
    down, across = -(-height // _LARGEST_SIDE), -(-width // _LARGEST_SIDE)
    whole = images[:, : height // down * down, : width // across * across] / 255
    blocks = whole.reshape(count, height // down, down, width // across, across, channels)
    return blocks.mean(axis=(2, 4)).reshape(count, -1)
