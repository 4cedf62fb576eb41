"""Baselines for spelling correction: copy the text, or take the nearest known word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from keras_rnn_recipes.extras import require_extra


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
