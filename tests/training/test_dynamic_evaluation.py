"""Dynamic evaluation against steps written out, and against the network that stands still."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.builders.language_model import language_model
from keras_rnn_recipes.training.dynamic_evaluation import DynamicEvaluation

TEXT = np.array([2, 4, 5, 3, 4, 4, 1] * 9)


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    return language_model(6, units=(5, 4), embedding_size=3)


def test_without_a_rate_it_is_the_network_itself(model):
    before = model.get_weights()
    found = DynamicEvaluation(model, TEXT, segment=7, samples=3).nats(TEXT, 0.0, decay=0.0)
    logs = tf.nn.log_softmax(model(TEXT[None, :-1]))[0].numpy()
    np.testing.assert_allclose(found, -logs[np.arange(len(TEXT) - 1), TEXT[1:]], rtol=1e-4)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_token_is_predicted_from_those_before_it_only(model):
    judge = DynamicEvaluation(model, TEXT, segment=5, samples=3)
    other = TEXT.copy()
    other[30:] = 5
    np.testing.assert_array_equal(judge.nats(TEXT, 0.1)[:29], judge.nats(other, 0.1)[:29])


def test_the_second_segment_is_scored_after_one_step_written_out(model):
    segment, rate, decay = 6, 0.05, 0.1
    judge = DynamicEvaluation(model, TEXT, segment=segment, samples=4)
    ids = TEXT[: 2 * segment + 1]
    found = judge.nats(ids, rate, decay=decay)
    weights = model.trainable_variables

    def gradients(given):
        with tf.GradientTape() as tape:
            logits = model(given[None, :-1])
            errors = tf.nn.sparse_softmax_cross_entropy_with_logits(given[None, 1:], logits)
            mean = tf.reduce_mean(errors)
        found = tape.gradient(mean, [one.value for one in weights])
        return [tf.convert_to_tensor(one).numpy() for one in found]

    starts = np.linspace(0, len(TEXT) - segment - 1, 4).astype(int)
    several = [gradients(TEXT[start : start + segment + 1]) for start in starts]
    sizes = [np.sqrt(np.mean(np.square(of_one), axis=0)) for of_one in zip(*several, strict=True)]
    mean = np.concatenate([size.ravel() for size in sizes]).mean()
    trained = model.get_weights()
    steps = [
        -rate * gradient / (size + mean)
        for gradient, size in zip(gradients(ids[: segment + 1]), sizes, strict=True)
    ]
    for weight, step in zip(weights, steps, strict=True):
        weight.assign_add(step)
    # The states at the end of the first segment are those of the weights before the step.
    after = [weight.numpy() for weight in weights]
    model.set_weights(trained)
    states = judge._start()
    (given, wanted), (then, follow) = list(_pieces(ids, segment))
    _, states, _ = judge._read(given, wanted, states)
    for weight, value in zip(weights, after, strict=True):
        weight.assign(value)
    expected, _, _ = judge._read(then, follow, states)
    model.set_weights(trained)
    np.testing.assert_allclose(found[segment:], expected.numpy()[0], rtol=1e-4)


def _pieces(ids, length):
    for first in range(0, len(ids) - 1, length):
        yield (
            tf.constant(ids[None, first : first + length], tf.int32),
            tf.constant(ids[None, first + 1 : first + length + 1], tf.int32),
        )
