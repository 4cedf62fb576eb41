"""The served captioner: images in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.builders.decoder import decoding_functions
from keras_rnn_recipes.decoding.beam import Beams, beam_search
from keras_rnn_recipes.families.encoder_decoder.pipeline import NEVER, Search
from keras_rnn_recipes.media.image_tensors import (
    Size,
    decode_images,
    prepare_images,
    prepared_arrays,
)
from keras_rnn_recipes.serving.export_pipeline import Case, export_pipeline
from keras_rnn_recipes.text.tokenizer import Tokenizer

BATCH_SIZE, MOST_COMPARED = 64, 8


class Pipeline(tf.Module):
    """A captioner with what brings images of any size to that of the network.

    Args:
        tokenizer: ids to captions.
        model: from `captioner`.
        search: settings of the beam search.

    Call arguments:
        images: arrays ``(height, width, channels)``, of any sizes, with values from 0 to 255.

    Returns:
        A caption for each image.
    """

    def __init__(self, tokenizer: Tokenizer, model: keras.Model, search: Search) -> None:
        super().__init__()
        self.tokenizer, self.model, self.search = tokenizer, model, search
        self.size: Size = tuple(model.input["image"].shape[1:])
        self._begin, self._step = decoding_functions(model)

    def __call__(self, images: Sequence[np.ndarray] | np.ndarray) -> list[str]:
        """The caption of each image."""
        pixels = prepared_arrays(list(images), self.size).astype("float32")
        found: list[str] = []
        for first in range(0, len(pixels), BATCH_SIZE):
            texts = self._captions(tf.constant(pixels[first : first + BATCH_SIZE]))["text"]
            found += [text.decode("utf-8", "replace") for text in texts.numpy()]
        return found

    def beams(self, pixels: Any, *, places: int | None = None) -> Beams:
        """The hypotheses for images of the network's size.

        Args:
            pixels: ``(batch, *size)``.
            places: of the attention that is returned; None for none.
        """
        return beam_search(
            self._step,
            self._begin(pixels),
            beam_width=self.search.beam_width,
            max_length=self.search.max_length,
            length_penalty=self.search.length_penalty,
            never=NEVER,
            attention_size=places,
        )

    @tf.function(reduce_retracing=True)
    def _captions(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.shape(pixels)[0]
        # Convolutions need an image: a black one stands in for an empty batch.
        missing = tf.zeros([tf.cast(rows == 0, tf.int32), *self.size])
        found = self.beams(tf.concat([pixels, missing], axis=0))
        return {
            "text": self.tokenizer.texts(found.tokens[:, 0])[:rows],
            "score": found.scores[:rows, 0],
        }

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
            return self._captions(prepare_images(image, self.size))

        def serve_bytes(file: tf.Tensor) -> dict[str, tf.Tensor]:
            return self._captions(decode_images(file, self.size))

        def signature(dtype: tf.DType) -> list[tf.TensorSpec]:
            return [tf.TensorSpec([None, None, None, None], dtype, name="image")]

        return {
            "serve": (serve, signature(tf.float32)),
            "serve_uint8": (serve, signature(tf.uint8)),
            "serve_bytes": (serve_bytes, [tf.TensorSpec([None], tf.string, name="file")]),
        }

    def cases(self, images: Sequence[np.ndarray]) -> list[Case]:
        """Inputs for the export check: single images, a batch, and images of other forms."""
        height, width, _ = self.size
        random = np.random.default_rng(0)
        shapes = [(1, 1, 1, 1), (2, 3 * height, 2 * width, 3), (0, height, width, 1)]
        drawn = [random.integers(0, 256, shape) for shape in shapes]
        alike = [image for image in images if image.shape == images[0].shape]
        given = [image[None] for image in images[:2]] + ([np.stack(alike)] if alike else [])
        return [{"image": pixels.astype("float32")} for pixels in (*given, *drawn)]


def save_pipeline(
    pipeline: Pipeline, path: str | Path, *, samples: Sequence[np.ndarray] = ()
) -> Path:
    """Write a pipeline as a SavedModel, verified by `export_pipeline`.

    Args:
        pipeline: the captioner.
        path: the folder to write.
        samples: images to compare on, the first eight of them.
    """
    return export_pipeline(pipeline, path, cases=pipeline.cases(list(samples)[:MOST_COMPARED]))
