"""Names that saved files carry: they never change."""

from __future__ import annotations

import inspect
import json

import keras
import pytest

from keras_rnn_recipes import layers

# What stands in .keras files in people's hands. Add to it; never change or remove an entry.
FROZEN = [
    "keras_rnn_recipes>AdditiveAttention",
    "keras_rnn_recipes>AlignEnd",
    "keras_rnn_recipes>AlignStart",
    "keras_rnn_recipes>AttendBands",
    "keras_rnn_recipes>AttentionPooling",
    "keras_rnn_recipes>BesideHistory",
    "keras_rnn_recipes>BlankPadding",
    "keras_rnn_recipes>BothEnds",
    "keras_rnn_recipes>CRF",
    "keras_rnn_recipes>CellStep",
    "keras_rnn_recipes>CenterSkeleton",
    "keras_rnn_recipes>CharacterConvolution",
    "keras_rnn_recipes>ConvolveSteps",
    "keras_rnn_recipes>CopyFrames",
    "keras_rnn_recipes>DistributionQuantiles",
    "keras_rnn_recipes>EncodeFrames",
    "keras_rnn_recipes>ExtendedEmbedding",
    "keras_rnn_recipes>FillMissing",
    "keras_rnn_recipes>FoldTokens",
    "keras_rnn_recipes>ForecastBounds",
    "keras_rnn_recipes>ForecastMixture",
    "keras_rnn_recipes>ForecastOutput",
    "keras_rnn_recipes>FrameHistory",
    "keras_rnn_recipes>ImageVariation",
    "keras_rnn_recipes>IndependentKeys",
    "keras_rnn_recipes>KnownAhead",
    "keras_rnn_recipes>KnownColumns",
    "keras_rnn_recipes>Lags",
    "keras_rnn_recipes>LastStep",
    "keras_rnn_recipes>LogMel",
    "keras_rnn_recipes>LogitMixture",
    "keras_rnn_recipes>MaskSpans",
    "keras_rnn_recipes>MaskedPooling",
    "keras_rnn_recipes>MemberMean",
    "keras_rnn_recipes>MemberMedian",
    "keras_rnn_recipes>MemberShare",
    "keras_rnn_recipes>MultiplicativeAttention",
    "keras_rnn_recipes>NADEKeys",
    "keras_rnn_recipes>NGramLogits",
    "keras_rnn_recipes>Normalise",
    "keras_rnn_recipes>PaddingMask",
    "keras_rnn_recipes>PlacePositions",
    "keras_rnn_recipes>RandomSpeed",
    "keras_rnn_recipes>RandomStretch",
    "keras_rnn_recipes>RandomTurn",
    "keras_rnn_recipes>RealSteps",
    "keras_rnn_recipes>Recursion",
    "keras_rnn_recipes>RelativeAttention",
    "keras_rnn_recipes>SampledPaths",
    "keras_rnn_recipes>SeasonalBase",
    "keras_rnn_recipes>ServedForecast",
    "keras_rnn_recipes>SkipCell",
    "keras_rnn_recipes>StandardizeSequence",
    "keras_rnn_recipes>StepDifferences",
    "keras_rnn_recipes>TakeColumns",
    "keras_rnn_recipes>TiedEmbedding",
    "keras_rnn_recipes>UnfoldTokens",
    "keras_rnn_recipes>WindowStatistics",
    "keras_rnn_recipes>crf_loss",
]


def test_every_layer_keeps_the_name_it_is_saved_under():
    public = [getattr(layers, name) for name in layers.__all__]
    assert sorted(keras.saving.get_registered_name(layer) for layer in public) == FROZEN
    for layer in public:
        name = keras.saving.get_registered_name(layer)
        assert keras.saving.get_registered_object(name) is layer


@pytest.mark.parametrize(
    "layer",
    [
        layers.Lags((0, 3), name="a"),
        layers.WindowStatistics("robust", "asinh", 5, name="a"),
        layers.Normalise("log", name="a"),
        layers.NADEKeys(7, name="a"),
        layers.NGramLogits(3, buckets=64, longest=3, shortest=2, name="a"),
        layers.LogitMixture(0.25, name="a"),
        layers.FrameHistory((2, 5), name="a"),
        layers.SeasonalBase(12, 3, "log", name="a"),
        layers.SeasonalBase((24, 168), 3, seasons=2, name="a"),
        layers.ForecastOutput("seq2seq", 3, 1, "asinh", (80, 95), name="a"),
        layers.ForecastOutput("recursive", 3, distribution="student_t", name="a"),
        layers.DistributionQuantiles("negative_binomial", (80, 95), name="a"),
        layers.FillMissing(dtype="float32"),
        layers.ForecastMixture(3, (24, 168), (80, 95), 5, 4, (0, 1), "change", 1.2, name="a"),
        layers.ForecastBounds((80, 95), [[-1, 1, -2, 3]], 12, True, name="a"),
        layers.MemberShare(1, 3, name="a"),
        layers.KnownColumns((0, 3), (0, 2), name="a"),
        layers.KnownAhead(3, 2, 5, name="a"),
        layers.RelativeAttention(4, name="a"),
        layers.SkipCell("lstm", 3, (2, 5), keras.regularizers.L2(0.5), name="a"),
        layers.TakeColumns((1, 2), name="a"),
        layers.AdditiveAttention(3, name="a"),
        layers.MultiplicativeAttention(name="a"),
        layers.TiedEmbedding(5, 3, scale=2.0, name="a"),
        layers.CellStep(keras.layers.GRUCell(3)),
        layers.MaskedPooling("max", name="a"),
        layers.AttentionPooling(7, name="a"),
        layers.PaddingMask(name="a"),
        layers.AttendBands(name="a"),
        layers.CRF(2, [[True] * 3, [False, True, True], [True, False, False]], name="a"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_is_rebuilt_from_its_configuration(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    arguments = inspect.signature(type(layer).__init__).parameters.keys() - {"self", "kwargs"}
    assert arguments <= layer.get_config().keys()


LOAD = """
import sys
import numpy as np
{first}
import keras
assert "keras_rnn_recipes" in sys.modules
model = keras.models.load_model({path!r})
print(np.asarray(model(np.arange(1.0, 9.0, dtype="float32").reshape(1, 8, 1))).ravel().tolist())
print(keras.saving.get_registered_name(keras.saving.get_registered_object("keras_rnn_recipes>smape")))
"""


@pytest.mark.parametrize(
    "first",
    [
        "import keras_rnn_recipes\nassert 'keras' not in sys.modules",
        "import keras_rnn_recipes.layers",  # while they are imported, Keras is
        pytest.param("import keras, keras_rnn_recipes", marks=pytest.mark.slow),
        pytest.param("import keras_rnn_recipes, tensorflow", marks=pytest.mark.slow),
    ],
)
def test_importing_the_package_is_enough_to_load_a_model(first, tmp_path, run_python):
    import numpy as np

    from keras_rnn_recipes.builders import lstm

    path = str(tmp_path / "model.keras")
    model = lstm("direct", 3, units=(4,), lags=(2,))
    model.save(path)
    wanted = np.asarray(model(np.arange(1.0, 9.0, dtype="float32").reshape(1, 8, 1))).ravel()
    done = run_python(LOAD.format(first=first, path=path))
    answer, name = done.stdout.strip().splitlines()[-2:]
    np.testing.assert_allclose(json.loads(answer), wanted, rtol=1e-5)
    assert name == "keras_rnn_recipes>smape"
