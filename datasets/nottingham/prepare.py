"""The published parts of the piano rolls."""

from __future__ import annotations

from pathlib import Path

from keras_rnn_recipes.media.piano_rolls import Piece
from keras_rnn_recipes.media.roll_files import read_roll_parts


def prepare(path: Path) -> dict[str, tuple[Piece, ...]]:
    """The three parts.

    Args:
        path: of ``Nottingham.mat``.
    """
    return read_roll_parts(path)
