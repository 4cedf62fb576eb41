"""Frames are encoded one by one: neither order, padding nor number of the others matters."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.layers import EncodeFrames, RealSteps, StepDifferences


def some(shape=(2, 5, 12, 9, 1), seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_each_frame_has_an_encoding_of_its_own():
    layer, values = EncodeFrames((4, 6), 7), some()
    mask = np.array([[True] * 5, [True] * 3 + [False] * 2])
    found = np.array(layer(values, mask))
    assert found.shape == (2, 5, 7) and not found[1, 3:].any() and found[1, 2].any()
    order = [3, 0, 4, 1, 2]
    again = np.array(layer(values[:, order], np.ones((2, 5), bool)))
    np.testing.assert_allclose(again[0], found[0][order], atol=1e-5)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 600])
def test_groups_of_frames_are_encoded_like_all_at_once(count):
    layer, values = EncodeFrames((2,), 3), some((1, count, 4, 4, 1))
    mask = np.ones((1, count), bool)
    together = np.array(layer(values, mask, training=True))
    np.testing.assert_allclose(np.array(layer(values, mask)), together, atol=1e-5)


def test_a_convolution_and_its_normalization_equal_those_in_numpy():
    layer, values = EncodeFrames((2,), 3), some((1, 1, 4, 4, 1))
    layer.build((None, None, 4, 4, 1))
    weights = [np.array(one) for one in layer.get_weights()]
    kernel, _, _, _, dense, _ = weights
    padded = np.pad(
        values[0, 0, :, :, 0], [(0, 1), (0, 1)]
    )  # TensorFlow pads even sides at the end
    parts = [padded[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] for i in range(2) for j in range(2)]
    made = np.array([[(part * kernel[:, :, 0, k]).sum() for k in range(2)] for part in parts])
    scaled = np.maximum((made - made.mean()) / np.sqrt(made.var() + 1e-3), 0)
    expected = np.maximum(scaled.reshape(-1) @ dense, 0)
    found = np.array(layer(values, np.ones((1, 1), bool)))[0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_real_frames_and_their_changes_are_those_of_each_pixel():
    values = some((2, 4, 3, 2, 1))
    values[0, 2:] = values[1, 1] = np.nan
    filled, mask = (np.array(one) for one in RealSteps()(values))
    assert mask.tolist() == [[True, True, False, False], [True] * 4]
    np.testing.assert_array_equal(filled[1, 1], values[1, 0])
    assert not filled[0, 2:].any()
    both = np.array(StepDifferences()(filled, mask))
    assert both.shape == (2, 4, 3, 2, 2) and not both[0, 2:].any()
    np.testing.assert_allclose(both[1, 2, :, :, 1:], values[1, 2] - values[1, 0], atol=1e-6)


def test_it_is_saved_with_its_options(tmp_path):
    inputs = keras.Input((None, 6, 6, 1)), keras.Input((None,), dtype="bool")
    model = keras.Model(inputs, EncodeFrames((3, 2), 4)(*inputs))
    model.save(tmp_path / "m.keras")
    again, values = keras.models.load_model(tmp_path / "m.keras"), some((1, 3, 6, 6, 1))
    mask = np.ones((1, 3), bool)
    np.testing.assert_array_equal(model([values, mask]), again([values, mask]))
    for wrong in ({"filters": ()}, {"filters": (0,)}, {"units": 0}):
        with pytest.raises(ValueError, match="filters"):
            EncodeFrames(**wrong)
