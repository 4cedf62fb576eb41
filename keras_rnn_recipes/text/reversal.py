"""Generated strings and their reverse: a task that needs memory or attention."""

from __future__ import annotations

import string

import numpy as np

from keras_rnn_recipes.text.reading import ParallelTexts


def reversal(
    *,
    train_size: int = 6000,
    valid_size: int = 300,
    test_size: int = 500,
    max_length: int = 8,
    symbols: str = string.ascii_lowercase[:12],
    test_lengths: tuple[int, int] | None = None,
    seed: int = 0,
) -> tuple[ParallelTexts, ParallelTexts, ParallelTexts]:
    """Pairs of a random string and its reverse.

    Args:
        train_size, valid_size, test_size: pairs in each part; no string occurs in two parts.
        max_length: letters of the longest strings, at least 3; the shortest have 3.
        symbols: the alphabet.
        test_lengths: fewest and most letters in the test part; by default as in training.
        seed: of the draws.

    Returns:
        Training, validation and test part.

    Raises:
        ValueError: a size below 0, a max_length below 3, or test_lengths that are not ascending.

    Example:
        >>> train, _, _ = reversal()
        >>> train.sources[0][::-1] == train.targets[0]
        True
    """
    sizes, own = (train_size, valid_size, test_size), (3, max_length)
    tested = test_lengths or own
    if min(sizes) < 0 or max_length < 3 or not 1 <= tested[0] <= tested[1]:
        raise ValueError(
            "sizes must be at least 0, max_length at least 3 and test_lengths ascending; received "
            f"{sizes}, {max_length} and {test_lengths}."
        )
    random, seen = np.random.default_rng(seed), dict[str, None]()
    letters, ends = list(symbols), np.cumsum(sizes)
    while len(seen) < ends[-1]:
        low, high = own if len(seen) < ends[1] else tested
        seen["".join(random.choice(letters, random.integers(low, high + 1)))] = None
    texts = list(seen)
    train, valid, test = (
        ParallelTexts(tuple(part), tuple(text[::-1] for text in part))
        for part in (texts[: ends[0]], texts[ends[0] : ends[1]], texts[ends[1] :])
    )
    return train, valid, test
