"""Metrics of classifiers: accuracy, scores per class, ranking and calibration.

All results are plain numbers, lists or dicts, ready for JSON. scikit-learn computes what it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import logsumexp

_BINS = 15


def classification_scores(
    truth: Sequence[int] | np.ndarray, probabilities: np.ndarray, *, bins: int = _BINS
) -> dict[str, float]:
    """Metrics over all classes.

    Args:
        truth: class numbers ``(examples,)``.
        probabilities: ``(examples, classes)``, each row summing to 1.
        bins: number of bins of the calibration error.

    Returns:
        ``accuracy``; ``macro_f1``, the mean F1 over the classes in ``truth``; ``log_loss`` in nats;
        ``calibration_error``, see `calibration_error`; for two classes ``roc_auc`` of the second,
        NaN where ``truth`` contains one class only.

    Raises:
        ValueError: no examples, shapes that do not match, class numbers out of range, or rows that
            are not probabilities.

    Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> scores = classification_scores([0, 1, 1], probabilities)
        >>> round(scores["accuracy"], 3), scores["roc_auc"]
        (0.667, 1.0)
    """
    from sklearn import metrics

    truth, probabilities = _validated(truth, probabilities)
    classes = np.arange(probabilities.shape[1])
    predicted = probabilities.argmax(axis=1)
    scores = {
        "accuracy": float(np.mean(predicted == truth)),
        "macro_f1": float(
            metrics.f1_score(
                truth, predicted, labels=np.unique(truth), average="macro", zero_division=0
            )
        ),
        "log_loss": float(metrics.log_loss(truth, probabilities, labels=classes)),
        "calibration_error": calibration_error(truth, probabilities, bins=bins),
    }
    if len(classes) == 2:
        both = len(np.unique(truth)) == 2
        area = metrics.roc_auc_score(truth, probabilities[:, 1]) if both else np.nan
        scores["roc_auc"] = float(area)
    return scores


def class_scores(
    truth: Sequence[int] | np.ndarray,
    predicted: Sequence[int] | np.ndarray,
    classes: Sequence[str],
) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and number of examples of each class.

    Args:
        truth: true class numbers ``(examples,)``; or for several labels each, 0 or 1
            ``(examples, classes)``.
        predicted: predicted class numbers or labels, of the same shape.
        classes: names of the classes, by number.

    Returns:
        ``{class: {"precision", "recall", "f1", "support"}}``; 0 where a score is undefined, such as
        the precision of a class that was never predicted.

    Example:
        >>> class_scores([0, 1, 1], [0, 1, 0], ("ham", "spam"))["spam"]["recall"]
        0.5
    """
    from sklearn.metrics import precision_recall_fscore_support

    numbers = np.arange(len(classes))
    figures = precision_recall_fscore_support(truth, predicted, labels=numbers, zero_division=0)
    names = ("precision", "recall", "f1", "support")
    return {
        name: {key: float(values[number]) for key, values in zip(names, figures, strict=True)}
        for number, name in enumerate(classes)
    }


def confusion(
    truth: Sequence[int] | np.ndarray, predicted: Sequence[int] | np.ndarray, num_classes: int
) -> list[list[int]]:
    """Confusion matrix: how often each true class (row) was predicted as each class (column).

    Args:
        truth: true class numbers ``(examples,)``.
        predicted: predicted class numbers ``(examples,)``.
        num_classes: number of classes.

    Example:
        >>> confusion([0, 1, 1], [0, 1, 0], 2)
        [[1, 0], [1, 1]]
    """
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(truth, predicted, labels=np.arange(num_classes)).tolist()


def roc_points(
    truth: Sequence[int] | np.ndarray, probabilities: np.ndarray, *, points: int = 200
) -> dict[str, list[float]]:
    """ROC curve of the second of two classes.

    Args:
        truth: true class numbers, 0 or 1, ``(examples,)``; both classes must occur.
        probabilities: of class 1, ``(examples,)``.
        points: at most this many points of the curve, evenly spaced among all.

    Returns:
        ``false_positive_rate`` and ``true_positive_rate``, from (0, 0) to (1, 1).

    Example:
        >>> roc_points([0, 1], np.array([0.2, 0.7]))["true_positive_rate"]
        [0.0, 1.0, 1.0]
    """
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(truth, probabilities)
    kept = np.unique(np.linspace(0, len(false) - 1, min(points, len(false))).round().astype(int))
    return {
        "false_positive_rate": false[kept].tolist(),
        "true_positive_rate": true[kept].tolist(),
    }


def calibration_error(
    truth: Sequence[int] | np.ndarray, probabilities: np.ndarray, *, bins: int = _BINS
) -> float:
    """Expected calibration error: mean absolute difference of confidence and accuracy.

    The confidence of a prediction is the probability of the predicted class. Predictions are binned
    by confidence; the error is the mean over the predictions of |accuracy - mean confidence| of
    their bin.

    Args:
        truth: class numbers ``(examples,)``.
        probabilities: ``(examples, classes)``.
        bins: number of bins of equal width over (0, 1]; a bin includes its upper edge.

    Raises:
        ValueError: as `classification_scores`.

    Source: Guo et al. 2017, On calibration of modern neural networks, equation 5.

    Example:
        >>> calibration_error([0, 0], np.array([[0.75, 0.25], [0.25, 0.75]]))
        0.25
    """
    rows = calibration_bins(truth, probabilities, bins=bins)
    total = sum(row["count"] for row in rows)
    return sum(row["count"] * abs(row["accuracy"] - row["confidence"]) for row in rows) / total


def calibration_bins(
    truth: Sequence[int] | np.ndarray, probabilities: np.ndarray, *, bins: int = _BINS
) -> list[dict[str, Any]]:
    """The non-empty bins of `calibration_error`, for a reliability diagram.

    Args:
        truth, probabilities, bins: as in `calibration_error`.

    Returns:
        A dict for each bin: ``confidence`` and ``accuracy``, means over the bin, and ``count``.

    Raises:
        ValueError: as `classification_scores`.

    Example:
        >>> calibration_bins([0, 0], np.array([[0.75, 0.25], [0.25, 0.75]]))
        [{'confidence': 0.75, 'accuracy': 0.5, 'count': 2}]
    """
    truth, probabilities = _validated(truth, probabilities)
    right = probabilities.argmax(axis=1) == truth
    return calibration_rows(probabilities.max(axis=1), right, bins=bins)


def calibration_rows(
    confidence: np.ndarray, right: np.ndarray, *, bins: int = _BINS
) -> list[dict[str, Any]]:
    """The non-empty bins of probabilities of an event, with the share of those that occurred.

    Args:
        confidence: probabilities ``(events,)``.
        right: whether each occurred, ``(events,)``.
        bins: as in `calibration_error`.

    Example:
        >>> calibration_rows(np.array([0.75, 0.75]), np.array([True, False]))
        [{'confidence': 0.75, 'accuracy': 0.5, 'count': 2}]
    """
    numbers = np.ceil(confidence * bins).astype(int)
    return [
        {
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(right[inside].mean()),
            "count": int(inside.sum()),
        }
        for inside in (numbers == number for number in np.unique(numbers))
    ]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logarithms of the probabilities of classes ``(examples, classes)``.

    Example:
        >>> log_softmax(np.array([[0.0, 0.0]])).round(3).tolist()
        [[-0.693, -0.693]]
    """
    return logits - logsumexp(logits, axis=1, keepdims=True)


def losses(labels: np.ndarray, log_probabilities: np.ndarray) -> np.ndarray:
    """The cross-entropy of each example in nats ``(examples,)``.

    Example:
        >>> losses(np.array([1]), np.array([[-2.0, -0.25]])).tolist()
        [0.25]
    """
    return -log_probabilities[np.arange(len(labels)), labels]


def _validated(
    truth: Sequence[int] | np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    truth, probabilities = np.asarray(truth), np.asarray(probabilities, "float64")
    if truth.ndim != 1 or not len(truth) or probabilities.shape[:-1] != truth.shape:
        raise ValueError(
            "truth and probabilities must be (examples,) and (examples, classes); received "
            f"{truth.shape} and {probabilities.shape}."
        )
    if truth.min() < 0 or truth.max() >= probabilities.shape[1]:
        raise ValueError(
            f"truth must be class numbers below {probabilities.shape[1]}; received "
            f"{truth.min()} to {truth.max()}."
        )
    sums = probabilities.sum(axis=1)
    if not (np.abs(sums - 1) < 1e-3).all() or probabilities.min() < 0:
        raise ValueError("probabilities must be at least 0 and sum to 1; were they logits?")
    return truth, probabilities / sums[:, None]
