"""Sequences from a long table: one row for each step, with the name of its sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.numbers import NumberStyle, style_of
from keras_rnn_recipes.data.reading import Table, missing_cells, open_table, read_numbers
from keras_rnn_recipes.errors import UserError, counted, did_you_mean, first_names
from keras_rnn_recipes.media.sequences import LabelledSequences

Tell = Callable[[str], None]

# Steps are filled in where at most this share of the rows is missing; else the numbers of steps
# mean something else, such as milliseconds.
MOST_MISSING = 0.2


def ignore(note: str) -> None:
    """Drop a note."""


def read_sequence_table(
    source: str | Path | pd.DataFrame,
    *,
    id_col: str = "sequence_id",
    step_col: str = "step",
    label_col: str | None = "label",
    channels: Sequence[str] = (),
    tell: Tell = ignore,
) -> LabelledSequences:
    """Read sequences from a table with one row for each step.

    Rows may be in any order if there is a column of steps. Where whole steps are missing, a step
    without values is inserted.

    Args:
        source: path of a table, as `open_table` takes it, or a DataFrame.
        id_col: column that names the sequence of each row.
        step_col: column of numbers or dates that orders the rows of a sequence; a table without it
            is in order.
        label_col: column of labels, the same in all rows of a sequence; None: not read, for new
            data.
        channels: columns of the vectors; none for all other columns, which must be numbers.
        tell: called with each assumption about the table.

    Returns:
        The sequences in the order of their first rows.

    Raises:
        UserError: a missing column, a row without sequence or label, two labels or two equal steps
            in one sequence, or a cell that is not a number; the message names the table and the
            line.

    Example:
        >>> table = pd.DataFrame({"sequence_id": list("bba"), "x": [1, 2, 3], "label": list("uuv")})
        >>> rows = read_sequence_table(table)
        >>> rows.names, rows.labels, rows.values[0].ravel().tolist()
        (('b', 'a'), ('u', 'v'), [1.0, 2.0])
    """
    table = open_table(source)
    for note in table.notes:
        tell(note)
    columns = [str(name) for name in table.sample.columns]
    require_column(table, id_col, "data.id_col")
    if label_col is not None:
        require_column(table, label_col, "data.label_col")
    wanted = _channel_names(table, columns, id_col, step_col, label_col, channels)
    used = [id_col, *wanted, *([step_col] if step_col in columns else [])]
    frame = table.load([*used, *([label_col] if label_col else [])])
    ids = filled_cells(frame[id_col], table, "no name of a sequence")
    numbers, names = pd.factorize(ids)
    order = _order(frame, numbers, names, step_col, table)
    values = _values(frame[wanted], table, tell)[order]
    ends = np.cumsum(np.bincount(numbers))[:-1]
    sequences = np.split(values, ends)
    if step_col in columns:
        sequences = _with_missing_steps(
            sequences, np.split(_steps(frame[step_col], table)[order], ends), table, tell
        )
    labels = () if label_col is None else _labels(frame[label_col], numbers, names, table)
    found = tuple(one.astype("float32") for one in sequences)
    return LabelledSequences(found, labels, tuple(map(str, names)), tuple(wanted))


def read_one_sequence(
    source: str | Path,
    *,
    step_col: str = "step",
    channels: Sequence[str] = (),
    tell: Tell = ignore,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a table that is one sequence.

    Args:
        source: path of a table, as `open_table` takes it.
        step_col, channels, tell: as in `read_sequence_table`.

    Returns:
        float32 ``(time, channels)`` and the names of the channels.

    Raises:
        UserError: as `read_sequence_table`.
    """
    table = open_table(source)
    columns = [str(name) for name in table.sample.columns]
    wanted = _channel_names(table, columns, "", step_col, None, channels)
    frame = table.load([*wanted, *([step_col] if step_col in columns else [])])
    rows = np.zeros(len(frame), int)
    order = _order(frame, rows, [table.name], step_col, table)
    values = _values(frame[wanted], table, tell)[order]
    if step_col in columns:
        steps = _steps(frame[step_col], table)[order]
        (values,) = _with_missing_steps([values], [steps], table, tell)
    return values.astype("float32"), tuple(wanted)


def require_column(table: Table, name: str, option: str) -> None:
    """Check that a table has a column.

    Args:
        table: the table.
        name: of the column.
        option: that names the column, for the message.

    Raises:
        UserError: it has not.
    """
    columns = [str(column) for column in table.sample.columns]
    if name not in columns:
        raise UserError(
            f"{table.name} has no column {name!r}.",
            f"one of: {', '.join(columns)}.",
            did_you_mean(name, columns, otherwise=f"name the column by {option}."),
        )


def _channel_names(
    table: Table,
    columns: Sequence[str],
    id_col: str,
    step_col: str,
    label_col: str | None,
    given: Sequence[str],
) -> list[str]:
    for name in given:
        require_column(table, name, "data.channels")
    found = list(given) or [c for c in columns if c not in (id_col, step_col, label_col)]
    if not found:
        raise UserError(
            f"{table.name} has no columns of numbers besides {', '.join(columns)}.",
            "at least one column with the numbers of each step.",
            "give a table with such columns, or name other columns by data.id_col and "
            "data.step_col.",
        )
    return found


def filled_cells(cells: pd.Series, table: Table, missing: str) -> np.ndarray:
    """The cells of a column as texts without white space at their ends, none of them empty.

    Args:
        cells: of the column.
        table: the table, for the message.
        missing: what an empty cell lacks, such as "no label".

    Returns:
        Texts ``(rows,)``.

    Raises:
        UserError: a cell is empty; the message names its line.
    """
    found = cells.astype(object).where(cells.notna(), "").astype(str).str.strip()
    empty = (found == "").to_numpy()
    if empty.any():
        first = int(np.argmax(empty))
        raise UserError(
            f"There is {missing} in column {cells.name!r} in {table.where(cells.index[first])}.",
            "a cell with content in every row.",
            "fill it in, or remove the row.",
        )
    return found.to_numpy(dtype=object)


def _steps(cells: pd.Series, table: Table) -> np.ndarray:
    """Steps as numbers: numbers as they are, dates in seconds."""
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy("float64", na_value=np.nan)
    odd = np.isnan(numbers)
    if odd.any():
        dates = pd.to_datetime(cells, errors="coerce", format="ISO8601", utc=True)
        if dates.notna().all():
            since = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
            return since.to_numpy("float64")
        first = int(np.argmax(odd))
        raise UserError(
            f"The step {cells.iloc[first]!r} in {table.where(cells.index[first])} is neither a "
            "number nor a date.",
            "numbers, or dates such as 2024-05-31 12:00.",
            "correct the cell, or name another column by data.step_col.",
        )
    return numbers


def _order(
    frame: pd.DataFrame, numbers: np.ndarray, names: Any, step_col: str, table: Table
) -> np.ndarray:
    """Row places sorted by sequence and, within it, by step."""
    if step_col not in frame:
        return np.argsort(numbers, kind="stable")
    steps = _steps(frame[step_col], table)
    order = np.lexsort((steps, numbers))
    same = (np.diff(numbers[order]) == 0) & (np.diff(steps[order]) == 0)
    if same.any():
        row = int(order[np.argmax(same) + 1])
        raise UserError(
            f"Sequence {names[numbers[row]]} has the step {frame[step_col].iloc[row]} twice, "
            f"again in {table.where(frame.index[row])}.",
            "each step of a sequence once.",
            "remove one of the rows, or name another column by data.id_col or data.step_col.",
        )
    return order


def _values(frame: pd.DataFrame, table: Table, tell: Tell) -> np.ndarray:
    """The numbers of the channels, float64 ``(rows, channels)``, NaN where a cell is empty."""
    cells = [frame[name] for name in frame]
    style, notes = _number_style(cells, table)
    for note in notes:
        tell(f"{table.name}: {note.partition(' (--')[0].rstrip('.')}.")
    found = np.stack([read_numbers(one, table, style) for one in cells], axis=1)
    missing = int(np.isnan(found).sum())
    if missing:
        tell(f"{table.name}: {counted(missing, 'missing value')} of {found.size:,}.")
    return found


def _number_style(cells: list[pd.Series], table: Table) -> tuple[NumberStyle, tuple[str, ...]]:
    try:
        return style_of(cells, table.separator)
    except UserError as error:
        fix = "write the numbers with decimal points and without thousands separators."
        raise UserError(f"{table.name}: {error.what}", error.expected, fix) from None


def _with_missing_steps(
    sequences: list[np.ndarray], steps: list[np.ndarray], table: Table, tell: Tell
) -> list[np.ndarray]:
    """Insert steps of NaN where whole steps of a regular sequence are missing."""
    gaps = np.concatenate([np.diff(one) for one in steps])
    if not len(gaps):
        return sequences
    usual = float(np.median(gaps))
    counts = gaps / usual
    regular = np.abs(counts - np.round(counts)).max() < 1e-6 and np.round(counts).min() >= 1
    missing = round(float((counts - 1).sum()))
    if not regular or not 0 < missing <= MOST_MISSING * sum(map(len, steps)):
        return sequences
    told = counted(missing, "missing step", "is", "are")
    tell(f"{table.name}: {told} filled in from the step before, in the network.")
    return [_spread(*pair, usual) for pair in zip(sequences, steps, strict=True)]


def _spread(values: np.ndarray, steps: np.ndarray, usual: float) -> np.ndarray:
    places = np.round((steps - steps[0]) / usual).astype(int)
    spread = np.full((places[-1] + 1, values.shape[1]), np.nan)
    spread[places] = values
    return spread


def _labels(cells: pd.Series, numbers: np.ndarray, names: Any, table: Table) -> tuple[str, ...]:
    """The one label of each sequence."""
    missing = missing_cells(cells)
    labels = filled_cells(cells.where(~missing), table, "no label")
    first_rows = np.unique(numbers, return_index=True)[1]
    differs = labels != labels[first_rows][numbers]
    if differs.any():
        row = int(np.argmax(differs))
        both = (labels[first_rows[numbers[row]]], labels[row])
        raise UserError(
            f"Sequence {names[numbers[row]]} has the labels {first_names(both)}, the second one in "
            f"{table.where(cells.index[row])}.",
            "one label in all rows of a sequence.",
            "correct the label, or name another column by data.id_col or data.label_col.",
        )
    return tuple(labels[first_rows].tolist())
