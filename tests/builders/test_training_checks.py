"""What Keras would broadcast or count without a word when it trains a forecaster."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest
from builders.cases import shared
from profiles import slow_but

from keras_rnn_recipes.builders import lstm
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import window_dataset
from keras_rnn_recipes.errors import UserError


def two_columns(missing: float = 0.0) -> pd.DataFrame:
    """Levels 100 and -5000, with a share of ``y`` missing."""
    t = np.arange(120)
    y = 100 + 10 * np.sin(2 * np.pi * t / 7)
    y[np.random.default_rng(0).random(120) < missing] = np.nan
    return pd.DataFrame({"unique_id": "a", "ds": t, "y": y, "b": -50 * y})


def test_targets_of_another_number_are_refused():
    model = lstm("direct", 7, units=4, num_features=2, num_targets=2)
    model.compile("adam", "mae")
    one = window_dataset(two_columns(), WindowSpec(14, 7), past_cols=["b"])
    with pytest.raises(UserError, match="target_cols with 2 columns"):
        model.fit(one, verbose=0, shuffle=False)
    both = window_dataset(two_columns(), WindowSpec(14, 7), target_cols=["y", "b"])
    model.fit(both, verbose=0, shuffle=False)


def test_two_targets_are_learned_each_at_its_level():
    keras.utils.set_random_seed(0)
    frame = two_columns()
    model = lstm("direct", 7, units=8, num_features=2, num_targets=2)
    model.compile(keras.optimizers.Adam(0.01), "mae")
    data = window_dataset(frame, WindowSpec(14, 7), target_cols=["y", "b"], shuffle=True)
    model.fit(data, epochs=10, verbose=0, shuffle=False)
    found = model.predict(frame[["y", "b"]].to_numpy()[None, -14:], verbose=0)[0].mean(axis=0)
    assert found == pytest.approx([100, -5000], rel=0.05)


@pytest.mark.parametrize(
    ("strategy", "windows"),
    [("seq2seq", "direct"), ("direct", "seq2seq"), ("recursive", "seq2seq")],
)
def test_windows_of_another_strategy_are_refused(strategy, windows):
    # Of equal length, so that Keras would broadcast them.
    model = lstm(strategy, 7, units=4)
    model.compile("adam", "mae")
    with pytest.raises(UserError, match="strategy and horizon of the model"):
        model.evaluate(window_dataset(two_columns(), WindowSpec(7, 7, strategy=windows)), verbose=0)


def test_targets_without_a_last_axis_are_taken_as_keras_takes_them():
    model = lstm("direct", 7, units=4)
    x, y = np.ones((4, 14, 1), "float32"), np.ones((4, 7), "float32")
    found = []
    for targets in (y, y[..., None]):
        model.compile("adam", "mae")
        found.append(model.evaluate(x, targets, verbose=0))
    assert found[0] == found[1]


@pytest.mark.parametrize("strategy", slow_but(["seq2seq"], ["direct", "recursive", "seq2seq"]))
def test_no_metric_counts_a_missing_target_as_zero(strategy):
    frame = two_columns(missing=0.3)
    spec = WindowSpec(14, 7, strategy=strategy)
    model = lstm(strategy, 7, units=4)
    model.compile(
        "adam", "mae", metrics=["mae"], weighted_metrics=[keras.metrics.MeanSquaredError("mse")]
    )
    data = window_dataset(frame, spec)
    found = model.evaluate(data, verbose=0, return_dict=True)
    x, y, w = (np.concatenate(parts) for parts in zip(*data.as_numpy_iterator(), strict=True))
    error = (model.predict(x, verbose=0) - y)[w > 0]
    assert found["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-4)
    assert found["mse"] == pytest.approx((error**2).mean(), rel=1e-4)


def test_metrics_without_weights_are_those_of_keras():
    model = lstm("direct", 7, units=4)
    model.compile("adam", "mae", metrics={"forecast": "mse"})
    x = np.random.default_rng(0).normal(size=(4, 14, 1)).astype("float32")
    y = np.zeros((4, 7, 1), "float32")
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert set(found) == {"loss", "mse"}
    assert found["mse"] == pytest.approx(float((model.predict(x, verbose=0) ** 2).mean()), rel=1e-5)


@pytest.mark.parametrize(
    "options", [{"distribution": "gaussian"}, {"quantiles": (80,)}], ids=["nll", "pinball"]
)
@pytest.mark.parametrize(
    "wrong", ["mae", keras.losses.MeanAbsoluteError(), keras.losses.mean_squared_error]
)
def test_parameters_and_quantiles_are_not_compared_with_targets(options, wrong):
    model = shared("lstm", "direct", 7, units=4, **options)
    with pytest.raises(UserError, match=r"forecast_loss\(model\)"):
        model.compile("adam", wrong)
    with pytest.raises(UserError, match=r"forecast_loss\(model\)"):
        model.compile("adam", lambda y, f: 0.0, metrics=[wrong])


def test_a_compiled_model_is_saved_and_loaded_with_its_metrics(tmp_path):
    model = lstm("direct", 7, units=4)
    model.compile("adam", "mae", metrics=["mse"])
    data = window_dataset(two_columns(), WindowSpec(14, 7))
    model.fit(data, verbose=0, shuffle=False)
    before = model.evaluate(data, verbose=0, return_dict=True)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.evaluate(data, verbose=0, return_dict=True) == pytest.approx(before)
