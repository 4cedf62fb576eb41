"""The served image classifier: raw images in, labels and probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.media.image_tensors import Size, prepare_images, prepared_arrays
from keras_rnn_recipes.serving.export_pipeline import Case, export_pipeline

BATCH_SIZE, MOST_COMPARED = 256, 8


class Pipeline(tf.Module):
    """An image classifier with what brings images of any size to that of the network.

    Args:
        model: images of one size to logits, see `image_classifier`.
        classes: names of the classes, in the order of the logits.

    Call arguments:
        images: arrays ``(height, width, channels)``, of any sizes, with values from 0 to 255.

    Returns:
        Probabilities, float32 ``(images, classes)``.

    Example:
        >>> from keras_rnn_recipes.builders.image_classifier import image_classifier
        >>> classify = Pipeline(image_classifier((4, 4, 1), 2), ("cat", "dog"))
        >>> classify([np.zeros((9, 7, 3), "uint8"), np.zeros((4, 4, 1), "uint8")]).shape
        (2, 2)
    """

    def __init__(self, model: keras.Model, classes: Sequence[str]) -> None:
        super().__init__()
        self.model, self.classes = model, tuple(classes)
        self.size: Size = tuple(model.input_shape[1:])

    def __call__(self, images: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        """Class probabilities."""
        pixels = prepared_arrays(list(images), self.size).astype("float32")
        parts = [pixels[first : first + BATCH_SIZE] for first in range(0, len(pixels), BATCH_SIZE)]
        found = [self._probabilities(tf.constant(part)).numpy() for part in parts]
        return np.concatenate([np.zeros((0, len(self.classes)), "float32"), *found])

    @tf.function(reduce_retracing=True)
    def _probabilities(self, pixels: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(self.model(pixels, training=False))

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
            pixels, rows = prepare_images(image, self.size), tf.shape(image)[0]
            # Convolutions need an image: a black one stands in for an empty batch.
            missing = tf.zeros([tf.cast(rows == 0, tf.int32), *self.size])
            probabilities = self._probabilities(tf.concat([pixels, missing], axis=0))[:rows]
            label = tf.gather(tf.constant(self.classes), tf.argmax(probabilities, axis=1))
            return {"probabilities": probabilities, "label": label}

        def signature(dtype: tf.DType) -> list[tf.TensorSpec]:
            return [tf.TensorSpec([None, None, None, None], dtype, name="image")]

        return {
            "serve": (serve, signature(tf.float32)),
            "serve_uint8": (serve, signature(tf.uint8)),
        }

    def cases(self, images: Sequence[np.ndarray]) -> list[Case]:
        """Inputs for the export check: single images, a batch, and images of other forms."""
        height, width, _ = self.size
        random = np.random.default_rng(0)
        shapes = [(1, 1, 1, 1), (2, 3 * height, 2 * width, 3), (1, height, width, 2)]
        shapes += [(3, height // 2 + 1, 5 * width, 4), (0, height, width, 1)]
        drawn = [random.integers(0, 256, shape) for shape in shapes]
        alike = [image for image in images if image.shape == images[0].shape]
        given = [image[None] for image in images] + ([np.stack(alike)] if alike else [])
        return [{"image": pixels.astype("float32")} for pixels in (*given, *drawn)]


def save_pipeline(
    pipeline: Pipeline, path: str | Path, *, samples: Sequence[np.ndarray] = ()
) -> Path:
    """Write a pipeline as a SavedModel, verified by `export_pipeline`.

    Args:
        pipeline: the classifier.
        path: the folder to write.
        samples: images to compare on, the first eight of them.
    """
    return export_pipeline(pipeline, path, cases=pipeline.cases(list(samples)[:MOST_COMPARED]))
