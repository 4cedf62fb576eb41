"""The canons are composed anew at each call, always the same ones."""

from __future__ import annotations

from keras_rnn_recipes.media.canons import canons
from keras_rnn_recipes.media.piano_rolls import Piece


def prepare() -> dict[str, tuple[Piece, ...]]:
    """The three parts."""
    return canons()
