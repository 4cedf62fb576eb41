"""Cross-entropy for networks with one answer of several classes."""

from __future__ import annotations

from typing import Any

import keras

from keras_rnn_recipes.layers._registry import registered


def class_loss(label_smoothing: float = 0.0) -> Any:
    """Cross-entropy of class numbers ``(...)`` and logits ``(..., classes)``, in nats.

    Args:
        label_smoothing: the share of the target probability that all classes get equally (Szegedy
            et al. 2016). With it no answer is worth the certainty 1.

    Example:
        >>> import numpy as np
        >>> float(class_loss()(np.array([1]), np.array([[0.0, 0.0]], "float32"))) > 0.69
        True
    """
    if label_smoothing:
        return SmoothedCrossEntropy(label_smoothing)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")


@registered
class SmoothedCrossEntropy:
    """What `class_loss` returns for smooth labels; saved models know it by its name."""

    def __init__(self, label_smoothing: float) -> None:
        self._label_smoothing = label_smoothing

    def __call__(self, labels: Any, logits: Any) -> Any:
        """Losses in the shape of ``labels``."""
        one_hot = keras.ops.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
        return keras.losses.categorical_crossentropy(
            one_hot, logits, from_logits=True, label_smoothing=self._label_smoothing
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {"label_smoothing": self._label_smoothing}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SmoothedCrossEntropy:
        """The loss of `get_config`."""
        return cls(**config)
