"""Images of any size and number of channels made alike, with TensorFlow operations.

Training and the SavedModel share this function, so that both see the same pixels.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

Size = tuple[int, int, int]

# Weights of red, green and blue in the luminance of ITU-R 601, as Pillow converts to grey.
_LUMINANCE = (0.299, 0.587, 0.114)
# Images are prepared in groups of at most this many pixels, which bounds the memory.
_PIXELS_AT_ONCE = 4_000_000


def prepare_images(images: tf.Tensor, size: Size) -> tf.Tensor:
    """Bring a batch of images to the size and the channels that a network takes.

    Transparent parts are shown on white; color becomes grey, or grey color, as the network needs
    it; the image is resized to the wanted height and width, without keeping its proportions.

    Args:
        images: ``(batch, height, width, channels)``, values from 0 to 255 of any type. Channels: 1
            grey, 2 grey and opacity, 3 RGB, 4 RGB and opacity.
        size: height, width and channels (1 or 3) of the result.

    Returns:
        float32 ``(batch, *size)``, whole numbers from 0 to 255.

    Example:
        >>> prepare_images(tf.fill([2, 4, 6, 3], 200.0), (2, 3, 1)).numpy()[0, 0, :, 0].tolist()
        [200.0, 200.0, 200.0]
    """
    height, width, channels = size
    pixels = tf.cast(images, tf.float32)
    pixels = _with_channels(_opaque(pixels), channels)
    resized = tf.image.resize(pixels, (height, width), method="bilinear", antialias=True)
    resized = tf.clip_by_value(tf.round(resized), 0.0, 255.0)
    return tf.ensure_shape(resized, [None, height, width, channels])


def resize_frames(frames: tf.Tensor, size: Size) -> tf.Tensor:
    """Prepare many images as `prepare_images` does, a bounded number of them at a time.

    Args:
        frames: ``(frames, height, width, channels)``.
        size: as in `prepare_images`.

    Returns:
        float32 ``(frames, *size)``.

    Example:
        >>> resize_frames(tf.zeros([5, 8, 6, 3], tf.uint8), (4, 4, 1)).shape
        TensorShape([5, 4, 4, 1])
    """
    shape = tf.shape(frames)
    pixels = tf.maximum(shape[1] * shape[2], 1)
    most = tf.maximum(_PIXELS_AT_ONCE // pixels, 1)
    groups = tf.maximum((shape[0] + most - 1) // most, 1)
    each = (shape[0] + groups - 1) // groups
    padded = tf.pad(frames, [[0, groups * each - shape[0]], [0, 0], [0, 0], [0, 0]])
    grouped = tf.reshape(padded, tf.concat([[groups, each], shape[1:]], axis=0))
    found = tf.map_fn(
        lambda some: prepare_images(some, size),
        grouped,
        fn_output_signature=tf.TensorSpec([None, *size], tf.float32),
        parallel_iterations=1,
    )
    return tf.reshape(found, [-1, *size])[: shape[0]]


def decode_images(files: tf.Tensor, size: Size) -> tf.Tensor:
    """Decode image files inside of a graph, and prepare each as `prepare_images` does.

    Args:
        files: the bytes of PNG, JPEG, GIF or BMP files, ``(batch,)``. Of an animation the first
            picture is decoded; CMYK becomes RGB.
        size: as in `prepare_images`.

    Returns:
        float32 ``(batch, *size)``.

    Example:
        >>> file = tf.io.encode_png(tf.fill([5, 3, 4], tf.constant(0, tf.uint8)))  # transparent
        >>> decode_images(tf.stack([file]), (1, 1, 1)).numpy().ravel().tolist()
        [255.0]
    """

    def decode(file: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(file, expand_animations=False)
        image = tf.ensure_shape(image, [None, None, None])
        return prepare_images(image[None], size)[0]

    return tf.map_fn(decode, files, fn_output_signature=tf.TensorSpec(size, tf.float32))


def prepared_arrays(images: list[np.ndarray], size: Size) -> np.ndarray:
    """Images of different sizes, each prepared as `prepare_images` does.

    Args:
        images: ``(height, width, channels)`` each.
        size: as in `prepare_images`.

    Returns:
        uint8 ``(images, *size)``.

    Example:
        >>> both = [np.zeros((3, 5, 1), "uint8"), np.full((9, 2, 4), 255, "uint8")]
        >>> prepared_arrays(both, (4, 4, 3)).shape
        (2, 4, 4, 3)
    """
    found = np.zeros((len(images), *size), "uint8")
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, image in enumerate(images):
        groups.setdefault(image.shape, []).append(number)
    for shape, numbers in groups.items():
        most = max(1, _PIXELS_AT_ONCE // max(1, shape[0] * shape[1]))
        for first in range(0, len(numbers), most):
            some = numbers[first : first + most]
            found[some] = _prepared(np.stack([images[one] for one in some]), size).numpy()
    return found


@tf.function(reduce_retracing=True)
def _prepared(images: tf.Tensor, size: Size) -> tf.Tensor:
    return tf.cast(prepare_images(images, size), tf.uint8)


def _opaque(images: tf.Tensor) -> tf.Tensor:
    """Images of 1 or 3 channels: those with opacity are laid on white."""
    count = tf.shape(images)[-1]
    colors = count - (1 - count % 2)
    shown = images[..., :colors]
    opacity = tf.where(count % 2 == 0, images[..., -1:] / 255.0, 1.0)
    return shown * opacity + 255.0 * (1.0 - opacity)


def _with_channels(images: tf.Tensor, channels: int) -> tf.Tensor:
    """Images of 1 or 3 channels with the number of channels that is wanted."""
    grey = tf.shape(images)[-1] == 1
    if channels == 3:
        return tf.broadcast_to(images, tf.concat([tf.shape(images)[:-1], [3]], axis=0))
    # The weights of the channels that there are: one grey channel keeps its values.
    weights = tf.cond(grey, lambda: tf.ones(1), lambda: tf.constant(_LUMINANCE))
    return tf.reduce_sum(images * weights, axis=-1, keepdims=True)
