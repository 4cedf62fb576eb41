"""Generated videos: always the same ones; they move as their label says, one frame is no help."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from keras_rnn_recipes.media.moving_shapes import MOTIONS, SIDE, moving_shape, moving_shapes


def test_they_are_always_the_same_and_no_part_holds_one_of_another():
    first, again = (moving_shapes(train_size=36, valid_size=12, test_size=12) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert one.labels == other.labels and all(map(np.array_equal, one.values, other.values))
        assert set(Counter(one.labels).values()) == {len(one) // 6}
        assert all(10 <= len(video) <= 20 for video in one.values)
        assert all(video.shape[1:] == (SIDE, SIDE, 1) for video in one.values)
    every = [one.tobytes() for part in first for one in part.values]
    assert len(set(every)) == len(every)


def middle(frame):
    """Where the shape is, as angles around the picture, whose sides are joined."""
    bright = frame[..., 0] > 120
    around = np.exp(2j * np.pi * (np.arange(SIDE) + 0.5) / SIDE)
    return np.angle([(bright.sum(axis=0) * around).sum(), (bright.sum(axis=1) * around).sum()])


@pytest.mark.parametrize("label", MOTIONS)
def test_a_shape_moves_as_its_label_says(label):
    random = np.random.default_rng(0)
    for _ in range(10):
        places = np.array([middle(frame) for frame in moving_shape(label, random)])
        steps = np.angle(np.exp(1j * np.diff(places, axis=0))).mean(axis=0) * SIDE / (2 * np.pi)
        expected = np.array(MOTIONS[label][:2])
        np.testing.assert_array_equal(np.sign(np.round(steps / 0.5)), expected)


def test_place_and_orientation_of_a_frame_do_not_depend_on_the_class():
    random = np.random.default_rng(0)
    for label in ("left", "right", "clockwise"):
        lasts = np.array([middle(moving_shape(label, random)[-1]) for _ in range(300)])
        # Places are spread around the whole picture: their mean direction is short.
        assert np.abs(np.exp(1j * lasts).mean(axis=0)).max() < 0.2
