"""The best sequence of tags: traced, with unknown shapes, and on another backend."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from layers.fields import random_field

from keras_rnn_recipes.decoding.viterbi import viterbi

CODE = """
import sys
import keras, numpy as np
from keras_rnn_recipes.decoding.viterbi import viterbi
from keras_rnn_recipes.layers import crf_loss
assert keras.backend.backend() == "jax"
potentials = np.load(sys.argv[1] + "/potentials.npy")
tags, score = viterbi(potentials)
loss = crf_loss(np.array(tags), keras.ops.convert_to_tensor(potentials))
np.savez(sys.argv[1] + "/found.npz", tags=tags, score=score, loss=loss)
"""


def test_traced_with_unknown_shapes_it_finds_the_same():
    layer, emissions, mask = random_field(4, [1, 6, 3], 2, True, 11)
    potentials = np.array(layer(emissions, mask))
    expected = [np.array(part) for part in viterbi(potentials)]
    traced = tf.function(viterbi, input_signature=[tf.TensorSpec((None, None, 4, 4))])
    for rows, steps in ((3, 8), (3, 6), (1, 8), (1, 1)):
        found = traced(potentials[:rows, :steps])
        np.testing.assert_array_equal(found[0], expected[0][:rows, :steps])
        np.testing.assert_allclose(found[1], expected[1][:rows], rtol=1e-5)
    assert found[0].dtype == tf.int32


def test_the_last_tag_counts_with_what_follows():
    """Tag 0 is the better one at the first step, but nothing good comes after it."""
    potentials = np.zeros((1, 2, 2, 2), "float32")
    potentials[0, 0] = [1.0, 0.0]
    potentials[0, 1] = [[-5.0, -4.0], [-1.0, 2.0]]
    tags, score = viterbi(potentials)
    assert np.array(tags).tolist() == [[1, 1]]
    assert np.array(score).tolist() == [2.0]


@pytest.mark.slow
def test_jax_finds_the_same(tmp_path, run_under_backend):
    from keras_rnn_recipes.layers import crf_loss

    layer, emissions, mask = random_field(3, [5, 2], 1, True, 4)
    potentials = np.array(layer(emissions, mask))
    np.save(tmp_path / "potentials.npy", potentials)
    run_under_backend("jax", CODE, str(tmp_path))
    tags, score = (np.array(part) for part in viterbi(potentials))
    with np.load(tmp_path / "found.npz") as found:
        np.testing.assert_array_equal(found["tags"], tags)
        np.testing.assert_allclose(found["score"], score, rtol=1e-5)
        loss = np.array(crf_loss(tags, potentials))
        np.testing.assert_allclose(found["loss"], loss, atol=1e-4)
