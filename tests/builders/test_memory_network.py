"""Networks that differ in one remedy, and in nothing else."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import REMEDIES, memory_network
from keras_rnn_recipes.layers import SkipCell


def made(name, **options):
    keras.utils.set_random_seed(3)
    return memory_network(name, **{"channels": 2, "width": 1, "units": 12, **options})


def recurrent_of(model):
    (layer,) = [one for one in model.layers if isinstance(one, keras.layers.RNN)]
    return layer, layer.get_weights()[1]


@pytest.mark.parametrize("name", REMEDIES)
def test_the_last_steps_are_answered_and_every_weight_learns(name):
    model = made(name, asked=3, width=4, units=(5, 4) if "normal" in name else 5)
    inputs = np.random.default_rng(0).normal(size=(6, 9, 2)).astype("float32")
    assert model(inputs).shape == (6, 3, 4)
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(inputs, np.ones((6, 3, 4)), verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        assert np.abs(one - other).max() > 0


def test_starts_are_what_they_are_called():
    eye = np.eye(12)
    _, plain = recurrent_of(made("simple_rnn"))
    np.testing.assert_allclose(plain @ plain.T, eye, atol=1e-5)
    _, identity = recurrent_of(made("simple_rnn_identity"))
    np.testing.assert_array_equal(identity, eye)
    _, normal = recurrent_of(made("simple_rnn_normal"))
    assert np.abs(np.linalg.eigvals(normal)).max() == pytest.approx(0.9, rel=1e-4)
    assert np.abs(normal @ normal.T - 0.81 * eye).max() > 0.1
    again, other = (recurrent_of(made("simple_rnn_normal", seed=s))[1] for s in (0, 1))
    np.testing.assert_array_equal(normal, again)
    assert np.abs(normal - other).max() > 0.1


def test_forget_gates_begin_open_or_half_open():
    biases = [made(name).layers[1].get_weights()[2] for name in ("lstm", "lstm_closed")]
    np.testing.assert_array_equal(biases[0], [0] * 12 + [1] * 12 + [0] * 24)
    np.testing.assert_array_equal(biases[1], [0] * 48)


def test_skips_are_where_they_are_said_to_be():
    for name, remedy in REMEDIES.items():
        layer, _ = recurrent_of(made(name))
        assert isinstance(layer.cell, SkipCell) == bool(remedy.skips) == name.endswith("skips")
        assert remedy.clipped == (name != "simple_rnn")


def test_an_unknown_remedy_is_refused():
    with pytest.raises(ValueError, match="name must be one of .*'gru_skips'.*received 'hope'"):
        made("hope")
