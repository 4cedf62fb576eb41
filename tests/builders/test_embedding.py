"""Embeddings begin in the size that both of their uses want."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders.embedding import reading_embedding, token_embedding


@pytest.mark.parametrize("tied", [False, True])
def test_vectors_and_logits_begin_with_variance_one(tied: bool) -> None:
    layer = token_embedding(400, 50, name="e", tied=tied)
    vectors = np.array(layer(np.arange(400)[None]))
    assert vectors.std() == pytest.approx(1, rel=0.05)
    if tied:
        random = np.random.default_rng(0).normal(size=(1, 300, 50)).astype("float32")
        assert np.array(layer(random, reverse=True)).std() == pytest.approx(1, rel=0.05)


def test_the_last_vectors_stay_fixed_and_the_others_are_trained(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(9, 4)).astype("float32")
    layer = reading_embedding(9, 2, name="words", matrix=matrix, num_fixed=3)
    inputs = keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, layer(inputs))
    ids = np.array([[0, 5, 6, 8]])
    np.testing.assert_array_equal(model(ids), matrix[ids])
    model.compile("sgd", "mse")
    model.fit(ids, np.zeros((1, 4, 4)), verbose=0)
    after = np.asarray(model(np.arange(9)[None]))[0]
    np.testing.assert_array_equal(after[6:], matrix[6:])
    np.testing.assert_array_equal(after[1:5], matrix[1:5])
    # One step of gradient descent on the mean of 16 squares, at the rate 0.01.
    np.testing.assert_allclose(after[[0, 5]], matrix[[0, 5]] * (1 - 0.02 / 16), rtol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(again(np.arange(9)[None]))[0], after)


@pytest.mark.parametrize("num_fixed", [-1, 9])
def test_some_vectors_are_learned(num_fixed):
    with pytest.raises(ValueError, match="num_fixed must be from 1 to 8"):
        reading_embedding(9, 4, name="words", matrix=np.ones((9, 4)), num_fixed=num_fixed)
