"""Greedy decoding: the most probable token at each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from keras_rnn_recipes.decoding.steps import (
    END,
    PADDING,
    START,
    Step,
    forbid,
    like,
    row_count,
    write,
)


def greedy(
    step: Step,
    states: Any,
    *,
    max_length: Any = 50,
    start: Any = START,
    end: int = END,
    never: Sequence[int] = (PADDING, START),
) -> tuple[Any, Any]:
    """Choose the most probable token at each step, until every row has ended.

    Args:
        step: ``step(tokens (n,), states) -> (log probabilities (n, vocabulary), states)``.
        states: initial states, tensors ``(n, ...)``.
        max_length: maximum number of tokens of a row, an int or a scalar tensor.
        start: the token before the first one, for all rows or for each, ``(n,)``.
        end: the token that ends a row.
        never: tokens that are never chosen.

    Returns:
        ``tokens`` ``(n, max_length)`` int32, including the end token if there is one, then padding
        (0); ``scores`` ``(n,)``, the sum of the log probabilities.

    Example:
        >>> import numpy as np
        >>> table = np.log([[0.25, 0.25, 0.25, 0.25], [0.05, 0.2, 0.05, 0.7]]).astype("float32")
        >>> tokens, scores = greedy(lambda token, state: (table[state], state), np.array([1]))
        >>> np.array(tokens)[0, :3].tolist(), np.exp(scores).astype(float).round(2).tolist()
        ([3, 0, 0], [0.7])
    """
    rows = row_count(states)

    def going_on(position: Any, token: Any, done: Any, *_: Any) -> Any:
        return ops.logical_and(position < max_length, ops.logical_not(ops.all(done)))

    def advance(position: Any, token: Any, done: Any, tokens: Any, scores: Any, states: Any) -> Any:
        log_probabilities, new_states = step(token, states)[:2]
        log_probabilities = forbid(log_probabilities, never)
        best = ops.cast(ops.argmax(log_probabilities, axis=-1), "int32")
        token = ops.where(done, PADDING, best)
        scores = scores + ops.where(done, 0.0, ops.max(log_probabilities, axis=-1))
        tokens = write(tokens, position, token)
        done = ops.logical_or(done, ops.equal(token, end))
        changed = like((token, done, tokens, scores, new_states), before)
        return position + 1, *changed

    token = ops.zeros((rows,), "int32") + ops.cast(start, "int32")
    tokens = ops.zeros((rows, max_length), "int32")
    done, scores = ops.zeros((rows,), "bool"), ops.zeros((rows,), "float32")
    before = (token, done, tokens, scores, states)
    _, _, _, tokens, scores, _ = ops.while_loop(going_on, advance, (0, *before))
    return tokens, scores
