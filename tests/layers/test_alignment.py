"""Padding on the left is moved behind the end, and back."""

from __future__ import annotations

import warnings

import keras
import numpy as np
from hypothesis import given, strategies as st
from layers.arrays import call, series
from profiles import draws

from keras_rnn_recipes.layers import AlignEnd, AlignStart


def padded_observed(leads, time, features=2):
    observed = np.ones((len(leads), time, features))
    for row, lead in enumerate(leads):
        observed[row, :lead] = 0
    return observed


@draws(25)
@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), *[st.integers(0, n - 1)] * 3)))
def test_what_was_observed_starts_at_step_zero_and_goes_back_to_its_place(drawn):
    time, *leads = drawn
    values = np.random.default_rng(0).normal(size=(3, time, 4)).astype("float32")
    aligned, lead, mask = call(AlignStart(), values, padded_observed(leads, time))
    back = call(AlignEnd(), aligned, lead)
    assert lead.ravel().tolist() == leads
    for row, n in enumerate(leads):
        np.testing.assert_array_equal(aligned[row, : time - n], values[row, n:])
        np.testing.assert_array_equal(mask[row], np.arange(time) < time - n)
        np.testing.assert_array_equal(back[row, n:], values[row, n:])
        np.testing.assert_array_equal(back[row, :n], np.repeat(values[row, n : n + 1], n, axis=0))


def test_a_gap_inside_or_a_feature_that_begins_later_moves_nothing():
    observed = np.ones((2, 4, 2))
    observed[0, 1:3] = 0
    observed[1, :2, 1] = 0
    values = np.arange(16.0).reshape(2, 4, 2)
    aligned, lead, mask = call(AlignStart(), values, observed)
    np.testing.assert_array_equal(aligned, values)
    assert lead.ravel().tolist() == [0, 0]
    assert mask.all()


def test_a_history_without_any_observation_stays_and_is_not_fully_masked():
    """cuDNN stops at a row whose mask is all false."""
    aligned, lead, mask = call(AlignStart(), series(1, 2, 3), np.zeros((1, 3, 1)))
    np.testing.assert_array_equal(aligned, series(1, 2, 3))
    assert lead.item() == 0
    assert mask.all()


def test_the_mask_of_a_layer_in_between_ends_at_align_end():
    inner = keras.layers.LSTM(2, return_sequences=True)
    for leads in ([0, 0], [0, 1]):
        values = np.ones((2, 3, 1), "float32")
        aligned, lead, mask = AlignStart()(values, padded_observed(leads, 3).astype("float32"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            output = AlignEnd()(inner(aligned, mask=mask), lead)
        assert getattr(output, "_keras_mask", None) is None
