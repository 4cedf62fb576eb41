"""An ONNX file answers as the model does, with names and free axes, or is not there."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
from profiles import slow_but

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.files import config_from_dict, config_to_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving import export_onnx as onnx_export
from keras_rnn_recipes.workflows.inference import export_run

onnxruntime = pytest.importorskip(
    "onnxruntime", reason="needs the extra onnx: pip install 'keras-rnn-recipes[onnx]'"
)
pytest.importorskip("tf2onnx", reason="needs the extra onnx")

HORIZON = 4
CASES = {
    "direct": ("simple_rnn", "direct", {"num_features": 2, "lags": 3}),
    "seq2seq": ("gru", "seq2seq", {"lags": 5, "season_length": 3, "transform": "log"}),
    "recursive": ("lstm", "recursive", {"lags": 2, "scaling": "last"}),
}


def built(case: str) -> keras.Model:
    """A small forecaster with weights of some size everywhere, as training would leave them."""
    preset, strategy, options = CASES[case]
    keras.utils.set_random_seed(5)
    model = krr.build_forecaster(preset, strategy, HORIZON, units=(4,), **options)
    rng = np.random.default_rng(6)
    model.set_weights([w + rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    return model


def repeats_last_value() -> keras.Model:
    """A model that is converted in no time."""
    history = keras.Input((None, 1))
    return keras.Model(history, keras.ops.stack([history[:, -1]] * HORIZON, axis=1))


# The converter takes long, most of all over the two loops of a recursion.
PARAMS = slow_but(["direct"], CASES)


@pytest.fixture(scope="module", params=PARAMS)
def exported(request, tmp_path_factory):
    model = built(request.param)
    path = krr.export_onnx(model, tmp_path_factory.mktemp("onnx") / "deep" / "model.onnx")
    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return krr.to_forecaster(model), session


def test_names_and_axes_are_those_of_the_saved_model(exported):
    model, session = exported
    inputs = {one.name: one.shape for one in session.get_inputs()}
    assert inputs.pop("history") == ["batch", "time"]
    assert inputs == ({"past": ["batch", "time", 1]} if model.input_shape[2] == 2 else {})
    assert [(one.name, one.shape) for one in session.get_outputs()] == [
        ("forecast", ["batch", HORIZON])
    ]


@pytest.mark.parametrize("batch, time", [(1, 1), (3, 7), (2, 40)])
def test_onnxruntime_answers_as_keras_does(exported, batch, time):
    """Other histories than the export compared: some begin late, some have gaps."""
    model, session = exported
    rng = np.random.default_rng(batch)
    windows = rng.gamma(9, 10, (batch, time, model.input_shape[2])).astype("float32")
    windows[rng.random(windows.shape) < 0.2] = np.nan
    windows[0, : time // 2] = np.nan
    windows[:, -1, 0] = 50.0
    expected = np.asarray(model(windows))[..., 0]
    given = {"history": windows[:, :, 0]}
    if windows.shape[2] > 1:
        given["past"] = windows[:, :, 1:]
    (answer,) = session.run(["forecast"], given)
    assert time == 1 or np.ptp(expected) > 0
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_a_value_that_is_not_chosen_does_not_count_even_if_it_is_missing(tmp_path):
    """Chosen by what is finite, on which the converter falls back on sums of products."""
    history = keras.Input((None, 1))
    known = keras.ops.where(keras.ops.isfinite(history), history, keras.ops.zeros_like(history))
    total = keras.ops.sum(known, axis=1)
    model = keras.Model(history, keras.ops.stack([total] * HORIZON, axis=1))
    path = krr.export_onnx(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (answer,) = session.run(["forecast"], {"history": np.array([[1, np.nan, 3]], "float32")})
    assert answer.tolist() == [[4.0] * HORIZON]


def test_a_file_that_answers_otherwise_is_never_left_behind(tmp_path, monkeypatch):
    model = repeats_last_value()
    (tmp_path / "model.onnx").write_text("what was there before")
    answers = onnx_export._answers
    monkeypatch.setattr(
        onnx_export,
        "_answers",
        lambda serve, case: {name: 1.01 * a for name, a in answers(serve, case).items()},
    )
    with pytest.raises(RuntimeError, match="live model differ.*0.01"):
        krr.export_onnx(model, tmp_path / "model.onnx")
    with pytest.raises(RuntimeError, match="live model differ"):
        krr.export_onnx(model, tmp_path / "new" / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_text() == "what was there before"


def test_a_run_is_exported_into_a_folder_or_a_file_and_nothing_is_replaced(tmp_path, monkeypatch):
    run = tmp_path / "run"
    (run / "saved_model").mkdir(parents=True)
    config = config_from_dict({"data": {"source": "a.csv"}, "model": {"horizon": HORIZON}})
    (run / "config.json").write_text(json.dumps(config_to_dict(config)))
    repeats_last_value().save(run / "model.keras")
    path = export_run(run, tmp_path / "served", format="onnx")
    assert path == tmp_path / "served" / "model.onnx" and path.stat().st_size > 1000
    for taken in (path, tmp_path / "served"):
        with pytest.raises(UserError, match="already exists"):
            export_run(run, taken, format="onnx")
    with pytest.raises(UserError, match="is a folder"):
        krr.export_onnx(repeats_last_value(), tmp_path)
