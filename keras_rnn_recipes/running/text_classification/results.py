"""The figures of a text run, and the table of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.text.reading import LabelledTexts
from keras_rnn_recipes.evaluation.classification import classification_scores

if TYPE_CHECKING:
    from keras_rnn_recipes.data.text.catalogue import TextParts


def describe_texts(texts: TextParts, classes: Sequence[str]) -> str:
    """What was read, in a few lines for the terminal."""
    parts = (("to learn from", texts.train), ("to watch", texts.valid), ("to test on", texts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in parts)
    shown = ", ".join(classes[:8]) + (", ..." if len(classes) > 8 else "")
    return f"{texts.name}: {counts}\n{len(classes)} classes: {shown}"


def score_classifiers(
    truth: np.ndarray, answers: Mapping[str, np.ndarray], *, metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Figures of classifiers, by name.

    Args:
        truth: class numbers ``(examples,)``.
        answers: by name, probabilities ``(examples, classes)``.
        metrics: those of `classification_scores` that are wanted.

    Example:
        >>> answers = {"lstm": np.array([[0.9, 0.1], [0.2, 0.8]])}
        >>> score_classifiers(np.array([0, 1]), answers, metrics=["accuracy"])
        {'lstm': {'accuracy': 1.0}}
    """
    found = {name: classification_scores(truth, given) for name, given in answers.items()}
    return {
        name: {metric: scores[metric] for metric in metrics if metric in scores}
        for name, scores in found.items()
    }


def predictions_table(
    part: LabelledTexts, classes: Sequence[str], answers: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each text: ``text, label``, and by model its answer and how sure it is of it."""
    table: dict[str, Any] = {"text": list(part.texts), "label": list(part.labels)}
    names = np.array(classes, dtype=object)
    for name, probabilities in answers.items():
        table[name] = names[probabilities.argmax(axis=1)]
        table[f"{name}-probability"] = probabilities.max(axis=1)
    return pd.DataFrame(table)
