"""Random changes while training: what they change, what they keep, and nothing in evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.layers import MaskSpans, RandomSpeed, RandomStretch, RandomTurn

LENGTHS = (20, 12, 1)


def some(channels=6):
    random = np.random.default_rng(0)
    values = random.uniform(1, 2, (3, 20, channels)).astype("float32")
    mask = np.arange(20)[None] < np.array(LENGTHS)[:, None]
    return values * mask[:, :, None], mask


def test_nothing_is_changed_in_evaluation():
    values, mask = some()
    np.testing.assert_array_equal(MaskSpans(0.5, 0.5)(values, mask, training=False), values)
    found, same = RandomSpeed(0.5)(values, mask, training=False)
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(same, mask)
    np.testing.assert_array_equal(RandomTurn(90)(values, training=False), values)


def test_masked_spans_are_connected_and_no_longer_than_asked():
    values, mask = some()
    layer, widths = MaskSpans(0.4, seed=1), []
    for _ in range(40):
        found = np.array(layer(values, mask, training=True))
        changed = (found != values).any(axis=2)
        assert not found[changed].any()
        for row, length in zip(changed, LENGTHS, strict=True):
            places = np.flatnonzero(row)
            assert len(places) <= np.ceil(0.4 * length)
            assert not len(places) or np.ptp(places) == len(places) - 1
            assert not len(places) or places[-1] < length
        widths.append(changed[0].sum())
    assert len(set(widths)) > 3
    by_channel = np.array(MaskSpans(0.0, 0.6, seed=1)(values, mask, training=True))
    zeros = (by_channel[0] == 0).all(axis=0)
    assert 0 < zeros.sum() <= 4 and (by_channel[0, :, ~zeros] == values[0, :, ~zeros]).all()


def test_another_speed_is_an_interpolation_of_the_same_course():
    time = np.arange(20, dtype="float32")
    values = np.tile(time[None, :, None], (200, 1, 1))
    mask = np.tile((time < 15)[None], (200, 1))
    values *= mask[:, :, None]
    found, real = map(np.array, RandomSpeed(0.3, seed=2)(values, mask, training=True))
    for row, inside in zip(found[:, :, 0], real, strict=True):
        speed = row[1]
        count = inside.sum()
        assert 0.7 <= speed <= 1.3
        np.testing.assert_allclose(row[:count], speed * time[:count], atol=1e-4)
        assert count == min(int(14 / speed + 1e-5) + 1, 20) and not row[count:].any()
    assert np.std(found[:, 1, 0]) > 0.1


def test_a_slower_sequence_is_not_cut_if_its_ends_are_kept():
    ramp = np.arange(20.0, dtype="float32")[None, :, None].repeat(30, axis=0)
    mask = np.ones((30, 20), bool)
    values, real = RandomSpeed(0.5, seed=1, keep_ends=True)(ramp, mask, training=True)
    values, real = np.array(values), np.array(real)
    assert values.shape == (30, 40, 1)
    lengths = real.sum(axis=1)
    assert lengths.max() > 25 and lengths.min() < 16
    for row, length in zip(values[..., 0], lengths, strict=True):
        assert row[length - 1] > 17.5 and not row[length:].any()  # the ramp ends at 19


def test_a_turn_keeps_heights_and_distances_from_the_axis():
    values, _ = some()
    found = np.array(RandomTurn(60, seed=3)(values, training=True))
    before, after = (one.reshape(3, 20, 2, 3) for one in (values, found))
    np.testing.assert_array_equal(after[..., 1], before[..., 1])
    radius = [np.hypot(one[..., 0], one[..., 2]) for one in (before, after)]
    np.testing.assert_allclose(*radius, atol=1e-5)
    angles = [np.arctan2(one[0, :, :, 2], one[0, :, :, 0]) for one in (before, after)]
    turned = (angles[1] - angles[0]).ravel()
    np.testing.assert_allclose(turned, turned[0], atol=1e-4)
    assert 0 < abs(turned[0]) <= np.pi / 3


def test_a_stretch_multiplies_each_coordinate_of_a_sequence_by_one_factor():
    values = np.random.default_rng(0).uniform(1, 2, (3, 20, 6)).astype("float32")
    found = np.array(RandomStretch(0.3, seed=3)(values, training=True))
    before, after = (one.reshape(3, 20, 2, 3) for one in (values, found))
    factors = (after / before).reshape(3, 40, 3)
    np.testing.assert_allclose(factors, factors[:, :1].repeat(40, axis=1), rtol=1e-5)
    assert len(np.unique(factors[:, 0].round(4))) == 9
    assert np.all(np.abs(factors - 1) <= 0.3 + 1e-5)
    np.testing.assert_array_equal(RandomStretch(0.3)(values, training=False), values)


def test_numbers_out_of_range_are_refused():
    for make in (lambda: MaskSpans(1.0), lambda: MaskSpans(0.1, spans=0), lambda: RandomSpeed(1)):
        with pytest.raises(ValueError, match="must be"):
            make()
