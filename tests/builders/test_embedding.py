"""Embeddings begin in the size that both of their uses want."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.builders.embedding import token_embedding


@pytest.mark.parametrize("tied", [False, True])
def test_vectors_and_logits_begin_with_variance_one(tied: bool) -> None:
    layer = token_embedding(400, 50, name="e", tied=tied)
    vectors = np.array(layer(np.arange(400)[None]))
    assert vectors.std() == pytest.approx(1, rel=0.05)
    if tied:
        random = np.random.default_rng(0).normal(size=(1, 300, 50)).astype("float32")
        assert np.array(layer(random, reverse=True)).std() == pytest.approx(1, rel=0.05)
