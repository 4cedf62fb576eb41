"""The digits of scikit-learn, in a training and a test part that are always the same."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from keras_rnn_recipes.media.labelled_images import LabelledImages

TEST_SHARE, RANDOM_STATE = 0.2, 0


def prepare() -> dict[str, LabelledImages]:
    """The training and the test part."""
    found = load_digits()
    pixels = np.rint(found.images * (255 / 16)).astype("uint8")[..., None]
    labels = found.target.astype(str)
    rows = np.arange(len(labels))
    train, test = train_test_split(
        rows, test_size=TEST_SHARE, random_state=RANDOM_STATE, stratify=labels
    )
    every = LabelledImages(
        pixels, tuple(labels.tolist()), tuple(f"digit {row:04d}" for row in rows)
    )
    return {"train": every.rows(train), "test": every.rows(test)}
