"""Training: what it keeps, when it stops, and that the losses weigh as they should."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st
from training.toy import HORIZON, LOOKBACK, toy_arrays, toy_batches, toy_model, toy_valid

from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.training.loop import best_epoch, fit, plan_steps
from keras_rnn_recipes.training.losses import loss_function, prepare
from keras_rnn_recipes.training.state import set_seeds

NUM = 50


def trained(config: FitConfig, valid=None, run=None, **model) -> tuple[keras.Model, pd.DataFrame]:
    set_seeds(config.seed)
    network = toy_model(**model)
    batches = toy_batches(NUM, config.batch_size)
    return network, fit(network, batches, valid, num_windows=NUM, config=config, run=run)


@given(num=st.integers(1, 5000), batch=st.integers(1, 300), wanted=st.integers(1, 5000) | st.none())
def test_steps_fill_an_epoch_exactly(num, batch, wanted):
    steps = plan_steps(num, batch, wanted)
    asked = wanted or steps.per_pass
    assert steps.per_epoch % steps.per_execution == 0
    assert 1 <= steps.per_execution <= 32
    assert asked <= steps.per_epoch <= asked + asked / 8 + 1
    assert (steps.per_pass - 1) * batch < num <= steps.per_pass * batch


def test_training_learns_and_tells():
    config = FitConfig(epochs=25, batch_size=10, learning_rate=0.02)
    model, history = trained(config, toy_valid(), dropout=0.0)
    assert list(history) == ["epoch", "loss", "val_loss", "learning_rate", "seconds"]
    assert history["epoch"].tolist() == list(range(1, 26))
    assert history["val_loss"].iloc[-1] < 0.5 * history["val_loss"].iloc[0]
    rates = history["learning_rate"]
    assert (rates.diff().dropna() < 0).all() and rates.iloc[-1] == pytest.approx(0, abs=1e-9)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    results = [trained(FitConfig(epochs=3, seed=seed))[0].get_weights() for seed in (1, 1, 2)]
    assert all(np.array_equal(a, b) for a, b in zip(results[0], results[1], strict=True))
    assert not np.array_equal(results[0][0], results[2][0])


def test_the_best_epoch_is_kept_and_training_stops_when_nothing_improves():
    # So high a rate that the validation loss jumps about.
    config = FitConfig(epochs=60, learning_rate=0.5, schedule="constant", patience=4)
    model, history = trained(config, toy_valid(), dropout=0.0)
    best = int(history["val_loss"].idxmin())
    assert len(history) == best + 1 + config.patience < config.epochs
    x, y, w = toy_arrays(20)
    error = np.abs(model.predict(x, verbose=0) - y).mean()
    assert error == pytest.approx(history["val_loss"][best], rel=1e-4)


def test_validation_chooses_nothing_when_the_last_epoch_is_kept():
    config = FitConfig(epochs=12, learning_rate=0.5, schedule="constant", patience=1)
    last = config.model_copy(update={"keep": "last"})
    assert len(trained(config, toy_valid(), dropout=0.0)[1]) < 12  # else this would show nothing
    watched, history = trained(last, toy_valid(), dropout=0.0)
    alone, _ = trained(last, dropout=0.0)
    assert len(history) == 12
    for one, other in zip(watched.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_mean_of_the_last_epochs_is_kept():
    """Against the weights that training to each of these epochs ends with."""
    options = {"batch_size": 8, "learning_rate": 0.02, "schedule": "constant", "patience": 1}
    ends = [
        trained(FitConfig(epochs=n, keep="last", **options), toy_valid())[0].get_weights()
        for n in (3, 4, 5)
    ]
    model, history = trained(FitConfig(epochs=5, average=3, **options), toy_valid())
    assert len(history) == 5
    for found, *after in zip(model.get_weights(), *ends, strict=True):
        np.testing.assert_allclose(found, np.mean(after, axis=0), rtol=1e-5, atol=1e-6)


def test_the_model_as_it_was_given_is_kept_if_training_only_hurts():
    config = FitConfig(epochs=6, learning_rate=3.0, schedule="constant", patience=3)
    set_seeds(0)
    network = toy_model(dropout=0.0)
    x, y, _ = toy_arrays(20)
    before = network.get_weights()
    error = np.abs(network.predict(x, verbose=0) - y).mean()
    options = {"num_windows": NUM, "config": config, "keep_untrained": True}
    history = fit(network, toy_batches(NUM), toy_valid(), **options)
    assert history["epoch"].tolist() == [0, 1, 2, 3]
    assert history["val_loss"][0] == pytest.approx(error, rel=1e-4)
    assert history["val_loss"][0] < history["val_loss"][1:].min()  # else this would show nothing
    assert best_epoch(history, config) == 0
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kept", [{}, {"keep": "last"}, {"average": 2}])
def test_epoch_0_changes_nothing_else(kept):
    options = {"num_windows": NUM, "config": FitConfig(epochs=4, learning_rate=0.02, **kept)}
    results = []
    for keep in (False, True):
        set_seeds(0)
        network = toy_model()
        history = fit(network, toy_batches(NUM), toy_valid(), **options, keep_untrained=keep)
        results.append((network.get_weights(), history[history["epoch"] > 0]))
    pd.testing.assert_frame_equal(
        *(history.drop(columns="seconds").reset_index(drop=True) for _, history in results)
    )
    for one, other in zip(results[0][0], results[1][0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_epoch_0_needs_a_validation_part():
    options = {"num_windows": NUM, "config": FitConfig(epochs=2), "keep_untrained": True}
    history = fit(toy_model(), toy_batches(NUM), **options)
    assert history["epoch"].tolist() == [1, 2] and best_epoch(history, options["config"]) == 2


def test_without_validation_every_epoch_runs():
    _, history = trained(FitConfig(epochs=4, patience=1))
    assert len(history) == 4 and "val_loss" not in history


def test_patience_zero_never_stops():
    config = FitConfig(epochs=12, learning_rate=0.5, schedule="constant", patience=0)
    assert len(trained(config, toy_valid())[1]) == 12


def test_learning_rate_rises_then_stays_when_asked():
    config = FitConfig(epochs=10, warmup=0.5, schedule="constant", learning_rate=0.01)
    rates = trained(config)[1]["learning_rate"].to_numpy()
    assert (np.diff(rates[:5]) > 0).all()
    assert rates[5:] == pytest.approx(np.full(5, 0.01))


def test_artefacts_of_training(tmp_path):
    run = RunDirectory.open(tmp_path / "r")
    _, history = trained(FitConfig(epochs=3), toy_valid(), run)
    written = pd.read_csv(run.path / "history.csv")
    pd.testing.assert_frame_equal(written, history, check_exact=False)
    values = {}
    for part in ("train", "validation"):
        (file,) = (run.path / "tensorboard" / part).iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                values[part, value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    assert values["train", "epoch_loss", 0] == pytest.approx(history["loss"][0])
    assert values["validation", "epoch_loss", 2] == pytest.approx(history["val_loss"][2])


def test_nothing_is_printed_when_nobody_looks(capfd):
    trained(FitConfig(epochs=2), toy_valid())
    captured = capfd.readouterr()
    assert captured.out == "" and "epoch" not in captured.err


def test_no_window_is_a_users_mistake():
    with pytest.raises(UserError, match="no window to train on"):
        fit(toy_model(), toy_batches(), num_windows=0)


def test_a_loss_that_is_no_number_is_told(tmp_path):
    x, y, w = (array.copy() for array in toy_arrays(16))
    y[3] = np.nan
    dataset = tf.data.Dataset.from_tensor_slices((x, y, w)).batch(8).repeat()
    run = RunDirectory.open(tmp_path / "r")
    with pytest.raises(UserError, match="training loss became nan in epoch 1"):
        fit(toy_model(), lambda first_epoch: dataset, num_windows=16, run=run)


@pytest.mark.parametrize(
    ("loss", "by_hand"),
    [
        ("mae", lambda e: np.abs(e)),
        ("mse", np.square),
        ("huber", lambda e: np.where(np.abs(e) < 1, e**2 / 2, np.abs(e) - 0.5)),
    ],
)
def test_losses_bend_the_weighted_error(loss, by_hand):
    """A series in other units, weighted by one over its scale, has the very same loss."""
    rng = np.random.default_rng(1)
    errors = rng.normal(size=(4, HORIZON, 1)).astype("float32") * 2
    for scale in (1.0, 1000.0):
        target = np.zeros_like(errors)
        weights = np.full((4, HORIZON), 1 / scale, "float32")
        weights[0, 0] = 0  # missing
        arrays = (np.zeros((4, LOOKBACK, 1), "float32"), target, weights)
        dataset = prepare(tf.data.Dataset.from_tensor_slices(arrays).batch(4), loss)
        identity = keras.Sequential([keras.Input((HORIZON, 1)), keras.layers.Identity()])
        identity.compile(loss=loss_function(loss))
        _, y, *w = next(iter(dataset))
        value = identity.evaluate(errors * scale, y, sample_weight=w[0] if w else None, verbose=0)
        expected = by_hand(errors[..., 0])
        expected[0, 0] = 0
        assert value == pytest.approx(expected.mean(), rel=1e-5)


def test_windows_follow_on_from_epoch_to_epoch():
    """With epochs shorter than a pass, no window is seen twice before all are seen once."""
    seen = []

    def recording(first_epoch):
        x, y, w = toy_arrays(48)
        x[:, 0, 0] = np.arange(48)
        arrays = tf.data.Dataset.from_tensor_slices((x, y, w)).batch(8).repeat()
        return arrays.map(lambda x, y, w: (_record(x, seen), y, w))

    config = FitConfig(epochs=3, batch_size=8, steps_per_epoch=2)
    fit(toy_model(), partial(recording), num_windows=48, config=config)
    assert sorted(seen[:48]) == list(range(48))


def _record(x: tf.Tensor, seen: list) -> tf.Tensor:
    def note(numbers):
        seen.extend(numbers.tolist())
        return np.int64(0)

    with tf.control_dependencies([tf.numpy_function(note, [x[:, 0, 0]], tf.int64)]):
        return tf.identity(x)


def test_a_watcher_is_told_of_every_epoch_and_may_end_the_run(tmp_path):
    told = []

    def watch(what, data):
        told.append((what, data["epoch"], data["val_loss"]))
        if data["epoch"] == 3:
            raise KeyError("enough")

    run = RunDirectory.open(tmp_path / "run")
    run.watcher = watch
    config = FitConfig(epochs=9, steps_per_epoch=2)
    with pytest.raises(KeyError, match="enough"):
        fit(toy_model(), toy_batches(), toy_valid(), num_windows=50, config=config, run=run)
    assert [row[:2] for row in told] == [("epoch", 1), ("epoch", 2), ("epoch", 3)]
    assert all(loss > 0 for _, _, loss in told)
