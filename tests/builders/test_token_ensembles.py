"""Ensembles that answer token by token: the mean of their members' probabilities."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders.test_encoder_decoder import ATTENTIONS, SOURCE, TARGET, log_softmax, stepped
from profiles import slow_but

from keras_rnn_recipes.builders import (
    encoder_decoder,
    generating_functions,
    language_model,
    language_reader,
    stateful_copy,
)
from keras_rnn_recipes.layers import MemberMean

MEMBERS = 2
PAIRS = {"source": SOURCE, "target": TARGET}
TOKENS = np.random.default_rng(0).integers(1, 9, (5, 8)).astype("int32")


def build(name, members):
    """A network of pairs of texts with an attention of that name, or one of running text."""
    options = {"units": (6, 4), "embedding_size": 5, "members": members}
    if name in ATTENTIONS:
        return encoder_decoder(12, 9, attention=name, **options)
    return language_model(9, tied=name == "tied", **options)


NAMES = (*ATTENTIONS, "tied", "untied")
CASES = pytest.mark.parametrize("name", NAMES)
GIVEN = {name: PAIRS if name in ATTENTIONS else TOKENS for name in NAMES}


@functools.cache
def built(name):
    """An ensemble, and networks of their own with the weights of its members."""
    model, alone = build(name, MEMBERS), []
    for member in range(1, MEMBERS + 1):
        alone.append(build(name, 1))
        own = [w.numpy() for w in model.weights if f"_member_{member}" in w.path.split("/")[0]]
        alone[-1].set_weights(own)
    return model, alone


def probabilities(model, given):
    return np.exp(log_softmax(model(given)))


@CASES
def test_probabilities_are_the_mean_of_those_of_separate_networks(name):
    (model, alone), given = built(name), GIVEN[name]
    alone = [probabilities(single, given) for single in alone]
    assert np.abs(alone[0] - alone[1]).max() > 1e-3
    np.testing.assert_allclose(np.exp(model(given)), np.mean(alone, axis=0), atol=1e-6)


@pytest.mark.parametrize("attention", slow_but(["relative"], ATTENTIONS))
def test_a_target_is_scored_step_by_step_as_at_once(attention):
    model, alone = built(attention)
    found, weights = stepped(model, SOURCE, TARGET)
    np.testing.assert_allclose(found, model(PAIRS), atol=1e-5)
    alone = [stepped(single, SOURCE, TARGET)[1] for single in alone]
    np.testing.assert_allclose(weights, np.mean(alone, axis=0), atol=1e-6)


def test_a_text_goes_on_from_the_states_of_all_members():
    model, _ = built("tied")
    begin, step = generating_functions(model)
    found, states = begin(TOKENS[:, :3])
    np.testing.assert_allclose(found, model(TOKENS)[:, 2], atol=1e-5)
    for place in range(3, 8):
        found, states = step(TOKENS[:, place], states)
        np.testing.assert_allclose(found, model(TOKENS)[:, place], atol=1e-5)


def test_the_output_layers_of_all_members_are_read():
    model, alone = built("tied")
    readers = [language_reader(one, hidden=True) for one in (model, *alone)]
    hidden = [
        reader([tf.constant(TOKENS), *(tf.zeros((5, s.shape[-1])) for s in reader.inputs[1:])])[1]
        for reader in readers
    ]
    np.testing.assert_allclose(hidden[0], np.concatenate(hidden[1:], axis=-1), atol=1e-6)


@CASES
def test_each_member_learns_from_its_own_rows_alone(name):
    """While training the output of a row is that of its member."""
    (model, alone), given = built(name), GIVEN[name]
    first, second = (np.array(single(given)) for single in alone)
    half = len(first) // 2
    expected = np.concatenate([first[:half], second[half:]])
    np.testing.assert_allclose(model(given, training=True), expected, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_stateful_copy_carries_the_states_of_each_members_rows(training):
    model, alone = built("tied")
    twin = stateful_copy(model, len(TOKENS))
    first, second = (np.array(single(TOKENS)) for single in alone)
    expected = np.concatenate([first[:2], second[2:]])
    keep = np.zeros((len(TOKENS), 1), "float32")
    found = [
        twin({"tokens": TOKENS[:, :3], "keep": keep}, training=training),
        twin({"tokens": TOKENS[:, 3:], "keep": keep + 1}, training=training),
    ]
    np.testing.assert_allclose(np.concatenate(found, axis=1), expected, atol=1e-6)


def test_a_stateful_copy_can_return_what_each_members_output_layer_reads():
    model, _ = built("tied")
    given = {"tokens": TOKENS, "keep": np.zeros((len(TOKENS), 1), "float32")}
    hidden = stateful_copy(model, len(TOKENS), hidden=True)(given)
    logits = [
        model.get_layer(f"embedding_member_{member}")(rows, reverse=True)
        for member, rows in ((1, hidden[:2]), (2, hidden[2:]))
    ]
    expected = stateful_copy(model, len(TOKENS))(given)
    np.testing.assert_allclose(np.concatenate(logits), expected, atol=1e-6)


@CASES
def test_a_single_network_is_built_as_without_members(name):
    _, (one, _) = built(name)
    assert not any("member" in layer.name.lower() for layer in one.layers)
    assert not any("Member" in type(layer).__name__ for layer in one.layers)


def test_it_is_saved_as_one_model(tmp_path):
    for name in ("multiplicative", "tied"):
        (model, _), given = built(name), GIVEN[name]
        model.save(tmp_path / "m.keras")
        again = keras.saving.load_model(tmp_path / "m.keras")
        np.testing.assert_array_equal(again(given), model(given))


def test_the_mean_of_probabilities_by_numpy():
    outputs = list(np.random.default_rng(0).normal(0, 30, (3, 2, 4, 5)).astype("float32"))
    found = MemberMean()(outputs, np.zeros((2, 1), "float32"))
    expected = np.log(np.mean([np.exp(log_softmax(one)) for one in outputs], axis=0))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    with tf.GradientTape() as tape:
        logits = [tf.Variable(one) for one in outputs]
        total = tf.reduce_sum(MemberMean()(logits, tf.zeros((2, 1)))[..., 0])
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(total, logits))
