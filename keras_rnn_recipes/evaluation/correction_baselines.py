"""Baselines for pairs of texts: copy, the nearest known word, the answer to the nearest text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from keras_rnn_recipes.extras import require_extra

# Texts that are compared with all known ones at a time.
_AT_ONCE = 64


def copy(texts: Sequence[str]) -> list[str]:
    """Return every text unchanged.

    Example:
        >>> copy(["teh", "cat"])
        ['teh', 'cat']
    """
    return list(texts)


def nearest_word(counts: Mapping[str, int]) -> Callable[[Sequence[str]], list[str]]:
    """Make a corrector that returns the known word with the smallest edit distance.

    The distance is the optimal string alignment distance: the number of letters inserted, deleted
    or substituted and of adjacent letters transposed. Of words at the same distance the most
    frequent is taken, then the first in alphabetical order. A known word is returned unchanged.

    Args:
        counts: frequency of each known word.

    Returns:
        A function from texts to a list of as many words.

    Raises:
        ValueError: ``counts`` is empty.
        UserError: the extra ``text`` is not installed.

    Source: Damerau 1964; the frequencies as in P. Norvig's How to write a spelling corrector.

    Example:
        >>> correct = nearest_word({"the": 90, "they": 20, "then": 30, "across": 5})
        >>> correct(["teh", "thej", "acros", "across"])
        ['the', 'the', 'across', 'across']
    """
    if not counts:
        raise ValueError("counts must contain at least one word; received none.")
    require_extra("text", "The baseline nearest_word")
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    words = sorted(counts, key=lambda word: (-counts[word], word))

    def correct(texts: Sequence[str]) -> list[str]:
        # extractOne returns the first of equally near words, hence the most frequent one.
        found = {text: process.extractOne(text, words, scorer=OSA.distance) for text in set(texts)}
        return [found[text][0] for text in texts]

    return correct


def nearest_source(
    sources: Sequence[str], targets: Sequence[str]
) -> Callable[[Sequence[str]], list[str]]:
    """Make an answerer that returns the target of the known source with the smallest edit distance.

    The distance is Levenshtein's. Of sources at the same distance the first in alphabetical order
    is taken, and its first target.

    Args:
        sources, targets: the known pairs.

    Returns:
        A function from texts to a list of as many targets.

    Raises:
        ValueError: there are no pairs.
        UserError: the extra ``text`` is not installed.

    Example:
        >>> answer = nearest_source(["hat", "read", "read"], ["HH AE T", "R EH D", "R IY D"])
        >>> answer(["cat", "reed"])
        ['HH AE T', 'R EH D']
    """
    if not len(sources):
        raise ValueError("sources must contain at least one text; received none.")
    require_extra("text", "The baseline nearest_source")
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    first = dict(zip(reversed(sources), reversed(targets), strict=True))
    known = sorted(first)

    def answer(texts: Sequence[str]) -> list[str]:
        distinct = list(dict.fromkeys(texts))
        found: dict[str, str] = {}
        for start in range(0, len(distinct), _AT_ONCE):
            some = distinct[start : start + _AT_ONCE]
            edits = cdist(some, known, scorer=Levenshtein.distance, dtype=np.int32)
            found |= {one: known[at] for one, at in zip(some, edits.argmin(1), strict=True)}
        return [first[found[text]] for text in texts]

    return answer
