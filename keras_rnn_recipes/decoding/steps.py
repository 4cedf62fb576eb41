"""Helpers that greedy decoding, beam search and sampling share.

A step is a function ``step(tokens (n,), states) -> (log probabilities (n, vocabulary), states)``.
States are tensors ``(n, ...)`` in any structure, which stays the same. A step may return its
attention as a third value, which only beam search reads, on request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops, tree

Step = Callable[[Any, Any], Sequence[Any]]

# The first ids of every vocabulary.
PADDING, UNKNOWN, START, END = 0, 1, 2, 3


def row_count(states: Any) -> Any:
    """The number of rows ``n``, an int if it is known when the graph is built.

    Example:
        >>> row_count([ops.zeros((2, 5)), ops.zeros((2, 3))])
        2
    """
    return ops.shape(tree.flatten(states)[0])[0]


def like(new: Any, old: Any) -> Any:
    """Pack the tensors of ``new`` in the structure and the shapes of ``old``, as loops require.

    Example:
        >>> new, old = [ops.ones((2,)), ops.ones((1, 3))], (ops.zeros((2,)), ops.zeros((3,)))
        >>> [tuple(x.shape) for x in like(new, old)]
        [(2,), (3,)]
    """
    pairs = zip(tree.flatten(new), tree.flatten(old), strict=True)
    return tree.pack_sequence_as(old, [_shaped(x, before) for x, before in pairs])


def _shaped(values: Any, as_these: Any) -> Any:
    same = tuple(values.shape) == tuple(as_these.shape)  # no reshape needed
    return values if same else ops.reshape(values, ops.shape(as_these))


def forbid(log_probabilities: Any, never: Sequence[int]) -> Any:
    """Set the log probabilities of some ids to minus infinity.

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
    """Write ``values`` at one position of an axis of a buffer; ``values`` lacks this axis.

    Example:
        >>> import numpy as np
        >>> np.array(write(np.zeros((2, 3), "int32"), 1, np.array([7, 8], "int32"))).tolist()
        [[0, 7, 0], [0, 8, 0]]
    """
    buffer = ops.convert_to_tensor(buffer)
    here = ops.equal(ops.arange(ops.shape(buffer)[axis]), position)
    here = ops.reshape(here, [-1 if n == axis else 1 for n in range(len(buffer.shape))])
    return ops.where(here, ops.expand_dims(values, axis), buffer)
