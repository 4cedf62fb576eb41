"""Generated gestures: always the same ones, of all classes, and opposites have the same points."""

from __future__ import annotations

from collections import Counter

import numpy as np

from keras_rnn_recipes.media.gestures import SHAPES, gestures


def test_they_are_always_the_same_and_no_part_holds_one_of_another():
    first, again = gestures(train_size=60), gestures(train_size=60)
    for one, other in zip(first, again, strict=True):
        assert one.labels == other.labels and one.names == other.names
        assert all(map(np.array_equal, one.values, other.values))
    every = [one.tobytes() for part in first for one in part.values]
    assert len(set(every)) == len(every)
    other = gestures(train_size=60, seed=1)[0]
    assert not np.array_equal(first[0].values[0], other.values[0])


def test_every_class_is_as_frequent_and_every_length_is_within_bounds():
    for part in gestures(train_size=600, valid_size=60, test_size=60):
        assert set(Counter(part.labels).values()) == {len(part) // 6}
        assert all(20 <= len(one) <= 80 and one.shape[1] == 2 for one in part.values)
        assert all(one.dtype == np.float32 and np.isfinite(one).all() for one in part.values)


def turns(path):
    """The signed area that a path encloses around its middle: positive if counterclockwise."""
    x, y = (path - path.mean(axis=0)).T
    return (x[:-1] * y[1:] - x[1:] * y[:-1]).sum()


def test_a_circle_turns_as_its_label_says():
    random = np.random.default_rng(0)
    for _ in range(20):
        assert turns(SHAPES["circle_clockwise"](random)) < 0
        assert turns(SHAPES["circle_counterclockwise"](random)) > 0
        inwards, outwards = SHAPES["spiral_in"](random), SHAPES["spiral_out"](random)
        assert np.hypot(*inwards[0]) > np.hypot(*inwards[-1])
        assert np.hypot(*outwards[0]) < np.hypot(*outwards[-1])
