"""Columns beside the target, from cells to numbers: checked where the lines are still known.

Every cell becomes a float64; the cells of a column of categories become the number of their label,
NaN where they are empty. What a label's code is in a network is learnt later, see ``coding``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.columns import Columns, holds_categories
from keras_rnn_recipes.data.dates import looks_like_dates
from keras_rnn_recipes.data.reading import Table, read_numbers
from keras_rnn_recipes.data.regular import Rows
from keras_rnn_recipes.errors import UserError

Labels = dict[str, np.ndarray]

# More labels than this, and fewer than two rows to a label, is text or an identity.
_MANY_LABELS = 50


def category_columns(
    table: Table, columns: Columns, categories: Sequence[str] | None
) -> tuple[str, ...]:
    """The columns beside the target that hold categories.

    Args:
        table: the table.
        columns: what its columns are.
        categories: the names of such columns, where they are known already; None: as the cells
            look.

    Raises:
        UserError: a column of dates.
    """
    if categories is not None:
        return tuple(name for name in columns.covariates if name in categories)
    found = tuple(name for name in columns.covariates if holds_categories(table.sample[name]))
    dated = [name for name in found if looks_like_dates(table.sample[name])]
    if dated:
        raise UserError(
            f"Column {dated[0]!r} of {table.name} holds dates.",
            "numbers, or words that come again: a price, a kind of day.",
            "leave the column out; --calendar derives day or month from the dates of the rows.",
        )
    return found


def read_cells(
    frame: pd.DataFrame, columns: Columns, texts: Sequence[str], table: Table
) -> tuple[np.ndarray, Labels]:
    """The cells of the columns beside the target, and the labels of those that have some.

    Returns:
        float64 (rows, columns), and for each column of categories its labels, sorted.

    Raises:
        UserError: text in a column of numbers, or free text instead of categories.
    """
    cells = np.empty((len(frame), len(columns.covariates)))
    labels: Labels = {}
    for number, name in enumerate(columns.covariates):
        if name not in texts:
            cells[:, number] = read_numbers(frame[name], table)
            continue
        cells[:, number], labels[name] = _labelled(frame[name])
        if name not in columns.static:
            _check_labels(name, labels[name], frame, table)
    return cells, labels


def check_static(rows: Rows, columns: Columns, labels: Labels) -> None:
    """Refuse a static column that changes inside a series.

    Args:
        rows: sorted by series.

    Raises:
        UserError: naming series, both values and their lines.
    """
    first = len(columns.past) + len(columns.future)
    for number, name in enumerate(columns.static, start=first):
        cells = rows.covariates[:, number]
        given = np.flatnonzero(~np.isnan(cells))
        changed = (np.diff(rows.codes[given]) == 0) & (np.diff(cells[given]) != 0)
        if not changed.any():
            continue
        place = int(np.argmax(changed))
        before, after = given[place], given[place + 1]
        a, b = (_shown(cells[row], labels.get(name)) for row in (before, after))
        raise UserError(
            f"The static column {name!r} changes inside a series: it is {a} for {rows.at(before)} "
            f"and {b} for {rows.at(after)}.",
            "one value for all rows of a series.",
            "correct the cells, or give the column to --past-cols or --future-cols.",
        )


def fill_static(rows: Rows, num_static: int) -> None:
    """Give every row of a series its static values, those that were filled in as well."""
    if not num_static:
        return
    cells = rows.covariates[:, -num_static:]
    lengths = np.diff(rows.bounds)
    highest = np.fmax.reduceat(cells, rows.bounds[:-1], axis=0)
    rows.covariates[:, -num_static:] = np.repeat(highest, lengths, axis=0)


def observed_part(rows: Rows) -> np.ndarray:
    """Mask of the rows up to the last observed value of their series: the rest is known future."""
    row = np.arange(len(rows.y))
    last = np.maximum.reduceat(np.where(np.isnan(rows.y), -1, row), rows.bounds[:-1])
    return row <= np.repeat(last, np.diff(rows.bounds))


def cells_as_column(cells: np.ndarray, labels: np.ndarray | None) -> np.ndarray | pd.Categorical:
    """A column of a frame: the numbers themselves, or categories."""
    if labels is None:
        return cells
    codes = np.where(np.isnan(cells), -1, cells).astype("int64")
    return pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype=object))


def _labelled(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    codes, uniques = pd.factorize(cells)
    texts = [str(value).strip() for value in uniques]
    labels, place = np.unique(np.array(texts, dtype=object), return_inverse=True)
    codes = np.append(place, -1)[codes]
    return np.where(codes < 0, np.nan, codes), labels


def _check_labels(name: str, labels: np.ndarray, frame: pd.DataFrame, table: Table) -> None:
    if len(labels) <= max(_MANY_LABELS, len(frame) // 2):
        return
    raise UserError(
        f"Column {name!r} of {table.name} holds {len(labels)} different texts in {len(frame)} "
        f"rows, such as {labels[0]!r}.",
        "numbers, or words that come again: a kind of day, a campaign.",
        "leave the column out, or sum its texts up in a few words.",
    )


def _shown(cell: float, labels: np.ndarray | None) -> str:
    return f"{cell:g}" if labels is None else repr(str(labels[int(cell)]))
