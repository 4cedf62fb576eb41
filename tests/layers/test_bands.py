"""Attention over bands: by hand in NumPy, for a tone in any band, and whatever the padding."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings, strategies as st
from scipy.special import softmax

from keras_rnn_recipes.layers import AttendBands


def followed(values, mask=None):
    mask = np.ones(values.shape[:2], bool) if mask is None else mask
    return np.array(AttendBands()(values.astype("float32"), mask))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def with_tone(band, steps=60, bands=12):
    values = noise(steps, bands)
    values[:, band] += 4 * (np.arange(steps) // 6 % 2)
    return values


def test_the_weights_are_a_softmax_of_two_statistics():
    values = noise(1, 9, 5)
    kept = values[0]
    average = np.array([kept[max(at - 1, 0) : at + 2].mean(axis=0) for at in range(9)])
    mean, deviation = average.mean(axis=0), average.std(axis=0)
    scores = 1.0 * (mean - mean.mean()) / mean.std()
    scores += 3.0 * (deviation - deviation.mean()) / deviation.std()
    expected = kept @ softmax(scores)
    np.testing.assert_allclose(followed(values)[0, :, 0], expected, atol=1e-4)


@given(band=st.integers(0, 11))
@settings(max_examples=12, deadline=None)
def test_it_follows_the_tone_in_whichever_band_it_is(band):
    values = with_tone(band)
    one = followed(values[None])[0, :, 0]
    assert np.corrcoef(one, values[:, band])[0, 1] > 0.95


def test_a_band_moved_to_another_place_is_the_same():
    values = with_tone(3)
    moved = np.roll(values, 4, axis=1)
    np.testing.assert_allclose(followed(values[None]), followed(moved[None]), atol=1e-5)


@given(steps=st.integers(1, 30), padding=st.integers(0, 20), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_padding_and_company_change_nothing(steps, padding, seed):
    values = noise(2, steps + padding, 6, seed=seed)
    mask = np.arange(steps + padding) < np.array([[steps + padding], [steps]])
    together = followed(values, mask)
    np.testing.assert_allclose(together[1, :steps], followed(values[1:, :steps])[0], atol=1e-5)
    assert not together[1, steps:].any()


def test_equal_and_constant_bands_give_their_mean():
    np.testing.assert_allclose(followed(np.full((1, 7, 4), 2.5)), 2.5, atol=1e-5)
