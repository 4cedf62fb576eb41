"""Bounds inside the graph are those outside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from layers.arrays import call, histories
from profiles import draws

from keras_rnn_recipes.builders import (
    add_bounds,
    forecaster,
    forecaster_info,
    levels_of_model,
    to_forecaster,
)
from keras_rnn_recipes.evaluation.conformal import Calibration, interval_scale
from keras_rnn_recipes.layers import ForecastBounds

HORIZON, LEVELS = 3, (80.0, 95.0)
WIDTHS = np.array([[-1, 2, -3, 4], [-2, 3, -4, 5], [-2, 4, -5, 6.0]]) / 2


@draws(25)
@given(
    history=histories(features=2, longest=9),
    season=st.integers(1, 12),
    nonnegative=st.booleans(),
)
def test_the_layer_equals_the_calibration(history, season, nonnegative):
    point = np.array([[1.0, -2.0, 30.0], [0.0, 4.0, 5.0]], "float32")
    layer = ForecastBounds(LEVELS, WIDTHS, season, nonnegative)
    expected = Calibration(LEVELS, WIDTHS, season, nonnegative).bounds(
        point, interval_scale(history, season)
    )
    np.testing.assert_allclose(
        call(layer, history, point[..., None]), expected, rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize("strategy", ["direct", "seq2seq", "recursive"])
def test_every_strategy_takes_bounds_and_keeps_its_forecast(strategy):
    model = forecaster(strategy, HORIZON, cell="gru", units=4)
    sure = add_bounds(model, LEVELS, WIDTHS, season_length=2)
    history = np.random.default_rng(0).normal(size=(2, 9, 1)).astype("float32")
    found = sure.predict_on_batch(history)
    plain = to_forecaster(model).predict_on_batch(history)
    np.testing.assert_allclose(found[..., :1], plain, rtol=1e-5)
    scale = interval_scale(history, 2)
    np.testing.assert_allclose(found[..., 1:], plain + scale[:, None, None] * WIDTHS, rtol=1e-4)
    assert levels_of_model(sure) == LEVELS and levels_of_model(model) == ()
    assert forecaster_info(sure).horizon == HORIZON
    assert to_forecaster(sure) is sure
    assert len(sure.weights) == len(model.weights)


def test_widths_of_another_shape_are_refused():
    model = forecaster("direct", HORIZON, units=4)
    with pytest.raises(ValueError, match="a row for each step, 3 in all; received 2"):
        add_bounds(model, LEVELS, WIDTHS[:2])
    with pytest.raises(ValueError, match=r"received \(3, 4\) for 1 levels"):
        add_bounds(model, (80,), WIDTHS)
    with pytest.raises(ValueError, match="this one has 2"):
        add_bounds(forecaster("direct", 3, num_features=2, num_targets=2), LEVELS, WIDTHS)
