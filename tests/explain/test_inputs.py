"""The recurrent part of a forecaster, taken out and looked at: the same numbers as in the model."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keras_rnn_recipes as krr
from keras_rnn_recipes.bptt.network import forward
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.explain.inputs import head_targets, inputs_of_core, recurrent_core


def drawn(strategy: str, cell: str) -> tuple[keras.Model, np.ndarray]:
    """A forecaster with weights drawn at random, and a history for it."""
    random = np.random.default_rng(0)
    build = {"simple_rnn": krr.simple_rnn, "lstm": krr.lstm, "gru": krr.gru}[cell]
    model = build(strategy, 3, units=(4, 2))
    model.set_weights([w + random.normal(0, 0.3, w.shape) for w in model.get_weights()])
    return model, random.uniform(5, 15, (1, 20, 1)).astype("float32")


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
@pytest.mark.parametrize("strategy", ["direct", "seq2seq", "recursive"])
def test_the_network_taken_out_gives_what_the_head_gives(strategy, cell):
    model, history = drawn(strategy, cell)
    core = recurrent_core(model)
    outputs = forward(core.network, inputs_of_core(model, core, history)[None]).outputs
    head = np.asarray(keras.Model(model.inputs[0], core.head.output)(history))
    np.testing.assert_allclose(outputs[0, -1], head[0, -1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strategy", ["direct", "seq2seq", "recursive"])
def test_a_head_that_gave_its_targets_would_have_forecast_the_truth(strategy):
    model, history = drawn(strategy, "gru")
    core, truth = recurrent_core(model), np.array([9.0, 11.0, 12.5])
    before = [weight.copy() for weight in model.get_weights()]
    targets = head_targets(model, core, history, truth)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    kernel, bias = core.head.get_weights()
    core.head.set_weights([np.zeros_like(kernel), targets[0]])
    answer = np.asarray(model(history)).reshape(-1)[-len(bias) :]
    np.testing.assert_allclose(answer, truth[: len(bias)], rtol=1e-4)


@pytest.mark.parametrize("options", [{"layer_norm": True}, {"residual": True}, {"members": 2}])
def test_other_layers_between_are_told(options):
    model = krr.lstm("direct", 3, units=(4, 4), **options)
    with pytest.raises(krr.UserError, match="one above the other"):
        recurrent_core(model)


def test_a_head_with_levels_is_told():
    model = krr.lstm("direct", 3, units=(4,), quantiles=(80,))
    history = np.ones((1, 10, 1), "float32") * np.arange(1, 11, dtype="float32")[:, None]
    with pytest.raises(krr.UserError, match="more than the forecast"):
        head_targets(model, recurrent_core(model), history, np.ones(3))


@pytest.mark.slow
def test_a_finished_run_is_shown_on_the_end_of_its_series(tmp_path):
    options = ["model.units=2", "model.lookback=24", "--smoke", "--run-dir", str(tmp_path / "run")]
    run = CliRunner().invoke(app, ["run", "forecasting/co2_lstm_direct", *options])
    assert run.exit_code == 0, run.output
    page = tmp_path / "page.html"
    arguments = ["explain", str(tmp_path / "run"), "--output", str(page)]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    assert "LSTM of 2 units" in text and "24 steps" in text
    last = krr.load_dataset("co2").frame["ds"].iloc[-13]
    assert str(last.date()) in text
