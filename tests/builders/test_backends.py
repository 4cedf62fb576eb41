"""The builders on JAX: they build, train, recurse, and answer as TensorFlow does."""

from __future__ import annotations

import numpy as np
import pytest
from builders.cases import run, small, with_holes

from keras_rnn_recipes.builders import to_forecaster

CASES: dict[str, tuple[str, str, dict]] = {
    "lstm-direct": ("lstm", "direct", {"bidirectional": True}),
    "gru-seq2seq": ("gru", "seq2seq", {"lags": 3, "season_length": 4}),
    "deep_rnn-recursive": ("deep_rnn", "recursive", {"scaling": "robust", "transform": "asinh"}),
    "conv-recursive": ("conv", "recursive", {}),
    "simple_rnn-recursive": ("simple_rnn", "recursive", {"recurrent_skips": (2, 3)}),
    "lstm-seq2seq": ("lstm", "seq2seq", {"recurrent_skips": (2,)}),
    "gru-direct": ("gru", "direct", {"recurrent_skips": (2, 3), "bidirectional": True}),
}
CODE = """
import sys
from pathlib import Path
import keras
import numpy as np
folder = Path(sys.argv[1])
(folder / "again").mkdir()
sys.path.insert(0, sys.argv[2])
from builders.cases import growing_window
from keras_rnn_recipes.builders import to_forecaster
assert keras.backend.backend() == "jax"
history, answers = np.load(folder / "history.npy"), {}
for file in sorted(folder.glob("*.keras")):
    model = keras.models.load_model(file)
    answers[file.stem] = to_forecaster(model).predict_on_batch(history)
    if file.stem == "deep_rnn-recursive":
        slow = growing_window(model, history, 3)
        np.testing.assert_allclose(answers[file.stem], slow, rtol=1e-4, atol=1e-5)
    if file.stem == "lstm-direct":
        model.compile("adam", "mae")
        model.fit(history, np.zeros_like(answers[file.stem]), verbose=0)
        after = model.predict_on_batch(history)
        assert np.abs(after - answers[file.stem]).max() > 1e-5
        model.save(folder / "again" / "model.keras")
        again = keras.models.load_model(folder / "again" / "model.keras")
        np.testing.assert_allclose(again.predict_on_batch(history), after, rtol=1e-5)
np.savez(folder / "answers.npz", **answers)
"""


@pytest.mark.slow
def test_jax_loads_what_tensorflow_saved_and_agrees(tmp_path, run_under_backend, project_root):
    history, expected = with_holes(9), {}
    np.save(tmp_path / "history.npy", history)
    for name, (preset, strategy, options) in CASES.items():
        model = small(preset, strategy, **options)
        forecast = to_forecaster(model)
        model.save(tmp_path / f"{name}.keras")
        expected[name] = run(forecast, history)
        if strategy == "recursive":
            forecast.save(tmp_path / f"{name}-forecaster.keras")
            expected[f"{name}-forecaster"] = expected[name]
    run_under_backend("jax", CODE, str(tmp_path), str(project_root / "tests"))
    with np.load(tmp_path / "answers.npz") as answers:
        assert sorted(answers.files) == sorted(expected)
        for name, output in expected.items():
            np.testing.assert_allclose(answers[name], output, rtol=1e-4, atol=1e-5, err_msg=name)
