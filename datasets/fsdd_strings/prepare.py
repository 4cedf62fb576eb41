"""Strings of digits, joined from recordings of one speaker; always the same ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.media.wav import read_wav

RATE = 8000
PARTS = {
    "train": (range(10, 10_000), 5400),
    "valid": (range(5, 10), 300),
    "test": (range(5), 300),
}

Recordings = dict[str, list[tuple[str, np.ndarray]]]


def prepare(folder: Path) -> dict[str, LabelledSequences]:
    """The three parts.

    Args:
        folder: with files such as ``7_jackson_32.wav``: digit, speaker, number.
    """
    files = sorted(folder.glob("*.wav"))
    return {
        name: _part(name, _by_speaker(files, numbers), size)
        for name, (numbers, size) in PARTS.items()
    }


def _by_speaker(files: list[Path], numbers: range) -> Recordings:
    found: Recordings = {}
    for one in files:
        digit, speaker, number = one.stem.split("_")
        if int(number) in numbers:
            found.setdefault(speaker, []).append((digit, read_wav(one)[0]))
    return found


def _part(name: str, recordings: Recordings, size: int) -> LabelledSequences:
    random = np.random.default_rng([len(name), size])
    joined = [_joined(recordings, random) for _ in range(size)]
    waveforms = tuple(waveform[:, None] for _, waveform in joined)
    names = tuple(f"{name}-{number}" for number in range(1, size + 1))
    labels = tuple(digits for digits, _ in joined)
    return LabelledSequences(waveforms, labels, names, ("waveform",), RATE)


def _joined(recordings: Recordings, random: np.random.Generator) -> tuple[str, np.ndarray]:
    """The digits of a string and its waveform, with pauses of up to 0.2 seconds."""
    spoken = recordings[str(random.choice(sorted(recordings)))]
    chosen = random.integers(len(spoken), size=int(random.integers(2, 8)))
    parts = [_pause(random)]
    for number in chosen:
        parts += [spoken[number][1], _pause(random)]
    return "".join(spoken[number][0] for number in chosen), np.concatenate(parts)


def _pause(random: np.random.Generator) -> np.ndarray:
    return np.zeros(int(random.uniform(0, 0.2) * RATE), "float32")
