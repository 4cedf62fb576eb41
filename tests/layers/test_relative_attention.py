"""Attention by place beside a loop in numpy; padding, and the number of the query, told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from layers.arrays import call
from profiles import draws

from keras_rnn_recipes.layers import RelativeAttention


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def made(reach: int, seed: int = 0) -> RelativeAttention:
    layer = RelativeAttention(reach)
    layer.build((None, None, 2), (None, None, 3))
    layer.set_weights([0.2 * numbers(*w.shape, seed=seed + n) for n, w in enumerate(layer.weights)])
    return layer


def by_loop(layer, queries, memories, lengths, firsts):
    """One distance at a time; further ones than the reach count as the furthest."""
    from_start, from_end = (dict(enumerate(w, start=-layer.reach)) for w in layer.get_weights())
    near = range(-layer.reach, layer.reach + 1)
    contexts = np.zeros((*queries.shape[:2], memories.shape[2]))
    weights = np.zeros((*queries.shape[:2], memories.shape[1]))
    for row, (length, first) in enumerate(zip(lengths, firsts, strict=True)):
        for place in range(queries.shape[1]):
            share = np.zeros(length)
            for step in range(length):
                distances = step - (first + place), (length - 1 - step) - (first + place)
                ahead, behind = (min(max(d, near[0]), near[-1]) for d in distances)
                share[step] = np.exp(10 * (from_start[ahead] + from_end[behind]))
            weights[row, place, :length] = share / share.sum()
            contexts[row, place] = weights[row, place, :length] @ memories[row, :length]
    return contexts, weights


@given(
    rows=st.lists(st.tuples(st.integers(1, 7), st.integers(0, 9)), min_size=1, max_size=3),
    queries=st.integers(1, 4),
    reach=st.integers(1, 5),
    seed=st.integers(0, 99),
)
@draws(25)
def test_context_and_weights_equal_a_loop(rows, queries, reach, seed):
    lengths, firsts = zip(*rows, strict=True)
    query, memory = numbers(len(rows), queries, 2), numbers(len(rows), 7, 3, seed=seed)
    mask, layer = np.arange(7) < np.array(lengths)[:, None], made(reach, seed)
    first = np.array(firsts, "float32")[:, None]
    found = call(layer, query, memory, mask=mask, first=first)
    for array, expected in zip(found, by_loop(layer, query, memory, lengths, firsts), strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-3, atol=1e-5)


def test_from_the_end_or_from_the_start_of_texts_of_any_length():
    layer, memory = RelativeAttention(2), numbers(2, 40, 3)
    mask = np.arange(40) < np.array([40, 23])[:, None]
    layer.build((None, None, 2), memory.shape)
    only = np.array([0, 0, 5, 0, 0], "float32")
    for weights, expected in (
        ([only, 0 * only], memory[1, :23]),
        ([0 * only, only], memory[1, 22::-1]),
    ):
        layer.set_weights(weights)
        context, _ = call(layer, numbers(2, 23, 2), memory, mask=mask)
        np.testing.assert_allclose(context[1], expected, rtol=1e-4, atol=1e-5)


def test_at_the_start_every_real_step_counts_the_same():
    mask = np.array([[True, True, False, False]])
    _, weights = call(RelativeAttention(3), numbers(1, 2, 2), numbers(1, 4, 3), mask=mask)
    assert weights.tolist() == [[[0.5, 0.5, 0.0, 0.0]] * 2]


def test_a_reach_of_nothing_is_refused():
    with pytest.raises(ValueError, match="reach must be at least 1; received 0"):
        RelativeAttention(0)
