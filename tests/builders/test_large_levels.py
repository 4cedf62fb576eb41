"""Series whose level is large against their changes: float32 must not decide their forecasts."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from builders.cases import STRATEGIES, small, with_holes

from keras_rnn_recipes.builders import add_bounds, to_forecaster
from keras_rnn_recipes.config.defaults import choose_scaling
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.layers import WindowStatistics
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model

METER = 87_654_321.0
OPTIONS = {"scaling": "change", "lags": 3, "season_length": 4}


def exact(model, history) -> np.ndarray:
    return model.predict_on_batch(np.asarray(history, "float64"))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("level", [METER, -METER, 3.7e12])
def test_a_constant_that_is_added_to_a_history_is_added_to_its_forecast(strategy, level):
    forecast = to_forecaster(small("gru", strategy, **OPTIONS), lookback=12)
    history = with_holes(12).astype("float64")
    low, high = exact(forecast, history), exact(forecast, history + level)
    assert high.dtype == np.float64
    np.testing.assert_allclose(high - level, low, atol=2e-3 if level > 1e12 else 1e-5)
    assert np.ptp(low) > 0.1  # the forecasts differ: the comparison can fail


def test_the_changes_of_the_window_are_its_scale():
    filled = np.array([1.0, 4.0, 2.0, 2.0]).reshape(1, 4, 1)
    observed = np.array([1.0, 1.0, 1.0, 0.0]).reshape(1, 4, 1)
    statistics = WindowStatistics("change")(filled, observed)
    magnitude, center, scale = (float(np.ravel(part)[0]) for part in statistics)
    assert (magnitude, center * magnitude, scale) == pytest.approx((2.5, 2.0, 1.0))
    constant = WindowStatistics("change")(np.full((1, 4, 1), 7.0), np.ones((1, 4, 1)))
    assert [float(np.ravel(part)[0]) for part in constant] == [1.0, 7.0, 0.0]


def test_bounds_and_limits_are_those_of_the_level():
    forecast = to_forecaster(small("gru", "direct", **OPTIONS), lookback=8)
    bounded = add_bounds(forecast, [80], [[-1, 1]] * 3)
    history = with_holes(8).astype("float64")
    low, high = exact(bounded, history), exact(bounded, history + METER)
    np.testing.assert_allclose(high - METER, low, atol=1e-5)
    limited = add_bounds(forecast, [80], [[-99, 99]] * 3, nonnegative=True)
    assert exact(limited, history)[..., 1].max() == 0
    assert exact(limited, history + METER).min() > METER - 1e4


@pytest.mark.slow
def test_the_saved_model_answers_in_float64_and_keeps_its_endpoint(tmp_path):
    forecast = to_forecaster(small("gru", "seq2seq", **OPTIONS), lookback=8)
    path = export_saved_model(forecast, tmp_path / "saved_model")
    served = load_saved_model(path)
    history = with_holes(20)[..., 0].astype("float64") + METER
    expected = exact(forecast, history[..., None])[..., 0]
    answer = served(history)
    assert answer.dtype == np.float64
    np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-4)
    np.testing.assert_allclose(served.forecast_windows(history[..., None]), expected, atol=1e-4)
    module = served._module
    assert {"serve", "serve_float64", "serving_default"} <= set(module.signatures)
    plain = module.signatures["serve"]
    assert plain.structured_input_signature[1]["history"].dtype == "float32"
    assert plain.structured_outputs["forecast"].dtype == "float32"


def test_other_models_have_float32_only(tmp_path):
    model = small("gru", "direct")
    served = load_saved_model(export_saved_model(model, tmp_path / "sm", verify=False))
    assert served.dtype == "float32" and served([[1.0, 2.0]]).dtype == np.float32


def test_saved_and_loaded_it_stays_exact(tmp_path):
    model = small("gru", "seq2seq", **OPTIONS)
    model.save(tmp_path / "model.keras")
    again = to_forecaster(keras.saving.load_model(tmp_path / "model.keras"), lookback=8)
    history = with_holes(9) + np.float64(METER)
    np.testing.assert_array_equal(
        exact(again, history), exact(to_forecaster(model, lookback=8), history)
    )


def asked(**sections):
    return config_from_dict({"data": {"source": "t.csv"}, "model": {"horizon": 2}, **sections})


@pytest.mark.parametrize(
    ("level", "scaling"), [(0.0, None), (1000.0, None), (METER, "change"), (-METER, "change")]
)
def test_the_data_decide_and_a_recipe_that_needs_the_level_keeps_it(level, scaling):
    import pandas as pd

    days = pd.date_range("2024-01-01", periods=30)
    panel = read_panel(pd.DataFrame({"ds": days, "y": level + np.arange(30.0)}))
    assert choose_scaling(asked(), panel).model.scaling == scaling
    assert choose_scaling(asked(fit={"loss": "smape"}), panel).model.scaling is None
    given = {"horizon": 2, "scaling": "mean"}
    assert choose_scaling(asked(model=given), panel).model.scaling == "mean"


@pytest.mark.parametrize(
    "sections",
    [
        {"model": {"horizon": 2, "scaling": "change", "transform": "log"}},
        {"model": {"horizon": 2, "scaling": "change"}, "fit": {"loss": "tweedie"}},
    ],
)
def test_what_needs_the_level_is_refused_with_it(sections):
    with pytest.raises(UserError, match=r"combines model\.scaling 'change' with"):
        asked(**sections)
