"""Images brought to one size and number of channels: compared with Pillow and with invariants."""

from __future__ import annotations

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_rnn_recipes.media.image_tensors import decode_images, prepare_images, prepared_arrays
from keras_rnn_recipes.media.images import read_image


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


def files_of(image, *kinds):
    """An image as the bytes of files: pairs of a mode of Pillow and a format."""
    found = []
    for mode, name in kinds:
        buffer = io.BytesIO()
        image.convert(mode).save(
            buffer, name, **({"quality": 100, "subsampling": 0} if name == "JPEG" else {})
        )
        found.append(buffer.getvalue())
    return found


def test_files_of_every_mode_are_decoded_as_pillow_reads_them(tmp_path):
    pixels = np.zeros((6, 8, 4), "uint8")
    pixels[:, :4], pixels[:, 4:] = (200, 40, 20, 255), (10, 20, 90, 128)
    image = Image.fromarray(pixels)
    kinds = [("RGBA", "PNG"), ("RGB", "PNG"), ("P", "PNG"), ("L", "PNG"), ("LA", "PNG")]
    kinds += [("RGB", "JPEG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("P", "GIF"), ("RGB", "BMP")]
    files = files_of(image, *kinds)
    found = decode_images(tf.constant(files), (6, 8, 3)).numpy()
    for (mode, name), data, decoded in zip(kinds, files, found, strict=True):
        (tmp_path / "image").write_bytes(data)
        read = read_image(tmp_path / "image")
        expected = prepared_arrays([read], (6, 8, 3))[0].astype("float32")
        away = np.abs(decoded - expected).max()
        # TensorFlow decodes JPEG with a faster and less exact transform than Pillow.
        assert away <= (12 if name == "JPEG" else 1), (mode, name, away)


def test_a_file_alone_is_decoded_as_among_others_and_none_are_none():
    files = files_of(Image.fromarray(drawn(9, 5, 3)), ("RGB", "PNG"), ("L", "JPEG"))
    together = decode_images(tf.constant(files), (4, 4, 1)).numpy()
    for number, file in enumerate(files):
        np.testing.assert_array_equal(
            decode_images(tf.constant([file]), (4, 4, 1))[0], together[number]
        )
    assert decode_images(tf.constant([], tf.string), (4, 4, 1)).shape == (0, 4, 4, 1)
