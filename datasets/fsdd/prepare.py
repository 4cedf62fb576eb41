"""The recordings in the official parts: numbers 0 to 4 test, 5 to 9 validate, the others train."""

from __future__ import annotations

from pathlib import Path

from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.media.wav import read_wav

RATE = 8000


def prepare(folder: Path) -> dict[str, LabelledSequences]:
    """The three parts.

    Args:
        folder: with files such as ``7_jackson_32.wav``: digit, speaker, number.
    """
    files = sorted(folder.glob("*.wav"))
    parts = {"train": range(10, 10_000), "valid": range(5, 10), "test": range(5)}
    return {
        name: _part([one for one in files if int(one.stem.split("_")[2]) in numbers])
        for name, numbers in parts.items()
    }


def _part(files: list[Path]) -> LabelledSequences:
    waveforms = tuple(read_wav(one)[0][:, None] for one in files)
    labels = tuple(one.stem.split("_")[0] for one in files)
    names = tuple(one.name for one in files)
    return LabelledSequences(waveforms, labels, names, ("waveform",), RATE)
