"""Classifiers to beat: the most frequent class, and words weighed by a linear model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# Texts in, probabilities (examples, classes) out.
Classifier = Callable[[Sequence[str]], np.ndarray]


def fit_majority(labels: Sequence[int] | np.ndarray, num_classes: int) -> Classifier:
    """Answer every text with the shares of the classes in training.

    Args:
        labels: class numbers of the training part.
        num_classes: how many there are.

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
) -> Classifier:
    """Logistic regression on how often each word occurs, rare words weighing more (tf-idf).

    Args:
        texts: of the training part.
        labels: their class numbers, at least two different ones.
        num_classes: how many there are; one that training does not show gets probability 0.
        longest: words in a feature at most. 1 sees no word order at all, 2 sees neighbours.
        inverse_penalty: scikit-learn's ``C``.

    Returns:
        A function from texts to probabilities ``(examples, classes)``.

    Source: Salton and Buckley 1988, Term-weighting approaches in automatic text retrieval; as
    scikit-learn computes it, with sublinear counts.

    Example:
        >>> classify = fit_tfidf(["so good", "very good", "so bad", "very bad"], [1, 1, 0, 0], 2)
        >>> classify(["good", "bad"]).argmax(axis=1).tolist()
        [1, 0]
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    # Single characters are words too (as in Chinese, or "I"); scikit-learn leaves them out.
    words = TfidfVectorizer(
        ngram_range=(1, longest), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b", dtype=np.float32
    )
    features = words.fit_transform(texts)
    model = LogisticRegression(C=inverse_penalty, max_iter=1000).fit(features, np.asarray(labels))

    def classify(texts: Sequence[str]) -> np.ndarray:
        probabilities = np.zeros((len(texts), num_classes))
        if len(texts):
            probabilities[:, model.classes_] = model.predict_proba(words.transform(texts))
        return probabilities

    return classify
