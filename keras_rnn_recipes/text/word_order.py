"""Generated sentences whose label depends on the order of their words only.

Every sentence has a counterpart of the same words with the other label, so that a model that counts
words classifies exactly one of the two correctly.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from keras_rnn_recipes.text.reading import LabelledTexts

LABELS = ("negative", "positive")
_HERO = "Bob"
_OTHERS = (
    *("Tom", "Ann", "Eve", "Max", "Kim", "Leo", "Mia", "Sam", "Zoe", "Jim"),
    *("Amy", "Ben", "Lea", "Tim", "Eva", "Jan", "Ida", "Kai", "Joe", "Una"),
)
_BETTER = ("stronger", "faster", "wiser", "kinder", "braver", "richer")
_WORSE = ("weaker", "slower", "poorer", "lazier", "ruder", "duller")
_FRAMES = ("{}", "everyone says that {}", "{} by far", "I think {} now")
_THINGS = (
    *("food", "music", "film", "hotel", "coffee", "book"),
    *("garden", "service", "acting", "plot", "bread", "train"),
)
_GOOD = ("good", "great", "nice", "lovely", "fine")
_BAD = ("bad", "awful", "poor", "dull", "sad")


def word_order(
    *, train_size: int = 3000, valid_size: int = 500, test_size: int = 500, seed: int = 0
) -> tuple[LabelledTexts, LabelledTexts, LabelledTexts]:
    """Labeled sentences, half of them of each label.

    Two kinds of sentences alternate. Comparisons are about Bob: "Bob is stronger than Tom" is
    positive, "Tom is stronger than Bob" is negative; "weaker" and "is not" invert the label. In
    verdicts the clause after "but" decides: "the food was not good but the music was really great"
    is positive.

    Args:
        train_size, valid_size, test_size: sentences in each part, even numbers. Counterparts are in
            the same part; no sentence occurs in two parts.
        seed: of the choice and the order of sentences.

    Returns:
        Training, validation and test part.

    Raises:
        ValueError: odd sizes, or more sentences than there are.

    Example:
        >>> train, valid, test = word_order()
        >>> sorted(train.texts[0].split()) == sorted(train.texts[1].split())
        True
    """
    sizes = (train_size, valid_size, test_size)
    comparisons, verdicts = list(_comparisons()), list(_verdicts())
    limit = 4 * min(len(comparisons), len(verdicts))
    if min(sizes) < 0 or any(size % 2 for size in sizes) or sum(sizes) > limit:
        raise ValueError(
            f"sizes must be even and sum to at most {limit}; received {', '.join(map(str, sizes))}."
        )
    random = np.random.default_rng(seed)
    drawn = [
        kind[number]
        for rows in zip(*(random.permutation(limit // 4) for _ in range(2)), strict=True)
        for kind, number in zip((comparisons, verdicts), rows, strict=True)
    ]
    pairs = iter(drawn)
    train, valid, test = (list(itertools.islice(pairs, size // 2)) for size in sizes)
    return _part(train), _part(valid), _part(test)


def _part(pairs: list[tuple[str, str]]) -> LabelledTexts:
    """Both sentences of each pair (positive, negative), one after the other."""
    texts = tuple(text for pair in pairs for text in pair)
    return LabelledTexts(texts, LABELS[::-1] * len(pairs))


def _comparisons() -> Iterator[tuple[str, str]]:
    for frame, other, word, verb in itertools.product(
        _FRAMES, _OTHERS, (*_BETTER, *_WORSE), ("is", "is not")
    ):
        twins = [
            frame.format(f"{a} {verb} {word} than {b}") for a, b in ((_HERO, other), (other, _HERO))
        ]
        first_is_positive = (word in _BETTER) == (verb == "is")
        yield (twins[0], twins[1]) if first_is_positive else (twins[1], twins[0])


def _verdicts() -> Iterator[tuple[str, str]]:
    sides = [*itertools.product(_GOOD, _GOOD), *itertools.product(_BAD, _BAD)]
    for (first, last), (a, b) in itertools.product(itertools.permutations(_THINGS, 2), sides):
        twins = [
            f"the {first} was {said} {a} but the {last} was {after} {b}"
            for said, after in (("not", "really"), ("really", "not"))
        ]
        yield (twins[0], twins[1]) if b in _GOOD else (twins[1], twins[0])
