"""A new cell is one registration: a toy cell goes through every builder, training and serving."""

from __future__ import annotations

import itertools
from functools import partial
from typing import get_args

import keras
import numpy as np
import pandas as pd
import pytest
from builders.cases import growing_window, positive, run, with_holes
from keras import layers, ops
from profiles import slow_but

from keras_rnn_recipes.builders import (
    PRESETS,
    REMEDIES,
    build_forecaster,
    decoding_functions,
    encoder_decoder,
    forecaster,
    language_model,
    language_step,
    recurrent_stack,
    sequence_tagger,
    stateful_copy,
    text_classifier,
    to_forecaster,
)
from keras_rnn_recipes.config.base import Cell
from keras_rnn_recipes.config.forecasting import FitConfig, Preset
from keras_rnn_recipes.config.memory import CellName
from keras_rnn_recipes.data.windows import WindowSpec, count_windows, window_dataset
from keras_rnn_recipes.diagnostics.gradient_flow import gradient_flow
from keras_rnn_recipes.diagnostics.gradient_health import remedies_of
from keras_rnn_recipes.layers.cells import CELLS, RecurrentCell, SkipEquations, register_cell
from keras_rnn_recipes.reporting.format import MODEL_LABELS
from keras_rnn_recipes.training.loop import fit


@keras.saving.register_keras_serializable(package="toy")
class MinimalGatedCell(layers.Layer):
    """The minimal gated unit of Zhou et al. 2016: one gate ``f`` that forgets and resets."""

    def __init__(self, units, kernel_regularizer=None, recurrent_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.recurrent_initializer = keras.initializers.Orthogonal()

    def build(self, input_shape):
        width = 2 * self.units
        self.kernel = self.add_weight(
            (input_shape[-1], width), regularizer=self.kernel_regularizer, name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            (self.units, width),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            name="recurrent_kernel",
        )
        self.bias = self.add_weight((width,), initializer="zeros", name="bias")

    def call(self, inputs, states, training=None):
        (before,) = states
        given = ops.matmul(inputs, self.kernel) + self.bias
        of_gate, of_new = ops.split(self.recurrent_kernel, 2, axis=-1)
        gate = ops.sigmoid(given[:, : self.units] + ops.matmul(before, of_gate))
        new = ops.tanh(given[:, self.units :] + ops.matmul(gate * before, of_new))
        output = (1 - gate) * before + gate * new
        return output, [output]

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.units), self.compute_dtype)]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def gated_skip_step(given, recalled, bias, states):
    """The gate multiplies what is added from earlier outputs, as in a GRU."""
    gate, new = ops.split(given + bias, 2, axis=-1)
    of_gate, of_new = ops.split(recalled, 2, axis=-1)
    gate = ops.sigmoid(gate + of_gate)
    return ((1 - gate) * states[0] + gate * ops.tanh(new + gate * of_new),)


@pytest.fixture
def mgu():
    """The one registration, undone after the test."""
    equations = SkipEquations(gated_skip_step, blocks=2)
    register_cell("mgu", RecurrentCell(MinimalGatedCell, units=5, skips=equations))
    yield "mgu"
    del CELLS["mgu"]


def drawn(model):
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def numpy_mgu(x, kernel, recurrent, bias):
    """The recursion of one layer in NumPy, ``(batch, time, channels)``."""
    units = len(recurrent)
    state, found = np.zeros((len(x), units)), []
    for step in np.moveaxis(x, 1, 0):
        given = step @ kernel + bias
        gate = 1 / (1 + np.exp(-(given[:, :units] + state @ recurrent[:, :units])))
        new = np.tanh(given[:, units:] + (gate * state) @ recurrent[:, units:])
        state = (1 - gate) * state + gate * new
        found.append(state)
    return np.stack(found, axis=1)


def test_a_stack_computes_the_cell(mgu):
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, recurrent_stack(inputs, cell=mgu, units=(3, 4), l2=0.1))
    x, expected = positive(7, 2), positive(7, 2)
    drawn(model)
    for depth in (1, 2):
        expected = numpy_mgu(expected, *model.get_layer(f"mgu_{depth}").get_weights())
    np.testing.assert_allclose(run(model, x), expected, rtol=1e-4, atol=1e-5)
    assert len(model.losses) == 4


@pytest.mark.parametrize(
    ("strategy", "skips"),
    slow_but(
        [("direct", ()), ("seq2seq", (2,)), ("recursive", ())],
        itertools.product(("direct", "seq2seq", "recursive"), ((), (2,))),
    ),
)
def test_a_preset_trains_is_saved_and_forecasts(mgu, strategy, skips, tmp_path):
    spec = WindowSpec(lookback=12, horizon=3, strategy=strategy)
    frame = pd.DataFrame({"unique_id": "a", "ds": range(40), "y": 5 + np.sin(np.arange(40.0))})
    model = build_forecaster(mgu, strategy, 3, recurrent_skips=skips)
    assert model.name == f"mgu_{strategy}"
    before = model.get_weights()
    train = partial(window_dataset, frame, spec, shuffle=True, repeat=True, batch_size=8)
    config = FitConfig(epochs=1, steps_per_epoch=2, batch_size=8)
    fit(model, train, num_windows=count_windows(frame, spec), config=config)
    recurrent = [layer for layer in model.layers if isinstance(layer, layers.RNN)]
    assert [layer.cell.units for layer in recurrent] == [5]
    changed = [not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)]
    assert all(changed)
    history, forecast = with_holes(), to_forecaster(model)
    found = run(forecast, history)
    assert found.shape == (4, 3, 1)
    assert np.isfinite(found).all()
    if strategy == "recursive":
        expected = growing_window(model, history, 3)
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = to_forecaster(keras.saving.load_model(tmp_path / "model.keras"))
    np.testing.assert_allclose(run(again, history), found, rtol=1e-6)


def test_text_models_read_it_in_both_directions(mgu):
    tokens = np.array([[3, 4, 5, 0], [6, 0, 0, 0]])
    characters = np.ones((2, 4, 3), "int32")
    classifier = text_classifier(9, 3, cell=mgu, units=4, embedding_size=5)
    assert np.array(classifier(tokens)).shape == (2, 3)
    tagger = sequence_tagger(
        9, 3, num_characters=7, cell=mgu, character_cell=mgu, units=4, embedding_size=5
    )
    assert np.isfinite(tagger({"tokens": tokens, "characters": characters})).all()


def test_language_models_step_with_its_state(mgu):
    model = drawn(language_model(9, cell=mgu, units=4, embedding_size=5))
    tokens = np.array([[3, 4, 5], [6, 7, 8]])
    expected, step, state = model(tokens), language_step(model), ops.zeros((2, 4))
    for time in range(3):
        logits, state = step([ops.convert_to_tensor(tokens[:, time]), state])
        np.testing.assert_allclose(logits, expected[:, time], rtol=1e-4, atol=1e-5)
    copy, keep = stateful_copy(model, 2), np.ones((2, 1), "float32")
    halves = [copy({"tokens": part, "keep": keep}) for part in (tokens[:, :2], tokens[:, 2:])]
    np.testing.assert_allclose(np.concatenate(halves, axis=1), expected, rtol=1e-4, atol=1e-5)


def test_an_encoder_and_decoder_decode_with_it(mgu):
    model = drawn(encoder_decoder(9, 8, cell=mgu, units=4, embedding_size=5))
    source, target = np.array([[3, 4, 5]]), np.array([[2, 6, 7]])
    logits = np.array(model({"source": source, "target": target}), "float64")
    expected = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    begin, step = decoding_functions(model)
    states = begin(source)
    for time in range(3):
        found, states, _ = step(target[:, time], states)
        np.testing.assert_allclose(found, expected[:, time], rtol=1e-4, atol=1e-5)


def test_its_gradient_flow_is_measured_and_judged(mgu):
    model = forecaster("direct", 2, cell=mgu, units=4)
    flow = gradient_flow(model, positive(6), np.ones((4, 2, 1)))
    assert flow["layer"].unique().tolist() == ["mgu_1"]
    assert (flow["norm"] > 0).all()
    assert remedies_of(model, clipped=True).gated
    assert remedies_of(forecaster("direct", 2, cell=mgu, recurrent_skips=(2,)), clipped=True).gated


def test_what_is_not_registered_is_refused(mgu):
    with pytest.raises(ValueError, match=r"'gru', 'mgu', 'dense'.*received 'mgru'"):
        forecaster("direct", 2, cell="mgru")
    with pytest.raises(ValueError, match="'mgu' is registered already"):
        register_cell(mgu, RecurrentCell(MinimalGatedCell))
    CELLS[mgu] = RecurrentCell(MinimalGatedCell)
    with pytest.raises(ValueError, match="'gru'.*; received 'mgu'"):
        forecaster("direct", 2, cell=mgu, recurrent_skips=(2,))


def test_recipes_and_reports_know_every_registered_cell():
    """What a new cell needs beside its registration before a recipe can name it."""
    assert get_args(Cell) == tuple(CELLS)  # config imports no Keras, so it lists the names itself
    assert set(get_args(Preset)) == {*PRESETS, "pretrained"}
    assert set(PRESETS) >= set(CELLS)
    assert set(CELLS) < set(REMEDIES) == set(get_args(CellName))
    assert set(CELLS) < set(MODEL_LABELS)
