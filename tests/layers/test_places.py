"""Positions of places."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.layers import PlacePositions


@pytest.mark.parametrize(("height", "width"), [(3, 5), (1, 4), (2, 1)])
def test_positions_are_those_of_a_grid_and_channels_are_kept(height, width):
    places = np.random.default_rng(0).normal(size=(2, height, width, 3)).astype("float32")
    found = np.array(PlacePositions()(places))
    np.testing.assert_array_equal(found[..., :3], places)
    down, right = np.meshgrid(
        np.linspace(-1, 1, height) if height > 1 else [0],
        np.linspace(-1, 1, width) if width > 1 else [0],
        indexing="ij",
    )
    for row in found:
        np.testing.assert_allclose(row[..., 3], down, atol=1e-6)
        np.testing.assert_allclose(row[..., 4], right, atol=1e-6)
