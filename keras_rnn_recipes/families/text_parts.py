"""Load the texts of a recipe: from a data set of the catalogue, or from the user's files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.data.text.catalogue import TextParts, load_text
from keras_rnn_recipes.data.text.vectors import load_vectors
from keras_rnn_recipes.errors import UserError


def load_parts(
    data: Any,
    task: str,
    *,
    read: Callable[[Any], Any],
    hold_out: Callable[[Any, float], tuple[Any, Any]],
    seed: int = 0,
) -> TextParts:
    """Load the training, validation and test part of a recipe's texts.

    Args:
        data: the recipe's section: ``source``, the name of a data set or a file to split; or files
            for ``train`` and optionally ``valid`` and ``test``. Missing parts are held out from
            the training part, with the shares ``valid_share`` and ``test_share``.
        task: the recipe's family.
        read: function that reads one file.
        hold_out: function from examples and a share to the remaining and the held-out examples.
        seed: seed of the choice of held-out examples.

    Raises:
        UserError: no such data set, one of another task, or something in a file that cannot be
            used.
    """
    source = data.source if data.train is None else data.train
    if data.train is None and not is_file_name(source):
        parts = load_text(source, valid_share=data.valid_share or None, seed=seed)
        _check_task(parts, task)
        return parts
    train = read(source)
    given = {name: getattr(data, name) for name in ("valid", "test")}
    held = {name: read(path) for name, path in given.items() if path is not None}
    # The test part first, so that it does not depend on the validation share.
    if "test" not in held:
        train, held["test"] = hold_out(train, data.test_share)
    if "valid" not in held:
        train, held["valid"] = hold_out(train, data.valid_share)
    name = source if isinstance(source, str) else source[0]
    return TextParts(Path(name).stem, task, train, held["valid"], held["test"])


def read_embeddings(path: str | Path | None, vocabulary: Sequence[str]) -> np.ndarray | None:
    """Pretrained vectors for a vocabulary, ``(tokens, width)``; None where there is no file.

    Prints how many of the tokens are in the file.

    Raises:
        UserError: as `load_vectors`.
    """
    if path is None:
        return None
    vectors = load_vectors(path, vocabulary)
    print(vectors.report())
    return vectors.matrix


def _check_task(parts: TextParts, task: str) -> None:
    if parts.task != task:
        raise UserError(
            f"The data set {parts.name} is for another task, {parts.task}.",
            f"one for {task}.",
            "choose another (krr ls datasets), or the recipe of its family.",
        )
