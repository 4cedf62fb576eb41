"""Kneser-Ney smoothing equals a second implementation that counts by the formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from keras_rnn_recipes.evaluation.ngrams import NGrams


def kneser_ney(ids: list[int], length: int, vocabulary: int, context: tuple, token: int) -> float:
    """Chen and Goodman 1999, equations 20 to 23, by recursion on the order of the n-gram.

    A symbol that occurs nowhere else precedes the text, so that its first token has a predecessor.
    """
    grams: list[tuple[int, ...]] = []
    size = len(context) + 1
    if size == length:
        grams = [tuple(ids[at : at + size]) for at in range(len(ids) - size + 1)]
    else:
        text = [-1, *ids]
        wider = {tuple(text[at : at + size + 1]) for at in range(len(text) - size)}
        grams = [gram[1:] for gram in wider]
    counts = {gram: grams.count(gram) for gram in set(grams)}
    once, twice = (sum(count == n for count in counts.values()) for n in (1, 2))
    discount = once / (once + 2 * twice) if once and twice else 0.5
    following = {gram[-1]: count for gram, count in counts.items() if gram[:-1] == context}
    shorter = context[1:]
    lower = kneser_ney(ids, length, vocabulary, shorter, token) if context else 1 / vocabulary
    total = sum(following.values())
    if not total:
        return lower
    own = max(following.get(token, 0) - discount, 0)
    return (own + discount * len(following) * lower) / total


@pytest.mark.parametrize("length", [1, 2, 3])
def test_probabilities_equal_the_formulas(length):
    ids = np.random.default_rng(length).integers(0, 4, 25).tolist()
    model = NGrams(ids, length, 6)
    contexts = [(), *((a,) for a in range(5)), *((a, b) for a in range(5) for b in range(4))]
    for context in contexts:
        kept = context[-(length - 1) :] if length > 1 else ()
        for token in range(6):
            expected = kneser_ney(ids, length, 6, kept, token)
            assert model.probability(context, token) == pytest.approx(expected, rel=1e-12)


def test_nats_condition_on_all_tokens_before():
    ids = [1, 2, 1, 3, 1, 2, 2, 3]
    model = NGrams(ids, 3, 5)
    expected = [-math.log(model.probability(ids[:at], ids[at])) for at in range(1, len(ids))]
    np.testing.assert_allclose(model.nats(ids), expected)


@pytest.mark.parametrize(("tokens", "length"), [([1, 2], 0), ([], 2)])
def test_no_tokens_and_no_length_are_refused(tokens, length):
    with pytest.raises(ValueError, match="length must be at least 1 and tokens not empty"):
        NGrams(tokens, length, 3)
