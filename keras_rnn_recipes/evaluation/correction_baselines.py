"""Correcting texts without a network: leave them as they are, or take the nearest known word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from keras_rnn_recipes.extras import require_extra


def copy(texts: Sequence[str]) -> list[str]:
    """Give every text back as it is.

    Example:
        >>> copy(["teh", "cat"])
        ['teh', 'cat']
    """
    return list(texts)


def nearest_word(counts: Mapping[str, int]) -> Callable[[Sequence[str]], list[str]]:
    """Make a corrector that gives the word with the smallest edit distance.

    The distance counts letters put in, left out, changed, and neighbours that changed places (the
    optimal string alignment distance). Of words as near as each other the most frequent is taken,
    and of these the first in the alphabet. A word that is known is given back.

    Args:
        counts: how often each known word occurs.

    Returns:
        From texts to as many words.

    Raises:
        ValueError: for no words.
        UserError: the extra ``text`` is not installed.

    Source: Damerau 1964; the frequencies as in P. Norvig's How to write a spelling corrector.

    Example:
        >>> correct = nearest_word({"the": 90, "they": 20, "then": 30, "across": 5})
        >>> correct(["teh", "thej", "acros", "across"])
        ['the', 'the', 'across', 'across']
    """
    if not counts:
        raise ValueError("There must be words to choose from; received none.")
    require_extra("text", "The baseline nearest_word")
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    words = sorted(counts, key=lambda word: (-counts[word], word))

    def correct(texts: Sequence[str]) -> list[str]:
        # Of equals it gives the first: the most frequent one.
        found = {text: process.extractOne(text, words, scorer=OSA.distance) for text in set(texts)}
        return [found[text][0] for text in texts]

    return correct
