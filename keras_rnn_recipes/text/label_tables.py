"""Tables of texts with several labels each, or with a number.

`LabelledTexts` holds both as text, so that they are split into parts as single labels are: several
labels joined by their separator, and a number as it was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import numpy as np

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.encoded import Tell, ignore
from keras_rnn_recipes.text.number_cells import read_numbers
from keras_rnn_recipes.text.reading import (
    NO_LABEL,
    LabelledTexts,
    clean_label,
    read_some,
    similar_label_notes,
    with_labels,
)
from keras_rnn_recipes.text.tables import FileOptions, Row

# Separators of labels that people use.
_USUAL = (";", ",", "|", "/")
_YES, _NO = ("1", "1.0", "true", "yes"), ("", "0", "0.0", "false", "no")


def read_label_sets(
    path: str | Path,
    *,
    text_col: str = "text",
    label_col: str = "label",
    label_cols: Sequence[str] = (),
    label_separator: str = ";",
    weight_col: str | None = None,
    tell: Tell = ignore,
    **options: Unpack[FileOptions],
) -> LabelledTexts:
    """Read a table of texts with any number of labels each.

    Args:
        path, text_col, weight_col, tell, options: as in `read_labelled`.
        label_col: column whose cells hold the labels of a text, such as ``"late;rude"``. An empty
            cell means that the text has no label.
        label_cols: in place of it, columns with 1 where the text has the label of that name, and
            with 0 or nothing elsewhere.
        label_separator: between the labels of a cell.

    Returns:
        The texts. Their labels are sorted, distinct and joined by ``label_separator``.

    Raises:
        UserError: as `read_some`; also labels that contain the separator, cells of ``label_cols``
            that are neither 0 nor 1, or no label at all.
    """
    name = Path(path).name
    columns = tuple(label_cols) or (label_col,)
    rows = read_some(path, (text_col, *columns), weight_col, options, tell=tell)
    if label_cols:
        _refuse_separator(label_cols, label_separator)
        found = [_marked(row, label_cols, name) for row in rows]
    else:
        found = [[*split_labels(row.cells[1], label_separator)] for row in rows]
    sets = [tuple(sorted({*labels} - NO_LABEL)) for labels in found]
    for note in _notes(sets, name, label_separator):
        tell(note)
    joined = tuple(label_separator.join(labels) for labels in sets)
    return with_labels(path, rows, joined, weight_col, tell=tell)


def read_labelled_numbers(
    path: str | Path,
    *,
    text_col: str = "text",
    label_col: str = "label",
    weight_col: str | None = None,
    tell: Tell = ignore,
    **options: Unpack[FileOptions],
) -> LabelledTexts:
    """Read a table of texts with a number each.

    Args:
        path, text_col, weight_col, tell, options: as in `read_labelled`.
        label_col: column of the numbers.

    Raises:
        UserError: as `read_some`; also a cell that is no finite number.
    """
    rows = read_some(path, (text_col, label_col), weight_col, options, tell=tell)
    numbers = read_numbers(rows, 1, Path(path).name, label_col, tell=tell)
    return with_labels(path, rows, tuple(map(str, numbers)), weight_col, tell=tell)


def split_labels(cell: str, separator: str) -> tuple[str, ...]:
    """The labels of a cell.

    Example:
        >>> split_labels("late ; very rude;", ";")
        ('late', 'very rude')
    """
    return tuple(label for part in cell.split(separator) if (label := clean_label(part)))


def label_names(labels: Sequence[str], separator: str) -> tuple[str, ...]:
    """The distinct labels of the training part, sorted.

    Args:
        labels: of each text, joined by the separator.
        separator: between the labels of a text.

    Raises:
        UserError: no text has a label.

    Example:
        >>> label_names(["late;rude", "", "rude"], ";")
        ('late', 'rude')
    """
    names = tuple(
        sorted({one for labels_of in labels for one in split_labels(labels_of, separator)})
    )
    if not names:
        raise UserError(
            "No text of the training part has a label.",
            "labels of some texts.",
            "name another data.label_col, or give labels.",
        )
    return names


def label_table(
    labels: Sequence[str], names: Sequence[str], separator: str, part: str = "the data"
) -> np.ndarray:
    """Which labels each text has, float32 ``(examples, labels)`` of 0 and 1.

    Args:
        labels: of each text, joined by the separator.
        names: of all labels, from `label_names`.
        separator: between the labels of a text.
        part: name of the data, for the message.

    Raises:
        UserError: a label that does not occur in training.

    Example:
        >>> label_table(["late;rude", ""], ["late", "rude"], ";").tolist()
        [[1.0, 1.0], [0.0, 0.0]]
    """
    places = {name: place for place, name in enumerate(names)}
    table = np.zeros((len(labels), len(names)), "float32")
    for row, joined in enumerate(labels):
        for label in split_labels(joined, separator):
            if label not in places:
                raise UserError(
                    f"The label {label!r} of example {row + 1} of {part} does not occur in "
                    "training.",
                    f"some of: {', '.join(names)}.",
                    "correct it, or train on examples with this label.",
                )
            table[row, places[label]] = 1
    return table


def _marked(row: Row, names: Sequence[str], file: str) -> list[str]:
    """The names of the columns that hold a 1."""
    found = []
    for name, cell in zip(names, row.cells[1:], strict=False):
        value = cell.strip().lower()
        if value not in (*_YES, *_NO):
            raise UserError(
                f"Line {row.line} of {file} has {cell!r} in the column {name!r}.",
                "1 where the text has the label, 0 or nothing elsewhere.",
                "correct it, or take the column out of data.label_cols.",
            )
        if value in _YES:
            found.append(name)
    return found


def _refuse_separator(names: Sequence[str], separator: str) -> None:
    wrong = [name for name in names if separator in name]
    if wrong:
        raise UserError(
            f"The column {wrong[0]!r} has data.label_separator, {separator!r}, in its name.",
            "names of labels without it.",
            'set another one, such as data.label_separator = "|".',
        )


def _notes(sets: Sequence[tuple[str, ...]], name: str, separator: str) -> list[str]:
    """Sentences on texts without labels, on a separator that no cell has, on similar labels."""
    notes = []
    without = sum(not labels for labels in sets)
    if without:
        notes.append(f"{name}: {counted(without, 'text')} of {len(sets):,} without a label.")
    if all(len(labels) < 2 for labels in sets):
        held = [one for one in _USUAL if any(one in label for of in sets for label in of)]
        other = f"; some contain {held[0]!r} (data.label_separator)" if held else ""
        notes.append(f"{name}: no text has several labels divided by {separator!r}{other}.")
    return notes + similar_label_notes([label for labels in sets for label in labels], name)
