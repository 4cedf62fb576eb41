"""A step of adversarial training against one that is written out on explicit embeddings."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.builders.text_classifier import text_classifier
from keras_rnn_recipes.training.adversarial import adversarial_training

TOKENS = np.array([[2, 4, 5, 0], [3, 3, 1, 4], [5, 0, 0, 0]], "int32")
LABELS = np.array([0, 1, 1])


@pytest.fixture
def model():
    keras.utils.set_random_seed(4)
    return text_classifier(6, 2, units=3, embedding_size=4)


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(1.0), loss)
    return model


def test_a_step_is_that_of_both_losses(model):
    size, before = 0.3, model.get_weights()
    rest = keras.models.clone_model(model)
    rest.set_weights(before)

    def loss_of(vectors):
        # The layers after the embedding, on vectors in place of tokens.
        x = rest.get_layer("lstm_1")(vectors, mask=tf.constant(TOKENS != 0), training=True)
        pooled = rest.get_layer("pooling")(x, tf.constant(TOKENS != 0))
        logits = rest.get_layer("logits")(pooled)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, logits))

    matrix = tf.Variable(before[0])
    vectors = tf.gather(matrix, TOKENS)
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        usual = loss_of(vectors)
    gradient = tape.gradient(usual, vectors).numpy()
    lengths = [np.sqrt((one**2).sum((1, 2), keepdims=True)) for one in (vectors.numpy(), gradient)]
    change = size * lengths[0] * gradient / lengths[1]
    weights = [matrix, *(one.value for one in rest.trainable_weights[1:])]
    with tf.GradientTape() as tape:
        vectors = tf.gather(matrix, TOKENS)
        total = loss_of(vectors) + loss_of(vectors + change)
    gradients = [tf.convert_to_tensor(one).numpy() for one in tape.gradient(total, weights)]
    with adversarial_training(model, size):
        history = compiled(model).fit(TOKENS, LABELS, batch_size=3, verbose=0)
    assert history.history["loss"][0] == pytest.approx(float(usual), rel=1e-5)
    for new, old, step in zip(model.get_weights(), before, gradients, strict=True):
        np.testing.assert_allclose(new, old - step, atol=1e-5)


def test_the_model_is_itself_again(model, tmp_path):
    with adversarial_training(model, 0.2):
        compiled(model).fit(TOKENS, LABELS, verbose=0)
    assert "call" not in vars(model.get_layer("embedding")) and "train_step" not in vars(model)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(TOKENS), model(TOKENS), rtol=1e-6)


def test_a_model_without_embedding_is_refused_and_a_size_of_nothing_changes_nothing(model):
    dense = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="needs an embedding"), adversarial_training(dense, 0.1):
        pass
    with adversarial_training(model, 0.0):
        assert "train_step" not in vars(model)
