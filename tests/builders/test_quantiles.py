"""Networks that learn quantiles: never crossing, saved and served like the others, and learning."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, strategies as st
from hypothesis.extra import numpy as hnp
from profiles import draws, slow_but

from keras_rnn_recipes.builders import add_bounds, forecaster, levels_of_model, to_forecaster
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.data.windows import WindowSpec, count_windows, window_dataset
from keras_rnn_recipes.layers.output import spread_out
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import set_seeds

HORIZON, LEVELS = 2, (80, 95)


def outwards(quantiles: np.ndarray) -> np.ndarray:
    """Lowest bound first, highest last, the median in the middle."""
    lower, upper = quantiles[..., 1::2], quantiles[..., 2::2]
    return np.concatenate([lower[..., ::-1], quantiles[..., :1], upper], axis=-1)


SUBNORMAL = np.full((3, 7), 1.4e-45, "float32")


@draws(30)
@example(np.where(np.arange(21).reshape(3, 7) == 9, np.float32(-88), SUBNORMAL))
@example(np.where(np.arange(21).reshape(3, 7) == 9, np.float32(-88), -SUBNORMAL))
@given(hnp.arrays("float32", (3, 7), elements=st.floats(-100, 100, width=32)))
def test_no_numbers_of_a_head_make_quantiles_cross(head):
    found = np.array(spread_out(head))
    assert (np.diff(outwards(found)) >= 0).all()
    np.testing.assert_array_equal(found[:, 0], head[:, 0])


@pytest.mark.parametrize("strategy", slow_but(["seq2seq"], ["direct", "seq2seq"]))
def test_the_network_forecasts_its_levels(strategy, tmp_path):
    model = forecaster(
        strategy, HORIZON, cell="gru", units=4, transform="asinh", season_length=3, quantiles=LEVELS
    )
    answers = to_forecaster(model)
    history = np.random.default_rng(0).normal(size=(3, 9, 1)).cumsum(axis=1).astype("float32")
    found = answers.predict_on_batch(history)
    assert found.shape == (3, HORIZON, 5) and levels_of_model(answers) == LEVELS
    assert (np.diff(outwards(found)) > 0).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(to_forecaster(again).predict_on_batch(history), found, rtol=1e-5)
    if strategy == "seq2seq":
        saved = load_saved_model(export_saved_model(model, tmp_path / "saved", verify=False))
        assert saved.levels == LEVELS
        np.testing.assert_allclose(saved.quantiles(history[..., 0]), found, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(saved(history[..., 0]), found[..., 0], rtol=1e-4, atol=1e-5)


def test_without_quantiles_a_model_is_what_it_was():
    model = forecaster("direct", HORIZON, units=4)
    assert "levels" not in model.get_layer("forecast").get_config()
    assert model.output_shape == (None, HORIZON, 1)


def test_quantiles_that_cannot_be_are_refused():
    for levels in ((0,), (100,), (80, 80)):
        with pytest.raises(ValueError, match="above 0 and below 100"):
            forecaster("direct", HORIZON, quantiles=levels)
    with pytest.raises(ValueError, match="strategy='recursive'"):
        forecaster("recursive", HORIZON, quantiles=LEVELS)
    model = forecaster("direct", HORIZON, units=4, quantiles=(80,))
    with pytest.raises(ValueError, match="intervals already"):
        add_bounds(model, (80,), [[-1, 1]] * HORIZON)


def test_quantiles_of_noise_are_learnt():
    """Of noise that nothing foretells, the quantiles are those of its distribution."""
    set_seeds(0)
    noise = np.random.default_rng(0).exponential(size=4000)
    frame = pd.DataFrame({"unique_id": "a", "ds": range(4000), "y": noise})
    spec = WindowSpec(lookback=12, horizon=HORIZON)
    model = forecaster("direct", HORIZON, cell="linear", lags=1, scaling="none", quantiles=(80,))
    train = partial(window_dataset, frame, spec, shuffle=True, repeat=True, batch_size=64)
    config = FitConfig(epochs=8, batch_size=64, learning_rate=0.02, loss="pinball")
    fit(model, train, num_windows=count_windows(frame, spec), config=config)
    found = model.predict_on_batch(noise[:1200].reshape(100, 12, 1).astype("float32"))
    expected = np.quantile(noise, [0.5, 0.1, 0.9])
    np.testing.assert_allclose(found.mean(axis=(0, 1)), expected, atol=0.12)
