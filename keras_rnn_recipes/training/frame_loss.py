"""Negative log-likelihood of the frames of a piano roll, from the logits of their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from keras_rnn_recipes.layers._registry import registered

# What pads the frames of targets.
PADDING = -1


def frame_nats(frames: Any, logits: Any) -> Any:
    """Negative log-likelihood of each frame in nats, summed over its keys.

    Args:
        frames: ``(..., keys)``, 1 for a key that sounds, else 0.
        logits: in the same shape.

    Returns:
        ``(...)``.

    Example:
        >>> import numpy as np
        >>> nats = frame_nats(np.array([[1.0, 0.0]]), np.zeros((1, 2), "float32"))
        >>> bool(np.isclose(nats[0], 2 * np.log(2)))
        True
    """
    return ops.sum(ops.softplus(logits) - ops.cast(frames, logits.dtype) * logits, axis=-1)


def frame_loss() -> Callable[[Any, Any], Any]:
    """Negative log-likelihood in nats a frame, as the mean over all real frames of a batch.

    Returns:
        A function from frames ``(batch, time, keys)``, padded with -1, and logits in the same shape
        to losses ``(batch,)``, whose mean is the mean over the real frames of the batch.

    Example:
        >>> import numpy as np
        >>> frames, logits = np.array([[[1, 0], [-1, -1]]]), np.zeros((1, 2, 2), "float32")
        >>> bool(np.isclose(np.mean(frame_loss()(frames, logits)), 2 * np.log(2)))
        True
    """
    return mean_frame_nats


@registered
def mean_frame_nats(frames: Any, logits: Any) -> Any:
    """The function that `frame_loss` returns; saved models know it by its name."""
    real = ops.cast(frames[..., 0] >= 0, logits.dtype)
    errors = frame_nats(ops.maximum(frames, 0), logits)
    rows = ops.cast(ops.shape(frames)[0], logits.dtype)
    return ops.sum(errors * real, axis=1) * rows / ops.maximum(ops.sum(real), 1.0)
