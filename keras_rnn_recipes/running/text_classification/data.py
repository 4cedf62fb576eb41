"""The texts and labels that a recipe names."""

from __future__ import annotations

from functools import partial

from keras_rnn_recipes.data.text.catalogue import TextParts, hold_out
from keras_rnn_recipes.data.text.reading import read_labelled
from keras_rnn_recipes.running.text_classification.config import TextDataConfig
from keras_rnn_recipes.running.text_sources import load_parts


def load_labelled(data: TextDataConfig, *, seed: int = 0) -> TextParts:
    """Read the texts and labels of a classification recipe, in three parts.

    Args:
        data: the recipe's section: the name of a data set, one table, or a table for each part.
            Parts that are not there are cut from the training part, of each label the same share.
        seed: of which examples are held out.

    Returns:
        ``train``, ``valid`` and ``test``, each `LabelledTexts`.

    Raises:
        UserError: as `load_parts`.

    Example:
        >>> parts = load_labelled(TextDataConfig(source="word_order"))
        >>> len(parts.train), len(parts.test)
        (3000, 500)
    """
    return load_parts(
        data,
        "text_classification",
        read=partial(read_labelled, text_col=data.text_col, label_col=data.label_col),
        hold_out=partial(hold_out, seed=seed),
        seed=seed,
    )
