"""Kneser-Ney n-gram language model, the baseline of recurrent language models."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np


class NGrams:
    """N-gram language model with interpolated Kneser-Ney smoothing, one discount per order.

    Args:
        tokens: ids of the training text, ``(tokens,)``.
        length: tokens in the longest n-gram, at least 1.
        vocabulary_size: number of ids; unseen tokens share its uniform distribution.

    Raises:
        ValueError: a length below 1, or no tokens.

    Source: Chen and Goodman 1999, An empirical study of smoothing techniques for language modeling,
    section 3.

    Example:
        >>> model = NGrams([1, 2, 1, 2, 1, 2], length=2, vocabulary_size=3)
        >>> model.probability((1,), 2) > 0.8
        True
    """

    def __init__(self, tokens: Sequence[int] | np.ndarray, length: int, vocabulary_size: int):
        ids = [int(token) for token in tokens]
        if length < 1 or not ids:
            raise ValueError(
                f"length must be at least 1 and tokens not empty; received length {length}."
            )
        self.length, self.vocabulary_size = length, vocabulary_size
        # counts[size][context][token]: how often the token followed a context of that size.
        self.counts: list[dict[tuple[int, ...], Counter[int]]] = []
        self.totals: list[dict[tuple[int, ...], int]] = []
        self.discounts: list[float] = []
        for size in range(length):
            self._count(ids, size)

    def _count(self, ids: Sequence[int], size: int) -> None:
        longest = size == self.length - 1
        # Shorter n-grams count the distinct tokens that precede them (continuation counts).
        grams = zip(*(ids[at:] for at in range(size + (1 if longest else 2))), strict=False)
        seen = grams if longest else set(grams)
        found: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for gram in seen:
            inner = gram if longest else gram[1:]
            found[inner[:-1]][inner[-1]] += 1
        if not longest and ids:
            found[tuple(ids[:size])][ids[size] if size < len(ids) else ids[-1]] += 1
        of_counts = Counter(count for row in found.values() for count in row.values())
        once, twice = of_counts[1], of_counts[2]
        self.counts.append(dict(found))
        self.totals.append({context: row.total() for context, row in found.items()})
        self.discounts.append(once / (once + 2 * twice) if once and twice else 0.5)

    def probability(self, context: Sequence[int], token: int) -> float:
        """Probability of ``token`` after the last ``length - 1`` ids of ``context``."""
        probability = 1.0 / self.vocabulary_size
        context = tuple(context)[-(self.length - 1) :] if self.length > 1 else ()
        for size in range(min(self.length, len(context) + 1)):
            key = context[len(context) - size :]
            row = self.counts[size].get(key)
            if row is None:
                break
            discount, total = self.discounts[size], self.totals[size][key]
            held_back = discount * len(row) * probability
            probability = (max(row[token] - discount, 0.0) + held_back) / total
        return probability

    def nats(self, tokens: Sequence[int] | np.ndarray) -> np.ndarray:
        """Negative log probability of each token after the first, given the tokens before it.

        Args:
            tokens: ids of a text ``(tokens,)``; the first one is given.

        Returns:
            Nats, float64 ``(tokens - 1,)``.
        """
        ids = [int(token) for token in tokens]
        begins = (max(at - self.length + 1, 0) for at in range(1, len(ids)))
        found = (
            self.probability(ids[begin:at], ids[at]) for at, begin in enumerate(begins, start=1)
        )
        return -np.log(np.fromiter(found, float, len(ids) - 1))
