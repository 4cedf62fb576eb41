"""Names that saved files carry: they never change."""

from __future__ import annotations

import inspect

import keras
import pytest

from keras_rnn_recipes import layers

# What stands in .keras files in people's hands. Add to it; never change or remove an entry.
FROZEN = {
    "AlignEnd": "alignment",
    "AlignStart": "alignment",
    "BothEnds": "output",
    "CellStep": "rewiring",
    "FillMissing": "missing",
    "ForecastOutput": "output",
    "Lags": "lags",
    "LastStep": "output",
    "Normalise": "scaling",
    "Recursion": "recursion",
    "SeasonalBase": "output",
    "WindowStatistics": "scaling",
}


def test_every_layer_keeps_the_name_and_module_it_is_saved_under():
    assert sorted(FROZEN) == sorted(layers.__all__)
    for name, module in FROZEN.items():
        layer = getattr(layers, name)
        assert keras.saving.get_registered_name(layer) == f"keras_rnn_recipes>{name}"
        # Where the package has not been imported yet, Keras imports this module to find the layer.
        assert layer.__module__ == f"keras_rnn_recipes.layers.{module}"


@pytest.mark.parametrize(
    "layer",
    [
        layers.Lags((0, 3), name="a"),
        layers.WindowStatistics("robust", "asinh", 5, name="a"),
        layers.Normalise("log", name="a"),
        layers.SeasonalBase(12, 3, "log", name="a"),
        layers.ForecastOutput("seq2seq", 3, 2, "asinh", name="a"),
        layers.FillMissing(dtype="float32"),
        layers.CellStep(keras.layers.GRUCell(3)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_is_rebuilt_from_its_configuration(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    arguments = inspect.signature(type(layer).__init__).parameters.keys() - {"self", "kwargs"}
    assert arguments <= layer.get_config().keys()
