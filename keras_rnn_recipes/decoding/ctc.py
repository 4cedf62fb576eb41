"""Decoding of connectionist temporal classification (CTC): greedy, and by prefix beam search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from keras_rnn_recipes.layers.ctc import BLANK
from keras_rnn_recipes.text.automata import Automaton

# The log probability of what cannot be; finite, so that no difference of two is NaN.
_NEVER = -1e30

# Prefixes are told apart by two numbers of 32 bits each: prefixes that differ have the same ones
# with a probability of 2**-64.
_MULTIPLIERS = np.array([1664525, 22695477], "int32")


class Transcripts(NamedTuple):
    """What was decoded for each row.

    Attributes:
        symbols: int32 ``(batch, time)``, padded with 0 on the right.
        steps: int32 ``(batch, time)``, the step at which each symbol begins; 0 as padding.
        scores: float32 ``(batch,)``.
    """

    symbols: Any
    steps: Any
    scores: Any


def ctc_greedy(log_probabilities: Any) -> Transcripts:
    """Take the most probable symbol of each step, drop repeated ones, then drop blanks.

    Args:
        log_probabilities: float32 ``(batch, time, symbols)``; symbol 0 is the blank.

    Returns:
        The symbols, and as the score the log probability of the best alignment.

    Source: Graves et al. 2006, Connectionist temporal classification, section 3.2.

    Example:
        >>> best = np.log([[[0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]])
        >>> found = ctc_greedy(best.astype("float32"))
        >>> np.array(found.symbols).tolist(), np.array(found.steps).tolist()
        ([[1, 1, 0, 0]], [[0, 3, 0, 0]])
    """
    log_probabilities = ops.convert_to_tensor(log_probabilities)
    best = ops.cast(ops.argmax(log_probabilities, axis=-1), "int32")
    before = ops.pad(best[:, :-1], [[0, 0], [1, 0]], constant_values=BLANK)
    symbols = ops.where(best == before, BLANK, best)
    scores = ops.sum(ops.max(log_probabilities, axis=-1), axis=1)
    return Transcripts(*_packed(symbols), scores)


def ctc_beam_search(
    log_probabilities: Any, *, beam_width: int = 16, automata: Sequence[Automaton] = ()
) -> Transcripts:
    """Prefix beam search: the symbols with the highest sum over their alignments.

    Each step keeps the ``beam_width`` best prefixes. The probability of a prefix is the sum over
    all alignments that end in a blank and those that end in its last symbol; paths that lead to the
    same prefix are added. With a beam that holds every prefix, the result is exact.

    Args:
        log_probabilities: float32 ``(batch, time, symbols)``; symbol 0 is the blank.
        beam_width: number of prefixes that are kept.
        automata: language models and word lists, whose scores are added to the log probability.

    Returns:
        The best symbols. Their score is their log probability plus the scores of the automata. A
        symbol begins at the step at which more alignments begin it than had begun it before.

    Raises:
        ValueError: ``beam_width`` is below 1.

    Source: Hannun et al. 2014, First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs, algorithm 1.

    Example:
        >>> half = np.log([[[0.6, 0.4], [0.6, 0.4]]]).astype("float32")
        >>> found = ctc_beam_search(half)  # blank, blank: 0.36; a with or without blanks: 0.64
        >>> np.array(found.symbols).tolist(), round(float(np.exp(found.scores)[0]), 2)
        ([[1, 0]], 0.64)
    """
    if beam_width < 1:
        raise ValueError(f"beam_width must be at least 1; received {beam_width}.")
    by_step = ops.transpose(ops.convert_to_tensor(log_probabilities), (1, 0, 2))
    search = _Search(automata, by_step.shape[-1])
    start = _start(ops.shape(by_step)[1], beam_width, automata)
    final, history = ops.scan(search.advance, start, by_step)
    scores = _total(final) + final.language
    for automaton, states in zip(automata, final.states, strict=True):
        scores = scores + ops.take(ops.convert_to_tensor(automaton.final), states)
    best = ops.cast(ops.argmax(scores, axis=1), "int32")
    symbols = _trace_back(_Prefixes(*history).move, best)
    return Transcripts(*_packed(symbols), ops.max(scores, axis=1))


class _Prefixes(NamedTuple):
    """The prefixes of each row, ``(batch, beam)`` each.

    Attributes:
        move: ``(batch, beam, 2)``, how the last step made each prefix: the number of the prefix
            that most of its probability comes from, and the symbol that was appended or a blank.
        blank, symbol: log probability of all alignments that end in a blank, and in a symbol.
        language: scores of the automata.
        last: the last symbol; blank if there is none.
        code: ``(batch, beam, 2)``, which tells prefixes apart.
        states: of each automaton.
    """

    move: Any
    blank: Any
    symbol: Any
    language: Any
    last: Any
    code: Any
    states: tuple[Any, ...]


def _total(prefixes: _Prefixes) -> Any:
    return ops.logaddexp(prefixes.blank, prefixes.symbol)


def _start(rows: Any, beam_width: int, automata: Sequence[Automaton]) -> _Prefixes:
    """The empty prefix, and no others."""
    shape = (rows, beam_width)
    first = ops.arange(beam_width) == 0
    blank = ops.where(first, 0.0, _NEVER) + ops.zeros(shape, "float32")
    nothing = ops.zeros(shape, "int32")
    states = tuple(ops.full(shape, one.start, "int32") for one in automata)
    # Codes of missing prefixes differ from those of all others, as far as can be.
    code = ops.where(first, 0, -1 - ops.arange(beam_width, dtype="int32"))
    code = ops.zeros((*shape, 2), "int32") + ops.cast(code, "int32")[None, :, None]
    never = ops.full(shape, _NEVER, "float32")
    zeros = ops.zeros(shape, "float32")
    move = ops.zeros((*shape, 2), "int32")
    return _Prefixes(move, blank, never, zeros, nothing, code, states)


class _Search:
    """One step of the search.

    Args:
        automata: as in `ctc_beam_search`.
        symbols: their number, with the blank.
    """

    def __init__(self, automata: Sequence[Automaton], symbols: int) -> None:
        self.symbols = symbols
        self.codes = np.random.default_rng(0).integers(-(2**31), 2**31, (symbols, 2), "int32")
        self.next = [ops.convert_to_tensor(one.next) for one in automata]
        self.scores = [ops.convert_to_tensor(one.scores) for one in automata]

    def advance(self, before: Any, log_probabilities: Any) -> tuple[_Prefixes, _Prefixes]:
        """The best prefixes after one more step, twice.

        Keras 3.15 on TensorFlow stacks only what has the shapes of the carried values.
        """
        before = _Prefixes(*before)
        width = before.last.shape[1]
        grown = self._grown(before, log_probabilities)
        stayed, taken = self._stayed(before, log_probabilities, grown)
        grown = ops.where(taken > 0, _NEVER, grown)
        language = before.language[:, :, None]
        for states, scores in zip(before.states, self.scores, strict=True):
            language = language + ops.take(scores, states, axis=0)
        flat = (-1, width * self.symbols)
        totals = [_total(stayed) + stayed.language, ops.reshape(grown + language, flat)]
        _, chosen = ops.top_k(ops.concatenate(totals, axis=1), width)
        chosen = ops.cast(chosen, "int32")
        is_grown = chosen >= width
        place = ops.maximum(chosen - width, 0)
        parent = ops.where(is_grown, place // self.symbols, chosen)
        symbol = ops.where(is_grown, place % self.symbols, BLANK)
        grown_by = ops.stack([parent, symbol], axis=-1)
        stayed_by = ops.take_along_axis(stayed.move, parent[:, :, None], axis=1)

        def choose(of_grown: Any, of_stayed: Any) -> Any:
            return ops.where(is_grown, of_grown, _take(of_stayed, parent))

        codes = ops.stack([_take(stayed.code[..., n], parent) for n in (0, 1)], axis=-1)
        new = ops.take(ops.convert_to_tensor(self.codes), symbol, axis=0)
        languages = ops.reshape(language + ops.zeros_like(grown), flat)
        after = _Prefixes(
            ops.where(is_grown[:, :, None], grown_by, stayed_by),
            choose(_NEVER, stayed.blank),
            choose(_take(ops.reshape(grown, flat), place), stayed.symbol),
            choose(_take(languages, place), stayed.language),
            choose(symbol, stayed.last),
            ops.where(is_grown[:, :, None], codes * _MULTIPLIERS + new, codes),
            tuple(
                choose(self._next(number, _take(states, parent), symbol), states)
                for number, states in enumerate(before.states)
            ),
        )
        return after, after

    def _next(self, number: int, states: Any, symbol: Any) -> Any:
        flat = ops.reshape(self.next[number], (-1,))
        return ops.take(flat, states * self.symbols + symbol)

    def _grown(self, before: _Prefixes, log_probabilities: Any) -> Any:
        """Log probability of each prefix with each symbol appended, ``(batch, beam, symbols)``."""
        symbols = ops.arange(self.symbols, dtype="int32")
        # A symbol is repeated only after a blank; otherwise it is the same one going on.
        repeated = before.last[:, :, None] == symbols
        base = ops.where(repeated, before.blank[:, :, None], _total(before)[:, :, None])
        return ops.where(symbols == BLANK, _NEVER, base + log_probabilities[:, None])

    def _stayed(
        self, before: _Prefixes, log_probabilities: Any, grown: Any
    ) -> tuple[_Prefixes, Any]:
        """The prefixes that do not become longer, joined by the shorter ones that become equal.

        Returns:
            The prefixes, and above 0 for the extensions that were joined, as in `_grown`.
        """
        blank = _total(before) + log_probabilities[:, BLANK, None]
        going_on = _take(log_probabilities, before.last)
        symbol = ops.where(before.last == BLANK, _NEVER, before.symbol + going_on)
        # The code of prefix i with the last symbol of prefix j, ``(batch, i, j, 2)``.
        last = ops.take(ops.convert_to_tensor(self.codes), before.last, axis=0)[:, None]
        extended = before.code[:, :, None] * _MULTIPLIERS + last
        equal = ops.all(extended == before.code[:, None], axis=-1)
        equal = ops.logical_and(equal, before.last[:, None] != BLANK)
        at_last = ops.take_along_axis(
            grown, ops.broadcast_to(before.last[:, None], ops.shape(equal)), axis=2
        )
        joined = ops.max(ops.where(equal, at_last, _NEVER), axis=1)  # one parent at most
        # Where the shorter prefix brings most of the probability, the last symbol begins only now.
        begins = joined > ops.logaddexp(blank, symbol)
        shorter = ops.cast(ops.argmax(ops.cast(equal, "int32"), axis=1), "int32")
        itself = ops.zeros_like(shorter) + ops.arange(equal.shape[1], dtype="int32")
        move = ops.stack(
            [ops.where(begins, shorter, itself), ops.where(begins, before.last, BLANK)], axis=-1
        )
        one_hot = ops.one_hot(before.last, self.symbols, dtype="float32")
        stayed = before._replace(move=move, blank=blank, symbol=ops.logaddexp(symbol, joined))
        return stayed, ops.matmul(ops.cast(equal, "float32"), one_hot)


def _take(values: Any, places: Any) -> Any:
    return ops.take_along_axis(values, places, axis=1)


def _trace_back(moves: Any, best: Any) -> Any:
    """The symbols of the best prefix, ``(batch, time)``, each at the step that appended it."""

    def backward(carry: Any, at_step: Any) -> Any:
        found = ops.take_along_axis(at_step, carry[:, :1, None], axis=1)[:, 0]
        return found, found

    first = ops.stack([best, ops.zeros_like(best)], axis=1)
    _, found = ops.scan(backward, first, moves, reverse=True)
    return ops.transpose(found[:, :, 1])


def _packed(symbols: Any) -> tuple[Any, Any]:
    """Move the symbols to the left, with their steps; blanks become padding."""
    steps = ops.arange(ops.shape(symbols)[1], dtype="int32")
    is_blank = symbols == BLANK
    order = ops.argsort(ops.where(is_blank, steps + ops.shape(symbols)[1], steps), axis=1)
    order = ops.cast(order, "int32")
    packed = _take(symbols, order)
    return packed, ops.where(packed == BLANK, 0, order)
