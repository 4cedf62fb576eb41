"""What is asked for was shown, as long ago as is said; the same seed, the same sequences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.data.memory_problems import (
    MemoryProblem,
    adding,
    copying,
    reversing,
)

NAMES = ("adding", "copying", "reversing")


@given(lag=st.integers(2, 60), seed=st.integers(0, 999))
@draws(40)
def test_two_numbers_are_marked_one_in_each_half_and_added(lag, seed):
    inputs, sums = adding(7, lag, seed=seed)
    assert inputs.shape == (7, lag, 2) and sums.shape == (7, 1, 1)
    for row, (total,) in zip(inputs, sums[:, 0], strict=True):
        marked = [step for step in range(lag) if row[step, 1] == 1]
        assert len(marked) == 2 and marked[0] < lag // 2 <= marked[1]
        assert total == pytest.approx(row[marked[0], 0] + row[marked[1], 0])
    first, _ = adding(7, lag, seed=seed, first=0)
    assert (first[:, 0, 1] == 1).all() and (first[..., 1].sum(axis=1) == 2).all()


def test_to_answer_one_always_has_the_error_one():
    problem = MemoryProblem("adding", 40)
    wanted = problem.draw(40_000, seed=3).answers
    assert problem.error(wanted, np.ones_like(wanted)) == pytest.approx(1, rel=0.02)
    assert problem.error(wanted, wanted) == 0
    assert problem.error(wanted, wanted + 0.1) == pytest.approx(0.06)


@given(lag=st.integers(1, 40), symbols=st.integers(1, 12), seed=st.integers(0, 999))
@draws(40)
def test_symbols_are_asked_for_in_order_after_the_sign(lag, symbols, seed):
    inputs, ids = copying(5, lag, symbols=symbols, seed=seed)
    assert inputs.shape == (5, lag + 2 * symbols, 10) and (inputs.sum(axis=2) == 1).all()
    shown = inputs.argmax(axis=2)
    np.testing.assert_array_equal(shown[:, :symbols], ids)
    between = [8] * (lag - 1) + [9] + [8] * symbols
    assert (shown[:, symbols:] == between).all() and ids.max() < 8


@given(lag=st.integers(2, 9), seed=st.integers(0, 999), unseen=st.booleans())
@draws(40)
def test_digits_come_back_backwards(lag, seed, unseen):
    inputs, bits = reversing(6, lag, seed=seed, unseen=unseen)
    assert inputs.shape == (6, 2 * lag, 3) and (inputs[:, lag:] == 0).all()
    digits, answered = (values @ [4, 2, 1] for values in (inputs[:, :lag], bits))
    assert [list(reversed(row)) for row in digits.tolist()] == answered.tolist()


def test_digits_that_are_unseen_are_never_drawn_to_learn_from():
    parts = [
        {tuple(row) for row in (reversing(4000, 3, unseen=unseen).inputs[:, :3] @ [4, 2, 1])}
        for unseen in (False, True)
    ]
    every = set(itertools.product(range(8), repeat=3))
    assert parts[0] | parts[1] == every and not parts[0] & parts[1]
    assert 70 < len(parts[1]) < 140
    for place, digit in itertools.product(range(3), range(8)):  # each stands everywhere in both
        assert all(any(row[place] == digit for row in part) for part in parts)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_says_it_all_and_unseen_ones_are_others(name):
    problem = MemoryProblem(name, 6, symbols=4)
    one, again, other = (problem.draw(50, seed=seed) for seed in (1, 1, 2))
    unseen = problem.draw(50, seed=1, unseen=True)
    np.testing.assert_array_equal(one.inputs, again.inputs)
    np.testing.assert_array_equal(one.answers, again.answers)
    assert (one.inputs != other.inputs).any() and (one.inputs != unseen.inputs).any()
    assert one.inputs.shape[2] == problem.channels
    assert one.answers.shape[1] == problem.asked <= one.inputs.shape[1]


def test_one_mistake_spoils_a_sequence():
    for name in ("copying", "reversing"):
        problem = MemoryProblem(name, 3, symbols=3)
        wanted = problem.draw(8, seed=0).answers
        perfect = np.eye(8)[wanted] if name == "copying" else wanted - 0.5
        assert problem.error(wanted, perfect) == 0
        spoilt = perfect.copy()
        spoilt[2] = -spoilt[2]
        spoilt[5, 1] = -spoilt[5, 1]
        assert problem.error(wanted, spoilt) == 2 / 8


@pytest.mark.parametrize("make", [adding, copying, reversing])
def test_no_lag_is_refused(make):
    with pytest.raises(ValueError, match="received 0"):
        make(1, 0)
