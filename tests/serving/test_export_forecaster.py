"""A SavedModel is portable, named, whole or not there, and answers as the live model does."""

from __future__ import annotations

import contextlib
import errno
import importlib
import itertools
import json
import os
import subprocess

import keras
import numpy as np
import pytest
import tensorflow as tf
from profiles import slow_but

import keras_rnn_recipes
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving import export_forecaster as export, verify
from keras_rnn_recipes.serving.export_common import portable_kernels
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model
from keras_rnn_recipes.serving.verify import largest_difference


def tree(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def plain_model(*, features=1, targets=1, horizon=4, time=None, dtype=None):
    """History to forecast in raw units: every way in which a recurrent layer can be nested."""
    keras.utils.set_random_seed(3)
    history = keras.Input((time, features), dtype="float32")
    x = keras.ops.where(keras.ops.isnan(history), 0.0, history / 100)
    x = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True, dtype=dtype))(x)
    inner = keras.Sequential(
        [keras.Input((None, 6)), keras.layers.SimpleRNN(3), keras.layers.RepeatVector(2)]
    )
    x = inner(x)
    x = keras.ops.expand_dims(x, 1)
    x = keras.layers.TimeDistributed(keras.layers.GRU(2, dtype=dtype))(x)
    x = keras.layers.Dense(horizon * targets, dtype=dtype)(keras.ops.squeeze(x, 1))
    return keras.Model(history, keras.layers.Reshape((horizon, targets))(x))


def mean_model(horizon=3):
    """Forecasts the mean of the history at every step: an answer known by hand."""
    history = keras.Input((None, 1))
    mean = keras.ops.mean(history, axis=1)
    return keras.Model(history, keras.ops.repeat(mean[:, None, :], horizon, axis=1))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """One model through the whole of it, the new interpreter included in every profile."""
    model, folder = plain_model(), tmp_path_factory.mktemp("runs") / "saved_model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "subprocess", subprocess)
        return model, export_saved_model(model, folder)


def test_endpoints_have_the_frozen_names_shapes_and_types(exported):
    _, path = exported
    module = tf.saved_model.load(str(path))
    assert set(module.signatures) == {"serve", "serving_default"}
    for name in ("serve", "serving_default"):
        inputs = module.signatures[name].structured_input_signature[1]
        assert {k: (v.shape.as_list(), v.dtype) for k, v in inputs.items()} == {
            "history": ([None, None], tf.float32)
        }
        outputs = module.signatures[name].structured_outputs
        assert {k: (v.shape.as_list(), v.dtype) for k, v in outputs.items()} == {
            "forecast": ([None, 4], tf.float32)
        }


@pytest.mark.parametrize("batch, time", [(1, 1), (1, 9), (7, 30), (0, 5)])
def test_batch_and_time_are_free_and_the_answer_is_the_live_one(exported, batch, time):
    model, path = exported
    history = np.random.default_rng(1).normal(100, 9, (batch, time)).astype("float32")
    module = tf.saved_model.load(str(path))
    served = module.serve(tf.constant(history))["forecast"].numpy()
    assert served.shape == (batch, 4)
    if batch:
        live = np.asarray(model(history[:, :, None]))[:, :, 0]
        np.testing.assert_allclose(served, live, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "features, targets, inputs, output",
    [
        (3, 1, {"history": [None, None], "past": [None, None, 2]}, [None, 4]),
        (2, 2, {"history": [None, None, 2]}, [None, 4, 2]),
        (3, 2, {"history": [None, None, 2], "past": [None, None, 1]}, [None, 4, 2]),
    ],
)
def test_targets_are_history_and_the_rest_is_past(tmp_path, features, targets, inputs, output):
    model = plain_model(features=features, targets=targets)
    path = export_saved_model(model, tmp_path / "sm", verify=False)
    signature = tf.saved_model.load(str(path)).signatures["serve"]
    given = signature.structured_input_signature[1]
    assert {k: v.shape.as_list() for k, v in given.items()} == inputs
    assert signature.structured_outputs["forecast"].shape.as_list() == output
    windows = np.random.default_rng(2).normal(100, 9, (5, 8, features)).astype("float32")
    live = np.asarray(model(windows))
    served = load_saved_model(path).forecast_windows(windows, batch_size=2)
    np.testing.assert_allclose(served.reshape(live.shape), live, rtol=1e-5, atol=1e-6)


def test_known_answer_in_and_out(tmp_path):
    forecaster = load_saved_model(export_saved_model(mean_model(), tmp_path / "sm", verify=False))
    np.testing.assert_array_equal(forecaster([[1, 2, 6], [10, 20, 30]]), [[3, 3, 3], [20, 20, 20]])


def test_mixed_precision_is_served_as_float32(tmp_path):
    path = export_saved_model(plain_model(dtype="mixed_float16"), tmp_path / "sm", verify=False)
    output = tf.saved_model.load(str(path)).signatures["serve"].structured_outputs["forecast"]
    assert output.dtype == tf.float32


def test_model_of_one_length_keeps_it(tmp_path):
    path = export_saved_model(plain_model(time=12), tmp_path / "sm", verify=False)
    assert load_saved_model(path).time == 12
    with pytest.raises(UserError, match="has 11 time steps"):
        load_saved_model(path)(np.ones((1, 11)))


def recurrent_layers(model):
    return [layer for layer in model._flatten_layers() if hasattr(layer, "use_cudnn")]


def test_portable_kernels_reach_every_nesting_and_are_put_back():
    model = plain_model()
    layers = recurrent_layers(model)
    # The LSTM's two directions and the GRU; the template inside Bidirectional need not be seen.
    assert len(layers) >= 3
    layers[0].use_cudnn = True
    before = [layer.use_cudnn for layer in layers]
    with pytest.raises(KeyError), portable_kernels(model):
        assert [layer.use_cudnn for layer in layers] == [False] * len(layers)
        raise KeyError
    assert [layer.use_cudnn for layer in layers] == before


def test_export_leaves_the_model_s_kernels_alone(tmp_path):
    model = plain_model()
    export_saved_model(model, tmp_path / "sm", verify=False)
    assert {layer.use_cudnn for layer in recurrent_layers(model)} == {"auto"}


@pytest.fixture
def gpu_in_sight(monkeypatch):
    """As far as Keras can tell: what is traced then would run on a GPU only."""
    rnn = importlib.import_module("keras.src.backend.tensorflow.rnn")
    monkeypatch.setattr(rnn, "_is_gpu_available", lambda: True)


def operations(path):
    """The types of all operations of a SavedModel, those of its functions included."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    graph = SavedModel.FromString((path / "saved_model.pb").read_bytes()).meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for one in graph.library.function for node in one.node_def)]
    return {node.op for node in nodes}


def test_where_a_gpu_is_visible_portable_kernels_are_written(tmp_path, monkeypatch):
    history, model = np.float32([[100, 101, np.nan, 99], [7, 8, 9, 12]]), plain_model()
    without_gpu = np.array(model(history[:, :, None]))[:, :, 0]
    rnn = importlib.import_module("keras.src.backend.tensorflow.rnn")
    monkeypatch.setattr(rnn, "_is_gpu_available", lambda: True)
    before = [layer.use_cudnn for layer in recurrent_layers(model)]
    path = export_saved_model(model, tmp_path / "sm", verify=False)
    assert [layer.use_cudnn for layer in recurrent_layers(model)] == before
    found = operations(path)
    assert "MatMul" in found and not [name for name in found if "cudnn" in name.lower()]
    np.testing.assert_allclose(load_saved_model(path)(history), without_gpu, rtol=1e-5)


def test_without_that_the_scan_would_find_them(tmp_path, gpu_in_sight, monkeypatch):
    monkeypatch.setattr(export, "portable_kernels", contextlib.nullcontext)
    with pytest.raises(RuntimeError, match="CudnnRNNV3"):
        export_saved_model(plain_model(), tmp_path / "sm", verify=False)
    assert tree(tmp_path) == []


@pytest.mark.parametrize(
    ("features", "strategy"),
    slow_but(
        [(1, "direct"), (2, "recursive"), (1, "seq2seq")],
        itertools.product((1, 2), ("direct", "recursive", "seq2seq")),
    ),
)
def test_training_models_of_the_builders_are_served_as_forecasters(tmp_path, strategy, features):
    # A recursion can feed back only what it forecasts.
    targets = features if strategy == "recursive" else 1
    model = keras_rnn_recipes.gru(
        strategy, horizon=3, num_features=features, num_targets=targets, units=4
    )
    forecaster = load_saved_model(export_saved_model(model, tmp_path / "sm", verify=False))
    live = keras_rnn_recipes.to_forecaster(model)
    windows = np.random.default_rng(5).normal(80, 7, (4, 17, features)).astype("float32")
    windows[0, :9] = windows[1, 5] = np.nan
    for given in (windows, windows[:1], windows[:, :2], windows[2:, 4:]):
        expected = np.asarray(live(given))
        answer = forecaster.forecast_windows(given).reshape(expected.shape)
        np.testing.assert_allclose(answer, expected, rtol=1e-4)
        known = np.isfinite(given[..., :targets]).any(axis=(1, 2))  # else there is no forecast
        assert (np.isfinite(answer).all(axis=(1, 2)) == known).all()


@keras.saving.register_keras_serializable(package="krr_tests")
class HidesItsKernel(keras.layers.Layer):
    """Puts a GPU-only operation into the graph, as a layer that Keras cannot look into would."""

    def call(self, x):
        answer = tf.raw_ops.CudnnRNN(
            input=tf.transpose(x, (1, 0, 2)),
            input_h=tf.zeros((1, tf.shape(x)[0], 1)),
            input_c=tf.zeros((1, tf.shape(x)[0], 1)),
            params=tf.zeros((16,)),
        )
        return tf.transpose(answer.output, (1, 0, 2))

    def compute_output_shape(self, shape):
        return (*shape[:2], 1)


def test_gpu_only_operations_are_found_in_the_written_graph(tmp_path):
    history = keras.Input((None, 1))
    model = keras.Model(history, HidesItsKernel()(history)[:, -4:, :])
    with pytest.raises((RuntimeError, TypeError), match="CudnnRNN"):
        export_saved_model(fixed_horizon(model), tmp_path / "sm", verify=False)
    assert tree(tmp_path) == []


def fixed_horizon(model, horizon=4):
    history = keras.Input((None, 1))
    return keras.Model(history, keras.layers.Reshape((horizon, 1))(model(history)))


def test_an_earlier_saved_model_is_replaced_whole(tmp_path):
    path = export_saved_model(mean_model(horizon=2), tmp_path / "sm", verify=False)
    (path / "assets" / "old.txt").parent.mkdir(exist_ok=True)
    (path / "assets" / "old.txt").write_text("old")
    export_saved_model(mean_model(horizon=5), path, verify=False)
    assert load_saved_model(path).horizon == 5
    assert not (path / "assets" / "old.txt").exists()
    assert os.listdir(tmp_path) == ["sm"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_anything_else_is_never_overwritten(tmp_path, kind):
    path = tmp_path / "precious"
    if kind == "folder":
        path.mkdir()
        (path / "thesis.txt").write_text("mine")
    else:
        path.write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(UserError, match="is not a SavedModel"):
        export_saved_model(mean_model(), path, verify=False)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        tf.errors.ResourceExhaustedError(None, None, "No space left on device"),
    ],
)
def test_full_disk_leaves_nothing_and_keeps_the_earlier_one(tmp_path, monkeypatch, failure):
    kept = export_saved_model(mean_model(horizon=2), tmp_path / "kept", verify=False)
    before = tree(tmp_path)

    def half_written(trackable, folder, **_):
        os.makedirs(folder)
        with open(os.path.join(folder, "saved_model.pb"), "wb") as file:
            file.write(b"half")
        raise failure

    monkeypatch.setattr(tf.saved_model, "save", half_written)
    for target in (kept, tmp_path / "new" / "deep" / "sm"):
        with pytest.raises(UserError, match="No space left on device"):
            export_saved_model(mean_model(), target, verify=False)
    assert tree(tmp_path) == before
    assert load_saved_model(kept).horizon == 2


def test_model_that_answers_differently_when_saved_is_not_kept(tmp_path, monkeypatch):
    wrong = [{"forecast": np.full((1, 3), 9.9, "float32")}] * 9
    monkeypatch.setattr(
        export, "serve_in_fresh_process", lambda folder, cases, **_: wrong[: len(cases)]
    )
    with pytest.raises(RuntimeError, match="live model differ"):
        export_saved_model(mean_model(), tmp_path / "sm")
    assert tree(tmp_path) == []


def test_samples_of_the_user_s_own_are_compared_too(tmp_path, monkeypatch):
    seen = []

    def remember(folder, cases, **_):
        seen.extend(cases)
        return [{"forecast": np.repeat(c["history"].mean(1)[:, None], 3, 1)} for c in cases]

    monkeypatch.setattr(export, "serve_in_fresh_process", remember)
    export_saved_model(mean_model(), tmp_path / "sm", samples=np.full((2, 5, 1), 7.0))
    lengths = {case["history"].shape for case in seen}
    assert (2, 5) in lengths and len(lengths) >= 3
    assert any(np.isnan(case["history"]).any() for case in seen)
    np.testing.assert_array_equal(seen[-1]["history"], np.full((2, 5), 7.0))


def test_only_models_with_a_forecaster_s_shapes_are_taken(tmp_path):
    picture = keras.Input((8, 8, 3))
    with pytest.raises(TypeError, match="batch, time, features"):
        export_saved_model(keras.Model(picture, picture), tmp_path / "sm", verify=False)
    with pytest.raises(TypeError, match=r"keras\.Model"):
        export_saved_model(keras.layers.LSTM(2), tmp_path / "sm", verify=False)


def test_process_that_cannot_import_this_package_serves_it(exported, run_python, tmp_path):
    _, path = exported
    code = (
        "import sys, json; sys.modules['keras_rnn_recipes'] = None\n"
        "import tensorflow as tf\n"
        "served = tf.saved_model.load(sys.argv[1])\n"
        "forecast = served.serve(tf.constant([[1.0, float('nan'), 3.0]]))['forecast']\n"
        "print(json.dumps(forecast.numpy().tolist()))"
    )
    answer = json.loads(run_python(code, str(path)).stdout)
    np.testing.assert_allclose(answer, load_saved_model(path)([[1.0, np.nan, 3.0]]), rtol=1e-5)


def test_difference_counts_shapes_and_missing_values():
    assert largest_difference(np.ones((2, 3)), np.ones((3, 2))) == np.inf
    assert largest_difference(np.array([1.0, np.nan]), np.array([1.0, np.nan])) == 0
    assert largest_difference(np.array([1.0, 1.0]), np.array([1.0, np.nan])) == np.inf
    assert largest_difference(np.array([-8.0, 1.0]), np.array([-8.0, 3.0])) == 0.25
