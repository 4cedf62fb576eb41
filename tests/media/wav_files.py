"""WAV files for tests, written by Python's own module."""

from __future__ import annotations

import wave

import numpy as np


def write_wav(path, samples, rate=8000, *, width=2, channels=1):
    """Write samples from -1 to 1 with 8 or 16 bits, the same in every channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = np.repeat(np.asarray(samples)[:, None], channels, axis=1)
    coded = whole * 127 + 128 if width == 1 else whole * 32767
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(coded.astype("u1" if width == 1 else "<i2").tobytes())
    return path


def tone(seconds=0.2, rate=8000, pitch=440.0):
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
