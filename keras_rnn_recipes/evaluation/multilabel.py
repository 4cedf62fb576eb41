"""Metrics of classifiers that give any number of labels to an example, and their threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_rnn_recipes.evaluation.classification import calibration_rows

# Probabilities are at least this far from 0 and 1 in the log loss, as in scikit-learn.
_LEAST = 1e-7


def label_set_scores(
    truth: np.ndarray, probabilities: np.ndarray, *, threshold: float = 0.5
) -> dict[str, float]:
    """Metrics over all labels.

    Args:
        truth: 0 or 1, ``(examples, labels)``.
        probabilities: ``(examples, labels)``.
        threshold: a label is predicted if its probability is at least this.

    Returns:
        ``micro_f1``, over all pairs of example and label; ``macro_f1``, the mean over the labels
        in ``truth``; ``subset_accuracy``, the share of examples with exactly the right labels;
        ``log_loss``, the mean binary cross-entropy of the pairs in nats.

    Raises:
        ValueError: no examples, or shapes that do not match.

    Example:
        >>> truth, found = np.array([[1, 0], [1, 1]]), np.array([[0.9, 0.2], [0.8, 0.4]])
        >>> scores = label_set_scores(truth, found)
        >>> round(scores["micro_f1"], 3), scores["subset_accuracy"]
        (0.8, 0.5)
    """
    from sklearn.metrics import f1_score

    truth, probabilities = _validated(truth, probabilities)
    predicted = probabilities >= threshold
    occur = np.flatnonzero(truth.any(axis=0))
    kept = np.clip(probabilities, _LEAST, 1 - _LEAST)
    return {
        "micro_f1": _f1(truth.sum(), predicted.sum(), (truth & predicted).sum()),
        "macro_f1": float(
            f1_score(truth, predicted, labels=occur, average="macro", zero_division=0)
            if len(occur)
            else np.nan
        ),
        "subset_accuracy": float((truth == predicted).all(axis=1).mean()),
        "log_loss": float(-np.log(np.where(truth, kept, 1 - kept)).mean()),
    }


def best_threshold(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The threshold, one for all labels, with the highest micro F1.

    Args:
        truth, probabilities: as in `label_set_scores`, of the validation part.

    Returns:
        The middle between the last probability that is to be accepted and the next lower one; 0.5
        if no example has a label.

    Raises:
        ValueError: as `label_set_scores`.

    Source: Lipton et al. 2014, Optimal thresholding of classifiers to maximize F1 measure.

    Example:
        >>> best_threshold(np.array([[1, 0, 1]]), np.array([[0.75, 0.125, 0.25]]))
        0.1875
    """
    truth, probabilities = _validated(truth, probabilities)
    order = np.argsort(-probabilities, axis=None, kind="stable")
    values, right = probabilities.ravel()[order], truth.ravel()[order]
    if not right.any():
        return 0.5
    f1 = 2 * np.cumsum(right) / (np.arange(1, len(right) + 1) + right.sum())
    # Equal probabilities are accepted together.
    last = np.append(values[1:] < values[:-1], True)
    place = int(np.where(last, f1, -1).argmax())
    below = values[place + 1] if place + 1 < len(values) else 0.0
    return float((values[place] + below) / 2)


def label_calibration(truth: np.ndarray, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """The bins of a reliability diagram over all pairs of example and label.

    Args:
        truth, probabilities: as in `label_set_scores`.

    Returns:
        As `calibration_bins`, with the share of the pairs that hold as ``accuracy``.

    Raises:
        ValueError: as `label_set_scores`.

    Example:
        >>> label_calibration(np.array([[1, 0]]), np.array([[0.75, 0.75]]))[0]["accuracy"]
        0.5
    """
    truth, probabilities = _validated(truth, probabilities)
    return calibration_rows(probabilities.ravel(), truth.ravel())


def _f1(true: int, predicted: int, both: int) -> float:
    return float(2 * both / (true + predicted)) if true + predicted else 0.0


def _validated(truth: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, probabilities = np.asarray(truth), np.asarray(probabilities)
    if truth.ndim != 2 or not truth.size or truth.shape != probabilities.shape:
        raise ValueError(
            "truth and probabilities must both be (examples, labels); received "
            f"{truth.shape} and {probabilities.shape}."
        )
    return truth.astype(bool), probabilities
