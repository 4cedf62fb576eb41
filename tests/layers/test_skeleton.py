"""Skeletons: place and size are removed, the movement of the joints is kept."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.layers import CenterSkeleton


def walk(seed=0, steps=6, joints=4, coordinates=3):
    random = np.random.default_rng(seed)
    return random.normal(size=(steps, joints * coordinates)).astype("float32")


@pytest.mark.parametrize("joint, coordinates", [(0, 3), (2, 3), (1, 2)])
def test_it_is_the_definition(joint, coordinates):
    one = walk(coordinates=coordinates)
    padded = np.concatenate([one, np.full((3, one.shape[1]), 9.0, "float32")])
    mask = np.arange(9)[None] < 6
    found = np.array(CenterSkeleton(joint, coordinates)(padded[None], mask))[0]
    joints = one.reshape(6, 4, coordinates)
    relative = joints - joints[:, joint : joint + 1]
    size = np.sqrt((np.linalg.norm(relative, axis=2) ** 2).mean())
    np.testing.assert_allclose(found[:6], (relative / size).reshape(6, -1), atol=1e-5)
    assert not found[6:].any()


def test_a_person_elsewhere_and_of_another_size_moves_alike():
    one, layer, mask = walk(), CenterSkeleton(1), np.ones((1, 6), bool)
    moved = one * 1.7 + np.tile([3.0, -1.0, 2.0], 4).astype("float32")
    first, second = (np.array(layer(part[None], mask)) for part in (one, moved))
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_joints_out_of_range_are_refused():
    with pytest.raises(ValueError, match="at least 0"):
        CenterSkeleton(-1)
    for layer in (CenterSkeleton(4), CenterSkeleton(0, 5)):
        with pytest.raises(ValueError, match="12 channels"):
            layer(walk()[None], np.ones((1, 6), bool))


def test_the_way_of_the_joint_is_added():
    one, mask = walk(), np.arange(9)[None] < 6
    padded = np.concatenate([one, np.full((3, 12), 9.0, "float32")])[None]
    layer = CenterSkeleton(1, travel=True)
    found = np.array(layer(padded, mask))[0]
    stated = layer.compute_output_spec(*map(keras.KerasTensor, (padded.shape, mask.shape)))
    assert found.shape == (9, 12 + 3) == stated.shape[1:]
    joints = one.reshape(6, 4, 3)
    relative = joints - joints[:, 1:2]
    size = np.sqrt((np.linalg.norm(relative, axis=2) ** 2).mean())
    np.testing.assert_allclose(found[:6, :12], (relative / size).reshape(6, -1), atol=1e-5)
    np.testing.assert_allclose(found[:6, 12:], (joints[:, 1] - joints[0, 1]) / size, atol=1e-5)
    assert not found[6:].any()
