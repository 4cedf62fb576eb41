"""Data sets of texts by name, in the parts on which results are published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from keras_rnn_recipes.data.catalogue import (
    FORECASTING,
    TEXT_TASKS,
    Card,
    dataset_files,
    find_card,
    own_reader,
)
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.holding_out import draw_held_out, refuse_lost_labels
from keras_rnn_recipes.text.language_reference import TEST_SHARE, VALID_SHARE, split_text
from keras_rnn_recipes.text.reading import (
    LabelledTexts,
    ParallelTexts,
    read_labelled,
    read_parallel,
    read_text,
)

Rows = TypeVar("Rows", LabelledTexts, ParallelTexts)


@dataclass(frozen=True)
class TextParts:
    """A data set of texts in three parts.

    Args:
        name: of the data set.
        task: it determines the type of the parts. "text_classification": `LabelledTexts`;
            "encoder_decoder": `ParallelTexts`; "language_model": one long text; "tagging": the path
            of a column file.
        train, valid, test: the parts. The validation part is never cut from the test part.
        notes: what was assumed while reading, and which texts occur more than once.
    """

    name: str
    task: str
    train: Any
    valid: Any
    test: Any
    notes: tuple[str, ...] = ()


def load_text(
    name: str | Card,
    *,
    root: str | Path | None = None,
    valid_share: float | None = None,
    seed: int = 0,
) -> TextParts:
    """Read a data set of texts from the catalog.

    For tables, the card's ``read`` may have ``text_col``, ``label_col``, ``separator``, ``quotes``
    and ``columns`` (as in `read_labelled`), ``labels`` (a name for each label of the file), and,
    for a data set without a test part, ``test_share`` and ``random_state`` of scikit-learn's
    ``train_test_split``. A ``prepare.py`` next to the card returns a dict of parts.

    Args:
        name: of the data set, or a card.
        root: folder of the local mirror; $KRR_DATA by default.
        valid_share: share of the training examples for the validation part of a data set without
            one; 0.1 by default. Of a long text it is the share of the whole text, 0.05 by default,
            cut from the end of the training part.
        seed: of the choice of these examples.

    Raises:
        UserError: an unknown data set, a data set of series, or files that are missing or have
            changed.

    Example:
        >>> parts = load_text("word_order")
        >>> parts.task, len(parts.train), len(parts.valid), len(parts.test)
        ('text_classification', 3000, 500, 500)
    """
    card = name if isinstance(name, Card) else find_card(name)
    if card.task not in TEXT_TASKS:
        holds = "series" if card.task == FORECASTING else f"data for {card.task.replace('_', ' ')}"
        reader = "load_dataset" if card.task == FORECASTING else f"{card.task}.load of the families"
        raise UserError(
            f"The data set {card.name} holds {holds}.",
            "a data set of texts.",
            f"choose another one, or read it with {reader}.",
        )
    prepare, paths = own_reader(card), dataset_files(card, root=root)
    parts = prepare(*paths) if prepare else _parts(card, paths)
    if card.task == "language_model" and "test" not in parts:
        share = VALID_SHARE if valid_share is None else valid_share
        train, valid, test = split_text(parts["train"], valid_share=share, test_share=TEST_SHARE)
        parts = {"train": train, "valid": valid, "test": test}
    if "test" not in parts:
        parts["train"], parts["test"] = _drawn(
            parts["train"], card.read["test_share"], card.read["random_state"]
        )
    if "valid" not in parts:
        share = 0.1 if valid_share is None else valid_share
        parts["train"], parts["valid"] = hold_out(parts["train"], share, seed=seed)
    return TextParts(card.name, card.task, **parts)


def hold_out(
    rows: Rows,
    share: float,
    *,
    seed: int = 0,
    split: Callable[[str], Sequence[str]] | None = None,
) -> tuple[Rows, Rows]:
    """Split training examples into a training and a validation part.

    Equal texts stay in the same part. As far as possible, the share is held out of every label, and
    every label stays in the training part. Both parts keep the order of the examples.

    Args:
        rows: the training examples.
        share: of the examples that are held out, above 0 and below 1.
        seed: of the choice.
        split: function from what stands as the label of a text to its labels; None: it is one.

    Returns:
        The remaining examples, and those held out.

    Raises:
        UserError: a share out of range, all texts are equal, or each is the last one of its label.

    Example:
        >>> rows = LabelledTexts(tuple("abcdefgh"), ("x", "y") * 4)
        >>> train, valid = hold_out(rows, 0.25)
        >>> len(train), sorted(valid.labels)
        (6, ['x', 'y'])
    """
    check_share(share)
    texts = rows.texts if isinstance(rows, LabelledTexts) else rows.sources
    labels = rows.labels if isinstance(rows, LabelledTexts) else ("",) * len(rows)
    kept = [split(label) if split else (label,) if label else () for label in labels]
    strata = labels if any(kept) else ("",) * len(rows)
    held = draw_held_out(texts, kept, strata, share, seed=seed)
    if not held.any():
        raise UserError(
            f"Training examples: {len(rows)}, too few to hold out a share of {share}.",
            "at least two different texts.",
            "give more examples, or a validation file.",
        )
    refuse_lost_labels(kept, held)
    return rows.rows(np.flatnonzero(~held)), rows.rows(np.flatnonzero(held))


def check_share(share: float) -> None:
    """Check the share of examples that is held out.

    Raises:
        UserError: it is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise UserError(
            f"The share of examples to hold out is {share}; it must be above 0 and below 1.",
            "such as 0.1.",
            "change data.valid_share and data.test_share, or name data.valid and data.test.",
        )


def _drawn(rows: Rows, share: float, random_state: int) -> tuple[Rows, Rows]:
    from sklearn.model_selection import train_test_split

    numbers = np.arange(len(rows))
    train, test = train_test_split(numbers, test_size=share, random_state=random_state)
    return rows.rows(train), rows.rows(test)


def _parts(card: Card, paths: list[Path]) -> dict[str, Any]:
    """Read the files of each part with the reader of the card's task."""
    found: dict[str, list[Path]] = {}
    for file, path in zip(card.files, paths, strict=True):
        found.setdefault(file.get("part", "train"), []).append(path)
    read = _READERS[card.task]
    return {part: read(card, *of_part) for part, of_part in found.items()}


def _labelled(card: Card, path: Path) -> LabelledTexts:
    other = ("labels", "test_share", "random_state")
    options = {key: value for key, value in card.read.items() if key not in other}
    rows, names = read_labelled(path, **options), card.read.get("labels", {})
    return LabelledTexts(rows.texts, tuple(names.get(label, label) for label in rows.labels))


_READERS: dict[str, Callable[..., Any]] = {
    "text_classification": _labelled,
    "tagging": lambda card, path: path,
    "language_model": lambda card, path: read_text(path),
    "encoder_decoder": lambda card, source, target: read_parallel(source, target),
}
