"""The text that this Python came with."""

from __future__ import annotations

from keras_rnn_recipes.text.language_reference import language_reference


def prepare() -> dict[str, str]:
    """All of it; the parts are cut from it afterwards."""
    return {"train": language_reference()}
