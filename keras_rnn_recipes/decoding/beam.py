"""Beam search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops, tree

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

_NONE = -float("inf")  # the score of a missing hypothesis


class Beams(NamedTuple):
    """The hypotheses of each row, best first.

    Attributes:
        tokens: ``(n, beam, time)`` int32, including the end token if there is one, then padding.
        scores: ``(n, beam)``, minus infinity for a missing hypothesis.
        attention: ``(n, beam, time, source time)``, or None if it was not requested.
    """

    tokens: Any
    scores: Any
    attention: Any = None


def beam_search(
    step: Step,
    states: Any,
    *,
    beam_width: int = 5,
    max_length: Any = 50,
    length_penalty: float = 0.6,
    start: Any = START,
    end: int = END,
    never: Sequence[int] = (PADDING, START),
    attention_size: Any = None,
) -> Beams:
    """Beam search: keep the ``beam_width`` most probable hypotheses at each step.

    Each step extends every open hypothesis by every token. The best ``beam_width`` extensions
    without the end token stay open. An extension by the end token is finished if it is among the
    best ``beam_width`` of all; the best ``beam_width`` finished hypotheses are kept. They are
    compared by ``log probability / ((5 + length) / 6) ** length_penalty``, where the length
    includes the end token. With one beam and no penalty this is greedy decoding.

    The search stops at ``max_length``, or when no open hypothesis can be better than the finished
    ones. If fewer than ``beam_width`` hypotheses are finished by then, open ones follow them.

    Args:
        step: ``step(tokens (m,), states) -> (log probabilities (m, vocabulary), states)``, followed
            by the attention ``(m, source time)`` if it is requested.
        states: initial states, tensors ``(n, ...)``; each becomes ``(n * beam, ...)``.
        beam_width: number of open hypotheses of each row.
        max_length: maximum number of tokens of a hypothesis, an int or a scalar tensor.
        length_penalty: exponent of the length; 0 compares log probabilities, which favors short
            hypotheses.
        start: the token before the first one.
        end: the token that ends a hypothesis.
        never: tokens that are never chosen.
        attention_size: the source time of the step's attention, to return it; None: no attention.

    Returns:
        The hypotheses, see `Beams`.

    Raises:
        ValueError: ``beam_width`` is below 1 or ``length_penalty`` below 0.

    Source: length penalty and stopping rule: Wu et al. 2016, Google's neural machine translation
    system.

    Example:
        >>> import numpy as np
        >>> table = np.log([[0.04, 0.06, 0.1, 0.8], [0.05, 0.5, 0.05, 0.4]]).astype("float32")
        >>> step = lambda token, state: (table[state], state * 0)
        >>> beams = beam_search(step, np.array([1]), beam_width=2, max_length=4)
        >>> np.array(beams.tokens)[0].tolist(), np.exp(beams.scores).astype(float).round(2).tolist()
        ([[1, 3, 0, 0], [3, 0, 0, 0]], [[0.43, 0.4]])
    """
    if beam_width < 1 or length_penalty < 0:
        raise ValueError(
            "beam_width must be at least 1 and length_penalty at least 0; "
            f"received {beam_width} and {length_penalty}."
        )
    rows = row_count(states)

    def penalty(length: Any) -> Any:
        return ((5.0 + ops.cast(length, "float32")) / 6.0) ** length_penalty

    def going_on(position: Any, token: Any, states: Any, running: Any, ended: Any) -> Any:
        # Log probabilities only decrease, and the penalty is largest at the maximum length, so this
        # is an upper bound of the scores that open hypotheses can still reach.
        best_possible = ops.max(running[0], axis=1) / penalty(max_length)
        open_rows = ops.any(best_possible > ops.min(ended[0], axis=1))
        return ops.logical_and(position < max_length, open_rows)

    def advance(position: Any, token: Any, states: Any, running: Any, ended: Any) -> Any:
        log_probabilities, new_states, *attention = step(token, states)
        seen = [] if attention_size is None else attention[:1]
        scores, token, parents, found = _continue(
            running, forbid(log_probabilities, never), seen, position
        )
        is_end = ops.equal(token, end)
        # An end token outside of the best ``beam_width`` is dropped, as any other token there.
        within = ops.logical_and(is_end, ops.arange(2 * beam_width) < beam_width)
        finals = ops.where(within, scores / penalty(position + 1), _NONE)
        both = [ops.concatenate(pair, axis=1) for pair in zip(ended, (finals, *found), strict=True)]
        new_ended = _best(both, beam_width)
        scores, token, parents, *found = _best(
            [ops.where(is_end, _NONE, scores), token, parents, *found], beam_width
        )
        origins = ops.reshape(_flat(parents, beam_width), (-1,))
        new_states = tree.map_structure(lambda x: ops.take(x, origins, axis=0), new_states)
        changed = (ops.reshape(token, (-1,)), new_states, (scores, *found), new_ended)
        return position + 1, *like(changed, before)

    wide = tree.map_structure(lambda x: _repeat(x, rows, beam_width), states)
    token = ops.full((rows * beam_width,), start, "int32")
    before = (token, wide, *_nothing((rows, beam_width, max_length), attention_size))
    position, _, _, running, ended = ops.while_loop(going_on, advance, (0, *before))
    return Beams(*_ended_first(ended, (running[0] / penalty(position), *running[1:])))


def _nothing(shape: tuple[Any, ...], attention_size: Any) -> tuple[Any, Any]:
    """Open and finished hypotheses at the start: scores and columns of tokens and attention."""
    columns = [ops.zeros(shape, "int32")]
    if attention_size is not None:
        columns.append(ops.zeros((*shape, attention_size), "float32"))
    none = ops.full(shape[:2], _NONE, "float32")
    # All beams of a row start with the same states, so only the first gets a score; otherwise all
    # of them would stay the same.
    first = ops.where(ops.arange(shape[1]) == 0, 0.0, none)
    return (first, *columns), (none, *columns)


def _continue(running: Any, log_probabilities: Any, attention: Sequence[Any], position: Any) -> Any:
    """The best ``2 * beam`` extensions; at most half of them end, so ``beam`` stay open.

    Returns:
        Scores, tokens and parents ``(n, 2 * beam)``; and the extended hypotheses.
    """
    scores, *columns = running
    beam_width, size = scores.shape[1], log_probabilities.shape[-1]
    totals = ops.expand_dims(scores, 2) + ops.reshape(log_probabilities, (-1, beam_width, size))
    best, index = ops.top_k(ops.reshape(totals, (-1, beam_width * size)), 2 * beam_width)
    parents, token = index // size, index % size
    news = [token, *(_take(_split(x, beam_width), parents) for x in attention)]
    found = [
        write(_take(column, parents), position, new, axis=2)
        for column, new in zip(columns, news, strict=True)
    ]
    return best, token, parents, found


def _best(hypotheses: Sequence[Any], count: int) -> tuple[Any, ...]:
    """Select the hypotheses ``(n, candidates, ...)`` with the best scores, the first tensor."""
    scores, index = ops.top_k(hypotheses[0], count)
    return (scores, *(_take(column, index) for column in hypotheses[1:]))


def _ended_first(ended: Sequence[Any], cut: Sequence[Any]) -> list[Any]:
    """Sort finished hypotheses first, then open ones, then missing ones."""
    width = ended[0].shape[1]
    scores, tokens, *rest = [ops.concatenate(pair, axis=1) for pair in zip(ended, cut, strict=True)]
    there = scores > _NONE
    order = ops.argsort(ops.where(there, 0, 2 * width) + ops.arange(2 * width), axis=1)[:, :width]
    tokens = ops.where(ops.expand_dims(there, 2), tokens, PADDING)
    return [_take(column, order) for column in (tokens, scores, *rest)]


def _take(values: Any, index: Any) -> Any:
    """Gather along the second axis: ``(n, a, ...)`` at indices ``(n, b)`` gives ``(n, b, ...)``."""
    width, rest = values.shape[1], ops.shape(values)[2:]
    flat = ops.reshape(values, (-1, *rest))
    return ops.take(flat, _flat(index, width), axis=0)


def _flat(index: Any, width: int) -> Any:
    """Convert indices within rows of ``width`` elements to indices of the flattened rows."""
    first = ops.arange(ops.shape(index)[0]) * width
    return index + ops.expand_dims(first, 1)


def _split(values: Any, width: int) -> Any:
    return ops.reshape(values, (-1, width, *ops.shape(values)[1:]))


def _repeat(values: Any, rows: Any, times: int) -> Any:
    repeated = ops.repeat(values, times, axis=0)
    return ops.reshape(repeated, (rows * times, *ops.shape(repeated)[1:]))
