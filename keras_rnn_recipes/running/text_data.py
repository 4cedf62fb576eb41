"""The texts that a recipe names: a data set of the catalogue, or files of the user's own."""

from __future__ import annotations

from pathlib import Path

from keras_rnn_recipes.data.text.catalogue import TextParts, hold_out, load_text
from keras_rnn_recipes.data.text.reading import LabelledTexts, read_labelled
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.sources import is_file_name
from keras_rnn_recipes.running.text_config import TextDataConfig


def load_labelled(data: TextDataConfig, *, seed: int = 0) -> TextParts:
    """Read the texts and labels of a classification recipe, in three parts.

    Args:
        data: the recipe's section: the name of a data set, one table, or a table for each part.
            Parts that are not there are cut from the training part, of each label the same share.
        seed: of which examples are held out.

    Returns:
        ``train``, ``valid`` and ``test``, each `LabelledTexts`.

    Raises:
        UserError: no such data set or one of another task, or something in a file that cannot be
            used.

    Example:
        >>> parts = load_labelled(TextDataConfig(source="word_order"))
        >>> len(parts.train), len(parts.test)
        (3000, 500)
    """
    source = str(data.source or data.train)
    if data.train is None and not is_file_name(source):
        parts = load_text(source, valid_share=data.valid_share or None, seed=seed)
        _check_task(parts, "classification")
        return parts
    train = _read(source, data)
    given = {name: getattr(data, name) for name in ("valid", "test")}
    held = {name: _read(path, data) for name, path in given.items() if path is not None}
    # The test part first: what is tested on must not depend on the share that is validated on.
    if "test" not in held:
        train, held["test"] = hold_out(train, data.test_share, seed=seed)
    if "valid" not in held:
        train, held["valid"] = hold_out(train, data.valid_share, seed=seed)
    return TextParts(Path(source).stem, "classification", train, held["valid"], held["test"])


def _read(path: str, data: TextDataConfig) -> LabelledTexts:
    return read_labelled(path, text_col=data.text_col, label_col=data.label_col)


def _check_task(parts: TextParts, task: str) -> None:
    if parts.task != task:
        raise UserError(
            f"The data set {parts.name} is for another task, {parts.task}.",
            f"one for {task}.",
            "choose another (krr ls datasets), or the recipe of its family.",
        )
