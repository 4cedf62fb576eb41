"""The sequences that count, of people with odd numbers for training and with even ones to test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras_rnn_recipes.media.sequences import LabelledSequences

JOINTS = 20
ACTIONS = (
    *("high arm wave", "horizontal arm wave", "hammer", "hand catch", "forward punch"),
    *("high throw", "draw x", "draw tick", "draw circle", "hand clap", "two hand wave"),
    *("side boxing", "bend", "forward kick", "side kick", "jogging", "tennis swing"),
    *("tennis serve", "golf swing", "pickup and throw"),
)
CHANNELS = tuple(f"{axis}{joint}" for joint in range(JOINTS) for axis in "xyz")


def prepare(folder: Path) -> dict[str, LabelledSequences]:
    """The training and the test part.

    Args:
        folder: with files such as ``a01_s02_e03_skeleton3D.txt``: action, person, repetition.
    """
    names = (folder / "files_used_in_cvpr12_paper.txt").read_text().split()
    odd = [name for name in names if int(name[5:7]) % 2]
    return {
        "train": _part(folder, odd),
        "test": _part(folder, [name for name in names if name not in odd]),
    }


def _part(folder: Path, names: list[str]) -> LabelledSequences:
    values = tuple(_joints(folder / f"{name}_skeleton3D.txt") for name in names)
    labels = tuple(ACTIONS[int(name[1:3]) - 1] for name in names)
    return LabelledSequences(values, labels, tuple(names), CHANNELS)


def _joints(path: Path) -> np.ndarray:
    """Coordinates ``(time, 60)``; the file has x, y, z and a confidence in each line."""
    lines = np.loadtxt(path, dtype="float32").reshape(-1, JOINTS, 4)
    return lines[:, :, :3].reshape(len(lines), -1)
