"""Images varied at random: whole shifts and quarter turns worked out by hand, and the borders."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.layers import ImageVariation

IMAGES = np.random.default_rng(0).uniform(0.5, 1, (64, 6, 6, 2)).astype("float32")


def transformed(layer, **values):
    """What the layer makes of `IMAGES` where its draws are replaced by the given numbers."""
    given = iter([values.get(name, 0.0) for name in ("angle", "zoom", "right", "down")])
    drawn = keras.random.uniform
    keras.random.uniform = lambda shape, low, high, seed: keras.ops.full(shape, next(given))
    try:
        return np.array(layer(IMAGES, training=True))
    finally:
        keras.random.uniform = drawn


def test_without_training_images_stay_as_they_are():
    layer = ImageVariation(0.5, 0.5, 0.5)
    np.testing.assert_array_equal(layer(IMAGES), IMAGES)
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)


def test_a_shift_moves_the_pixels_and_leaves_zeros():
    moved = transformed(ImageVariation(0.5), right=2.0, down=-1.0)
    np.testing.assert_allclose(moved[:, 1:, :4], IMAGES[:, :5, 2:], atol=1e-6)
    assert not moved[:, 0].any() and not moved[:, :, 4:].any()


def test_a_quarter_turn_is_that_of_numpy():
    turned = transformed(ImageVariation(0.0, 0.25), angle=np.pi / 2)
    expected = np.rot90(IMAGES, 1, axes=(1, 2))
    np.testing.assert_allclose(turned[:, 1:5, 1:5], expected[:, 1:5, 1:5], atol=1e-4)


def test_a_zoom_of_two_spreads_the_middle():
    # Source and target share their middle; neighbors in the source are two pixels apart.
    larger = transformed(ImageVariation(0.0, 0.0, 0.5), zoom=1.0)
    middle = IMAGES[:, 2:4, 2:4].mean(axis=(1, 2))
    np.testing.assert_allclose(larger[:, 2:4, 2:4].mean(axis=(1, 2)), middle, atol=1e-5)
    expected = 0.75 * IMAGES[:, 2, 2] + 0.25 * IMAGES[:, 2, 3]
    row = 0.75 * expected + 0.25 * (0.75 * IMAGES[:, 3, 2] + 0.25 * IMAGES[:, 3, 3])
    np.testing.assert_allclose(larger[:, 2, 2], row, atol=1e-5)


def test_each_image_and_each_call_has_draws_of_its_own():
    layer = ImageVariation(0.3, seed=3)
    same = np.repeat(IMAGES[:1], 8, axis=0)
    first, second = (np.array(layer(same, training=True)) for _ in range(2))
    assert len({image.tobytes() for image in [*first, *second]}) == 16
    again = ImageVariation.from_config(layer.get_config())
    np.testing.assert_array_equal(np.array(again(same, training=True)), first)


@pytest.mark.parametrize("share", (0.1, 0.25))
def test_draws_stay_within_their_share(share):
    layer = ImageVariation(share, seed=0)
    rows = np.array(layer._transforms(2000, 6, 6))
    assert np.abs(rows[:, [2, 5]]).max() <= 6 * share
    assert np.abs(rows[:, [2, 5]]).max() > 5 * share
