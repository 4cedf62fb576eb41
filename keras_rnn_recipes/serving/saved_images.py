"""Load models of images from SavedModels: raw images in, labels or captions out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model

# Pixels of the images of a batch, which bounds the memory.
_PIXELS_AT_ONCE = 4_000_000


class _SavedImages:
    """A model of images loaded from a SavedModel.

    Args:
        path: the folder.

    Raises:
        UserError: the folder contains no SavedModel.
    """

    def __init__(self, path: str | Path) -> None:
        if not is_saved_model(path):
            raise UserError(
                f"There is no SavedModel in {path}.",
                "the folder saved_model of a finished run of an image recipe.",
                "check the path, or finish the run: krr run RECIPE --run-dir DIR --resume.",
            )
        # Held here, since TensorFlow deletes the variables of a module that nothing refers to.
        self._module: Any = tf.saved_model.load(str(path))

    def _served(self, images: Sequence[np.ndarray], names: Sequence[str]) -> list[tuple[Any, ...]]:
        """The outputs of these names for each image; images of one shape share batches."""
        found: list[tuple[Any, ...]] = [()] * len(images)
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, image in enumerate(images):
            groups.setdefault(image.shape, []).append(number)
        for shape, numbers in groups.items():
            most = max(1, _PIXELS_AT_ONCE // max(1, shape[0] * shape[1]))
            for first in range(0, len(numbers), most):
                some = numbers[first : first + most]
                batch = np.stack([images[number] for number in some]).astype("float32")
                answer = self._module.serve(image=tf.constant(batch))
                rows = zip(*(answer[name].numpy() for name in names), strict=True)
                for number, row in zip(some, rows, strict=True):
                    found[number] = row
        return found


class SavedImageClassifier(_SavedImages):
    """A classifier loaded from a SavedModel.

    Args:
        path: the folder.

    Raises:
        UserError: the folder contains no SavedModel.

    Example:
        >>> classify = SavedImageClassifier("runs/digits/saved_model")  # doctest: +SKIP
        >>> classify([np.zeros((8, 8, 1), "uint8")])["label"]  # doctest: +SKIP
        ['1']
    """

    def __call__(self, images: Sequence[np.ndarray]) -> dict[str, Any]:
        """Labels and probabilities ``(images, classes)`` of images ``(height, width, channels)``.

        Images of one shape share batches.
        """
        rows = self._served(images, ("label", "probabilities"))
        return {
            "label": [label.decode("utf-8") for label, _ in rows],
            "probabilities": np.array([probabilities for _, probabilities in rows]),
        }


class SavedCaptioner(_SavedImages):
    """A captioner loaded from a SavedModel.

    Args:
        path: the folder.

    Raises:
        UserError: the folder contains no SavedModel.

    Example:
        >>> caption = SavedCaptioner("runs/scenes/saved_model")  # doctest: +SKIP
        >>> caption([np.zeros((90, 60, 3), "uint8")])[0]  # doctest: +SKIP
        ['a large black square in the center']
    """

    def __call__(self, images: Sequence[np.ndarray]) -> tuple[list[str], np.ndarray]:
        """The caption of each image ``(height, width, channels)``, and its score.

        The score is the length-normalized log probability. Images of one shape share batches.
        """
        rows = self._served(images, ("text", "score"))
        texts = [text.decode("utf-8", "replace") for text, _ in rows]
        return texts, np.array([score for _, score in rows], "float32")
