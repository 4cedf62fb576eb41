"""A compiled model is loaded by Keras with the loss that it was saved with."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.layers.crf import CRF, crf_loss
from keras_rnn_recipes.training.class_loss import class_loss
from keras_rnn_recipes.training.ctc_loss import ctc_loss
from keras_rnn_recipes.training.frame_loss import frame_loss
from keras_rnn_recipes.training.token_loss import token_loss

STEPS = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
IDS = np.array([[1, 2, 0], [2, 0, 0]])


@pytest.mark.parametrize(
    "loss, targets",
    [
        (class_loss(), np.ones((2, 5), "int32")),
        (class_loss(0.2), np.ones((2, 5), "int32")),
        (token_loss(), np.ones((2, 5), "int32")),
        (token_loss(0.3, padding=-1), np.ones((2, 5), "int32")),
        (ctc_loss(), IDS),
        (frame_loss(), np.ones((2, 5, 4), "float32")),
        (crf_loss, np.ones((2, 5), "int32")),
    ],
    ids=["classes", "smooth classes", "tokens", "smooth tokens", "ctc", "frames", "crf"],
)
def test_a_compiled_model_keeps_its_loss(loss, targets, tmp_path):
    inputs = keras.Input((5, 3))
    outputs = keras.layers.Dense(4)(inputs)
    model = keras.Model(inputs, CRF(4)(outputs) if loss is crf_loss else outputs)
    model.compile("adam", loss)
    model.optimizer.build(model.trainable_variables)
    expected = model.evaluate(STEPS, targets, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.evaluate(STEPS, targets, verbose=0) == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(expected)
