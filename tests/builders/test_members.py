"""Several networks in one model: apart while they learn, their median when they answer."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from builders.cases import growing_window, positive, run, small, target_shape, with_holes
from profiles import slow_but

from keras_rnn_recipes.builders import forecaster, to_forecaster
from keras_rnn_recipes.layers import MemberMedian

STRATEGIES = ("direct", "seq2seq", "recursive")
OPTIONS = {"units": (4, 3), "lags": 4, "season_length": 4, "scaling": "mean", "dropout": 0.0}


def alone(model: keras.Model, strategy: str, member: int) -> keras.Model:
    """A single network with the weights of one member of an ensemble."""
    single = small("lstm", strategy, **OPTIONS)
    single.set_weights(
        [w.numpy() for w in model.weights if f"_member_{member}" in w.path.split("/")[0]]
    )
    return single


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("members", [2, 3])
def test_the_answer_is_the_median_of_the_members(strategy, members):
    model = small("lstm", strategy, **OPTIONS, members=members)
    singles = [run(alone(model, strategy, m + 1), with_holes(9)) for m in range(members)]
    assert np.abs(singles[0] - singles[1]).max() > 1e-3
    np.testing.assert_allclose(
        run(model, with_holes(9)), np.median(singles, axis=0), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("batch", slow_but([5], [4, 5]))
def test_each_member_learns_from_its_own_rows_alone(batch):
    """A step of gradient descent is that of each member by itself, on its share of the mean."""
    rng = np.random.default_rng(3)
    history = rng.uniform(1, 6, (batch, 9, 1)).astype("float32")
    targets = rng.uniform(1, 6, target_shape("seq2seq", batch, 9, 3)).astype("float32")
    model = small("lstm", "seq2seq", **OPTIONS, members=2)
    singles = [alone(model, "seq2seq", member) for member in (1, 2)]
    model.compile(keras.optimizers.SGD(0.1), "mae")
    model.train_on_batch(history, targets)
    edges = (0, batch // 2, batch)
    for number, (single, (first, end)) in enumerate(
        zip(singles, itertools.pairwise(edges), strict=True), start=1
    ):
        rate = 0.1 * (end - first) / batch
        single.compile(keras.optimizers.SGD(rate), "mae", run_eagerly=True)
        single.train_on_batch(history[first:end], targets[first:end])
        learned = alone(model, "seq2seq", number).get_weights()
        for one, other in zip(learned, single.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 2])
def test_a_batch_with_fewer_rows_than_members_teaches_those_that_have_one(batch):
    """The last batch of a pass may be as small; a network without a row must stay as it is."""
    rng = np.random.default_rng(3)
    history = rng.uniform(1, 6, (batch, 9, 1)).astype("float32")
    targets = rng.uniform(1, 6, target_shape("seq2seq", batch, 9, 3)).astype("float32")
    model = small("lstm", "seq2seq", **OPTIONS, members=3)
    before = [alone(model, "seq2seq", member).get_weights() for member in (1, 2, 3)]
    singles = [alone(model, "seq2seq", member) for member in (1, 2, 3)]
    model.compile(keras.optimizers.SGD(0.1), "mae")
    model.train_on_batch(history, targets)
    edges = [batch * edge // 3 for edge in range(4)]
    for number, (first, end) in enumerate(itertools.pairwise(edges), start=1):
        learned = alone(model, "seq2seq", number).get_weights()
        expected = before[number - 1]
        if end > first:
            single = singles[number - 1]
            single.compile(keras.optimizers.SGD(0.1 / batch), "mae", run_eagerly=True)
            single.train_on_batch(history[first:end], targets[first:end])
            expected = single.get_weights()
        for one, other in zip(learned, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", slow_but(["gru"], ["gru", "conv"]))
def test_recursion_of_an_ensemble_equals_the_growing_window(cell):
    model = small(cell, "recursive", horizon=6, members=3, lags=2)
    found = run(to_forecaster(model), with_holes(9))
    np.testing.assert_allclose(found, growing_window(model, with_holes(9), 6), rtol=1e-4, atol=1e-5)


def test_an_ensemble_is_saved_as_one_model(tmp_path):
    model = small("lstm", "seq2seq", **OPTIONS, members=2)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(run(again, positive()), run(model, positive()))


@pytest.mark.parametrize("members", [1, 2, 3, 4, 5])
def test_the_median_is_numpys(members):
    outputs = list(np.random.default_rng(members).normal(size=(members, 3, 2)).astype("float32"))
    found = np.array(MemberMedian()(outputs))
    np.testing.assert_allclose(found, np.median(outputs, axis=0), rtol=1e-6)


def test_a_single_network_is_built_as_ever():
    names = [layer.name for layer in forecaster("seq2seq", 3, units=4).layers]
    assert "lstm_1" in names and "head" in names and not any("member" in name for name in names)


def test_no_members_is_refused():
    with pytest.raises(ValueError, match="members must be at least 1; received 0"):
        forecaster("direct", 3, members=0)
