"""Connections from further back, through every builder that has recurrent layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders.cases import growing_window, positive, run, small, with_holes
from builders.test_encoder_decoder import SOURCE, TARGET, log_softmax, stepped
from builders.test_language_model import TOKENS, zeros
from builders.test_stack import stack_model
from layers.test_skip_cell import by_loop
from profiles import slow_but

from keras_rnn_recipes.builders import (
    build_forecaster,
    copy_recurrent_weights,
    encoder_decoder,
    language_model,
    language_reader,
    language_step,
    recurrent_stack,
    sequence_tagger,
    stateful_copy,
    text_classifier,
    to_forecaster,
)
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model

CELLS, SKIPS = ("simple_rnn", "lstm", "gru"), (2, 3)


def drawn(model, seed=0):
    """None of the weights what an initialiser would make it."""
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(0, 0.6, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("cell", CELLS)
def test_no_skips_are_the_plain_stack(cell):
    plain, none = (stack_model(cell=cell, units=(4, 3), **o) for o in ({}, {"recurrent_skips": ()}))
    assert [type(layer) for layer in none.layers] == [type(layer) for layer in plain.layers]
    np.testing.assert_array_equal(run(none, positive(6, 2)), run(plain, positive(6, 2)))


def numpy_stack(model, cell, inputs, skips=SKIPS):
    """Two layers, each the recursion of its cell with skips, one step at a time in NumPy."""
    for depth in (1, 2):
        inputs = by_loop(cell, model.get_layer(f"{cell}_{depth}").get_weights(), inputs, skips)
    return inputs


@pytest.mark.parametrize("cell", CELLS)
def test_a_stack_computes_the_equations_of_its_cell(cell):
    model = drawn(stack_model(cell=cell, units=(4, 3), recurrent_skips=SKIPS))
    values = positive(9, 2)
    expected = numpy_stack(model, cell, values)
    np.testing.assert_allclose(run(model, values), expected, rtol=1e-4, atol=1e-5)
    without = numpy_stack(model, cell, values, skips=(2, 4))
    assert np.abs(without - expected).max() > 1e-2  # other skips: the comparison can fail


@pytest.mark.parametrize("cell", CELLS)
def test_a_language_model_computes_them_too(cell):
    options = {"embedding_size": 5, "tied": False, "recurrent_skips": SKIPS}
    model = drawn(language_model(9, cell=cell, units=(6, 4), **options))
    embedded = model.get_layer("embedding").get_weights()[0][TOKENS]
    kernel, bias = model.get_layer("logits").get_weights()
    expected = numpy_stack(model, cell, embedded) @ kernel + bias
    np.testing.assert_allclose(np.array(model(TOKENS)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_a_skip_reaches_exactly_that_far_in_one_step(cell):
    """With kernels from h_{t-1} of zero, what happens at t is first felt at t, then at t + 4."""
    model = drawn(stack_model(cell=cell, units=3, recurrent_skips=(4,)))
    layer = model.get_layer(f"{cell}_1")
    kernel, recurrent, bias = layer.get_weights()
    recurrent[:3] = 0
    if cell == "gru":  # and with its state never kept
        bias[0, :3] = -40
    if cell == "lstm":  # nor its memory
        bias[3:6] = -40
    layer.set_weights([kernel, recurrent, bias])
    values = np.random.default_rng(1).normal(0, 1, (2, 11, 2)).astype("float32")
    changed = values.copy()
    changed[:, 2] += 1
    moved = np.abs(run(model, values) - run(model, changed)).max(axis=(0, 2))
    assert np.flatnonzero(moved > 1e-7).tolist() == [2, 6, 10]


@pytest.mark.parametrize("cell", CELLS)
def test_two_halves_are_the_whole_with_the_states_handed_over(cell):
    whole = drawn(stack_model(cell=cell, units=(3, 4), recurrent_skips=SKIPS))
    inputs, widths = keras.Input((None, 2)), (3, 4)
    own = 2 if cell == "lstm" else 1
    given = [[keras.Input((w,)) for _ in range(own + 2)] for w in widths]
    options = {"cell": cell, "units": widths, "recurrent_skips": SKIPS, "return_states": True}
    half = keras.Model([inputs, given], recurrent_stack(inputs, initial_states=given, **options))
    half.set_weights(whole.get_weights())
    values = positive(9, 2)
    zero = [[tf.zeros((4, w)) for _ in range(own + 2)] for w in widths]
    first, states = half([tf.constant(values[:, :4]), zero])
    second, _ = half([tf.constant(values[:, 4:]), states])
    found = np.concatenate([first, second], axis=1)
    np.testing.assert_allclose(found, run(whole, values), rtol=1e-5, atol=1e-6)


def test_in_both_directions_padding_changes_nothing():
    inputs, mask = keras.Input((None, 2)), keras.Input((None,), dtype="bool")
    options = {"cell": "lstm", "units": (3, 3), "bidirectional": True, "recurrent_skips": SKIPS}
    model = keras.Model([inputs, mask], recurrent_stack(inputs, mask=mask, **options))
    drawn(model)
    values, lengths = positive(6, 2), (6, 4, 6, 1)
    real = np.arange(6)[None] < np.array(lengths)[:, None]
    found = np.array(model([values, real]))
    for row, length in enumerate(lengths):
        alone = np.array(model([values[row : row + 1, :length], real[row : row + 1, :length]]))
        np.testing.assert_allclose(found[row, :length], alone[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "preset", slow_but(["lstm", "gru"], ["simple_rnn", "deep_rnn", "lstm", "gru"])
)
def test_recursion_equals_the_growing_window(preset, tmp_path):
    model = drawn(small(preset, "recursive", 5, recurrent_skips=SKIPS))
    forecast = to_forecaster(model)
    for time in (1, 3, 12):
        slow = growing_window(model, with_holes(time), 5)
        np.testing.assert_allclose(run(forecast, with_holes(time)), slow, rtol=2e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = to_forecaster(keras.saving.load_model(tmp_path / "model.keras"))
    np.testing.assert_allclose(run(again, with_holes()), run(forecast, with_holes()), rtol=1e-6)


def test_paths_that_are_drawn_carry_them_too():
    model = small("gru", "recursive", 3, recurrent_skips=SKIPS, distribution="gaussian")
    assert np.isfinite(run(to_forecaster(model, (80,), samples=5), positive())).all()


@pytest.mark.slow
def test_the_saved_model_answers_as_the_live_one(tmp_path):
    model = to_forecaster(drawn(small("lstm", "recursive", 3, recurrent_skips=SKIPS)))
    path = export_saved_model(model, tmp_path / "saved_model")
    found = load_saved_model(path)(positive()[..., 0])
    np.testing.assert_allclose(found, run(model, positive())[..., 0], rtol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_a_language_model_token_by_token_and_in_windows_is_the_whole(cell):
    model = language_model(9, cell=cell, units=(6, 4), embedding_size=5, recurrent_skips=SKIPS)
    expected, step = drawn(model)(TOKENS), language_step(model)
    states, found = zeros(step), []
    for tokens in TOKENS.T:
        logits, *states = step([tf.constant(tokens), *states])
        found.append(logits)
    np.testing.assert_allclose(np.stack(found, axis=1), expected, rtol=1e-5, atol=1e-5)
    read, *last = language_reader(model)([tf.constant(TOKENS), *zeros(step)])
    np.testing.assert_allclose(read, expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(last, states, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    twin, keep = stateful_copy(model, 3), np.ones((3, 1), "float32")
    halves = [twin({"tokens": part, "keep": keep}) for part in (TOKENS[:, :5], TOKENS[:, 5:])]
    np.testing.assert_allclose(np.concatenate(halves, axis=1), expected, rtol=1e-5, atol=1e-5)
    copy_recurrent_weights(twin, model)


@pytest.mark.parametrize("cell", CELLS)
def test_an_encoder_and_decoder_step_by_step_is_teacher_forcing(cell):
    widths = {"units": (6, 4), "encoder_units": 5, "embedding_size": 5}
    model = drawn(encoder_decoder(12, 9, cell=cell, recurrent_skips=SKIPS, **widths))
    whole = model({"source": SOURCE, "target": TARGET}, training=False)
    found, _ = stepped(model, SOURCE, TARGET)
    np.testing.assert_allclose(found, log_softmax(whole), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("build", [text_classifier, sequence_tagger])
def test_texts_of_any_padding_are_read_alike(build):
    model = drawn(build(9, 3, units=4, embedding_size=5, dropout=0.0, recurrent_skips=SKIPS))
    assert any("SkipCell" in str(layer.get_config()) for layer in model.layers)
    wider = np.pad(TOKENS, ((0, 0), (0, 3)))
    found, padded = (np.array(model(tokens)) for tokens in (TOKENS, wider))
    if padded.ndim > 2:
        padded = padded[:, : found.shape[1]]
    np.testing.assert_allclose(padded, found, rtol=1e-5, atol=1e-6)


def test_what_has_no_state_refuses_them():
    with pytest.raises(ValueError, match="recurrent_skips is for recurrent cells; .*'dense'"):
        build_forecaster("dense", "direct", 3, recurrent_skips=SKIPS)
    with pytest.raises(ValueError, match=r"at least 2 .*received \(1,\)"):
        build_forecaster("gru", "direct", 3, recurrent_skips=(1,))
