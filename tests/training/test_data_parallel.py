"""Gradients of shares of a batch train a network as the gradients of whole batches do."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from training.toy import toy_batches, toy_model, toy_valid

from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.layers import MemberMedian, MemberShare
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.training.data_parallel import GradientWorker, Network, Share, Weights, divide
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import StateFile, set_seeds, values_of

# Seven batches a pass, the last one with two rows.
FIT = FitConfig(
    epochs=3, batch_size=8, steps_per_epoch=5, learning_rate=0.02, watch_gradients=False
)


class PoolHere:
    """The workers of a pool in this process."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def open(self, network) -> None:
        self._workers = [GradientWorker(network) for _ in range(self.workers)]

    def gradients(self, weights, shares):
        return [self._workers[share.number].gradients(weights, share) for share in shares]


def train(path, pool, *, watcher=None, **model):
    run = RunDirectory(path, resumed=path.exists(), watcher=watcher, gradient_pool=pool)
    set_seeds(FIT.seed)
    network = toy_model(**model)
    history = fit(network, toy_batches(50, 8), toy_valid(), num_windows=50, config=FIT, run=run)
    return network.get_weights(), history.drop(columns="seconds")


def close(one, other) -> None:
    for ours, theirs in zip(one[0], other[0], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    pd.testing.assert_frame_equal(one[1], other[1], rtol=1e-5)


@pytest.mark.parametrize(("workers", "cell"), [(1, "lstm"), (3, "gru")])
def test_the_weights_are_those_of_one_process(tmp_path, workers, cell):
    """Three workers have shares of unlike size, and none of a batch of two rows."""
    one = train(tmp_path / "one", None, cell=cell, dropout=0.0)
    close(train(tmp_path / "some", PoolHere(workers), cell=cell, dropout=0.0), one)


class Stopped(BaseException):
    """Ends a run, as a signal would."""


def test_a_stopped_run_ends_with_the_same_weights(tmp_path, monkeypatch):
    """Also dropout draws in each share what it would have drawn."""
    monkeypatch.setattr(StateFile, "due", lambda self: True)
    whole = train(tmp_path / "whole", PoolHere(2))

    def stop(what, data):
        if data["epoch"] == 2:
            raise Stopped

    with pytest.raises(Stopped):
        train(tmp_path / "stopped", PoolHere(2), watcher=stop)
    resumed = train(tmp_path / "stopped", PoolHere(2))
    assert all(map(np.array_equal, whole[0], resumed[0]))
    pd.testing.assert_frame_equal(whole[1], resumed[1], check_exact=True)


def test_dropout_differs_between_shares():
    history, kept = keras.Input((None, 1)), keras.layers.Dropout(0.5)
    model = keras.Model(history, keras.layers.Dense(1, use_bias=False)(kept(history)))
    spec = tf.TensorSpec([None, 20, 1])
    worker = GradientWorker(Network(model.get_config(), "mae", (spec, spec), {}))
    weights = Weights(np.ones(1, "float32"), values_of(model.non_trainable_variables))
    ones = np.ones((50, 20, 1), "float32")
    first, again, other = (
        worker.gradients(weights, Share(number, 50, (ones, 9 * ones))).loss for number in (0, 0, 1)
    )
    assert first == again != other


def test_the_members_of_an_ensemble_have_the_rows_that_one_process_gives_them():
    """Each member learns from its rows of a batch, so its gradient tells which rows it had."""
    history = keras.Input((1,))
    outputs = [keras.layers.Dense(1)(MemberShare(m, 3)(history)) for m in range(3)]
    model = keras.Model(history, MemberMedian()(outputs, history))
    spec, x = tf.TensorSpec([None, 1]), np.arange(12, dtype="float32")[:, None]
    worker = GradientWorker(Network(model.get_config(), "mse", (spec, spec), {}))
    weights = Weights(np.ones(6, "float32"), [])
    whole, *halves = (
        worker.gradients(weights, share).trainable
        for workers in (1, 2)
        for share in divide((x, x**2), workers)
    )
    np.testing.assert_allclose(sum(halves) / 2, whole, rtol=1e-6)
