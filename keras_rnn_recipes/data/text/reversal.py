"""Generated strings of letters and the same backwards: what takes memory, and attention solves."""

from __future__ import annotations

import string

import numpy as np

from keras_rnn_recipes.data.text.reading import ParallelTexts


def reversal(
    *,
    train_size: int = 6000,
    valid_size: int = 300,
    test_size: int = 500,
    max_length: int = 8,
    seed: int = 0,
) -> tuple[ParallelTexts, ParallelTexts, ParallelTexts]:
    """Strings of letters with their reverse, for training, validation and test.

    Args:
        train_size, valid_size, test_size: pairs in each part; no string is in two parts.
        max_length: letters at most; at least 3.
        seed: of the draws.

    Returns:
        Training, validation and test part.

    Raises:
        ValueError: a size below 0, or a max_length below 3.

    Example:
        >>> train, _, _ = reversal()
        >>> train.sources[0][::-1] == train.targets[0]
        True
    """
    sizes = (train_size, valid_size, test_size)
    if min(sizes) < 0 or max_length < 3:
        raise ValueError(
            f"sizes must be at least 0 and max_length at least 3; received {sizes}, {max_length}."
        )
    random, seen = np.random.default_rng(seed), dict[str, None]()
    letters = list(string.ascii_lowercase[:12])
    while len(seen) < sum(sizes):
        seen["".join(random.choice(letters, random.integers(3, max_length + 1)))] = None
    texts, ends = list(seen), np.cumsum(sizes)
    train, valid, test = (
        ParallelTexts(tuple(part), tuple(text[::-1] for text in part))
        for part in (texts[: ends[0]], texts[ends[0] : ends[1]], texts[ends[1] :])
    )
    return train, valid, test
