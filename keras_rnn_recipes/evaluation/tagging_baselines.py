"""Baseline tagger: the most frequent tag of each word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from keras_rnn_recipes.errors import counted

Tagger = Callable[[Sequence[str]], list[str]]


def most_frequent_tag(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> Tagger:
    """Learn the most frequent tag of each word; unseen words get the most frequent tag overall.

    Args:
        sentences: the tokens of each training sentence; case-sensitive.
        tags: the tags of each training sentence.

    Returns:
        A function from the tokens of a sentence to their tags. Of equally frequent tags it takes
        the first in alphabetical order.

    Raises:
        ValueError: no token, or a sentence with different numbers of tags and tokens.

    Example:
        >>> tag = most_frequent_tag([["Bob", "sings"], ["Ann", "sings"]], [["N", "V"], ["N", "V"]])
        >>> tag(["Ann", "sings", "tunes"])
        ['N', 'V', 'N']
    """
    of_word: dict[str, Counter[str]] = defaultdict(Counter)
    of_all: Counter[str] = Counter()
    for number, (words, word_tags) in enumerate(zip(sentences, tags, strict=True)):
        if len(words) != len(word_tags):
            raise ValueError(
                f"every token must have a tag; received {counted(len(words), 'token')} and "
                f"{counted(len(word_tags), 'tag')} in sentence {number}."
            )
        of_all.update(word_tags)
        for word, tag in zip(words, word_tags, strict=True):
            of_word[word][tag] += 1
    if not of_all:
        raise ValueError("sentences must hold at least one token; received none.")
    best = {word: _most_frequent(counts) for word, counts in of_word.items()}
    otherwise = _most_frequent(of_all)
    return lambda tokens: [best.get(token, otherwise) for token in tokens]


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts, key=lambda tag: (-counts[tag], tag))
