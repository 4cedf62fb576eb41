"""The roles of a table's columns: name of the series, time, targets and covariates."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.dates import looks_like_dates, names_a_time
from keras_rnn_recipes.data.numbers import MISSING, looks_like_number
from keras_rnn_recipes.data.reading import Table
from keras_rnn_recipes.data.time_parts import time_columns
from keras_rnn_recipes.errors import UserError, nearest

_TIME_NAMES = (
    "ds",
    "date",
    "time",
    "timestamp",
    "datetime",
    "month",
    "week",
    "day",
    "year",
    "step",
    "t",
)


@dataclass(frozen=True)
class Columns:
    """The roles of a table's columns.

    Args:
        ids: name the series together; empty where the table has no such column.
        times: dates or whole numbers, or the parts of dates, such as year and month.
        targets: values to forecast.
        past, future, static: covariates known up to the present, known ahead, constant in each
            series.
        spare: columns of text without a role; one of them may turn out to name the series.
        unused: all columns without a role.
    """

    ids: tuple[str, ...]
    times: tuple[str, ...]
    targets: tuple[str, ...]
    past: tuple[str, ...]
    spare: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def covariates(self) -> tuple[str, ...]:
        """All covariates: past, then future, then static."""
        return (*self.past, *self.future, *self.static)


def choose_columns(
    table: Table,
    *,
    id_col: str | None,
    time_col: str | None,
    target_col: str | None,
    past_cols: Sequence[str] = (),
    future_cols: Sequence[str] = (),
    static_cols: Sequence[str] = (),
    wide: bool = False,
) -> Columns:
    """Take the named columns, and find the others by their names or contents.

    Args:
        table: the table.
        id_col, time_col, target_col, past_cols, future_cols, static_cols, wide: as in
            ``read_panel``.

    Raises:
        UserError: a named column does not exist (with the nearest name), no column or several
            columns fit a role, or a column has two roles.

    Example:
        >>> from keras_rnn_recipes.data.reading import open_table
        >>> table = open_table(pd.DataFrame({"day": ["2024-01-01"], "sales": [3.5]}))
        >>> columns = choose_columns(table, id_col=None, time_col=None, target_col=None)
        >>> columns.times, columns.targets
        (('day',), ('sales',))
    """
    sample = table.sample
    past, future, static = (
        tuple(_named(table, name, option) for name in names)
        for names, option in (
            (past_cols, "past-cols"),
            (future_cols, "future-cols"),
            (static_cols, "static-cols"),
        )
    )
    ids = _several_named(table, id_col, "id-col")
    if not ids and "unique_id" in sample.columns:
        ids = ("unique_id",)
    taken = {*ids, *past, *future, *static}
    targets = _given_targets(table, target_col)
    times = _several_named(table, time_col, "time-col")
    if not times:
        times = _find_time(table, [c for c in sample.columns if c not in taken | set(targets)])
    taken |= set(times)
    if not targets:
        free = [c for c in sample.columns if c not in taken]
        targets = _all_numeric(table, free) if wide else _find_target(table, free)
    _check_roles(ids, times, targets, (*past, *future, *static))
    unused = tuple(c for c in sample.columns if c not in taken | set(targets))
    spare = tuple(c for c in unused if not _is_number(sample[c]))
    return Columns(ids, times, targets, past, spare, future, static, unused)


def _several_named(table: Table, names: str | None, option: str) -> tuple[str, ...]:
    """One column, or several joined by commas."""
    if not names:
        return ()
    if names in table.sample.columns:
        return (names,)
    return tuple(_named(table, name.strip(), option) for name in names.split(","))


def _named(table: Table, name: str, option: str) -> str:
    columns = [str(c) for c in table.sample.columns]
    if name in columns:
        return name
    same = (c for c in columns if c.lower() == name.lower())
    near = next(same, None) or nearest(name, columns)
    hint = f"did you mean {near!r}? Pass" if near else "pass"
    raise UserError(
        f"There is no column {name!r} in {table.name}.",
        f"one of: {', '.join(columns)}.",
        f"{hint} --{option} {near or 'with one of these'}.",
    )


def _given_targets(table: Table, target_col: str | None) -> tuple[str, ...]:
    if target_col is None:
        return ("y",) if "y" in table.sample.columns else ()
    names = [target_col] if target_col in table.sample.columns else target_col.split(",")
    return tuple(_named(table, name.strip(), "target-col") for name in names)


def _find_time(table: Table, free: list[str]) -> tuple[str, ...]:
    if "ds" in free:
        return ("ds",)
    dated = [c for c in free if looks_like_dates(table.sample[c])]
    if len(dated) > 1:
        named = [c for c in dated if names_a_time(c)]
        dated = named if len(named) == 1 else dated
    if len(dated) == 1:
        return (dated[0],)
    if dated:
        raise _several(table, dated, "dates", "time-col")
    parts = time_columns(free)
    if len(parts) > 1:
        raise UserError(
            f"The dates of {table.name} seem to lie in several columns: {', '.join(parts)}.",
            "one column of dates, or the names of their parts.",
            f"give --time-col {shlex.quote(','.join(parts))}.",
        )
    named = [c for c in free if c.lower() in _TIME_NAMES]
    if len(named) == 1:
        return (named[0],)
    columns = _shown(list(table.sample.columns))
    raise UserError(
        f"No column of {table.name} contains dates (columns: {columns}).",
        "a column of dates such as 2024-01-31, or of whole numbers.",
        "name it with --time-col.",
    )


def _all_numeric(table: Table, free: list[str]) -> tuple[str, ...]:
    """Every column of numbers, each of which is a series."""
    numeric = tuple(c for c in free if _is_number(table.sample[c]) and not _counts_rows(table, c))
    nameless = r"(?:column|empty|unnamed:) ?\d+"
    numeric = tuple(
        c for c in numeric if table.sample[c].notna().any() or not re.fullmatch(nameless, c.lower())
    )
    if not numeric:
        raise _no_numbers(table)
    return numeric


def _find_target(table: Table, free: list[str]) -> tuple[str, ...]:
    numeric = [c for c in free if _is_number(table.sample[c]) and not _counts_rows(table, c)]
    filled = [c for c in numeric if table.sample[c].notna().any()]
    candidates = filled or numeric or free
    if len(candidates) == 1:
        return (candidates[0],)
    if not numeric:
        raise _no_numbers(table)
    raise _several(table, candidates, "the values", "target-col")


def _counts_rows(table: Table, name: str) -> bool:
    """Whether a column without a name, or with that of an index, numbers the rows."""
    bare = re.sub(r"^(?:column|unnamed:?) ?\d+$", "", name.lower())
    if bare not in ("", "index", "no", "nr", "row", "instant", "#", "rownum", "obs"):
        return False
    numbers = pd.to_numeric(table.sample[name], errors="coerce").to_numpy("float64")
    return bool((np.diff(numbers) == 1).all())


def _no_numbers(table: Table) -> UserError:
    return UserError(
        f"No column of {table.name} contains numbers to forecast.",
        "a column of numbers.",
        "name it with --target-col.",
    )


def _is_number(values: pd.Series) -> bool:
    """Whether at least half of the non-empty cells are numbers."""
    filled = values.dropna()
    if isinstance(filled.dtype, pd.CategoricalDtype):
        filled = filled.astype(object)
    if pd.api.types.is_datetime64_any_dtype(filled):
        return False
    if pd.api.types.is_numeric_dtype(filled):
        return True
    texts = [text for cell in filled if (text := str(cell).strip()) not in MISSING]
    return not texts or sum(map(looks_like_number, texts)) >= len(texts) / 2


def holds_categories(sample: pd.Series) -> bool:
    """Whether a covariate is categorical: bool, category, or text.

    Args:
        sample: some cells of the column.

    Example:
        >>> holds_categories(pd.Series(["rain", "sun"])), holds_categories(pd.Series(["1", "2"]))
        (True, False)
    """
    if isinstance(sample.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(sample.dtype):
        return True
    filled = sample.dropna()
    if filled.map(type).isin([bool]).all() and len(filled):
        return True
    return not _is_number(sample)


def _several(table: Table, names: list[str], what: str, option: str) -> UserError:
    more, name = "", names[-1] if option == "target-col" else names[0]
    if option == "target-col":
        more = (
            f" (or several: --target-col {shlex.quote(','.join(names[:2]))}), --id-col for columns "
            "that name the series, or --wide if each of them is a series"
        )
    return UserError(
        f"Several columns of {table.name} could contain {what}: {_shown(names)}.",
        "one.",
        f"choose with --{option} {shlex.quote(name)}{more}.",
    )


def _shown(names: Sequence[str], number: int = 8) -> str:
    more = f", ... ({len(names)} columns)" if len(names) > number else ""
    return ", ".join(map(str, names[:number])) + more


def _check_roles(
    ids: tuple[str, ...],
    times: tuple[str, ...],
    targets: tuple[str, ...],
    covariates: tuple[str, ...],
) -> None:
    names = [*ids, *times, *targets, *covariates]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(
            f"The column {twice[0]!r} has two roles.",
            "different columns for the series, the time, the target and the covariates.",
            "correct --id-col, --time-col, --target-col, --past-cols, --future-cols or "
            "--static-cols.",
        )
