"""What the families of classifiers share: loss, weights of classes, scores, table of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.evaluation.classification import classification_scores
from keras_rnn_recipes.training.class_loss import class_loss

loss = class_loss


def class_weights(labels: np.ndarray, kind: str) -> np.ndarray | None:
    """Example weights with mean 1 that give every class the same total weight.

    Args:
        labels: class numbers of the training part.
        kind: "balanced", or "none".

    Returns:
        float32 ``(examples,)``; None for "none".

    Example:
        >>> class_weights(np.array([0, 1, 0, 0, 1, 0, 0, 0]), "balanced")[:2].tolist()
        [0.6666666865348816, 2.0]
    """
    if kind == "none":
        return None
    counts = np.bincount(labels)
    return (len(labels) / (np.count_nonzero(counts) * counts[labels])).astype("float32")


def score(
    truth: np.ndarray, answers: Mapping[str, np.ndarray], *, metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Scores of classifiers by name.

    Args:
        truth: class numbers ``(examples,)``.
        answers: probabilities ``(examples, classes)`` by model.
        metrics: names of metrics of `classification_scores`.

    Example:
        >>> answers = {"lstm": np.array([[0.9, 0.1], [0.2, 0.8]])}
        >>> score(np.array([0, 1]), answers, metrics=["accuracy"])
        {'lstm': {'accuracy': 1.0}}
    """
    return wanted_scores(
        {name: classification_scores(truth, given) for name, given in answers.items()}, metrics
    )


def wanted_scores(
    found: Mapping[str, Mapping[str, float]], metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """The scores that a recipe asks for, by model.

    Args:
        found: all scores by model.
        metrics: names; those that a model does not have are left out.

    Example:
        >>> wanted_scores({"lstm": {"mae": 1.0, "rmse": 2.0}}, ["rmse", "spearman"])
        {'lstm': {'rmse': 2.0}}
    """
    return {
        name: {metric: scores[metric] for metric in metrics if metric in scores}
        for name, scores in found.items()
    }


def table_of_predictions(
    examples: Mapping[str, Sequence[Any] | np.ndarray],
    classes: Sequence[str],
    answers: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    """A row for each example: its columns, then the predicted class and probability by model.

    Args:
        examples: what is known of the examples, such as names and labels, by column.
        classes: names of the classes by number.
        answers: probabilities ``(examples, classes)`` by model.

    Example:
        >>> answers = {"lstm": np.array([[0.25, 0.75]])}
        >>> table_of_predictions({"text": ["b"]}, ["x", "y"], answers).to_dict("records")
        [{'text': 'b', 'lstm': 'y', 'lstm-probability': 0.75}]
    """
    table: dict[str, Any] = {name: list(column) for name, column in examples.items()}
    names = np.array(classes, dtype=object)
    for name, probabilities in answers.items():
        table[name] = names[probabilities.argmax(axis=1)]
        table[f"{name}-probability"] = probabilities.max(axis=1)
    return pd.DataFrame(table)
