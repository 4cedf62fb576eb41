"""The roles of a table's columns: name of the series, time, targets and covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from keras_rnn_recipes.data.dates import looks_like_dates
from keras_rnn_recipes.data.reading import Table, number_or_nan
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
        id: names the series; None where the table has no such column.
        time: dates or whole numbers.
        targets: values to forecast.
        past, future, static: covariates known up to the present, known ahead, constant in each
            series.
        spare: columns of text without a role; one of them may turn out to name the series.
    """

    id: str | None
    time: str
    targets: tuple[str, ...]
    past: tuple[str, ...]
    spare: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

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
) -> Columns:
    """Take the named columns, and find the others by their names or contents.

    Args:
        table: the table.
        id_col, time_col, target_col, past_cols, future_cols, static_cols: as in ``read_panel``.

    Raises:
        UserError: a named column does not exist (with the nearest name), no column or several
            columns fit a role, or a column has two roles.

    Example:
        >>> from keras_rnn_recipes.data.reading import open_table
        >>> table = open_table(pd.DataFrame({"day": ["2024-01-01"], "sales": [3.5]}))
        >>> columns = choose_columns(table, id_col=None, time_col=None, target_col=None)
        >>> columns.time, columns.targets
        ('day', ('sales',))
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
    identity = _named(table, id_col, "id-col") if id_col else None
    if identity is None and "unique_id" in sample.columns:
        identity = "unique_id"
    taken = {identity, *past, *future, *static}
    targets = _given_targets(table, target_col)
    time = _named(table, time_col, "time-col") if time_col else None
    if time is None:
        time = _find_time(table, [c for c in sample.columns if c not in taken | set(targets)])
    taken |= {time}
    if not targets:
        targets = _find_target(table, [c for c in sample.columns if c not in taken])
    _check_roles(identity, time, targets, (*past, *future, *static))
    spare = tuple(
        c for c in sample.columns if c not in taken | set(targets) and not _is_number(sample[c])
    )
    return Columns(identity, time, targets, past, spare, future, static)


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


def _find_time(table: Table, free: list[str]) -> str:
    if "ds" in free:
        return "ds"
    dated = [c for c in free if looks_like_dates(table.sample[c])]
    if len(dated) == 1:
        return dated[0]
    if dated:
        raise _several(table, dated, "dates", "time-col")
    named = [c for c in free if c.lower() in _TIME_NAMES]
    if len(named) == 1:
        return named[0]
    raise UserError(
        f"No column of {table.name} contains dates (columns: {', '.join(table.sample.columns)}).",
        "a column of dates such as 2024-01-31, or of whole numbers.",
        "name it with --time-col.",
    )


def _find_target(table: Table, free: list[str]) -> tuple[str, ...]:
    numeric = [c for c in free if _is_number(table.sample[c])]
    filled = [c for c in numeric if table.sample[c].notna().any()]
    candidates = filled or numeric or free
    if len(candidates) == 1:
        return (candidates[0],)
    if not numeric:
        raise UserError(
            f"No column of {table.name} contains numbers to forecast.",
            "a column of numbers.",
            "name it with --target-col.",
        )
    raise _several(table, candidates, "the values", "target-col")


def _is_number(values: pd.Series) -> bool:
    """Whether at least half of the non-empty cells are numbers."""
    filled = values.dropna()
    if isinstance(filled.dtype, pd.CategoricalDtype):
        filled = filled.astype(object)
    if pd.api.types.is_datetime64_any_dtype(filled):
        return False
    return filled.empty or (number_or_nan(filled) == number_or_nan(filled)).mean() >= 0.5


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
    more = f", or several joined by commas: --{option} {','.join(names[:2])}"
    return UserError(
        f"Several columns of {table.name} could contain {what}: {', '.join(names)}.",
        "one.",
        f"choose with --{option} {names[0]}{more if option == 'target-col' else ''}.",
    )


def _check_roles(
    identity: str | None, time: str, targets: tuple[str, ...], covariates: tuple[str, ...]
) -> None:
    names = [name for name in (identity, time, *targets, *covariates) if name is not None]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(
            f"The column {twice[0]!r} has two roles.",
            "different columns for the series, the time, the target and the covariates.",
            "correct --id-col, --time-col, --target-col, --past-cols, --future-cols or "
            "--static-cols.",
        )
