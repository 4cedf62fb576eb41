"""Both attentions beside loops in numpy; padding changes nothing."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, strategies as st
from layers.arrays import call
from profiles import draws

from keras_rnn_recipes.layers import AdditiveAttention, MultiplicativeAttention

KINDS = {
    "additive": lambda: AdditiveAttention(5),
    "multiplicative": lambda: MultiplicativeAttention(),
}


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def scored(layer, query, memory) -> float:
    """The score of one query vector and one memory vector, by the papers' equations."""
    if isinstance(layer, MultiplicativeAttention):
        (kernel,) = layer.get_weights()
        return query @ kernel @ memory
    query_kernel, memory_kernel, bias, scale = layer.get_weights()
    return scale @ np.tanh(query @ query_kernel + memory @ memory_kernel + bias)


def by_loop(layer, queries, memories, lengths):
    """Context and weights, one query of one row at a time, padding left out."""
    contexts = np.zeros((*queries.shape[:2], memories.shape[2]))
    weights = np.zeros((*queries.shape[:2], memories.shape[1]))
    for row, length in enumerate(lengths):
        for place, query in enumerate(queries[row]):
            scores = np.array([scored(layer, query, m) for m in memories[row, :length]])
            share = np.exp(scores - scores.max())
            share /= share.sum()
            weights[row, place, :length] = share
            contexts[row, place] = share @ memories[row, :length]
    return contexts, weights


@pytest.mark.parametrize("kind", KINDS)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    queries=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@draws(15)
def test_context_and_weights_equal_a_loop(kind, lengths, queries, seed):
    keras.utils.set_random_seed(seed)
    query = 2 * numbers(len(lengths), queries, 4, seed=seed)
    memory = 2 * numbers(len(lengths), 6, 3, seed=seed + 1)
    mask = np.arange(6) < np.array(lengths)[:, None]
    layer = KINDS[kind]()
    layer.build(query.shape, memory.shape)
    layer.set_weights([numbers(*w.shape, seed=9) for w in layer.get_weights()])
    found = call(layer, query, memory, mask=mask)
    for array, expected in zip(found, by_loop(layer, query, memory, lengths), strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_neither_what_stands_in_padding_nor_how_much_changes_anything(kind):
    query, memory = numbers(2, 3, 4), numbers(2, 5, 3, seed=1)
    layer, mask = KINDS[kind](), np.array([[True] * 5, [True] * 2 + [False] * 3])
    context, weights = call(layer, query, memory, mask=mask)
    changed = np.where(mask[..., None], memory, 1e4).astype("float32")
    longer = np.concatenate([changed, np.full((2, 4, 3), -1e4, "float32")], axis=1)
    wide = np.concatenate([mask, np.zeros((2, 4), bool)], axis=1)
    again, wider = call(layer, query, longer, mask=wide)
    np.testing.assert_allclose(again, context, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(wider[..., :5], weights, rtol=1e-5, atol=1e-7)
    assert (wider[..., 5:] == 0).all() and (weights[1, :, 2:] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_mask_everything_is_real(kind):
    query, memory, layer = numbers(2, 3, 4), numbers(2, 5, 3, seed=1), KINDS[kind]()
    with_mask = call(layer, query, memory, mask=np.ones((2, 5), bool))
    for one, other in zip(call(layer, query, memory), with_mask, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_padding_alone_gives_numbers_even_in_half_precision(kind):
    layer = KINDS[kind]()
    layer.dtype_policy = "mixed_float16"
    query, memory = numbers(1, 1, 4), numbers(1, 2, 3)
    for mask in (np.zeros((1, 2), bool), np.ones((1, 2), bool)):
        for array in call(layer, query, memory, mask=mask):
            assert array.dtype == "float16" and np.isfinite(array).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_memory_of_one_step_is_the_context(kind):
    query, memory = numbers(2, 3, 4), numbers(2, 1, 3)
    context, weights = call(KINDS[kind](), query, memory, mask=np.ones((2, 1), bool))
    np.testing.assert_allclose(context, np.repeat(memory, 3, axis=1), rtol=1e-6)
    assert (weights == 1).all()


def test_no_width_is_refused():
    with pytest.raises(ValueError, match="units and heads must be at least 1; received 0"):
        AdditiveAttention(0)


@pytest.mark.parametrize("kind", [AdditiveAttention, MultiplicativeAttention])
def test_heads_are_attentions_next_to_each_other(kind):
    sizes = (5,) if kind is AdditiveAttention else ()
    query, memory = numbers(2, 3, 4), numbers(2, 6, 7, seed=1)
    mask = np.arange(6)[None] < np.array([[6], [4]])
    several = kind(*sizes, heads=3)
    context, weights = several(query, memory, mask=mask)
    single = kind(*sizes)
    single.build(query.shape, memory.shape)
    contexts, shares = [], []
    for head in range(3):
        *shared, last = several.get_weights()
        own = last[:, head] if shared else last[:, 7 * head : 7 * (head + 1)]
        single.set_weights([*shared, own])
        found = single(query, memory, mask=mask)
        contexts.append(np.array(found[0]))
        shares.append(np.array(found[1]))
    np.testing.assert_allclose(context, np.concatenate(contexts, axis=-1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights, np.mean(shares, axis=0), rtol=1e-5, atol=1e-6)
    again = kind.from_config(several.get_config())
    assert again.heads == 3
    with pytest.raises(ValueError, match="heads"):
        kind(*sizes, heads=0)
