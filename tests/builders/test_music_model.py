"""Networks over piano rolls: causal, a proper distribution, the same in parts and step by step."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders.music_model import (
    history_depth,
    music_model,
    music_reader,
    music_step,
)
from keras_rnn_recipes.training.frame_loss import frame_loss, frame_nats

ROLL = (np.random.default_rng(0).random((2, 9, 5)) < 0.4).astype("float32")


@pytest.fixture(scope="module", params=["nade", "independent"])
def model(request):
    keras.utils.set_random_seed(0)
    found = music_model(5, units=(7, 6), hidden=4, head=request.param, repeats=(2, 4))
    random = np.random.default_rng(1)
    found.set_weights([random.normal(size=weight.shape) for weight in found.weights])
    return found


def test_the_probabilities_of_all_next_frames_sum_to_one(model):
    frames = np.array(list(itertools.product((0, 1), repeat=5)), "float32")
    pieces = np.stack([np.concatenate([ROLL[0, :6], frame[None]]) for frame in frames])
    nats = np.array(frame_nats(pieces, model(pieces)))
    assert np.exp(-nats[:, -1]).sum() == pytest.approx(1, abs=1e-4)
    # Those of two frames sum to one too: the second depends on the first.
    pairs = np.array(list(itertools.product(frames, repeat=2)))
    nats = np.array(frame_nats(pairs, model(pairs))).sum(axis=1)
    assert np.exp(-nats).sum() == pytest.approx(1, abs=1e-4)


def test_a_frame_depends_on_no_later_one_and_on_the_padding_not_at_all(model):
    changed = ROLL.copy()
    changed[:, 6:] = 1 - changed[:, 6:]
    before, after = np.array(model(ROLL)), np.array(model(changed))
    np.testing.assert_allclose(before[:, :6], after[:, :6], atol=1e-5)
    assert np.abs(before[:, 7:] - after[:, 7:]).max() > 1e-3


def test_read_in_parts_and_step_by_step_it_is_the_same(model):
    reader, step, keys = music_reader(model), music_step(model), model.get_layer("keys")
    expected = np.array(model(ROLL))
    depth = history_depth(model)
    before = np.full((2, depth, 5), -1.0, "float32")
    states = [np.zeros((2, one.shape[-1]), "float32") for one in step.inputs[1:]]
    mask = np.ones((2, 4), bool)
    parameters, *after = reader([ROLL[:, :4], mask, before, *states])
    np.testing.assert_allclose(keys(parameters, ROLL[:, :4]), expected[:, :4], atol=1e-4)
    joined = np.concatenate([before, ROLL], axis=1)
    for time in range(4, 9):
        recent = keras.ops.convert_to_tensor(joined[:, time : time + depth])
        parameters, *after = step([recent, *after])
        logits = keys(parameters[:, None], ROLL[:, time : time + 1])
        np.testing.assert_allclose(logits[:, 0], expected[:, time], atol=1e-4)


def test_every_weight_is_trained(model):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(frame_loss()(ROLL, model(ROLL)))
    gradients = tape.gradient(loss, model.trainable_weights)
    assert all(np.abs(np.array(one)).max() > 0 for one in gradients)


def test_the_loss_is_the_mean_over_real_frames():
    logits = np.random.default_rng(2).normal(size=ROLL.shape).astype("float32")
    targets = ROLL.astype("int32")
    targets[1, 4:] = -1
    nats = np.array(frame_nats(ROLL, logits))
    expected = np.concatenate([nats[0], nats[1, :4]]).mean()
    assert float(np.mean(frame_loss()(targets, logits))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("options", [{"head": "other"}, {"hidden": 0}, {"repeats": (0,)}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError):
        music_model(5, units=4, **options)
