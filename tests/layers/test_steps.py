"""Steps of padded sequences: which are real, their scale, their differences, convolutions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from keras_rnn_recipes.layers import (
    ConvolveSteps,
    RealSteps,
    StandardizeSequence,
    StepDifferences,
)

NAN = float("nan")


def padded(sequences, time, padding=NAN):
    out = np.full((len(sequences), time, sequences[0].shape[1]), padding, "float32")
    for row, one in zip(out, sequences, strict=True):
        row[: len(one)] = one
    return out


def some(seed=0, lengths=(3, 7, 1, 5), channels=2):
    random = np.random.default_rng(seed)
    return [random.normal(size=(length, channels)).astype("float32") for length in lengths]


def masked(sequences, time):
    mask = np.zeros((len(sequences), time), bool)
    for row, one in zip(mask, sequences, strict=True):
        row[: len(one)] = True
    return mask


def test_real_steps_end_with_the_last_observed_value():
    values = np.array([[1, NAN, NAN, 4, NAN], [NAN] * 5, [NAN, 2, 0, NAN, NAN]])[:, :, None]
    filled, mask = RealSteps()(values.astype("float32"))
    assert np.array(mask).sum(axis=1).tolist() == [4, 0, 3]
    assert np.array(filled)[:, :, 0].tolist() == [
        *([1, 1, 1, 4, 0], [0, 0, 0, 0, 0]),
        [2, 2, 0, 0, 0],
    ]


@pytest.mark.parametrize("scope", ["channel", "sequence"])
def test_a_sequence_is_standardized_as_by_numpy_alone(scope):
    sequences = some()
    found = np.array(StandardizeSequence(scope)(padded(sequences, 9, 0.0), masked(sequences, 9)))
    for row, one in zip(found, sequences, strict=True):
        centered = one - one.mean(axis=0)
        deviation = np.sqrt((centered**2).mean(axis=0 if scope == "channel" else None))
        expected = centered / np.where(deviation < 1e-6, 1, deviation)
        np.testing.assert_allclose(row[: len(one)], expected, atol=1e-5)
        assert not row[len(one) :].any()


def test_scaling_a_sequence_removes_its_place_and_size_and_keeps_its_proportions():
    (one,) = some(lengths=(8,))
    both = padded([one, one * 40 + np.array([3, -90])], 8)
    found = np.array(StandardizeSequence("sequence")(both, np.ones((2, 8), bool)))
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    ratios = found[0].std(axis=0) / one.std(axis=0)
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-4)


def test_differences_are_those_of_numpy():
    sequences = some()
    found = np.array(StepDifferences()(padded(sequences, 8, 0.0), masked(sequences, 8)))
    for row, one in zip(found, sequences, strict=True):
        np.testing.assert_array_equal(row[: len(one), :2], one)
        np.testing.assert_allclose(row[1 : len(one), 2:], np.diff(one, axis=0), atol=1e-6)
        assert not row[0, 2:].any() and not row[len(one) :].any()


@pytest.mark.parametrize("kernel_size, stride", [(1, 1), (3, 1), (4, 2), (5, 3)])
def test_a_convolution_is_scipys_on_each_sequence_alone(kernel_size, stride):
    sequences = some()
    layer = ConvolveSteps(3, kernel_size, stride)
    values, mask = layer(padded(sequences, 10, 0.0), masked(sequences, 10))
    kernel, before = np.array(layer.kernel), (kernel_size - 1) // 2
    for row, real, one in zip(np.array(values), np.array(mask), sequences, strict=True):
        around = np.pad(one, [(before, kernel_size - 1 - before), (0, 0)])
        expected = np.stack(
            [correlate(around, kernel[:, :, k], mode="valid")[:, 0] for k in range(3)], axis=1
        )[::stride]
        assert real.sum() == len(expected)
        np.testing.assert_allclose(row[: len(expected)], expected, atol=1e-5)
        assert not row[len(expected) :].any()


def test_what_stands_in_the_padding_does_not_reach_a_convolution():
    sequences = some()
    layer, mask = ConvolveSteps(3, 5), masked(sequences, 12)
    first, other = (np.array(layer(padded(sequences, 12, fill), mask)[0]) for fill in (0.0, 77.0))
    np.testing.assert_array_equal(first, other)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="scope"):
        StandardizeSequence("row")
    with pytest.raises(ValueError, match="at least 1"):
        ConvolveSteps(4, stride=0)
