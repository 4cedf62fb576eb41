"""Loading model.keras: the layers are found, and what cannot be loaded is told in three parts."""

from __future__ import annotations

import zipfile

import keras
import numpy as np
import pytest
from training.toy import toy_arrays, toy_batches, toy_model

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.training.loop import fit

HISTORY = np.array([[[1.0], [np.nan], [3.0], [2.0], [5.0]]], "float32")


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    krr.lstm("recursive", 2, units=(3,), lags=2).save(folder / "model.keras")
    return folder


def test_a_fresh_process_finds_the_layers_without_importing_them_by_hand(run_dir, run_forked):
    code = """
import sys, numpy as np, keras_rnn_recipes as krr
model = krr.load_model(sys.argv[1])
history = np.array([[[1.0], [np.nan], [3.0], [2.0], [5.0]]], "float32")
print(krr.to_forecaster(model).predict(history, verbose=0).ravel().tolist())
"""
    here = krr.to_forecaster(krr.load_model(run_dir / "model.keras")).predict(HISTORY, verbose=0)
    told = run_forked(code, str(run_dir)).stdout.strip().strip("[]").split(",")
    np.testing.assert_allclose([float(x) for x in told], here.ravel(), rtol=1e-5)


def test_a_model_trained_with_a_loss_of_ours_goes_on_training(tmp_path):
    """Its loss is not registered, so a model that came compiled could not be loaded."""
    config = FitConfig(epochs=1, steps_per_epoch=2, loss="huber")
    model = toy_model()
    fit(model, toy_batches(), num_windows=50, config=config)
    model.save(tmp_path / "model.keras")
    loaded = krr.load_model(tmp_path)
    np.testing.assert_array_equal(loaded(toy_arrays()[0]), model(toy_arrays()[0]))
    assert len(fit(loaded, toy_batches(), num_windows=50, config=config)) == 1


def test_what_is_no_model_is_told_in_three_parts(run_dir, tmp_path):
    whole = (run_dir / "model.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "old.h5").write_bytes(b"\x89HDF")
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("notes.txt", "nothing")
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "saved_model.pb").write_bytes(b"")
    for name, said in {
        "missing": "does not exist",
        "": "contains no model.keras",
        "cut.keras": "or it is incomplete",
        "old.h5": "does not end in|ends in .keras",
        "empty.keras": "cannot be loaded|can be loaded",
        "served": "is a SavedModel",
    }.items():
        with pytest.raises(UserError, match=said) as told:
            krr.load_model(tmp_path / name)
        assert told.value.expected and told.value.fix


def test_a_layer_that_nobody_registered_is_named(tmp_path):
    class Stranger(keras.layers.Layer):
        def call(self, x):
            return x + 1.0

    inputs = keras.Input((2,))
    keras.Model(inputs, Stranger()(inputs)).save(tmp_path / "model.keras")
    with pytest.raises(UserError, match="Stranger"):
        krr.load_model(tmp_path)
