"""What a tagger has to beat: what can be told from each word alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

Tagger = Callable[[Sequence[str]], list[str]]


def most_frequent_tag(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> Tagger:
    """Learn each word's most frequent tag; a word that was never seen gets that of all words.

    Args:
        sentences: the tokens of each training sentence; upper and lower case are told apart.
        tags: their tags.

    Returns:
        A function from the tokens of a sentence to their tags. Of tags that are equally frequent it
        takes the first in the alphabet.

    Raises:
        ValueError: no token, or a sentence with another number of tags than of tokens.

    Example:
        >>> tag = most_frequent_tag([["Bob", "sings"], ["Ann", "sings"]], [["N", "V"], ["N", "V"]])
        >>> tag(["Ann", "sings", "tunes"])
        ['N', 'V', 'N']
    """
    of_word: dict[str, Counter[str]] = defaultdict(Counter)
    of_all: Counter[str] = Counter()
    for number, (words, theirs) in enumerate(zip(sentences, tags, strict=True)):
        if len(words) != len(theirs):
            raise ValueError(
                f"every token must have a tag; received {len(words)} tokens and {len(theirs)} tags "
                f"in sentence {number}."
            )
        of_all.update(theirs)
        for word, tag in zip(words, theirs, strict=True):
            of_word[word][tag] += 1
    if not of_all:
        raise ValueError("sentences must hold at least one token; received none.")
    best = {word: _most_frequent(counts) for word, counts in of_word.items()}
    otherwise = _most_frequent(of_all)
    return lambda tokens: [best.get(token, otherwise) for token in tokens]


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts, key=lambda tag: (-counts[tag], tag))
