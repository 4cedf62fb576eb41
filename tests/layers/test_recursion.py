"""The window that recursion carries along holds what the whole history would give."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, strategies as st
from layers.arrays import histories
from profiles import draws

from keras_rnn_recipes.layers.recursion import _append, recent_values


def recent(history, context):
    return np.array(recent_values(history, context))


@draws(25)
@given(histories(), st.integers(0, 6))
def test_the_latest_steps_as_they_are_behind_one_value_carried_from_before(history, context):
    found = recent(history, context)
    size, time = context + 2, history.shape[1]
    assert found.shape == (2, size, 2)
    kept = min(size - 1, time)
    np.testing.assert_array_equal(found[:, size - kept :], history[:, time - kept :])
    assert np.isnan(found[:, 1 : size - kept]).all()
    for row, feature in np.ndindex(2, 2):
        before = pd.Series(history[row, : max(time - size + 1, 0), feature]).ffill()
        carried = before.iloc[-1] if len(before) else np.nan
        np.testing.assert_array_equal(found[row, 0, feature], carried)


@draws(25)
@given(histories(longest=8), st.integers(0, 4))
def test_appending_a_step_equals_a_history_that_is_one_step_longer(history, context):
    longer = np.concatenate([history, np.full((2, 1, 2), 7, "float32")], axis=1)
    appended = np.array(_append(recent_values(history, context), longer[:, -1:]))
    np.testing.assert_array_equal(appended, recent(longer, context))
