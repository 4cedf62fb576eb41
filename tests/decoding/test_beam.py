"""Beam search beside the enumeration of everything, and beside a loop that a reader can follow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from decoding.toys import END, START, begin, every_hypothesis, log_probability, toy, without_padding
from hypothesis import given, strategies as st
from keras import ops
from profiles import draws

from keras_rnn_recipes.decoding.beam import beam_search
from keras_rnn_recipes.decoding.greedy import greedy


def penalised(total: float, length: int, alpha: float) -> float:
    return total / ((5 + length) / 6) ** alpha


def loop_beam(step, row, *, width, max_length, alpha, vocabulary):
    """Beam search over one row with lists, the way it is told in words."""
    running, ended = [(0.0, ())], []
    for length in range(1, max_length + 1):
        grown = [
            (log_probability(step, row, (*tokens, token)), (*tokens, token))
            for _, tokens in running
            for token in range(vocabulary)
            if token not in (0, START)
        ]
        best = sorted(grown, reverse=True)[: 2 * width]
        ended += [(penalised(s, length, alpha), t) for s, t in best[:width] if t[-1] == END]
        ended = sorted(ended, reverse=True)[:width]
        running = [(s, t) for s, t in best if t[-1] != END][:width]
    cut = [(penalised(s, max_length, alpha), t) for s, t in running]
    return [*ended, *cut][:width]


@draws(8)
@given(
    seed=st.integers(0, 10_000),
    alpha=st.sampled_from([0.0, 0.6, 1.5]),
    max_length=st.integers(1, 4),
    ends=st.sampled_from([-3.0, 0.0, 2.0]),
)
def test_a_beam_as_wide_as_all_hypotheses_finds_the_best_of_them(seed, alpha, max_length, ends):
    vocabulary, rows = 6, 2
    step = toy(vocabulary, seed, ends)
    ended, cut = every_hypothesis((1, 3, 4, 5), max_length)
    width = len(cut) + len(ended)
    found = beam_search(
        step, begin(rows), beam_width=width, max_length=max_length, length_penalty=alpha
    )
    for row in range(rows):
        expected = []
        for group in (ended, cut):
            totals = [log_probability(step, row, tokens) for tokens in group]
            scored = [penalised(s, len(t), alpha) for s, t in zip(totals, group, strict=True)]
            expected += sorted(zip(scored, group, strict=True), reverse=True)
        assert [without_padding(t) for t in np.array(found.tokens)[row]] == [
            tokens for _, tokens in expected
        ]
        scores = [score for score, _ in expected]
        np.testing.assert_allclose(np.array(found.scores)[row], scores, rtol=1e-4)


@draws(6)
@given(
    seed=st.integers(0, 10_000),
    width=st.integers(1, 4),
    alpha=st.sampled_from([0.0, 0.6, 1.0]),
    ends=st.sampled_from([-4.0, 0.0, 1.0]),
)
def test_a_narrow_beam_equals_the_loop(seed, width, alpha, ends):
    step = toy(9, seed, ends)
    found = beam_search(step, begin(3), beam_width=width, max_length=6, length_penalty=alpha)
    for row in range(3):
        expected = loop_beam(step, row, width=width, max_length=6, alpha=alpha, vocabulary=9)
        tokens = [without_padding(t) for t in np.array(found.tokens)[row]]
        assert tokens == [tokens for _, tokens in expected]
        scores = [score for score, _ in expected]
        np.testing.assert_allclose(np.array(found.scores)[row], scores, rtol=1e-4)


def test_a_beam_of_one_is_greedy_decoding():
    step = toy(9, 5, 0.5)
    beams = beam_search(step, begin(20), beam_width=1, max_length=8, length_penalty=0)
    tokens, scores = (np.array(x) for x in greedy(step, begin(20), max_length=8))
    ended = (tokens == END).any(axis=1).sum()
    assert 3 < ended < 20  # some end, others are cut off
    np.testing.assert_array_equal(np.array(beams.tokens)[:, 0], tokens)
    np.testing.assert_allclose(np.array(beams.scores)[:, 0], scores, rtol=1e-5)


def test_greedy_takes_the_best_token_at_every_step():
    step = toy(9, 5, 0.5)
    tokens, scores = greedy(step, begin(20), max_length=8)
    for row in range(20):
        best: tuple[int, ...] = ()
        while len(best) < 8 and END not in best:
            going_on = [(*best, token) for token in range(9) if token not in (0, START)]
            best = max(going_on, key=lambda tokens: log_probability(step, row, tokens))
        assert without_padding(np.array(tokens)[row]) == best
        assert float(scores[row]) == pytest.approx(log_probability(step, row, best), rel=1e-5)


def test_the_attention_returned_is_that_of_each_hypothesis():
    """The toy's attention says in which place it was; that follows from the tokens."""
    step = toy(7, 2, 0.5)
    beams = beam_search(step, begin(3), beam_width=3, max_length=5, attention_size=2)
    assert beams.attention.shape == (3, 3, 5, 2)
    for row in range(3):
        for tokens, seen in zip(beams.tokens[row], np.array(beams.attention)[row], strict=True):
            place, last = row * 13, START
            for token, weights in zip(without_padding(tokens), seen, strict=False):
                place = (place * 31 + last * 7 + 1) % 997
                assert weights.tolist() == [place, place + 1]
                last = token


@pytest.mark.parametrize("rows", [None, 3])
def test_in_a_graph_as_outside_whatever_is_known_of_the_shapes(rows):
    step = toy(9, 1, 0.5)

    @tf.function(
        input_signature=[tf.TensorSpec([rows], tf.int32), tf.TensorSpec([], tf.int32)],
    )
    def search(place, max_length):
        beams = beam_search(
            step, {"place": place}, beam_width=4, max_length=max_length, attention_size=2
        )
        return beams, greedy(step, {"place": place}, max_length=max_length)

    place = begin(3)["place"]
    for max_length in (1, 6):
        (tokens, scores, attention), best = search(place, max_length)
        expected = beam_search(
            step, begin(3), beam_width=4, max_length=max_length, attention_size=2
        )
        np.testing.assert_array_equal(tokens, expected.tokens)
        np.testing.assert_allclose(scores, expected.scores, rtol=1e-5)
        np.testing.assert_array_equal(attention, expected.attention)
        np.testing.assert_array_equal(best[0], greedy(step, begin(3), max_length=max_length)[0])


def test_neither_batch_nor_order_changes_a_row():
    step, place = toy(9, 4, 0.0), begin(6)["place"]
    together = beam_search(step, {"place": place}, beam_width=3, max_length=7)
    order = [4, 0, 5, 2, 1, 3]
    shuffled = beam_search(
        step, {"place": ops.take(place, order, axis=0)}, beam_width=3, max_length=7
    )
    np.testing.assert_array_equal(np.array(together.tokens)[order], shuffled.tokens)
    for row in range(6):
        alone = beam_search(step, {"place": place[row : row + 1]}, beam_width=3, max_length=7)
        np.testing.assert_array_equal(alone.tokens[0], together.tokens[row])


def test_a_great_penalty_favours_long_hypotheses():
    """By hand: ending at once has 0.6, going on once and ending then 0.4 * 0.9 = 0.36."""
    table = np.log(np.array([[0, 0, 0, 0.9, 0.1], [0, 0, 0, 0.6, 0.4]]) + 1e-30).astype("float32")

    def step(tokens, states):
        return ops.take(ops.convert_to_tensor(table), states, axis=0), states * 0

    for alpha, best in ((0.0, [3, 0]), (5.0, [4, 3])):
        states = ops.convert_to_tensor([1])
        beams = beam_search(step, states, beam_width=2, max_length=2, length_penalty=alpha)
        assert np.array(beams.tokens)[0, 0].tolist() == best
    expected = np.log(0.36) / (7 / 6) ** 5
    assert float(beams.scores[0, 0]) == pytest.approx(expected, rel=1e-5)


def test_what_is_not_there_comes_last_and_is_empty():
    """One token may follow, and it ends the text: there is one hypothesis for three places."""

    def step(tokens, states):
        return ops.log_softmax(ops.zeros((tokens.shape[0], 5))), states

    beams = beam_search(step, ops.zeros((1, 1)), beam_width=3, max_length=4, never=(0, 1, 2, 4))
    assert np.array(beams.tokens)[0].tolist() == [[3, 0, 0, 0], [0] * 4, [0] * 4]
    assert float(beams.scores[0, 0]) == pytest.approx(np.log(0.2))
    assert np.isneginf(np.array(beams.scores)[0, 1:]).all()


@pytest.mark.parametrize("wrong", [{"beam_width": 0}, {"length_penalty": -1}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="must be at least 1"):
        beam_search(toy(9), begin(1), **wrong)
