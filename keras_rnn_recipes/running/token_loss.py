"""The loss of networks that answer at every step: with the next token, or with a tag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops


def token_loss(label_smoothing: float = 0.0, *, padding: int = 0) -> Callable[[Any, Any], Any]:
    """Cross-entropy of ids at every step, in nats, the mean over all real steps of a batch.

    Args:
        label_smoothing: the share of the probability that the target gives to all tokens alike
            (Szegedy et al. 2016).
        padding: the id that is none.

    Returns:
        From ids ``(batch, time)`` and logits ``(batch, time, classes)`` to ``(batch,)``, whose mean
        is that over the real steps.

    Example:
        >>> import numpy as np
        >>> ids, logits = np.array([[1, 0], [1, 1]]), np.zeros((2, 2, 3), "float32")
        >>> bool(np.allclose(np.mean(token_loss()(ids, logits)), np.log(3)))
        True
    """

    def cross_entropy(ids: Any, logits: Any) -> Any:
        real = ops.cast(ops.not_equal(ids, padding), logits.dtype)
        errors = ops.sparse_categorical_crossentropy(ops.maximum(ids, 0), logits, from_logits=True)
        if label_smoothing:
            all_alike = -ops.mean(ops.log_softmax(logits), axis=-1)
            errors = (1 - label_smoothing) * errors + label_smoothing * all_alike
        rows = ops.cast(ops.shape(ids)[0], logits.dtype)
        return ops.sum(errors * real, axis=1) * rows / ops.maximum(ops.sum(real), 1.0)

    return cross_entropy
