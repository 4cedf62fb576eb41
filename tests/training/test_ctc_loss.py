import numpy as np
import pytest
import tensorflow as tf
from decoding.test_ctc import SYMBOLS, all_probabilities
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.layers import BlankPadding
from keras_rnn_recipes.training.ctc_loss import ctc_loss, steps_needed

LABELS = [[1, 1], [3], [], [2, 1, 2]]


def padded(labels):
    found = np.zeros((len(labels), max(map(len, labels))), "int32")
    for row, one in zip(found, labels, strict=True):
        row[: len(one)] = one
    return found


@draws(20)
@given(seed=st.integers(0, 10_000))
def test_the_loss_is_the_sum_over_all_alignments(seed):
    logits = np.random.default_rng(seed).normal(0, 2, (4, 5, SYMBOLS)).astype("float32")
    found = np.array(ctc_loss()(padded(LABELS), logits))
    log_probabilities = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    mean = np.mean([len(one) for one in LABELS])
    wanted = [
        -all_probabilities(row)[tuple(one)] / mean
        for row, one in zip(log_probabilities, LABELS, strict=True)
    ]
    assert np.allclose(found, wanted, atol=1e-4)


def test_the_gradient_is_that_of_the_sum():
    logits = np.random.default_rng(0).normal(0, 1, (1, 4, SYMBOLS)).astype("float64")

    def value(logits):
        log_probabilities = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        return -all_probabilities(log_probabilities[0])[1, 1] / 2

    given = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(given)
        loss = tf.reduce_sum(ctc_loss()(np.array([[1, 1]]), given))
    found = tape.gradient(loss, given).numpy()[0]
    for step in range(4):
        for symbol in range(SYMBOLS):
            change = np.zeros_like(logits)
            change[0, step, symbol] = 1e-5
            slope = (value(logits + change) - value(logits - change)) / 2e-5
            assert np.isclose(found[step, symbol], slope, atol=1e-4)


def test_padded_steps_change_neither_loss_nor_gradient():
    logits = np.random.default_rng(1).normal(0, 2, (2, 5, SYMBOLS)).astype("float32")
    longer = np.pad(logits, [[0, 0], [0, 3], [0, 0]], constant_values=5.0)
    mask = np.arange(8)[None] < np.array([[5], [5]])
    labels = np.array([[1, 2], [3, 0]])
    given, wide = tf.constant(logits), tf.constant(longer)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([given, wide])
        short = ctc_loss()(labels, given)
        padded = ctc_loss()(labels, BlankPadding()(wide, mask))
    assert np.allclose(short, padded, atol=1e-5)
    gradient = tape.gradient(padded, wide).numpy()
    assert np.allclose(gradient[:, :5], tape.gradient(short, given), atol=1e-5)
    assert not gradient[:, 5:].any()


def test_batches_of_empty_transcripts_have_a_loss():
    logits = np.zeros((2, 3, 2), "float32")
    found = np.array(ctc_loss()(np.zeros((2, 1), "int32"), logits))
    assert np.allclose(found, 3 * np.log(2))


@pytest.mark.parametrize(("symbols", "steps"), [([], 0), ([1], 1), ([1, 1], 3), ([1, 2, 1], 3)])
def test_repeated_symbols_need_a_blank_between_them(symbols, steps):
    assert steps_needed(symbols) == steps
    paths = all_probabilities(np.zeros((max(steps, 1), SYMBOLS)))
    assert tuple(symbols) in paths
    if steps > 1:
        assert tuple(symbols) not in all_probabilities(np.zeros((steps - 1, SYMBOLS)))
