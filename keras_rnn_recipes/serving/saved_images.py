"""Load image classifiers from SavedModels: raw images in, labels and probabilities out."""

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


class SavedImageClassifier:
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

    def __init__(self, path: str | Path) -> None:
        if not is_saved_model(path):
            raise UserError(
                f"There is no SavedModel in {path}.",
                "the folder saved_model of a finished run of an image recipe.",
                "check the path, or finish the run: krr run RECIPE --run-dir DIR --resume.",
            )
        # Held here, since TensorFlow deletes the variables of a module that nothing refers to.
        self._module: Any = tf.saved_model.load(str(path))

    def __call__(self, images: Sequence[np.ndarray]) -> dict[str, Any]:
        """Labels and probabilities ``(images, classes)`` of images ``(height, width, channels)``.

        Images of one shape share batches.
        """
        labels = [""] * len(images)
        probabilities: list[Any] = [None] * len(images)
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, image in enumerate(images):
            groups.setdefault(image.shape, []).append(number)
        for shape, numbers in groups.items():
            most = max(1, _PIXELS_AT_ONCE // max(1, shape[0] * shape[1]))
            for first in range(0, len(numbers), most):
                some = numbers[first : first + most]
                batch = np.stack([images[number] for number in some]).astype("float32")
                found = self._module.serve(image=tf.constant(batch))
                rows = zip(found["label"].numpy(), found["probabilities"].numpy(), strict=True)
                for number, (label, row) in zip(some, rows, strict=True):
                    labels[number], probabilities[number] = label.decode("utf-8"), row
        return {"label": labels, "probabilities": np.array(probabilities)}
