"""The running text that a recipe names, and its tokens."""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.data.text.catalogue import TextParts
from keras_rnn_recipes.data.text.reading import read_text
from keras_rnn_recipes.data.text.tokenizer import Tokenizer
from keras_rnn_recipes.data.text.vocabulary import START
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.language_model.config import LanguageDataConfig
from keras_rnn_recipes.running.text_sources import load_parts


def load_running_text(data: LanguageDataConfig) -> TextParts:
    """Read the text of a language model's recipe, in three parts, each a string.

    Args:
        data: the recipe's section: the name of a data set, a plain text to be divided, or one for
            each part. Parts that are not there are cut from the end of the training part.

    Raises:
        UserError: as `load_parts`.

    Example:
        >>> parts = load_running_text(LanguageDataConfig(source="language_reference"))
        >>> len(parts.train) > 5 * len(parts.test)
        True
    """
    return load_parts(data, "language_model", read=read_text, hold_out=_cut_end)


def text_ids(tokenizer: Tokenizer, text: str) -> np.ndarray:
    """The ids of a text's tokens, [START] before them, int32 ``(tokens + 1,)``."""
    return np.concatenate([[START], tokenizer.encode([text])[0]]).astype("int32")


def describe_running_text(parts: TextParts, tokenizer: Tokenizer) -> str:
    """What was read, in a few lines for the terminal."""
    uses = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in uses)
    unit = "characters" if tokenizer.preparation.unit == "characters" else "words"
    known = len(tokenizer.vocabulary)
    return f"{parts.name}: characters {counts}\n{known:,} different {unit}, 4 of them signs of ours"


def _cut_end(text: str, share: float) -> tuple[str, str]:
    at = len(text) - round(share * len(text))
    if not 0 < at < len(text):
        raise UserError(
            f"A text of {len(text):,} characters is too short to hold out a share of {share}.",
            "some text for training and some to judge by.",
            "give a longer text, or files for data.valid and data.test.",
        )
    return text[:at], text[at:]
