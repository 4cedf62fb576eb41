"""The last layer: the way back to the data's units."""

from __future__ import annotations

import numpy as np
import pytest
from layers.arrays import call, series

from keras_rnn_recipes.layers import BothEnds, ForecastOutput, LastStep


def test_every_strategy_has_its_shape_and_its_units():
    """magnitude * (center + scale * head), the head's numbers in order of steps, then targets."""
    head = np.arange(12.0).reshape(1, 2, 6)  # two time steps, three steps ahead, two targets
    magnitude, center, scale = (np.full((1, 2, 3), c) for c in (10.0, 0.5, 2.0))
    expected = 10 * (0.5 + 2 * np.arange(12.0)).reshape(1, 2, 3, 2)
    arguments = head, magnitude, center, scale
    np.testing.assert_allclose(call(ForecastOutput("seq2seq", 3, 2), *arguments), expected)
    np.testing.assert_allclose(call(ForecastOutput("direct", 3, 2), *arguments), expected[:, 1])
    one = call(ForecastOutput("recursive", 3, 2), head[:, :, :2], magnitude, center, scale)
    np.testing.assert_allclose(one, expected[:, :, 0])


@pytest.mark.parametrize(
    ("transform", "inverse"), [("none", lambda x: x), ("log", np.exp), ("asinh", np.sinh)]
)
def test_the_transform_is_undone(transform, inverse):
    ones = np.ones((1, 1, 1))
    found = call(
        ForecastOutput("direct", 2, 1, transform), series(-1, 2).reshape(1, 1, 2), *[ones] * 3
    )
    np.testing.assert_allclose(found.ravel(), inverse(np.array([0.0, 3.0])), rtol=1e-6)


def test_a_seasonal_base_takes_the_place_of_the_center():
    ones, base = np.ones((1, 1, 1)), np.array([5.0, 7.0]).reshape(1, 1, 2, 1)
    head = np.array([0.5, -0.5]).reshape(1, 1, 2)
    found = call(ForecastOutput("direct", 2), head, 10 * ones, base, 2 * ones)
    np.testing.assert_allclose(found.ravel(), [60.0, 60.0])


def test_last_step_and_both_ends():
    values = np.arange(12.0).reshape(1, 3, 4)
    np.testing.assert_array_equal(call(LastStep(), values), [[[8, 9, 10, 11]]])
    np.testing.assert_array_equal(call(BothEnds(), values), [[[8, 9, 2, 3]]])


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ValueError, match=r"strategy must be one of .*; received 'mimo'\."):
        ForecastOutput("mimo", 3)
