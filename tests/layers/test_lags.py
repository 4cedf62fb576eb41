"""Lags equal a loop over steps and offsets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from layers.arrays import call, series
from profiles import draws

from keras_rnn_recipes.layers import Lags


def brute_force(values, offsets):
    batch, time, features = values.shape
    out = np.empty((batch, time, len(offsets), features))
    for step in range(time):
        for column, offset in enumerate(offsets):
            out[:, step, column] = values[:, max(step - offset, 0)]
    return out


@draws(25)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(1, 7))
def test_equal_a_loop_over_steps_and_offsets(offsets, time):
    values = np.random.default_rng(time).normal(size=(2, time, 3)).astype("float32")
    layer, expected = Lags(offsets), brute_force(values, offsets)
    np.testing.assert_array_equal(call(layer, values), expected)
    np.testing.assert_array_equal(call(layer, values, last_only=True), expected[:, -1:])
    assert layer.context == max(offsets)


def test_a_range_and_a_tuple_of_the_same_offsets_are_the_same():
    values = series(5, 6, 7, 8)
    np.testing.assert_array_equal(call(Lags(range(3)), values), call(Lags((0, 1, 2)), values))
    assert Lags.from_config(Lags((0, 24)).get_config()).offsets == (0, 24)


@pytest.mark.parametrize("offsets", [(), (0, -1), range(0)])
def test_no_offset_or_a_negative_one_is_refused(offsets):
    with pytest.raises(ValueError, match=r"lags must be one or more steps back, none negative; "):
        Lags(offsets)
