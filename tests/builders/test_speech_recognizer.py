"""Speech recognizers: shapes, padding, learning, and what they refuse."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import speech_recognizer
from keras_rnn_recipes.layers import LogMel
from keras_rnn_recipes.training.ctc_loss import ctc_loss

NAN = float("nan")


def padded(rows, time):
    found = np.full((len(rows), time, rows[0].shape[1]), NAN, "float32")
    for row, one in zip(found, rows, strict=True):
        row[: len(one)] = one
    return found


def rows(width=3, seed=0):
    random = np.random.default_rng(seed)
    return [random.normal(size=(length, width)).astype("float32") for length in (17, 9, 14)]


NETWORKS = {
    "plain": {"units": (6,), "convolutions": (), "stride": 1, "scaling": "channel"},
    "strided": {"units": (6, 5), "convolutions": (4, 5), "stride": 3, "scaling": "sequence"},
    "bands": {"units": (6,), "convolutions": (4,), "scaling": "none", "attend_bands": True},
    "varied": {
        **{"cell": "gru", "units": (6,), "scaling": "none", "differences": True, "noise": 0.1},
        **{"speed": 0.2, "mask_steps": 0.1, "mask_channels": 0.3, "dropout": 0.2},
        **{"residual": True, "layer_norm": True},
    },
}


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_is_blank_and_company_changes_nothing(name):
    model, given = speech_recognizer(3, 5, **NETWORKS[name]), rows()
    together = keras.ops.softmax(model(padded(given, 22)))
    stride = NETWORKS[name].get("stride", 2)
    for row, one in zip(np.array(together), given, strict=True):
        alone = np.array(keras.ops.softmax(model(one[None])))[0]
        steps = -(-len(one) // stride)
        assert alone.shape == (steps, 6)
        np.testing.assert_allclose(row[:steps], alone, atol=1e-5)
        np.testing.assert_array_equal(row[steps:, 0], 1)
        assert not row[steps:, 1:].any()


def test_waveforms_become_one_step_for_several_frames():
    front = LogMel(8000, 20)
    statistics = ((0.0,) * 20, (1.0,) * 20)
    model = speech_recognizer(
        1, 4, units=4, front_end=front, statistics=statistics, convolutions=(4,), stride=4
    )
    frames = 98
    assert model(np.zeros((2, 8000 - 100, 1), "float32")).shape == (2, -(-frames // 4), 5)


def test_it_learns_what_it_hears():
    """Three symbols, each a channel that is on for a few steps, in any order."""
    random = np.random.default_rng(0)
    labels = random.integers(1, 4, (48, 3))
    values = np.zeros((48, 24, 3), "float32")
    for row, symbols in zip(values, labels, strict=True):
        for place, symbol in enumerate(symbols):
            row[8 * place + 2 : 8 * place + 5, symbol - 1] = 1
    model = speech_recognizer(3, 3, units=8, convolutions=(8,), stride=2, scaling="none")
    model.compile(keras.optimizers.Adam(0.02), loss=ctc_loss())
    before = model.evaluate(values, labels, verbose=0)
    model.fit(values, labels, epochs=30, batch_size=16, verbose=0)
    assert model.evaluate(values, labels, verbose=0) < 0.2 * before


def test_it_is_saved_and_loaded(tmp_path):
    model, given = speech_recognizer(3, 5, **NETWORKS["strided"]), padded(rows(), 17)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(given), loaded(given))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_symbols": 0, "scaling": "none"}, "num_symbols"),
        ({"num_symbols": 2}, "statistics"),
        ({"num_symbols": 2, "scaling": "loud"}, "scaling"),
        ({"num_symbols": 2, "scaling": "none", "convolutions": ()}, "stride"),
    ],
)
def test_what_cannot_be_built_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        speech_recognizer(3, **options)
