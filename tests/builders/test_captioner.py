"""The captioner that learns by teacher forcing is the one that writes step by step."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.builders import (
    application_encoder,
    captioner,
    decode_step,
    decoding_functions,
    encode_model,
)
from keras_rnn_recipes.builders.captioner import place_shape
from keras_rnn_recipes.builders.decoder import has_attention
from keras_rnn_recipes.training.token_loss import token_loss

CELLS, ATTENTIONS = ("lstm", "gru", "simple_rnn"), ("multiplicative", "additive", None)
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 12, 3)).astype("float32")
TARGET = np.array([[2, 5, 7, 3], [2, 4, 3, 0], [2, 6, 6, 6]], "int32")


def small(seed=0, **options):
    """A model of a handful of units, none of its weights what an initializer would make it."""
    keras.utils.set_random_seed(seed)
    given = {"units": 5, "embedding_size": 4, "filters": (3, 4), "stride": 1, "batch_norm": False}
    model = captioner((8, 12, 3), 9, **{**given, **options})
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def log_softmax(logits):
    logits = np.array(logits, "float64")
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize(("cell", "attention"), [*itertools.product(CELLS, ATTENTIONS)])
@pytest.mark.parametrize("options", [{}, {"units": (5, 3), "tied": False, "encoder": "none"}])
def test_step_by_step_is_teacher_forcing(cell, attention, options):
    model = small(cell=cell, attention=attention, **options)
    whole = model({"image": IMAGES, "target": TARGET}, training=False)
    begin, step = decoding_functions(model)
    states, found = begin(IMAGES), []
    for tokens in TARGET.T:
        log_probabilities, states, *attended = step(tokens, states)
        found.append(np.array(log_probabilities))
        for weights in attended:
            np.testing.assert_allclose(np.array(weights).sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.stack(found, axis=1), log_softmax(whole), rtol=1e-5, atol=1e-5)
    assert has_attention(model) == bool(attended) == (attention is not None)


@pytest.mark.parametrize("attention", ["multiplicative", None])
def test_the_image_matters_unless_the_encoder_is_none(attention):
    changed = IMAGES[::-1]
    for encoder, alike in (("conv", False), ("none", True)):
        model = small(attention=attention, encoder=encoder)
        one, other = (model({"image": x, "target": TARGET}) for x in (IMAGES, changed))
        assert np.allclose(one, other, atol=1e-6) == alike


def test_attention_tells_a_mirrored_image_by_positions_alone():
    """Without convolutions over borders, only positions know where a place is."""
    images = np.zeros((2, 8, 12, 3), "float32")
    images[0, 2:6, 1:4] = images[1, 2:6, 8:11] = 255
    found = []
    for positions in (True, False):
        model = small(filters=(3,), positions=positions)
        for layer in model.layers:  # a convolution that sees single pixels
            if isinstance(layer, keras.layers.Conv2D):
                kernel, bias = layer.get_weights()
                kernel[[0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0
                layer.set_weights([kernel, bias])
        logits = np.array(model({"image": images, "target": TARGET[:1].repeat(2, 0)}))
        found.append(np.allclose(logits[0], logits[1], atol=1e-5))
    assert found == [False, True]


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_every_weight_receives_a_gradient(attention):
    model = small(attention=attention, batch_norm=True)
    with tf.GradientTape() as tape:
        logits = model({"image": IMAGES, "target": TARGET}, training=True)
        loss = tf.reduce_sum(token_loss()(np.roll(TARGET, -1, 1), logits))
    for gradient in tape.gradient(loss, model.trainable_variables):
        assert np.abs(np.array(tf.convert_to_tensor(gradient))).max() > 0


def test_the_grid_of_places_and_the_memory():
    model = small(filters=(3, 4, 5), stride=2)
    assert place_shape(model) == (1, 1) or place_shape(model) == (1, 2)
    model = small()
    memory, mask, *states = encode_model(model)(IMAGES)
    assert place_shape(model) == (4, 6) and memory.shape == (3, 24, 5) and np.array(mask).all()
    assert [tuple(state.shape) for state in states] == [(3, 5), (3, 5)]
    assert len(decode_step(model).inputs) == 5


def test_saved_and_loaded_it_writes_as_before(tmp_path):
    model = small(attention=None)
    expected = np.array(model({"image": IMAGES, "target": TARGET}))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    found = again({"image": IMAGES, "target": TARGET})
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_an_encoder_of_keras_with_weights_of_a_file(tmp_path):
    shape = (32, 32, 3)
    network = keras.applications.MobileNetV3Small(
        include_top=False, weights=None, input_shape=shape
    )
    network.save_weights(tmp_path / "net.weights.h5")
    encoder = application_encoder("MobileNetV3Small", shape, weights=tmp_path / "net.weights.h5")
    images = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype("float32")
    expected = network(images, training=False)
    np.testing.assert_allclose(encoder(images, training=True), expected, rtol=1e-4, atol=1e-5)
    assert not encoder.trainable_variables
    model = captioner(shape, 9, encoder=encoder, units=4, embedding_size=3)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    given = {"image": images, "target": TARGET[:2]}
    np.testing.assert_allclose(again(given), model(given), rtol=1e-5, atol=1e-5)


def test_preprocessing_belongs_to_the_network():
    """VGG takes blue, green and red less their means: a picture of these means is all zeros."""
    encoder = application_encoder("VGG16", (32, 32, 3))
    means = np.broadcast_to(np.array([123.68, 116.779, 103.939], "float32"), (1, 32, 32, 3))
    np.testing.assert_allclose(encoder(means), 0, atol=1e-5)
    assert np.abs(np.array(encoder(means[..., ::-1]))).max() > 1e-3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell": "lstn"}, "cell must be one of"),
        ({"attention": "dot"}, "attention must be one of"),
        ({"encoder": "MobileNet"}, "encoder must be one of"),
        ({"embedding_size": 0}, "must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        captioner((8, 8, 3), 9, **wrong)


def test_an_unknown_network_of_keras_is_refused():
    with pytest.raises(ValueError, match="no network 'MobileNetV9'"):
        application_encoder("MobileNetV9", (32, 32, 3))
