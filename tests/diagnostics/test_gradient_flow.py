"""How far errors reach back, against theory, against the way back by hand, and while training."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
from families.command import krr

import keras_rnn_recipes as recipes
from keras_rnn_recipes.bptt.from_keras import network_of
from keras_rnn_recipes.bptt.network import backward
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.diagnostics.gradient_flow import gradient_flow
from keras_rnn_recipes.diagnostics.gradient_health import Remedies, advise, judge_flow, remedies_of
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.training.callbacks import GradientWatch
from keras_rnn_recipes.training.loop import fit

KINDS = {
    "simple_rnn": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}


def stack(kind: str, units: tuple[int, ...], *, every_step: bool) -> keras.Model:
    inputs = x = keras.Input((None, 2), dtype="float64")
    for number, width in enumerate(units, start=1):
        last = number == len(units) and not every_step
        x = KINDS[kind](width, return_sequences=not last, name=f"rnn_{number}", dtype="float64")(x)
    return keras.Model(inputs, keras.layers.Dense(2, dtype="float64")(x))


@pytest.mark.parametrize(("radius", "verdict"), [(0.5, "vanishing"), (1.0, "steady"), (1.5, "?")])
def test_the_norm_goes_as_the_spectral_radius_to_the_lag(radius: float, verdict: str) -> None:
    rnn = keras.layers.SimpleRNN(8, activation="linear", name="rnn")
    inputs = keras.Input((None, 1))
    model = keras.Model(inputs, keras.layers.Dense(1)(rnn(inputs)))
    kernel, recurrent, bias = rnn.get_weights()
    rnn.set_weights([kernel, radius * np.linalg.qr(recurrent)[0], bias])
    flow = gradient_flow(model, np.ones((3, 14, 1)), np.zeros((3, 1)))
    shares = flow["norm"] / flow["norm"][0]
    np.testing.assert_allclose(shares, radius ** flow["lag"], rtol=1e-4)
    (row,) = judge_flow(flow).to_dict("records")
    assert row["rate"] == pytest.approx(radius, rel=1e-4)
    assert row["verdict"] == {"?": "exploding"}.get(verdict, verdict)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("every_step", [False, True])
def test_it_is_what_the_way_back_by_hand_gives(kind: str, every_step: bool) -> None:
    random = np.random.default_rng(3)
    model = stack(kind, (4, 3), every_step=every_step)
    x, y = random.normal(size=(1, 6, 2)), random.normal(size=(1, 6, 2))
    found = gradient_flow(model, x, y if every_step else y[:, -1])
    # The mean over two outputs of the squared error of the last step alone.
    slopes = backward(
        network_of(model), x, y[:, -1:], loss="squared_error", reduction="mean", steps=1
    )
    for layer in range(2):
        by_hand = [np.linalg.norm(slopes.states[t][layer][0]) for t in reversed(range(6))]
        norms = found.loc[found["layer"] == f"rnn_{layer + 1}", "norm"]
        np.testing.assert_allclose(norms, by_hand, rtol=1e-5)


def test_it_agrees_with_moving_a_state_by_a_little() -> None:
    """Finite differences, through a cell of its own."""
    model = stack("gru", (3,), every_step=False)
    rnn, dense = model.layers[1:]
    x = np.random.default_rng(0).normal(size=(1, 5, 2))
    y = np.zeros((1, 2))

    def error(at: int, unit: int, by: float) -> float:
        state = np.zeros((1, 3))
        for step in range(5):
            _, (state,) = rnn.cell(x[:, step], [state])
            state = np.array(state)
            state[0, unit] += by * (step == at)
        return float(np.mean(np.array(dense(state)) ** 2))

    norms = gradient_flow(model, x, y)["norm"]
    for lag in range(5):
        slopes = [(error(4 - lag, u, 1e-5) - error(4 - lag, u, -1e-5)) / 2e-5 for u in range(3)]
        assert norms[lag] == pytest.approx(np.linalg.norm(slopes), rel=1e-4)


def test_padding_changes_nothing() -> None:
    keras.utils.set_random_seed(0)
    model = recipes.text_classifier(9, 2, cell="gru", units=[4], pooling="last", embedding_size=3)
    ids, longer = np.array([[3, 4, 5, 6]]), np.array([[3, 4, 5, 6, 0, 0, 0]])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    bare, padded = (gradient_flow(model, x, np.array([1]), loss=loss) for x in (ids, longer))
    assert len(bare) == 4
    np.testing.assert_allclose(padded["norm"][:4], bare["norm"], rtol=1e-5)
    assert not padded["norm"][4:].any()


def test_both_directions_are_counted_in_their_order_of_reading() -> None:
    forward = keras.layers.SimpleRNN(3, name="there")
    both = keras.layers.Bidirectional(forward, name="both")
    inputs = keras.Input((None, 1))
    model = keras.Model(inputs, keras.layers.Dense(1)(both(inputs)))
    flow = gradient_flow(model, np.ones((2, 5, 1)), np.ones((2, 1)))
    assert flow.groupby("layer")["lag"].max().tolist() == [4, 4]
    # What is read last is what the answer is made of.
    assert (flow.loc[flow["lag"] == 0, "norm"] > 0).all()


def test_weights_count() -> None:
    model = stack("lstm", (3,), every_step=False)
    x, y = np.random.default_rng(0).normal(size=(2, 5, 2)), np.ones((2, 2))
    flow = gradient_flow(model, x, y, np.array([4.0, 0.0]))
    alone = gradient_flow(model, x[:1], y[:1])
    np.testing.assert_allclose(flow["norm"], 4 * alone["norm"], rtol=1e-6)


def test_a_network_without_recurrence_is_refused() -> None:
    model = keras.Sequential([keras.Input((3, 1)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="no recurrent layer"):
        gradient_flow(model, np.ones((1, 3, 1)), np.ones((1, 3, 1)))


def test_a_stateful_network_is_left_in_its_state() -> None:
    inputs = keras.Input((None, 1), batch_size=2)
    rnn = keras.layers.GRU(3, stateful=True)
    model = keras.Model(inputs, keras.layers.Dense(1)(rnn(inputs)))
    x = np.ones((2, 4, 1), "float32")
    model(x)
    before = np.array(rnn.states[0])
    assert before.any()
    gradient_flow(model, x, np.ones((2, 1)))
    np.testing.assert_array_equal(rnn.states[0], before)


@pytest.mark.parametrize(
    ("norms", "verdict", "reach"),
    [
        ([1.0, 0.5, 0.02, 0.02], "steady", 3),
        ([1.0, 0.5, 0.009, 0.5], "vanishing", 1),
        ([1.0, 10.0, 99.0, 1.0], "steady", 3),
        ([1.0, 10.0, 101.0, 1.0], "exploding", 3),
        ([1.0, np.inf, 1.0, 1.0], "exploding", 3),
        ([0.0, 0.0, 0.0, 0.0], "none", 0),
    ],
)
def test_verdicts_follow_the_stated_rules(norms, verdict: str, reach: int) -> None:
    flow = pd.DataFrame({"layer": "rnn", "lag": range(4), "norm": norms})
    (row,) = judge_flow(flow).to_dict("records")
    assert (row["verdict"], row["reach"]) == (verdict, reach)


def test_advice_is_about_what_is_not_there_yet() -> None:
    fading = judge_flow(pd.DataFrame({"layer": "a", "lag": [0, 1], "norm": [1.0, 1e-3]}))
    bare, full = Remedies(gated=False, orthogonal=False), Remedies(True, True, layer_norm=True)
    told, less = " ".join(advise(fading, bare)), " ".join(advise(fading, full))
    for words in ("gated cell", "recurrent_skips", "orthogonal", "layer_norm"):
        assert words in told and words not in less
    model = stack("lstm", (3,), every_step=False)
    assert remedies_of(model, clipped=False) == Remedies(gated=True, clipped=False)
    assert not remedies_of(stack("simple_rnn", (3,), every_step=False), clipped=True).gated


def sines(first_epoch: int = 0):
    import tensorflow as tf

    x = np.sin(np.arange(64 * 12, dtype="float32")).reshape(64, 12, 1)
    return tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(16).repeat()


def test_watching_changes_nothing_of_the_training(tmp_path) -> None:
    weights = []
    for watched in (True, False):
        keras.utils.set_random_seed(1)
        inputs = keras.Input((None, 1))
        model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.LSTM(5)(inputs)))
        config = FitConfig(epochs=3, batch_size=16, watch_gradients=watched)
        run = RunDirectory.open(tmp_path / str(watched))
        fit(model, sines, num_windows=64, config=config, run=run, loss="mse")
        weights.append(model.get_weights())
        assert (tmp_path / str(watched) / "gradients.json").exists() == watched
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    record = json.loads((tmp_path / "True" / "gradients.json").read_text())
    assert [flow["epoch"] for flow in record["flows"]] == [0, 3]
    assert [len(flow["norms"]) for flow in record["flows"]] == [12, 12]
    x = sines().as_numpy_iterator().next()
    again = gradient_flow(model, *x)["norm"]
    np.testing.assert_allclose(record["flows"][1]["norms"], again, rtol=1e-4)


def test_tensorboard_is_told(tmp_path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = keras.Sequential([keras.layers.GRU(2, name="gru"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = next(sines().as_numpy_iterator())
    watch = GradientWatch((x, y), folder=tmp_path)
    model.fit(x, y, epochs=2, callbacks=[watch], verbose=0)
    events = EventAccumulator(str(tmp_path / "gradients")).Reload()
    names = {f"gradient_{figure}/gru" for figure in ("reach", "rate", "norm")}
    assert set(events.Tags()["tensors"]) == names
    assert watch.flows["epoch"].unique().tolist() == [0, 2]


@pytest.mark.slow
def test_the_command_and_the_report_tell_it(tmp_path) -> None:
    folder = tmp_path / "run"
    krr("run", "forecasting/co2_lstm_direct", "fit.epochs=2", "--run-dir", str(folder))
    printed = krr("gradients", str(folder))
    assert "lstm_1" in printed and "reach" in printed
    assert "<h2>Gradient flow</h2>" in (folder / "report.html").read_text()
    (folder / "gradients.json").unlink()
    message = krr("gradients", str(folder), status=2)
    assert "does not tell how far errors reach back" in message
