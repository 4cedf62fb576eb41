"""The loss of the next token against sums written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.training.token_loss import token_loss

RANDOM = np.random.default_rng(0)
IDS = np.array([[2, 1, 0, 0], [3, 0, 0, 0], [1, 2, 3, 1]])
LOGITS = RANDOM.normal(size=(3, 4, 5)).astype("float32")


def by_hand(smoothing: float) -> float:
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    costs = []
    for row, ids in enumerate(IDS):
        for step, token in enumerate(ids):
            if token:
                wanted = np.full(5, smoothing / 5)
                wanted[token] += 1 - smoothing
                costs.append(-(wanted * np.log(shares[row, step])).sum())
    assert len(costs) == 7
    return float(np.mean(costs))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_it_is_the_mean_over_all_real_tokens(smoothing):
    found = np.asarray(token_loss(smoothing)(IDS, LOGITS))
    assert found.shape == (3,)
    assert found.mean() == pytest.approx(by_hand(smoothing), rel=1e-5)


def test_padding_changes_nothing():
    longer = np.pad(IDS, [(0, 0), (0, 3)])
    logits = np.concatenate([LOGITS, RANDOM.normal(size=(3, 3, 5)).astype("float32")], axis=1)
    found = np.asarray(token_loss()(longer, logits))
    np.testing.assert_allclose(found, np.asarray(token_loss()(IDS, LOGITS)), rtol=1e-6)


def test_tags_have_another_padding():
    found = np.asarray(token_loss(padding=-1)(np.where(IDS == 0, -1, IDS), LOGITS))
    assert found.mean() == pytest.approx(by_hand(0.0), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_the_way_back_is_that_of_automatic_differentiation(smoothing, scale):
    """Also where the right token's share of the probability is zero in float32."""
    logits = tf.constant(LOGITS * scale)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        found = tf.reduce_mean(token_loss(smoothing)(IDS, logits))
        logs = tf.nn.log_softmax(logits)
        wanted = (1 - smoothing) * tf.one_hot(IDS, 5) + smoothing / 5
        costs = -tf.reduce_sum(wanted * logs, axis=-1)
        expected = tf.reduce_mean(costs[IDS != 0])
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
    np.testing.assert_allclose(
        tape.gradient(found, logits), tape.gradient(expected, logits), atol=1e-7
    )
