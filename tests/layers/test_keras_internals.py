"""What this package uses of Keras without a documented promise.

If one of these tests fails after an update of Keras, the module that it names has to be adapted.
"""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
from keras import layers

from keras_rnn_recipes.builders import forecaster
from keras_rnn_recipes.layers.overrides import override_methods
from keras_rnn_recipes.layers.replay import HEAD, INPUTS, all_layers, replay_layers

RECURRENT = {
    "SimpleRNN": lambda: layers.SimpleRNN(3),
    "LSTM": lambda: layers.LSTM(3),
    "GRU": lambda: layers.GRU(3),
    "RNN": lambda: layers.RNN(layers.GRUCell(3)),
}


def branching_model() -> keras.Model:
    """Two inputs, a layer that is called twice, keyword arguments and two outputs."""
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    shared = layers.Dense(2, name="shared")
    attended = layers.Attention(name="attention")
    ends = shared(left), shared(right)
    joined = layers.Add(name="sum")(ends)
    steps = [layers.Reshape((2, 1), name=f"steps_{side}")(end) for side, end in enumerate(ends)]
    found = attended(steps, use_causal_mask=True)
    return keras.Model({"left": left, "right": right}, {"sum": joined, "found": found})


def test_replay_uses_a_method_of_functional_models():
    """`layers/replay.py`: the name and the arguments of ``_run_through_graph``."""
    signature = inspect.signature(keras.Model(*[keras.Input((1,))] * 2)._run_through_graph)
    assert list(signature.parameters) == ["inputs", "operation_fn", "call_fn"]


def test_replayed_layers_give_the_outputs_of_the_model():
    model, calls = branching_model(), []
    random = np.random.default_rng(0)
    x = {side: random.normal(size=(4, 3)).astype("float32") for side in ("right", "left")}

    def call(layer, *args, **kwargs):
        calls.append((layer.name, sorted(kwargs)))
        return layer(*args, **kwargs)

    found = replay_layers(model, x, call)
    expected = model(x)
    assert sorted(found) == ["found", "sum"]
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-6)
    names = [name for name, _ in calls]
    assert sorted(names) == ["attention", "shared", "shared", "steps_0", "steps_1", "sum"]
    assert dict(calls)["attention"] == ["use_causal_mask"]
    assert names[:2] == ["shared", "shared"]


def test_what_stands_for_a_layer_goes_on_to_the_next():
    model = branching_model()
    x = {side: np.ones((1, 3), "float32") for side in ("left", "right")}

    def call(layer, *args, **kwargs):
        return np.array([[1.0, 2.0]]) if layer.name == "shared" else layer(*args, **kwargs)

    assert np.array(replay_layers(model, x, call)["sum"]).tolist() == [[2.0, 4.0]]


def test_layers_inside_of_layers_are_found():
    """`layers/replay.py`: ``_flatten_layers`` gives each layer once, wrapped ones too."""
    both = layers.Bidirectional(layers.GRU(2, name="gru"), name="both")
    cell = layers.RNN(layers.LSTMCell(2, name="cell"), name="rnn", return_sequences=True)
    inner = keras.Sequential([keras.Input((None, 1)), cell], name="inner")
    model = keras.Sequential([keras.Input((None, 1)), inner, both], name="outer")
    found = list(all_layers(model))
    names = [layer.name for layer in found]
    assert names[0] == "outer"
    assert len(set(map(id, found))) == len(found)
    assert {"inner", "rnn", "cell", "both", "forward_gru", "backward_gru"} < set(names)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_recurrent_layer_runs_its_inner_loop(name):
    """`layers/overrides.py`: an ``inner_loop`` of the object is called in place of the class's."""
    layer = RECURRENT[name]()
    layer.return_sequences = layer.return_state = True
    x, mask = np.ones((2, 4, 5), "float32"), np.array([[True] * 4, [True, True, False, False]])
    layer(x)
    parameters = inspect.signature(layer.inner_loop).parameters
    assert list(parameters) == ["sequences", "initial_state", "mask", "training"]
    received = {}

    def inner_loop(sequences, initial_state, mask, training=False):
        received.update(sequences=sequences, states=initial_state, mask=mask, training=training)
        batch, time = sequences.shape[:2]
        outputs = np.arange(batch * time * 3, dtype="float32").reshape(batch, time, 3)
        return outputs[:, -1], outputs, [np.full((batch, 3), 7, "float32")] * len(initial_state)

    with override_methods({layer: ("inner_loop", inner_loop)}):
        outputs, *states = layer(x, mask=mask, training=True)
    np.testing.assert_array_equal(received["sequences"], x)
    np.testing.assert_array_equal(received["mask"], mask)
    assert received["training"] is True
    assert [tuple(state.shape) for state in received["states"]] == [(2, 3)] * len(states)
    assert len(states) == (2 if name == "LSTM" else 1)
    assert np.array(outputs)[1, 3].tolist() == [21, 22, 23]
    assert all((np.array(state) == 7).all() for state in states)


def test_overrides_nest_and_end_with_an_error():
    layer = layers.GRU(2)
    outer, inner = (lambda: 1), (lambda: 2)
    with override_methods({layer: ("count_params", outer)}):
        with pytest.raises(RuntimeError), override_methods({layer: ("count_params", inner)}):
            assert layer.count_params() == 2
            raise RuntimeError
        assert layer.count_params() == 1
    assert "count_params" not in vars(layer)


def test_an_override_is_no_part_of_what_is_saved(tmp_path):
    layer = layers.LSTM(2)
    model = keras.Sequential([keras.Input((None, 1)), layer])
    tracked = len(list(all_layers(model)))
    other = layers.Dense(1)
    with override_methods({layer: ("inner_loop", other)}):
        assert len(list(all_layers(model))) == tracked
        model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


@pytest.mark.parametrize("members", [1, 3])
def test_a_forecaster_has_the_names_that_stepping_looks_for(members):
    """`layers/stepping.py` finds layers of Keras' own classes by these names."""
    model = forecaster("seq2seq", 2, units=3, members=members)
    heads = [layer for layer in model.layers if layer.name.startswith(HEAD)]
    assert len([layer for layer in heads if isinstance(layer, layers.Dense)]) == members
    assert isinstance(model.get_layer(INPUTS), layers.Concatenate)
