"""What is drawn: the right set, as often as it should be, and again with the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from decoding.toys import END, begin, toy
from hypothesis import given, strategies as st
from keras import ops
from profiles import draws
from scipy import stats

from keras_rnn_recipes.decoding.sampling import draw, sample, uniform

PROBABILITIES = np.array([0.05, 0.4, 0.1, 0.15, 0.3])


def drawn_set(**options):
    """Every token that some number between 0 and 1 draws."""
    numbers = np.linspace(0, 1, 2001, endpoint=False)
    rows = np.tile(np.log(PROBABILITIES), (len(numbers), 1))
    return np.array(draw(rows, numbers, **options))


def probabilities_of(**options):
    return np.bincount(drawn_set(**options), minlength=5) / 2001


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"top_k": 1}, [1]),
        ({"top_k": 3}, [1, 3, 4]),
        ({"top_k": 99}, [0, 1, 2, 3, 4]),
        ({"top_p": 0.1}, [1]),
        ({"top_p": 0.39}, [1]),
        ({"top_p": 0.41}, [1, 4]),
        ({"top_p": 0.69}, [1, 4]),
        ({"top_p": 0.71}, [1, 3, 4]),
        ({"top_p": 0.96}, [0, 1, 2, 3, 4]),
        ({"top_k": 3, "top_p": 0.69}, [1, 4]),
        ({"top_k": 1, "top_p": 0.99}, [1]),
        ({"top_k": 0}, [1]),
        ({"top_p": 0.0}, [1]),
        ({"temperature": 0}, [1]),
    ],
)
def test_the_set_that_is_drawn_from_worked_out_by_hand(options, kept):
    found = probabilities_of(**options)
    assert np.flatnonzero(found).tolist() == kept
    if "temperature" not in options:
        expected = np.where(np.isin(np.arange(5), kept), PROBABILITIES, 0)
        np.testing.assert_allclose(found, expected / expected.sum(), atol=2e-3)


def test_the_nucleus_is_taken_after_the_temperature():
    """Squared: 0.16, 0.09, 0.0225, 0.01, 0.0025 of 0.285, so that two have 0.877 of it."""
    found = probabilities_of(temperature=0.5, top_p=0.85)
    np.testing.assert_allclose(found, [0, 0.16 / 0.25, 0, 0, 0.09 / 0.25], atol=2e-3)


@given(st.lists(st.floats(-20, 5), min_size=2, max_size=9), st.floats(0, 0.999999))
@draws(30)
def test_a_number_falls_where_the_probabilities_sorted_put_it(logits, number):
    logits = np.array([logits], "float32")
    p = np.exp(logits[0].astype("float64"))
    order = np.argsort(-logits[0], kind="stable")
    edges = np.cumsum(p[order]) / p.sum()
    token = int(draw(logits, np.array([number], "float32"))[0])
    place = order.tolist().index(token)
    below = edges[place - 1] if place else 0.0
    assert below - 1e-5 <= number <= edges[place] + 1e-5


def test_what_has_no_probability_is_never_drawn():
    logits = np.array([[-np.inf, 0.0, -np.inf]], "float32")
    for number in (0.0, 0.5, 1 - 2**-24):
        assert int(draw(logits, np.array([number]))[0]) == 1


def test_numbers_are_even_and_neither_seeds_nor_positions_are_related():
    table = np.stack([np.array(uniform(ops.arange(400), step)) for step in range(400)])
    assert table.min() >= 0 and table.max() < 1
    assert stats.kstest(table.ravel(), "uniform").pvalue > 1e-3
    for one, other in ((table[1:], table[:-1]), (table[:, 1:], table[:, :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.01
    for series in (*table[:20], *table.T[:20]):
        assert stats.kstest(series, "uniform").pvalue > 1e-5
    assert len(np.unique(table)) > 0.99 * table.size


def test_frequencies_are_those_of_the_softmax():
    logits = np.log(np.r_[1e-9, 1e-9, 1e-9, PROBABILITIES]).astype("float32")[None]
    rows = np.repeat(logits, 800, axis=0)
    tokens = sample(
        lambda token, state: (ops.convert_to_tensor(rows), state),
        rows,
        ops.zeros((800, 1)),
        length=5,
        temperature=0.8,
        seed=3,
        never=(),
    ).tokens
    counts = np.bincount(np.array(tokens).ravel(), minlength=8)[3:]
    expected = PROBABILITIES ** (1 / 0.8)
    expected *= counts.sum() / expected.sum()
    assert stats.chisquare(counts, expected).pvalue > 1e-3


def generate(rows=4, length=12, **options):
    step = toy(30, 3)
    first, states, _ = step(ops.full((rows,), 2), begin(rows))
    return sample(step, first, states, length=length, **options)


def test_the_same_seed_gives_the_same_text_and_another_another():
    texts = [np.array(generate(seed=seed).tokens) for seed in (5, 5, 6, -1, 2**31 - 1)]
    np.testing.assert_array_equal(texts[0], texts[1])
    for other in texts[2:]:
        assert (texts[0] != other).mean() > 0.5
    assert not np.isin(texts, (0, 2)).any()


def test_a_row_draws_with_its_own_seed_wherever_it_stands():
    together = np.array(generate(seed=7).tokens)
    step = toy(30, 3)
    for row in range(4):
        place = begin(4)["place"][row : row + 1]
        first, states, _ = step(ops.full((1,), 2), {"place": place})
        alone = sample(step, first, states, length=12, seed=7 + row).tokens
        np.testing.assert_array_equal(alone[0], together[row])
    own = generate(seed=np.array([7, 8, 9, 10])).tokens
    np.testing.assert_array_equal(own, together)


def test_a_text_drawn_piece_by_piece_is_the_whole():
    whole, step = np.array(generate(seed=2).tokens), toy(30, 3)
    first, states, _ = step(ops.full((4,), 2), begin(4))
    pieces, position = [], 0
    for length in (1, 4, 7):
        piece = sample(step, first, states, length=length, seed=2, position=position)
        first, states, position = piece.log_probabilities, piece.states, position + length
        pieces.append(np.array(piece.tokens))
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)


def test_behind_the_end_there_is_padding():
    tokens = np.array(generate(rows=30, length=40, end=END).tokens)
    ended = 0
    for row in tokens:
        places = np.flatnonzero(row == END)
        ended += bool(len(places))
        assert len(places) <= 1
        if len(places):
            assert (row[: places[0]] != 0).all() and (row[places[0] + 1 :] == 0).all()
    assert 5 < ended < 30


@pytest.mark.parametrize("rows", [None, 2])
def test_in_a_graph_every_argument_may_be_a_tensor(rows):
    step = toy(30, 3)
    numbers = [tf.TensorSpec([], kind) for kind in (tf.int32, tf.float32, tf.int32, tf.int32)]

    @tf.function(input_signature=[tf.TensorSpec([rows], tf.int32), *numbers, numbers[1]])
    def generated(place, length, temperature, seed, top_k, top_p):
        first, states, _ = step(ops.full_like(place, 2), {"place": place})
        options = {"temperature": temperature, "seed": seed, "top_k": top_k, "top_p": top_p}
        return sample(step, first, states, length=length, **options).tokens

    for length, temperature, seed in ((9, 1.0, 4), (0, 1.0, 4), (-3, 1.0, 4), (5, 0.0, 1)):
        found = generated(begin(2)["place"], length, temperature, seed, 20, 0.9)
        options = {"temperature": temperature, "seed": seed, "top_k": 20, "top_p": 0.9}
        expected = generate(rows=2, length=max(length, 0), **options).tokens
        assert found.shape == (2, max(length, 0))
        np.testing.assert_array_equal(found, expected)


def test_no_temperature_is_greedy():
    step = toy(30, 3)
    rows, state, _ = step(ops.full((1,), 2), begin(1))
    expected = []
    for _ in range(10):
        scores = np.array(rows)[0]
        scores[[0, 2]] = -np.inf
        expected.append(int(scores.argmax()))
        rows, state, _ = step(ops.convert_to_tensor(expected[-1:]), state)
    for seed in (0, 9):
        tokens = generate(rows=1, length=10, temperature=0, seed=seed).tokens
        assert np.array(tokens)[0].tolist() == expected
