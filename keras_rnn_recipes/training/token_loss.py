"""Cross-entropy for networks with an output at every step, such as the next token or a tag."""

from __future__ import annotations

from typing import Any

from keras import ops

from keras_rnn_recipes.layers._registry import registered


def token_loss(label_smoothing: float = 0.0, *, padding: int = 0) -> TokenLoss:
    """Cross-entropy of ids at every step, in nats, as the mean over all real steps of a batch.

    Args:
        label_smoothing: the share of the target probability that all classes get equally (Szegedy
            et al. 2016).
        padding: the id of padded steps, which do not count.

    Returns:
        Called with ids ``(batch, time)`` and logits ``(batch, time, classes)`` it returns losses
        ``(batch,)``, whose mean is the mean over the real steps of the batch.

    Example:
        >>> import numpy as np
        >>> ids, logits = np.array([[1, 0], [1, 1]]), np.zeros((2, 2, 3), "float32")
        >>> bool(np.allclose(np.mean(token_loss()(ids, logits)), np.log(3)))
        True
    """
    return TokenLoss(label_smoothing, padding)


@registered
class TokenLoss:
    """What `token_loss` returns; saved models know it by its name."""

    def __init__(self, label_smoothing: float = 0.0, padding: int = 0) -> None:
        self._label_smoothing, self._padding = label_smoothing, padding

    def __call__(self, ids: Any, logits: Any) -> Any:
        """Losses ``(batch,)``."""
        real = ops.cast(ops.not_equal(ids, self._padding), logits.dtype)
        errors = _errors(ops.maximum(ids, 0), logits, self._label_smoothing)
        rows = ops.cast(ops.shape(ids)[0], logits.dtype)
        return ops.sum(errors * real, axis=1) * rows / ops.maximum(ops.sum(real), 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {"label_smoothing": self._label_smoothing, "padding": self._padding}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TokenLoss:
        """The loss of `get_config`."""
        return cls(**config)


def _errors(ids: Any, logits: Any, label_smoothing: float) -> Any:
    """The cross-entropy of every step, with the gradient written by hand.

    With ten thousand words the cross-entropy takes a large part of a training step. Reusing the
    exponentials of the forward pass in the gradient takes a third of the time of the usual
    operation, which computes them twice.
    """
    ids = ops.cast(ids, "int32")
    classes = logits.shape[-1]

    @ops.custom_gradient
    def errors(logits: Any) -> Any:
        flat, right = ops.reshape(logits, (-1, classes)), ops.reshape(ids, (-1,))
        at = ops.stack([ops.arange(ops.shape(right)[0], dtype="int32"), right], axis=1)
        shares = ops.softmax(flat)
        # The largest probability is never zero, however small that of the right token is.
        total = ops.max(flat, axis=1) - ops.log(ops.max(shares, axis=1))
        of_right = _pick(flat, right)
        found = total - (1 - label_smoothing) * of_right
        if label_smoothing:
            found = found - label_smoothing * ops.mean(flat, axis=1)

        def grad(*args: Any, upstream: Any = None) -> Any:
            (upstream,) = args if upstream is None else (upstream,)
            at_right = _pick(shares, right) - (1 - label_smoothing)
            gradient = ops.scatter_update(shares, at, at_right)
            if label_smoothing:
                gradient = gradient - label_smoothing / classes
            return ops.reshape(gradient * ops.reshape(upstream, (-1, 1)), ops.shape(logits))

        return ops.reshape(found, ops.shape(ids)), grad

    return errors(logits)


def _pick(rows: Any, columns: Any) -> Any:
    return ops.take_along_axis(rows, columns[:, None], axis=1)[:, 0]
