"""The n-gram layer counts each different n-gram of a text once, whatever the batch."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from keras_rnn_recipes.layers import LogitMixture, NGramLogits

TEXTS = st.lists(st.integers(1, 6), max_size=9)


def layer(longest=2, buckets=2**20):
    made = NGramLogits(2, buckets=buckets, longest=longest)
    made.build((None, None))
    return made


def padded(*texts, time=12):
    return np.array([[*text, *[0] * (time - len(text))] for text in texts], "int32")


@given(TEXTS, st.integers(1, 3))
def test_the_rows_are_those_of_the_different_n_grams(text, longest):
    rows = np.asarray(layer(longest).rows(padded(text)))[0]
    n_grams = {
        tuple(text[k : k + size])
        for size in range(1, longest + 1)
        for k in range(len(text) - size + 1)
    }
    found = rows[rows > 0]
    # Two of a few n-grams hardly ever share one of a million rows.
    assert len(found) == len(set(found)) == len(n_grams)


def test_n_grams_of_characters_stay_within_words():
    made = NGramLogits(2, buckets=2**20, longest=3, shortest=2)
    one, other, third = [1, 5, 6, 1], [1, 7, 1, 0], [0, 0, 0, 0]
    rows = np.asarray(made.rows(np.array([[one, other, third], [one, one, third]], "int32")))
    # Of 1 5 6 1 three pairs and two triples, of 1 7 1 two pairs and a triple.
    assert [(row > 0).sum() for row in rows] == [8, 5]
    assert {*rows[1]} <= {*rows[0]}


@given(TEXTS, TEXTS, st.integers(9, 30))
def test_padding_and_company_change_no_logit(text, other, time):
    made, random = layer(), np.random.default_rng(0)
    table = random.normal(size=(2**20, 2))
    table[0] = 0
    made.set_weights([table, np.array([0.5, -0.5])])
    alone = np.asarray(made(padded(text, time=9)))[0]
    together = np.asarray(made(padded(other, text, time=time)))[1]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_order_matters_from_two_tokens_on():
    one, two = padded([3, 4]), padded([4, 3])
    assert (np.asarray(layer(1).rows(one)) == np.asarray(layer(1).rows(two))).all()
    assert (np.asarray(layer(2).rows(one)) != np.asarray(layer(2).rows(two))).any()


def test_hashes_fill_the_table_evenly():
    """As many rows are taken as throwing the same number of balls would take."""
    pairs = np.array([[a, b] for a in range(1, 201) for b in range(1, 201)], "int32")
    rows = np.asarray(layer(2, buckets=2**14).rows(pairs))
    taken = len(np.unique(rows[rows > 0]))
    balls, bins = 200 * 200 + 200, 2**14 - 1
    expected = bins * (1 - (1 - 1 / bins) ** balls)
    assert abs(taken / expected - 1) < 0.02


def test_a_mixture_is_the_product_of_the_probabilities():
    random = np.random.default_rng(1)
    first, second = random.normal(size=(2, 5, 3))
    found = np.exp(np.asarray(LogitMixture(0.3)(first, second)))
    found /= found.sum(axis=1, keepdims=True)
    p, q = (np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in (first, second))
    expected = p**0.7 * q**0.3
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), rtol=1e-5)
