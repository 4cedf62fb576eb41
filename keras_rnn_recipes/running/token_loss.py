"""The loss of networks that say at every step which token comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops


def token_loss(label_smoothing: float = 0.0) -> Callable[[Any, Any], Any]:
    """Cross-entropy of the next token, in nats, the mean over all real tokens of a batch.

    Args:
        label_smoothing: the share of the probability that the target gives to all tokens alike
            (Szegedy et al. 2016).

    Returns:
        From ids ``(batch, time)``, 0 for padding, and logits ``(batch, time, vocabulary)`` to
        ``(batch,)``, whose mean is that over the real tokens.

    Example:
        >>> import numpy as np
        >>> ids, logits = np.array([[1, 0], [1, 1]]), np.zeros((2, 2, 3), "float32")
        >>> bool(np.allclose(np.mean(token_loss()(ids, logits)), np.log(3)))
        True
    """

    def cross_entropy(ids: Any, logits: Any) -> Any:
        real = ops.cast(ops.not_equal(ids, 0), logits.dtype)
        errors = ops.sparse_categorical_crossentropy(ids, logits, from_logits=True)
        if label_smoothing:
            all_alike = -ops.mean(ops.log_softmax(logits), axis=-1)
            errors = (1 - label_smoothing) * errors + label_smoothing * all_alike
        rows = ops.cast(ops.shape(ids)[0], logits.dtype)
        return ops.sum(errors * real, axis=1) * rows / ops.maximum(ops.sum(real), 1.0)

    return cross_entropy
