"""Frames before a frame: shifted by hand, in one piece and in parts."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.layers import CopyFrames, FrameHistory

ROLL = (np.random.default_rng(0).random((2, 12, 4)) < 0.4).astype("float32")


def by_hand(roll: np.ndarray, time: int, steps: int) -> np.ndarray:
    return roll[time - steps] if time >= steps else np.full(roll.shape[1], -1.0)


def test_it_is_the_roll_shifted():
    last, earlier, same = (np.array(one) for one in FrameHistory((2, 5))(ROLL))
    for row, time in np.ndindex(ROLL.shape[:2]):
        roll = ROLL[row]
        np.testing.assert_array_equal(last[row, time], np.maximum(by_hand(roll, time, 1), 0))
        for number, steps in enumerate((2, 5)):
            np.testing.assert_array_equal(earlier[row, time, number], by_hand(roll, time, steps))
            repeated = time > steps and (roll[time - 1] == roll[time - 1 - steps]).all()
            assert same[row, time, number] == repeated


@pytest.mark.parametrize("repeats", [(), (3,), (1, 4)])
def test_parts_of_a_piece_give_what_the_whole_gives(repeats):
    layer = FrameHistory(repeats)
    whole = layer(ROLL)
    first = layer(ROLL[:, :7])
    second = layer(ROLL[:, 7:], recent=ROLL[:, 7 - layer.depth : 7])
    for parts, every in zip(zip(first, second, strict=True), whole, strict=True):
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), every)


def test_a_frame_before_the_start_adds_no_evidence():
    layer = CopyFrames()
    features = np.ones((1, 2, 3), "float32")
    earlier = np.array([[[[-1, -1]], [[1, 0]]]], "float32")
    layer(features, earlier)
    layer.gates.set_weights([np.zeros((3, 2)), np.array([2.0, 0.5])])
    assert np.array(layer(features, earlier)).tolist() == [[[0.0, 0.0], [2.0, -0.5]]]


def test_a_step_back_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1 step back"):
        FrameHistory((0,))
