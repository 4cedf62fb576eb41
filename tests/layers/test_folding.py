"""Tokens of sentences as rows, and back."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.layers import FoldTokens, UnfoldTokens


def test_rows_are_the_tokens_in_their_order():
    values = np.arange(2 * 3 * 4 * 5, dtype="float32").reshape(2, 3, 4, 5)
    rows = np.array(FoldTokens()(values))
    for row, (sentence, token) in enumerate(np.ndindex(2, 3)):
        np.testing.assert_array_equal(rows[row], values[sentence, token])
    back = np.array(UnfoldTokens()(rows[:, 0], values))
    np.testing.assert_array_equal(back, values[:, :, 0])


def test_shapes_may_be_unknown():
    values, like = keras.Input((None, None, 5)), keras.Input((None,))
    folded = FoldTokens()(values)
    assert folded.shape == (None, None, 5)
    whole = UnfoldTokens()(keras.ops.max(folded, axis=1), like)
    assert whole.shape == (None, None, 5)
    traced = tf.function(
        keras.Model([values, like], whole),
        input_signature=[[tf.TensorSpec((None, None, None, 5)), tf.TensorSpec((None, None))]],
    )
    for shape in ((2, 3, 4, 5), (1, 1, 2, 5)):
        array = np.random.default_rng(0).normal(size=shape).astype("float32")
        np.testing.assert_array_equal(traced([array, array[..., 0, 0]]), array.max(axis=2))
