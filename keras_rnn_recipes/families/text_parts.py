"""Where a recipe's texts come from: a data set of the catalogue, or files of the user's own."""

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
    """Read the texts that a recipe names, in three parts.

    Args:
        data: the recipe's section: ``source``, the name of a data set or a file to be divided; or
            files for ``train`` and, where they are given, ``valid`` and ``test``. Parts that are
            not there are cut from the training part, shares of ``valid_share`` and ``test_share``.
        task: the recipe's family.
        read: reads one of the files.
        hold_out: from examples and a share to what is left and what is held out.
        seed: of which examples of a data set are held out.

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
    # The test part first: what is tested on must not depend on the share that is validated on.
    if "test" not in held:
        train, held["test"] = hold_out(train, data.test_share)
    if "valid" not in held:
        train, held["valid"] = hold_out(train, data.valid_share)
    name = source if isinstance(source, str) else source[0]
    return TextParts(Path(name).stem, task, train, held["valid"], held["test"])


def read_embeddings(path: str | Path | None, vocabulary: Sequence[str]) -> np.ndarray | None:
    """Pretrained vectors for a vocabulary, ``(tokens, width)``; None where there is no file.

    How many of the tokens the file knows is printed.

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
