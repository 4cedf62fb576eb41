"""Labelled images: rows, classes, and batches whose order depends on seed and epoch alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.labelled_images import (
    LabelledImages,
    image_batches,
    image_classes,
    number_labels,
)

IMAGES = np.arange(7 * 4, dtype="uint8").reshape(7, 2, 2, 1)
TARGETS = np.arange(7, dtype="int32")


def targets_of(batches, count):
    return [targets.numpy().tolist() for _, targets in itertools.islice(batches, count)]


def test_an_epoch_holds_every_image_once_with_its_target():
    seen = {}
    for images, targets in image_batches(IMAGES, TARGETS, batch_size=3):
        assert images.dtype == "float32"
        seen |= dict(zip(targets.numpy().tolist(), images.numpy(), strict=True))
    assert sorted(seen) == TARGETS.tolist()
    for number, image in seen.items():
        np.testing.assert_array_equal(image, IMAGES[number])


def test_the_order_depends_on_seed_and_epoch():
    options = {"batch_size": 3, "seed": 5, "repeat": True}
    endless = targets_of(image_batches(IMAGES, TARGETS, **options), 9)
    later = targets_of(image_batches(IMAGES, TARGETS, first_epoch=2, **options), 3)
    assert endless[6:] == later
    assert endless[:3] != endless[3:6]
    again = targets_of(image_batches(IMAGES, TARGETS, batch_size=3, seed=6), 3)
    assert again != endless[:3]
    plain = targets_of(image_batches(IMAGES, TARGETS, batch_size=3, shuffle=False), 3)
    assert plain == [[0, 1, 2], [3, 4, 5], [6]]


def test_weights_go_with_their_images():
    batches = image_batches(IMAGES, TARGETS, weights=TARGETS * 0.5, batch_size=4)
    assert len(batches) == 2
    for _, targets, weights in batches:
        np.testing.assert_allclose(weights, targets.numpy() * 0.5)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one length"):
        image_batches(IMAGES, TARGETS[:3])
    with pytest.raises(ValueError, match="one length"):
        image_batches(IMAGES[:0], TARGETS[:0])


def test_labels_have_numbers_and_unknown_ones_are_named():
    part = LabelledImages(IMAGES[:3], ("b", "a", "b"), ("1", "2", "3"))
    assert image_classes(part) == ("a", "b")
    assert number_labels(part.labels, ("a", "b"), "the test part").tolist() == [1, 0, 1]
    with pytest.raises(UserError, match="'c' of the test part does not occur"):
        number_labels(["c"], ("a", "b"), "the test part")
    with pytest.raises(UserError, match="one class only, 'b'"):
        image_classes(part.rows([0, 2]))
