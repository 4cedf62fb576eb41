"""Data sets of texts by name, in the parts on which results are published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from keras_rnn_recipes.data.catalogue import (
    FORECASTING,
    Card,
    dataset_files,
    find_card,
    own_reader,
)
from keras_rnn_recipes.data.text.language_reference import TEST_SHARE, VALID_SHARE, split_text
from keras_rnn_recipes.data.text.reading import (
    LabelledTexts,
    ParallelTexts,
    read_labelled,
    read_parallel,
    read_text,
)
from keras_rnn_recipes.errors import UserError

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
    """

    name: str
    task: str
    train: Any
    valid: Any
    test: Any


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
    if card.task == FORECASTING:
        raise UserError(
            f"The data set {card.name} holds series.",
            "a data set of texts.",
            "choose another one, or read it with load_dataset.",
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


def hold_out(rows: Rows, share: float, *, seed: int = 0) -> tuple[Rows, Rows]:
    """Split training examples into a training and a validation part.

    The split is stratified by label as far as possible; where that would leave one part empty, it
    is not stratified. Equal texts stay in the same part. Both parts keep the order of the examples.

    Args:
        rows: the training examples.
        share: of the examples that are held out, above 0 and below 1.
        seed: of the choice.

    Returns:
        The remaining examples, and those held out.

    Raises:
        ValueError: a share out of range.
        UserError: all texts are equal.

    Example:
        >>> rows = LabelledTexts(tuple("abcdefgh"), ("x", "y") * 4)
        >>> train, valid = hold_out(rows, 0.25)
        >>> len(train), sorted(valid.labels)
        (6, ['x', 'y'])
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be above 0 and below 1; received {share}.")
    texts = rows.texts if isinstance(rows, LabelledTexts) else rows.sources
    labels = rows.labels if isinstance(rows, LabelledTexts) else ("",) * len(rows)
    groups: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        groups.setdefault(text, []).append(number)
    wanted = {label: round(share * labels.count(label)) for label in sorted(set(labels))}
    held: list[int] = []
    equal = list(groups.values())
    drawn = [equal[place] for place in np.random.default_rng(seed).permutation(len(equal))]
    for group in drawn:
        label = labels[group[0]]
        if wanted[label] > 0:
            wanted[label] -= len(group)
            held += group
    if not held or len(held) == len(rows):
        held = []
        for group in drawn[:-1]:
            if len(held) < share * len(rows):
                held += group
    if not held:
        raise UserError(
            f"{len(rows)} training examples are too few to hold out a share of {share}.",
            "at least two different texts.",
            "give more examples, or a validation file.",
        )
    held_out = np.zeros(len(rows), bool)
    held_out[held] = True
    return rows.rows(np.flatnonzero(~held_out)), rows.rows(np.flatnonzero(held_out))


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
