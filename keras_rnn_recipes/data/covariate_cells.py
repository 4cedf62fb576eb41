"""Covariates from cells to numbers, checked while the lines of the file are still known.

Every cell becomes a float64; a category becomes the number of its label, and an empty cell NaN. The
codes that a network takes are learned later, see ``coding``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.columns import Columns, holds_categories
from keras_rnn_recipes.data.dates import looks_like_dates
from keras_rnn_recipes.data.numbers import NumberStyle
from keras_rnn_recipes.data.reading import Table, read_numbers
from keras_rnn_recipes.data.regular import Rows
from keras_rnn_recipes.errors import UserError

Labels = dict[str, np.ndarray]

# More labels than this, with fewer than two rows per label, are free text or identifiers.
_MANY_LABELS = 50


def category_columns(
    table: Table, columns: Columns, categories: Sequence[str] | None
) -> tuple[str, ...]:
    """The names of the categorical covariates.

    Args:
        table: the table.
        columns: the roles of its columns.
        categories: names of categorical columns, where they are known; None: inferred from the
            cells.

    Raises:
        UserError: a covariate contains dates.
    """
    if categories is not None:
        return tuple(name for name in columns.covariates if name in categories)
    found = tuple(name for name in columns.covariates if holds_categories(table.sample[name]))
    dated = [name for name in found if looks_like_dates(table.sample[name])]
    if dated:
        raise UserError(
            f"Column {dated[0]!r} of {table.name} contains dates.",
            "numbers, or categories that repeat: a price, a kind of day.",
            "leave the column out; --calendar derives day or month from the dates of the rows.",
        )
    return found


def read_cells(
    frame: pd.DataFrame,
    columns: Columns,
    texts: Sequence[str],
    table: Table,
    style: NumberStyle,
) -> tuple[np.ndarray, Labels]:
    """The cells of the covariates as numbers, and the labels of the categorical ones.

    Args:
        frame: the loaded rows of the table.
        columns: the roles of the columns.
        texts: names of the categorical covariates.
        table: the table, which tells the line of a row.
        style: how its numbers are written.

    Returns:
        float64 (rows, covariates), and the sorted labels of each categorical covariate.

    Raises:
        UserError: text in a numeric column, or free text instead of categories.
    """
    cells = np.empty((len(frame), len(columns.covariates)))
    labels: Labels = {}
    for number, name in enumerate(columns.covariates):
        if name not in texts:
            cells[:, number] = read_numbers(frame[name], table, style)
            continue
        cells[:, number], labels[name] = _number_labels(frame[name])
        if name not in columns.static:
            _check_labels(name, labels[name], frame, table)
    return cells, labels


def check_static(rows: Rows, columns: Columns, labels: Labels) -> None:
    """Check that static covariates are constant in each series.

    Args:
        rows: sorted by series.
        columns: the roles of the columns.
        labels: of the categorical covariates.

    Raises:
        UserError: one changes; the message names the series, both values and their lines.
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
            f"The static covariate {name!r} changes within a series: it is {a} for "
            f"{rows.at(before)} and {b} for {rows.at(after)}.",
            "one value for all rows of a series.",
            "correct the cells, or give the column to --past-cols or --future-cols.",
        )


def fill_static(rows: Rows, num_static: int) -> None:
    """Copy the static covariates of a series to all its rows, in place."""
    if not num_static:
        return
    cells = rows.covariates[:, -num_static:]
    lengths = np.diff(rows.bounds)
    highest = np.fmax.reduceat(cells, rows.bounds[:-1], axis=0)
    rows.covariates[:, -num_static:] = np.repeat(highest, lengths, axis=0)


def observed_part(rows: Rows) -> np.ndarray:
    """Mask of the rows up to the last observed target of their series, bool (rows,)."""
    row = np.arange(len(rows.y))
    last = np.maximum.reduceat(np.where(np.isnan(rows.y), -1, row), rows.bounds[:-1])
    return row <= np.repeat(last, np.diff(rows.bounds))


def cells_as_column(cells: np.ndarray, labels: np.ndarray | None) -> np.ndarray | pd.Categorical:
    """A covariate as a column of a frame: numbers, or a categorical."""
    if labels is None:
        return cells
    codes = np.where(np.isnan(cells), -1, cells).astype("int64")
    return pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype=object))


def _number_labels(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    codes, uniques = pd.factorize(cells)
    texts = [str(value).strip() for value in uniques]
    labels, place = np.unique(np.array(texts, dtype=object), return_inverse=True)
    codes = np.append(place, -1)[codes]
    return np.where(codes < 0, np.nan, codes), labels


def _check_labels(name: str, labels: np.ndarray, frame: pd.DataFrame, table: Table) -> None:
    if len(labels) <= max(_MANY_LABELS, len(frame) // 2):
        return
    raise UserError(
        f"Column {name!r} of {table.name} contains {len(labels)} different texts in {len(frame)} "
        f"rows, such as {labels[0]!r}.",
        "numbers, or categories that repeat: a kind of day, a campaign.",
        "leave the column out, or replace its texts by a few categories.",
    )


def _shown(cell: float, labels: np.ndarray | None) -> str:
    return f"{cell:g}" if labels is None else repr(str(labels[int(cell)]))
