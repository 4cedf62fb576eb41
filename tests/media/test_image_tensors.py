"""Images brought to one size and number of channels: compared with Pillow and with invariants."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_rnn_recipes.media.image_tensors import prepare_images, prepared_arrays


def drawn(*shape):
    return np.random.default_rng(1).integers(0, 256, shape).astype("uint8")


def test_images_of_the_right_size_stay_as_they_are():
    for channels in (1, 3):
        images = drawn(4, 7, 5, channels)
        np.testing.assert_array_equal(prepared_arrays(list(images), (7, 5, channels)), images)


def test_color_becomes_grey_as_with_pillow():
    image = drawn(6, 9, 3)
    expected = np.asarray(Image.fromarray(image).convert("L"))
    found = prepared_arrays([image], (6, 9, 1))[0, ..., 0]
    assert np.abs(found.astype(int) - expected).max() <= 1
    grey = drawn(6, 9, 1)
    np.testing.assert_array_equal(prepared_arrays([grey], (6, 9, 3))[0], np.repeat(grey, 3, 2))


def test_opacity_is_shown_on_white_as_with_pillow():
    image = drawn(6, 9, 4)
    white = Image.new("RGBA", (9, 6), (255, 255, 255, 255))
    expected = np.asarray(Image.alpha_composite(white, Image.fromarray(image)).convert("RGB"))
    found = prepared_arrays([image], (6, 9, 3))[0]
    assert np.abs(found.astype(int) - expected).max() <= 1
    clear = np.zeros((6, 9, 2), "uint8")
    assert prepared_arrays([clear], (6, 9, 1)).min() == 255


def test_resizing_agrees_with_pillow():
    smooth = np.linspace(0, 255, 40 * 30).reshape(40, 30).astype("uint8")
    expected = np.asarray(Image.fromarray(smooth).resize((12, 9), Image.Resampling.BILINEAR))
    found = prepared_arrays([smooth[..., None]], (9, 12, 1))[0, ..., 0]
    assert np.abs(found.astype(int) - expected).max() <= 2


def test_the_company_in_a_batch_changes_nothing():
    images = [drawn(6, 9, 3), drawn(6, 9, 3)[::-1].copy(), drawn(30, 4, 1), drawn(6, 9, 4)]
    together = prepared_arrays(images, (5, 5, 3))
    for image, found in zip(images, together, strict=True):
        np.testing.assert_array_equal(prepared_arrays([image], (5, 5, 3))[0], found)


def test_integers_and_real_numbers_give_the_same():
    images = drawn(2, 6, 9, 3)
    whole = prepare_images(tf.constant(images), (4, 4, 1))
    real = prepare_images(tf.constant(images, tf.float32), (4, 4, 1))
    np.testing.assert_array_equal(whole, real)
    assert prepare_images(tf.zeros([0, 6, 9, 3]), (4, 4, 1)).shape == (0, 4, 4, 1)
