"""Data sets of sequences by name, in the parts on which results are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_rnn_recipes.data.catalogue import Card, dataset_files, find_card, own_reader
from keras_rnn_recipes.errors import UserError


def load_media_parts(
    name: str | Card, task: str, *, root: str | Path | None = None
) -> dict[str, Any]:
    """The parts of a data set whose ``prepare.py`` reads or generates them.

    Args:
        name: of the data set, or a card.
        task: that the data set must have.
        root: folder of the local mirror; $KRR_DATA by default.

    Returns:
        Parts by name: ``train``, and ``valid`` and ``test`` where the data set has them.

    Raises:
        UserError: an unknown data set, one of another task, or files that are missing or have
            changed.

    Example:
        >>> parts = load_media_parts("gestures", "sequence_classification")
        >>> len(parts["train"]), len(parts["test"])
        (2400, 600)
    """
    card = name if isinstance(name, Card) else find_card(name)
    prepare = own_reader(card)
    if card.task != task or prepare is None:
        raise UserError(
            f"The data set {card.name} is for another task, {card.task}.",
            f"one for {task}.",
            "choose another (krr ls datasets), or the recipe of its family.",
        )
    parts: dict[str, Any] = prepare(*dataset_files(card, root=root))
    return parts
