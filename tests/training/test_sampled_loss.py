"""The loss over a part of the vocabulary against the loss over all of it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.builders.language_model import language_model
from keras_rnn_recipes.config.language_model import LanguageFitConfig
from keras_rnn_recipes.families.language_model import fit
from keras_rnn_recipes.layers import TiedEmbedding
from keras_rnn_recipes.training.sampled_loss import SampledLoss
from keras_rnn_recipes.training.token_loss import token_loss

WORDS, WIDTH = 400, 6
IDS = tf.constant([[3, 310, 0], [12, 2, 399]])
DECREASING = np.arange(WORDS)[::-1]
HIDDEN = tf.constant(np.random.default_rng(1).normal(size=(2, 3, WIDTH)), tf.float32)


@pytest.fixture(scope="module")
def output():
    return drawn_layer(0)


def drawn_layer(seed):
    layer = TiedEmbedding(WORDS, WIDTH)
    layer.build()
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(size=(WORDS, WIDTH)), rng.normal(size=WORDS)])
    return layer


def sampled(output, size, seed=0, counts=DECREASING):
    return SampledLoss([output], counts, size=size, seed=seed)


def test_the_estimated_sum_has_the_mean_of_the_full_sum(output):
    """The loss is its logarithm less the logit of the right token."""
    ids, hidden = IDS[:1, 1:2], HIDDEN[:1, 1:2]
    logits = np.asarray(output(hidden, reverse=True))[0, 0]
    losses = [float(sampled(output, 100, seed)(ids, hidden)[0]) for seed in range(200)]
    sums = np.exp(np.array(losses) + logits[310])
    spread = sums.std() / np.sqrt(len(sums))
    assert sums.mean() == pytest.approx(np.exp(logits).sum(), abs=4 * spread)
    assert spread < 0.1 * sums.mean()


def test_many_draws_have_the_gradients_of_all_tokens(output):
    hidden = 0.5 * HIDDEN

    def gradients(loss):
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            mean = tf.reduce_mean(loss())
        found = tape.gradient(mean, [hidden, output.embeddings.value])
        return [tf.convert_to_tensor(one) for one in found]

    expected = gradients(lambda: token_loss()(IDS, output(hidden, reverse=True)))
    losses = [sampled(output, 300, seed, np.ones(WORDS)) for seed in range(100)]
    runs = [gradients(lambda loss=loss: loss(IDS, hidden)) for loss in losses]
    for place, wanted in enumerate(expected):
        mean = np.mean([run[place] for run in runs], axis=0)
        np.testing.assert_allclose(mean, wanted, atol=0.03)
        assert np.abs(wanted).max() > 0.2


def test_a_batch_draws_the_same_again_and_another_batch_differently(output):
    loss = sampled(output, 100)
    assert np.array_equal(loss(IDS, HIDDEN), loss(IDS, HIDDEN))
    assert not np.array_equal(loss._draw(IDS)[0], loss._draw(IDS + 1)[0])


def test_it_can_be_the_loss_over_all_tokens(output):
    loss = sampled(output, 100)
    loss.whole.assign(True)
    np.testing.assert_allclose(loss(IDS, HIDDEN), token_loss()(IDS, output(HIDDEN, reverse=True)))


@pytest.mark.parametrize("whole", [False, True])
def test_each_network_of_an_ensemble_answers_for_its_share_of_the_rows(output, whole):
    outputs, rows = [output, drawn_layer(1)], 5
    ids, hidden = tf.tile(IDS, (3, 1))[:rows], tf.tile(HIDDEN, (3, 1, 1))[:rows]
    both, *alone = (
        SampledLoss(given, DECREASING, size=100) for given in (outputs, outputs[:1], outputs[1:])
    )
    for loss in (both, *alone):
        loss.whole.assign(whole)
    expected = tf.concat([alone[0](ids[:2], hidden[:2]), alone[1](ids[2:], hidden[2:])], axis=0)
    np.testing.assert_allclose(both(ids, hidden), expected, rtol=1e-5)


def test_a_network_learns_as_much_by_it_and_is_validated_with_all_tokens():
    """Of two tokens after each other, the second follows from the first."""
    rng = np.random.default_rng(0)
    first = rng.integers(2, 60, 1_500)
    text = np.ravel(np.stack([first, 60 + first], axis=1)).astype("int32")
    found = {}
    for size in (None, 40):
        keras.utils.set_random_seed(0)
        model = language_model(120, units=32, embedding_size=32)
        options = LanguageFitConfig(
            epochs=10, batch_size=10, window=20, learning_rate=0.03, sampled=size, whole=2
        )
        history = fit(model, text[:2600], text[2600:], config=options)
        found[size] = history["val_loss"].iloc[-1]
        assert model.output_shape == (None, None, 120)
    assert found[40] == pytest.approx(found[None], rel=0.05)
    assert found[40] < 2.5 < np.log(118)  # of two tokens one is known: log(58) / 2 is the least


@pytest.mark.parametrize("size", [1, WORDS])
def test_the_part_must_be_a_part(output, size):
    with pytest.raises(ValueError, match="size must be from 2 to 399"):
        sampled(output, size)
