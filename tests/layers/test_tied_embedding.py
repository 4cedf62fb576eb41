"""An embedding and its way back have one matrix."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from keras_rnn_recipes.layers import TiedEmbedding


def test_rows_of_the_matrix_there_and_products_with_it_back():
    layer = TiedEmbedding(6, 3, scale=1.5)
    ids = np.array([[4, 0], [5, 5]])
    layer(ids)
    rng = np.random.default_rng(0)
    matrix, bias = rng.normal(size=(6, 3)).astype("float32"), np.arange(6, dtype="float32")
    layer.set_weights([matrix, bias])
    np.testing.assert_array_equal(np.array(layer(ids)), 1.5 * matrix[ids])
    vectors = rng.normal(size=(2, 7, 3)).astype("float32")
    expected = np.einsum("btc,vc->btv", vectors, matrix) + bias
    np.testing.assert_allclose(np.array(layer(vectors, reverse=True)), expected, rtol=1e-5)


def test_both_ways_teach_the_same_matrix():
    inputs = keras.Input((None,), dtype="int32")
    layer = TiedEmbedding(6, 3)
    model = keras.Model(inputs, layer(layer(inputs), reverse=True))
    assert model.count_params() == 6 * 3 + 6
    model.compile(keras.optimizers.SGD(0.5), "mse")
    before = ops.convert_to_numpy(layer.embeddings)
    model.train_on_batch(np.array([[4, 2]]), np.zeros((1, 2, 6)))
    # Ids 4 and 2 are looked up, every id is scored.
    assert (ops.convert_to_numpy(layer.embeddings) != before).all()


@pytest.mark.parametrize("wrong", [(0, 3), (6, 0)])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="must be at least 1"):
        TiedEmbedding(*wrong)
