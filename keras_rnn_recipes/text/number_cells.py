"""Columns of numbers next to texts: what is to be predicted, and weights."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.encoded import Tell, ignore
from keras_rnn_recipes.text.tables import Row

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def read_numbers(
    rows: Sequence[Row], place: int, name: str, column: str, *, tell: Tell = ignore
) -> tuple[float, ...]:
    """Read a column of numbers, with decimal points or, in the whole column, decimal commas.

    Args:
        rows: of the file.
        place: of the column among the cells of a row.
        name: of the file.
        column: its name.
        tell: called when commas were read as decimal signs.

    Raises:
        UserError: a cell that is no finite number.

    Example:
        >>> read_numbers([Row(2, ["good", "4.5"])], 1, "a.csv", "stars")
        (4.5,)
    """
    cells = [row.cells[place].strip() for row in rows]
    if any(map(_DECIMAL_COMMA.fullmatch, cells)) and not any("." in cell for cell in cells):
        tell(f"{name}: commas in the column {column!r} were read as decimal signs.")
        cells = [cell.replace(",", ".") for cell in cells]
    return tuple(
        _number(cell, row.line, name, column) for cell, row in zip(cells, rows, strict=True)
    )


def read_weights(rows: Sequence[Row], name: str, column: str) -> tuple[float, ...]:
    """Read the last column as the weights of the rows.

    Args:
        rows, name, column: as in `read_numbers`.

    Raises:
        UserError: as `read_numbers`; also a weight below 0, or none above it.

    Example:
        >>> read_weights([Row(2, ["good", "yes", "2"])], "a.csv", "weight")
        (2.0,)
    """
    weights = read_numbers(rows, -1, name, column)
    lowest = min(weights)
    if lowest < 0 or not any(weights):
        line = rows[weights.index(lowest)].line
        held = f"{lowest:g} in line {line}" if lowest < 0 else "0 in every row"
        raise UserError(
            f"The column {column!r} of {name} has the weight {held}.",
            "weights of at least 0, and some above it.",
            "correct them, or leave out data.weight_col.",
        )
    return weights


def _number(cell: str, line: int, name: str, column: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in cell:
        raise UserError(
            f"Line {line} of {name} has {cell!r} in the column {column!r}.",
            "a number in every row.",
            "correct it, remove the row, or name another column.",
        )
    return value
