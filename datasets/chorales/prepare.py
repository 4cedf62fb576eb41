"""The chorales of music21's corpus, in parts by their place in its list."""

from __future__ import annotations

from keras_rnn_recipes.media.chorales import chorales
from keras_rnn_recipes.media.piano_rolls import Piece


def prepare() -> dict[str, tuple[Piece, ...]]:
    """The three parts."""
    return chorales()
