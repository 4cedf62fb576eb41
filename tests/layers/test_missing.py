"""Missing values are filled as pandas fills them."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
from hypothesis import given
from layers.arrays import call, histories
from profiles import draws

from keras_rnn_recipes.layers import FillMissing


def filled_by_pandas(history):
    return np.stack([pd.DataFrame(one).ffill().bfill().fillna(0.0).to_numpy() for one in history])


@draws(25)
@given(histories())
def test_equals_pandas_and_marks_what_was_observed(history):
    filled, observed = call(FillMissing(), history)
    np.testing.assert_array_equal(filled, filled_by_pandas(history))
    np.testing.assert_array_equal(observed, 1.0 - np.isnan(history))


def test_a_graph_of_unknown_length_fills_as_well():
    history = keras.Input((None, 2))
    model = keras.Model(history, FillMissing()(history))
    for time in (1, 6):
        values = np.arange(4.0 * time, dtype="float32").reshape(2, time, 2)
        values[0, 0] = values[1, -1, 1] = np.nan
        filled, _ = model.predict(values, verbose=0)
        np.testing.assert_array_equal(filled, filled_by_pandas(values))
