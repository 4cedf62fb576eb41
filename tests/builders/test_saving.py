"""Train, save, load in a fresh process, trace and export: every preset with every strategy."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
from builders.cases import (
    COMBINATIONS,
    STRATEGIES,
    run,
    shared_forecaster,
    small,
    target_shape,
    with_holes,
)

from keras_rnn_recipes.builders import to_forecaster

LOAD = """
import sys
from pathlib import Path
import keras
import numpy as np
import keras_rnn_recipes.layers  # says to Keras what the layers' names in the file mean
folder = Path(sys.argv[1])
history = np.load(folder / "history.npy")
answers = {file.stem: np.array(keras.models.load_model(file)(history))
           for file in sorted(folder.glob("*.keras"))}
np.savez(folder / "answers.npz", **answers)
"""
EXTRAS: dict[str, tuple[str, str, dict]] = {
    "bidirectional": ("gru", "direct", {"bidirectional": True, "layer_norm": True}),
    "everything": (
        "deep_rnn",
        "recursive",
        {
            "residual": True,
            "dropout": 0.2,
            "l2": 0.1,
            "lags": (0, 3),
            "season_length": 4,
            "scaling": "robust",
            "transform": "asinh",
        },
    ),
}


# A graph takes longer to trace than these take to train; the other presets show that it works.
EAGER = ("simple_rnn", "deep_rnn", "gru", "dense", "linear")
# Presets traced in every profile; the others, in the thorough run, share all their layers.
TRACED = ("deep_rnn", "lstm", "conv")


def trained(preset, strategy, **options):
    """A model after two steps, so that no weight is what an initialiser would make it."""
    model = small(preset, strategy, **options)
    model.compile("adam", "mae", jit_compile=False, run_eagerly=preset in EAGER)
    targets = np.ones(target_shape(strategy, 4, 9, 3), "float32")
    losses = [float(model.train_on_batch(with_holes(9), targets)) for _ in range(2)]
    assert losses[1] != losses[0] and np.isfinite(losses).all()
    return model


def save_all(folder):
    """Every combination and its forecaster, saved; what each answers."""
    cases = EXTRAS | {f"{p}-{s}": (p, s, {}) for p, s in COMBINATIONS}
    history, expected = with_holes(9), {}
    np.save(folder / "history.npy", history)
    for name, (preset, strategy, options) in cases.items():
        model = trained(preset, strategy, **options)
        saved = {name: model}
        if strategy != "direct":  # a direct model is its own forecaster
            saved[f"{name}-forecaster"] = to_forecaster(model)
        for file, each in saved.items():
            each.save(folder / f"{file}.keras")
            expected[file] = run(each, history)
    return expected


@pytest.mark.slow
def test_every_combination_is_trained_and_agrees_in_a_fresh_process(tmp_path, run_forked):
    expected = save_all(tmp_path)
    run_forked(LOAD, str(tmp_path))
    with np.load(tmp_path / "answers.npz") as answers:
        assert sorted(answers.files) == sorted(expected)
        assert len(expected) >= 23 + 15
        for name, output in expected.items():
            np.testing.assert_allclose(answers[name], output, rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_loaded_recursive_model_can_be_trained_on_and_made_a_forecaster(tmp_path):
    model = trained("lstm", "recursive")
    to_forecaster(model).save(tmp_path / "forecaster.keras")
    model.save(tmp_path / "model.keras")  # after its layers were wired anew
    loaded = keras.models.load_model(tmp_path / "model.keras")
    forecast = keras.models.load_model(tmp_path / "forecaster.keras")
    history = with_holes(9)
    np.testing.assert_allclose(
        run(to_forecaster(loaded), history), run(forecast, history), rtol=1e-5
    )
    assert len(forecast.weights) == len(model.weights)
    loaded.train_on_batch(history, np.ones((4, 9, 1), "float32"))


def test_the_saved_configuration_says_nothing_of_unrolling_or_fixed_lengths():
    def values_of(config, key):
        if isinstance(config, dict):
            yield from ([config[key]] if key in config else [])
            config = list(config.values())
        if isinstance(config, list):
            for part in config:
                yield from values_of(part, key)

    for preset, strategy in (("deep_rnn", "recursive"), ("lstm", "seq2seq"), ("gru", "direct")):
        config = json.loads(to_forecaster(small(preset, strategy)).to_json())
        assert not any(values_of(config, "unroll"))
        assert list(values_of(config, "batch_shape"))[0] == [None, None, 1]


@pytest.mark.parametrize(
    ("preset", "strategy"),
    [
        pytest.param(*pair, marks=() if pair[0] in TRACED else pytest.mark.slow)
        for pair in COMBINATIONS
    ],
)
def test_a_graph_of_unknown_batch_and_time_is_traced_once(preset, strategy):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("graphs are TensorFlow's")
    forecast = shared_forecaster(preset, strategy, season_length=4)
    graph = tf.function(forecast, input_signature=[tf.TensorSpec((None, None, 1))])
    for time in (2, 11):
        history = with_holes(time)
        np.testing.assert_allclose(
            graph(history).numpy(), run(forecast, history), rtol=1e-4, atol=1e-5
        )
    assert graph.experimental_get_tracing_count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_keras_own_export_serves_any_batch_and_time(strategy, tmp_path):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("exports are TensorFlow's")
    forecast = to_forecaster(small("lstm", strategy, lags=3))
    forecast.export(tmp_path / "saved", verbose=False)
    module = tf.saved_model.load(str(tmp_path / "saved"))
    for time in (2, 11):
        history = with_holes(time)
        np.testing.assert_allclose(
            module.serve(history).numpy(), run(forecast, history), rtol=1e-4, atol=1e-5
        )
