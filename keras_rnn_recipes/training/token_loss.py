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
        errors = _errors(ops.maximum(ids, 0), logits, label_smoothing)
        rows = ops.cast(ops.shape(ids)[0], logits.dtype)
        return ops.sum(errors * real, axis=1) * rows / ops.maximum(ops.sum(real), 1.0)

    return cross_entropy


def _errors(ids: Any, logits: Any, label_smoothing: float) -> Any:
    """The cross-entropy of every step, its way back by hand.

    Over ten thousand words it is what a step of training waits for. The exponentials of the way
    forward are kept for the way back, in a third of the time of an operation that takes them twice.
    """
    ids = ops.cast(ids, "int32")
    classes = logits.shape[-1]

    @ops.custom_gradient
    def errors(logits: Any) -> Any:
        flat, right = ops.reshape(logits, (-1, classes)), ops.reshape(ids, (-1,))
        at = ops.stack([ops.arange(ops.shape(right)[0], dtype="int32"), right], axis=1)
        shares = ops.softmax(flat)
        # The largest share is never nought, however small that of the right token.
        total = ops.max(flat, axis=1) - ops.log(ops.max(shares, axis=1))
        of_right = _pick(flat, right)
        found = total - (1 - label_smoothing) * of_right
        if label_smoothing:
            found = found - label_smoothing * ops.mean(flat, axis=1)

        def grad(*args: Any, upstream: Any = None) -> Any:
            (slope,) = args if upstream is None else (upstream,)
            aims = _pick(shares, right) - (1 - label_smoothing)
            slopes = ops.scatter_update(shares, at, aims)
            if label_smoothing:
                slopes = slopes - label_smoothing / classes
            return ops.reshape(slopes * ops.reshape(slope, (-1, 1)), ops.shape(logits))

        return ops.reshape(found, ops.shape(ids)), grad

    return errors(logits)


def _pick(rows: Any, columns: Any) -> Any:
    return ops.take_along_axis(rows, columns[:, None], axis=1)[:, 0]
