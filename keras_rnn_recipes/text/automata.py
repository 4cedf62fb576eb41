"""Language models and word lists as weighted finite automata over characters.

In a state, each next character has a score and leads to one state. Any n-gram model of characters
or words and any list of words can be written so, as tables that a graph looks up; a search then
needs only the number of the state.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

# The score of what an automaton forbids. It is finite: where nothing allowed is left, a search
# returns what breaks the rules least.
FORBIDDEN = -1e4

MOST_CELLS = 40_000_000

Gram = tuple[int, ...]


class Automaton(NamedTuple):
    """A weighted automaton.

    Attributes:
        start: the first state.
        next: int32 ``(states, symbols)``, the next state for each symbol; symbol 0 is the blank,
            which changes nothing.
        scores: float32 ``(states, symbols)``, nats.
        final: float32 ``(states,)``, the score of an end in each state.
    """

    start: int
    next: np.ndarray
    scores: np.ndarray
    final: np.ndarray


def weighted(automaton: Automaton, weight: float, bonus: float = 0.0) -> Automaton:
    """Multiply the scores by a weight, and add a bonus for each symbol.

    Args:
        automaton: its forbidden scores stay as they are.
        weight: factor of the scores, at least 0.
        bonus: nats for each symbol, which balances the preference of language models for short
            texts.

    Example:
        >>> one = character_ngram([[1, 2]], 3, order=1)
        >>> float(weighted(one, 0.0, 0.5).scores[0, 1])
        0.5
    """

    def change(scores: np.ndarray, added: float) -> np.ndarray:
        return np.where(scores <= FORBIDDEN, scores, weight * scores + added).astype("float32")

    scores = change(automaton.scores, bonus)
    scores[:, 0] = 0
    return automaton._replace(scores=scores, final=change(automaton.final, 0.0))


def character_ngram(texts: Sequence[Sequence[int]], symbols: int, *, order: int = 5) -> Automaton:
    """An n-gram model of symbols with the smoothing of Witten and Bell.

    The probability of a symbol after a context is interpolated with that after the context without
    its first symbol, and finally with the uniform distribution over symbols and the end.

    Args:
        texts: ids of each text, at least 1 and below ``symbols``.
        symbols: their number, with the blank.
        order: symbols of the longest n-gram, at least 1.

    Raises:
        ValueError: an order below 1, or a model that would be too large.

    Source: Chen and Goodman 1999, An empirical study of smoothing techniques for language modeling,
    section 2.5.

    Example:
        >>> model = character_ngram([[1, 2, 1, 2]], 3, order=2)
        >>> after = model.next[model.start, 1]
        >>> bool(model.scores[after, 2] > model.scores[after, 1])
        True
    """
    if order < 1:
        raise ValueError(f"order must be at least 1; received {order}.")
    # Id 0, the blank, stands for the beginning in contexts and for the end in what follows them.
    rows = [(*[0] * (order - 1), *text, 0) for text in texts]
    contexts = _contexts(rows, order)
    if len(contexts) * symbols > MOST_CELLS:
        raise ValueError(f"order {order} gives {len(contexts):,} contexts, which are too many.")
    numbers = {context: number for number, context in enumerate(contexts)}
    probabilities = _smoothed(contexts, numbers, symbols)
    follow = np.zeros((len(contexts), symbols), "int32")
    for context, number in numbers.items():
        for symbol in range(1, symbols):
            follow[number, symbol] = _longest((*context, symbol)[-order + 1 :], numbers, order)
    logs = np.log(probabilities).astype("float32")
    final = logs[:, 0].copy()
    logs[:, 0] = 0
    return Automaton(_longest((0,) * (order - 1), numbers, order), follow, logs, final)


def _contexts(rows: Iterable[Gram], order: int) -> dict[Gram, Counter[int]]:
    """What follows each context of up to ``order - 1`` symbols, shorter contexts first."""
    found: defaultdict[Gram, Counter[int]] = defaultdict(Counter)
    found[()] = Counter()
    for row in rows:
        for place in range(order - 1, len(row)):
            for length in range(order):
                found[row[place - length : place]][row[place]] += 1
    return dict(sorted(found.items(), key=lambda one: (len(one[0]), one[0])))


def _smoothed(
    contexts: Mapping[Gram, Counter[int]], numbers: Mapping[Gram, int], symbols: int
) -> np.ndarray:
    """Probabilities of the symbols and, in column 0, of the end, ``(contexts, symbols)``."""
    table = np.zeros((len(contexts), symbols))
    for (context, counts), row in zip(contexts.items(), table, strict=True):
        row[list(counts)] = list(counts.values())
        shorter = table[numbers[context[1:]]] if context else np.full(symbols, 1 / symbols)
        distinct = max(len(counts), 1)
        row[:] = (row + distinct * shorter) / (row.sum() + distinct)
    return table


def _longest(context: Gram, numbers: Mapping[Gram, int], order: int) -> int:
    """The state of the longest known end of a context."""
    context = context if order > 1 else ()
    while context not in numbers:
        context = context[1:]
    return numbers[context]


def word_ngram(
    texts: Sequence[Sequence[int]],
    symbols: int,
    *,
    space: int,
    order: int = 1,
    words: Sequence[Sequence[int]] = (),
) -> Automaton:
    """An n-gram model of words, which allows only words that it knows.

    A word is scored while it is spelled: each of its symbols brings the score down to that of the
    best word that can still follow, so that a search drops improbable words early.

    Args:
        texts: ids of each text, at least 1 and below ``symbols``.
        symbols: their number, with the blank.
        space: id of the space between words; one that does not occur if texts are single words.
        order: words of the longest n-gram, 1 or 2.
        words: ids of further words.

    Raises:
        ValueError: another order, no words, or a model that would be too large.

    Example:
        >>> model = word_ngram([[1, 1, 3, 2]], 4, space=3)  # the words aa and b
        >>> state = model.next[model.start, 1]
        >>> float(model.scores[state, 1]), bool(model.scores[state, 2] <= FORBIDDEN)
        (0.0, True)
    """
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2; received {order}.")
    split = [_words(text, space) for text in texts]
    known = sorted({word for text in split for word in text} | {tuple(word) for word in words})
    if not known:
        raise ValueError("texts and words must hold at least one word.")
    numbers = {word: number for number, word in enumerate(known, start=1)}
    trie, ends = _trie(known)
    # Without the words before, a text that has begun still differs from an empty one.
    histories = len(known) + 1 if order == 2 else 2
    if (histories * len(trie) + 1) * symbols > MOST_CELLS:
        raise ValueError(f"{len(known):,} words are too many for order {order}.")
    # Words as symbols: 0 is the beginning and the end.
    rows = [(*[0] * (order - 1), *(numbers[word] for word in text), 0) for text in split]
    contexts = _contexts(rows, order)
    places = {context: number for number, context in enumerate(contexts)}
    table = np.log(_smoothed(contexts, places, len(known) + 1))
    after = [places.get((word,), 0) if order == 2 else 0 for word in range(histories)]
    following = [word if order == 2 else 1 for word in range(len(known) + 1)]
    return _spelled(table[after], following, trie, ends, symbols, space)


def word_list(words: Sequence[Sequence[int]], symbols: int, *, space: int) -> Automaton:
    """An automaton that allows texts of known words, all with the score 0.

    Args:
        words, symbols, space: as in `word_ngram`.

    Example:
        >>> allowed = word_list([[1, 2]], 4, space=3)
        >>> state = allowed.next[allowed.start, 1]
        >>> allowed.scores[state, [2, 3]].tolist(), float(allowed.final[state])
        ([0.0, -10000.0], -10000.0)
    """
    return weighted(word_ngram([], symbols, space=space, words=words), 0.0)


def _words(text: Sequence[int], space: int) -> list[Gram]:
    words: list[list[int]] = [[]]
    for symbol in text:
        if symbol == space:
            words.append([])
        else:
            words[-1].append(symbol)
    return [tuple(word) for word in words if word]


def _trie(words: Sequence[Gram]) -> tuple[list[dict[int, int]], dict[int, int]]:
    """Nodes with the next node for each symbol, the root first, and the word that ends at a node.

    Children have higher numbers than their parents.
    """
    nodes: list[dict[int, int]] = [{}]
    ends = {}
    for number, word in enumerate(words, start=1):
        node = 0
        for symbol in word:
            if symbol not in nodes[node]:
                nodes[node][symbol] = len(nodes)
                nodes.append({})
            node = nodes[node][symbol]
        ends[node] = number
    return nodes, ends


def _spelled(
    table: np.ndarray,
    following: Sequence[int],
    trie: list[dict[int, int]],
    ends: dict[int, int],
    symbols: int,
    space: int,
) -> Automaton:
    """The automaton whose states are pairs of a history and a node of the trie, and a dead one.

    Args:
        table: log probabilities of each word after each history, ``(histories, words + 1)``.
        following: the history after each word.
        trie, ends: from `_trie`.
        symbols, space: as in `word_ngram`.
    """
    histories, nodes = len(table), len(trie)
    best = _best_below(table, trie, ends)
    dead = histories * nodes
    follow = np.full((dead + 1, symbols), dead, "int32")
    scores = np.full((dead + 1, symbols), FORBIDDEN, "float32")
    final = np.full(dead + 1, FORBIDDEN, "float32")
    starts = np.arange(histories) * nodes  # the state of each history at the root
    for node, children in enumerate(trie):
        states = starts + node
        for symbol, child in children.items():
            follow[states, symbol] = starts + child
            scores[states, symbol] = best[:, child] - best[:, node]
        if node in ends:
            word = ends[node]
            history = following[word]
            follow[states, space] = starts[history]
            scores[states, space] = table[:, word] - best[:, node]
            final[states] = table[:, word] - best[:, node] + table[history, 0]
    final[0] = table[0, 0]  # the empty text
    scores[:, 0] = 0
    return Automaton(0, follow, scores, final)


def _best_below(table: np.ndarray, trie: list[dict[int, int]], ends: dict[int, int]) -> np.ndarray:
    """Log probability of the best word at or below each node, 0 at the root."""
    best = np.full((len(table), len(trie)), -np.inf)
    for node in range(len(trie) - 1, 0, -1):
        below = [best[:, child] for child in trie[node].values()]
        own = [table[:, ends[node]]] if node in ends else []
        best[:, node] = np.max([*below, *own], axis=0)
    best[:, 0] = 0
    return best
