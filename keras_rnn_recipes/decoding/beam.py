"""Beam search: the best of many hypotheses that are followed side by side."""

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

_NONE = -float("inf")  # the score of a hypothesis that is not there


class Beams(NamedTuple):
    """The hypotheses of each row, best first.

    ``tokens`` ``(n, beam, time)`` int32, with the end where there is one, padding (0) behind it;
    ``scores`` ``(n, beam)``, minus infinity where there are fewer hypotheses; ``attention``
    ``(n, beam, time, source time)``, or None where it was not asked for.
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
    """The hypotheses that score best among those a beam of this width comes across.

    At each step every open hypothesis is continued in every way, and the best ``beam_width`` of
    those that go on stay open. Those that end among the best ``beam_width`` of all are kept aside,
    ``beam_width`` in number, and compared by
    ``log probability / ((5 + length) / 6) ** length_penalty``, the length counting the end. With
    one beam and no penalty this is greedy decoding. The search is over when no open hypothesis can
    come among those that ended any more, or at ``max_length``; where fewer have ended by then, open
    ones stand behind them as they are.

    Args:
        step: ``step(tokens (m,), states) -> (log probabilities (m, vocabulary), states)``, and
            behind these attention ``(m, source time)`` where it is asked for.
        states: tensors ``(n, ...)`` in which decoding begins; each becomes ``(n * beam, ...)``.
        beam_width: hypotheses followed, of each row.
        max_length: most tokens of a hypothesis, an int or a scalar tensor.
        length_penalty: 0 compares the log probabilities themselves, which favours short ones.
        start: the token before the first one.
        end: the token that ends a hypothesis.
        never: tokens that are not chosen.
        attention_size: the source time of the attention that the step gives, to have it returned.

    Returns:
        The hypotheses, see `Beams`.

    Raises:
        ValueError: for a beam narrower than 1 or a penalty below 0.

    Source: the penalty and the end of the search: Wu et al. 2016, Google's neural machine
    translation system.

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
        # Scores only fall, and no penalty divides by more than that of the greatest length.
        within_reach = ops.max(running[0], axis=1) / penalty(max_length)
        open_rows = ops.any(within_reach > ops.min(ended[0], axis=1))
        return ops.logical_and(position < max_length, open_rows)

    def advance(position: Any, token: Any, states: Any, running: Any, ended: Any) -> Any:
        log_probabilities, new_states, *attention = step(token, states)
        seen = [] if attention_size is None else attention[:1]
        scores, token, parents, found = _continue(
            running, forbid(log_probabilities, never), seen, position
        )
        is_end = ops.equal(token, end)
        # An end behind the beam is dropped, as any other token there.
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

    shape = (rows, beam_width, max_length)
    columns = [ops.zeros(shape, "int32")]
    if attention_size is not None:
        columns.append(ops.zeros((*shape, attention_size), "float32"))
    none = ops.full(shape[:2], _NONE, "float32")
    # All beams of a row begin alike: one of them counts, or they would stay alike.
    first = ops.where(ops.arange(beam_width) == 0, 0.0, none)
    token = ops.full((rows * beam_width,), start, "int32")
    wide = tree.map_structure(lambda x: _repeat(x, rows, beam_width), states)
    before = (token, wide, (first, *columns), (none, *columns))
    position, _, _, running, ended = ops.while_loop(going_on, advance, (0, *before))
    return Beams(*_ended_first(ended, (running[0] / penalty(position), *running[1:])))


def _continue(running: Any, log_probabilities: Any, attention: Sequence[Any], position: Any) -> Any:
    """The best continuations, twice as many as beams: of these at most half can end.

    Returns:
        Scores, tokens and parents ``(n, 2 * beam)``; and the columns of the hypotheses.
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
    """Of scores and what goes with them, ``(n, candidates, ...)``, the best by their scores."""
    scores, index = ops.top_k(hypotheses[0], count)
    return (scores, *(_take(column, index) for column in hypotheses[1:]))


def _ended_first(ended: Sequence[Any], cut: Sequence[Any]) -> list[Any]:
    """Hypotheses that ended, then those that were cut off; what is not there comes last."""
    width = ended[0].shape[1]
    scores, tokens, *rest = [ops.concatenate(pair, axis=1) for pair in zip(ended, cut, strict=True)]
    there = scores > _NONE
    order = ops.argsort(ops.where(there, 0, 2 * width) + ops.arange(2 * width), axis=1)[:, :width]
    tokens = ops.where(ops.expand_dims(there, 2), tokens, PADDING)
    return [_take(column, order) for column in (tokens, scores, *rest)]


def _take(values: Any, index: Any) -> Any:
    """Along the second axis: ``(n, a, ...)`` at ``(n, b)`` gives ``(n, b, ...)``."""
    width, rest = values.shape[1], ops.shape(values)[2:]
    flat = ops.reshape(values, (-1, *rest))
    return ops.take(flat, _flat(index, width), axis=0)


def _flat(index: Any, width: int) -> Any:
    """The place of an element of each row when rows of ``width`` elements stand in one line."""
    first = ops.arange(ops.shape(index)[0]) * width
    return index + ops.expand_dims(first, 1)


def _split(values: Any, width: int) -> Any:
    return ops.reshape(values, (-1, width, *ops.shape(values)[1:]))


def _repeat(values: Any, rows: Any, times: int) -> Any:
    repeated = ops.repeat(values, times, axis=0)
    return ops.reshape(repeated, (rows * times, *ops.shape(repeated)[1:]))
