"""What greedy decoding, beam search and sampling share: walking a network step by step.

A step is a function ``step(tokens (n,), states) -> (log probabilities (n, vocabulary), states)``;
states are tensors ``(n, ...)`` in any structure, which stays the same. What a step gives behind
these two is looked at only where its attention is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops, tree

Step = Callable[[Any, Any], Sequence[Any]]

# The ids that every vocabulary begins with.
PADDING, UNKNOWN, START, END = 0, 1, 2, 3


def row_count(states: Any) -> Any:
    """How many rows are decoded: ``n``, an int where it is known when the graph is made."""
    return ops.shape(tree.flatten(states)[0])[0]


def like(new: Any, old: Any) -> Any:
    """The structure of ``old`` with the tensors of ``new``, which have its shapes; loops ask it."""
    pairs = zip(tree.flatten(new), tree.flatten(old), strict=True)
    return tree.pack_sequence_as(old, [_shaped(x, before) for x, before in pairs])


def _shaped(values: Any, as_these: Any) -> Any:
    same = tuple(values.shape) == tuple(as_these.shape)  # then nothing has to be worked out
    return values if same else ops.reshape(values, ops.shape(as_these))


def forbid(log_probabilities: Any, never: Sequence[int]) -> Any:
    """Minus infinity for the ids that must not be decoded.

    Example:
        >>> import numpy as np
        >>> np.array(forbid(np.zeros((1, 4), "float32"), (0, 2))).tolist()
        [[-inf, 0.0, -inf, 0.0]]
    """
    if not never:
        return ops.convert_to_tensor(log_probabilities)
    size = log_probabilities.shape[-1]
    closed = [token in set(never) for token in range(size)]
    return ops.where(ops.convert_to_tensor(closed), -float("inf"), log_probabilities)


def write(buffer: Any, position: Any, values: Any, axis: int = 1) -> Any:
    """A buffer with ``values`` at one position of an axis, which ``values`` does not have.

    Example:
        >>> import numpy as np
        >>> np.array(write(np.zeros((2, 3), "int32"), 1, np.array([7, 8], "int32"))).tolist()
        [[0, 7, 0], [0, 8, 0]]
    """
    buffer = ops.convert_to_tensor(buffer)
    here = ops.equal(ops.arange(ops.shape(buffer)[axis]), position)
    here = ops.reshape(here, [-1 if n == axis else 1 for n in range(len(buffer.shape))])
    return ops.where(here, ops.expand_dims(values, axis), buffer)
