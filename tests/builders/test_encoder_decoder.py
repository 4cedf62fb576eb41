"""The network that learns by teacher forcing is the one that decodes step by step."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders.test_stack import simple_rnn

from keras_rnn_recipes.builders import (
    decode_step,
    decoding_functions,
    encode_model,
    encoder_decoder,
)

CELLS = ("lstm", "gru", "simple_rnn")
ATTENTIONS = ("multiplicative", "additive", "relative")
SOURCE = np.array([[4, 5, 6, 7, 8], [9, 4, 0, 0, 0], [5, 5, 5, 0, 0]], "int32")
TARGET = np.array([[2, 5, 7, 3], [2, 4, 3, 0], [2, 6, 6, 6]], "int32")
OPTIONS = {
    "deep and projected": {"units": (6, 4, 5), "encoder_units": (7, 3), "tied": False},
    "forward": {"units": 6, "bidirectional": False},
    "everything": {
        "units": (6, 6),
        "encoder_units": 3,
        "residual": True,
        "layer_norm": True,
        "dropout": 0.3,
        "variational": True,
    },
}


def small(seed=0, **options):
    """A model of a handful of units, none of its weights what an initialiser would make it."""
    keras.utils.set_random_seed(seed)
    model = encoder_decoder(12, 9, **{"units": 6, "embedding_size": 5, **options})
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def log_softmax(logits):
    logits = np.array(logits, "float64")
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def stepped(model, source, target):
    """Log probabilities and attention of a target that is given token by token."""
    begin, step = decoding_functions(model)
    states, found = begin(source), []
    for tokens in target.T:
        log_probabilities, states, weights = step(tokens, states)
        found.append((np.array(log_probabilities), np.array(weights)))
    return [np.stack(parts, axis=1) for parts in zip(*found, strict=True)]


@pytest.mark.parametrize(("cell", "attention"), [*itertools.product(CELLS, ATTENTIONS)])
@pytest.mark.parametrize("options", [*OPTIONS.values()], ids=[*OPTIONS])
def test_step_by_step_is_teacher_forcing(cell, attention, options):
    model = small(cell=cell, attention=attention, **options)
    whole = model({"source": SOURCE, "target": TARGET}, training=False)
    found, weights = stepped(model, SOURCE, TARGET)
    np.testing.assert_allclose(found, log_softmax(whole), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    assert (weights[1, :, 2:] == 0).all() and (weights > 0)[0].all()


def test_a_plain_one_by_numpy():
    """Forward, one layer, not tied: every number from the weights, padding cut off first."""
    model = small(cell="simple_rnn", bidirectional=False, tied=False)
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    (from_source,), (from_target,) = weights["source_embedding"], weights["target_embedding"]
    (kernel,), (combined,) = weights["attention"], weights["combined"]
    logits = np.array(model({"source": SOURCE, "target": TARGET}))
    for row, length in enumerate((5, 2, 3)):
        embedded = from_source[SOURCE[row : row + 1, :length]]
        memory = simple_rnn(embedded, *weights["simple_rnn_1_encoder"])[0]
        state, expected = memory[-1], []
        inner, recurrent, bias = weights["simple_rnn_1_decoder"]
        for token in TARGET[row]:
            state = np.tanh(from_target[token] @ inner + state @ recurrent + bias)
            share = np.exp(memory @ (state @ kernel))
            context = share @ memory / share.sum()
            hidden = np.tanh(np.concatenate([state, context]) @ combined)
            expected.append(hidden @ weights["logits"][0] + weights["logits"][1])
        np.testing.assert_allclose(logits[row], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_neither_padding_nor_the_rest_of_the_batch_changes_anything(cell):
    model = small(cell=cell, units=(6, 4))
    together = np.array(model({"source": SOURCE, "target": TARGET}))
    for row, length in ((1, 2), (2, 3)):
        alone = {"source": SOURCE[row : row + 1, :length], "target": TARGET[row : row + 1]}
        np.testing.assert_allclose(model(alone)[0], together[row], rtol=1e-4, atol=1e-5)
    wider = {"source": np.pad(SOURCE, ((0, 0), (0, 4))), "target": np.pad(TARGET, ((0, 0), (0, 2)))}
    np.testing.assert_allclose(model(wider)[:, :4], together, rtol=1e-4, atol=1e-5)


def test_what_follows_in_the_target_is_not_seen():
    model, changed = small(), TARGET.copy()
    changed[:, 2] = 8
    one, other = (np.array(model({"source": SOURCE, "target": t})) for t in (TARGET, changed))
    np.testing.assert_array_equal(one[:, :2], other[:, :2])
    assert np.abs(one[:, 2] - other[:, 2]).min(axis=-1).max() > 1e-4


def test_the_first_token_depends_on_the_whole_source():
    model = small(cell="lstm", units=(6, 4))
    for place in range(5):
        changed = SOURCE[:1].copy()
        changed[0, place] = 11
        one, other = (
            np.array(model({"source": s, "target": TARGET[:1, :1]})) for s in (SOURCE[:1], changed)
        )
        assert np.abs(one - other).max() > 1e-4


@pytest.mark.parametrize("rate", [None, 0.0, 0.6])
def test_embeddings_are_dropped_at_a_rate_of_their_own(rate):
    keras.utils.set_random_seed(0)
    model = small(embedding_size=64, dropout=0.3, embedding_dropout=rate)
    for side in ("source", "target"):
        layer = model.get_layer(f"{side}_embedding")
        name = f"{side}_dropout"
        dropped = rate != 0.0
        assert any(one.name == name for one in model.layers) == dropped
        if dropped:
            inner = keras.Model(model.input, [layer.output, model.get_layer(name).output])
            before, after = inner({"source": SOURCE, "target": TARGET}, training=True)
            share = np.mean(np.array(after)[np.array(before) != 0] == 0)
            assert abs(share - (0.3 if rate is None else rate)) < 0.08


def test_every_weight_learns():
    for attention, options in zip(ATTENTIONS, OPTIONS.values(), strict=True):
        model = small(cell="lstm", attention=attention, **options)
        targets = np.roll(TARGET, -1, axis=1)
        with tf.GradientTape() as tape:
            logits = model({"source": SOURCE, "target": TARGET}, training=True)
            loss = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
            loss = tf.reduce_sum(loss)
        gradients = tape.gradient(loss, model.trainable_variables)
        assert len(gradients) >= 14
        for gradient in gradients:
            assert np.abs(np.array(tf.convert_to_tensor(gradient))).max() > 0


def test_saved_and_loaded_it_decodes_as_before(tmp_path):
    model = small(cell="lstm", units=(6, 4), dropout=0.1)
    expected = stepped(model, SOURCE, TARGET)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for one, other in zip(stepped(again, SOURCE, TARGET), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_the_steps_go_with_the_weights_as_they_learn():
    model = small(cell="gru")
    encoder, step = encode_model(model), decode_step(model)
    model.set_weights([w * 0.5 for w in model.get_weights()])
    memory, mask, *states = encoder(SOURCE)
    logits = step([tf.constant(TARGET[:, 0]), memory, mask, *states])[0]
    expected = model({"source": SOURCE, "target": TARGET[:, :1]})[:, 0]
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)


def test_equal_widths_need_no_bridge_and_tied_weights_are_counted_once():
    names = [layer.name for layer in small(cell="lstm", bidirectional=False).layers]
    assert not [name for name in names if name.startswith("bridge")]
    names = [layer.name for layer in small(cell="lstm").layers]
    assert [name for name in names if name.startswith("bridge")] == ["bridge_1_1", "bridge_1_2"]
    tied, free = (small(embedding_size=6, tied=tied).count_params() for tied in (True, False))
    assert free - tied == 9 * 6


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell": "lstn"}, "cell must be one of"),
        ({"attention": "dot"}, "attention must be one of"),
        ({"units": 0}, "units must be one or more widths"),
        ({"embedding_size": 0}, "must be at least 1; received 12, 9 and 0"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        encoder_decoder(12, 9, **wrong)


@pytest.mark.parametrize("function", [encode_model, decode_step])
def test_another_model_is_refused(function):
    inputs = keras.Input((3,))
    with pytest.raises(ValueError, match="Expected a model from encoder_decoder"):
        function(keras.Model(inputs, keras.layers.Dense(2)(inputs)))
