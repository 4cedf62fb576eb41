"""Generated Morse code: a plain envelope detector reads it where there is little noise."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.media.morse import (
    CODE,
    RATE,
    TEST_SPEEDS,
    TRAINING_SPEEDS,
    VALIDATION_SPEEDS,
    keyed_tone,
    morse,
)

BY_CODE = {code: letter for letter, code in CODE.items()}


def read_by_envelope(waveform, speed):
    """The text, by the lengths of what is loud and of what is silent, in dots."""
    loud = np.convolve(np.abs(waveform), np.ones(60) / 60, mode="same") > 0.2
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    dots = np.diff(edges) / RATE / (1.2 / speed)
    text, code = "", ""
    for place, length in enumerate(dots):
        if place % 2 == 0:
            code += "-" if length > 2 else "."
        elif length > 2:
            text += BY_CODE[code] + (" " if length > 5.2 else "")
            code = ""
    return text + BY_CODE[code]


@pytest.mark.parametrize("speed", [*TRAINING_SPEEDS, *TEST_SPEEDS])
def test_an_envelope_detector_reads_what_was_sent(speed):
    random = np.random.default_rng(1)
    for text in ("PARIS", "CQ DE", "73"):
        sent = keyed_tone(text, speed=speed, pitch=700, decibels=40, random=random)
        assert read_by_envelope(sent, speed) == text


def test_codes_differ():
    assert len(BY_CODE) == len(CODE) == 36


def test_the_parts_are_the_same_at_each_call_and_differ():
    first, second = (morse(train_size=6, valid_size=3, test_size=3) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.labels == other.labels
        np.testing.assert_array_equal(one.values[0], other.values[0])
    assert first[0].labels[:3] != first[1].labels[:3] != first[2].labels[:3]


def test_speeds_of_the_parts_differ():
    every = [*TRAINING_SPEEDS, *VALIDATION_SPEEDS, *TEST_SPEEDS]
    assert len(set(every)) == len(every)


def decibels_of(sent, dots):
    """The tone over the noise, from the spectrum and the share of the time that the key is down."""
    spectrum = np.abs(np.fft.rfft(sent)) ** 2
    hertz = np.fft.rfftfreq(len(sent), 1 / RATE)
    near = (hertz > 600) & (hertz < 800)
    noise = spectrum[~near].mean() * len(spectrum)
    share = dots * (1.2 / 15) / (len(sent) / RATE)
    return 10 * np.log10((spectrum.sum() - noise) / noise / share)


@pytest.mark.parametrize("decibels", [-3.0, 6.0])
def test_the_noise_has_its_power(decibels):
    random = np.random.default_rng(2)
    options = {"speed": 15, "pitch": 700, "decibels": decibels, "random": random}
    found = [decibels_of(keyed_tone("TTTT", **options), dots=12) for _ in range(40)]
    # Fading lowers some and raises others.
    assert abs(np.mean(found) - decibels) < 0.7
