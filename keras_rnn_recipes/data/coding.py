"""Columns beside the target become numbers: codes learnt from the past, a calendar, steps ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.calendar import calendar_columns, calendar_values
from keras_rnn_recipes.data.covariates import SERIES, Covariate, Covariates
from keras_rnn_recipes.data.frames import series_bounds
from keras_rnn_recipes.data.frequency import advance
from keras_rnn_recipes.data.regular import shown
from keras_rnn_recipes.data.split import training_rows
from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel


def learn_covariates(
    panel: Panel,
    *,
    held_out: int = 0,
    calendar: Sequence[str] = (),
    holidays: str | None = None,
    series: bool = False,
) -> Covariates:
    """What the columns beside the target mean, learnt from the training part alone.

    Args:
        panel: as ``read_panel`` gives it.
        held_out: steps at the end of every series that are no part of training.
        calendar, holidays: columns to derive from the dates, see ``calendar_columns``.
        series: whether a series is to be known by a code of its own.

    Returns:
        The columns, each category with its code.

    Raises:
        UserError: an unknown feature of the calendar, or one that has the name of a column.

    Example:
        >>> from keras_rnn_recipes.data.frames import read_panel
        >>> days = pd.date_range("2024-01-01", periods=4)
        >>> table = pd.DataFrame({"ds": days, "y": 1.0, "sky": ["sun", "rain", "sun", "fog"]})
        >>> panel = read_panel(table, past_cols=["sky"])
        >>> learn_covariates(panel, held_out=1).past
        (Covariate(name='sky', values=('rain', 'sun')),)
    """
    train = panel.frame[training_rows(panel.frame, held_out)]
    past, future, static = (
        tuple(_learnt(train[name]) for name in names)
        for names in (panel.past_cols, panel.future_cols, panel.static_cols)
    )
    derived = calendar_columns(calendar, holidays)
    _check_names(derived, panel)
    own = (Covariate(SERIES, tuple(train["unique_id"].unique())),) if series else ()
    return Covariates(past, (*future, *derived), (*static, *own), tuple(calendar), holidays)


def apply_covariates(panel: Panel, covariates: Covariates, *, horizon: int | None = None) -> Panel:
    """A panel whose columns beside the target are numbers, as a network takes them.

    Args:
        panel: as ``read_panel`` gives it, with the columns that ``covariates`` were learnt from.
        covariates: from `learn_covariates`, perhaps of another panel: what was not seen there
            has the code 0.
        horizon: steps ahead for which future columns are needed; None: for none.

    Returns:
        A panel whose ``frame`` holds float64 or float32 only beside names and dates, and whose
        ``future`` has exactly ``horizon`` rows for each series, or is None.

    Raises:
        UserError: a value of a future column is missing for a step ahead; series and date are
            named.

    Example:
        >>> from keras_rnn_recipes.data.frames import read_panel
        >>> days = pd.date_range("2024-01-01", periods=3)
        >>> panel = read_panel(pd.DataFrame({"ds": days, "y": [1.0, 2.0, 3.0]}), freq="D")
        >>> known = learn_covariates(panel, calendar=["day_of_week"])
        >>> coded = apply_covariates(panel, known, horizon=2)
        >>> coded.frame["day_of_week"].tolist(), coded.future["day_of_week"].tolist()
        ([1.0, 2.0, 3.0], [4.0, 5.0])
    """
    if not covariates:
        return panel
    future = None
    if horizon is not None and covariates.future:
        future = _coded(_steps_ahead(panel, horizon), covariates.future, panel, covariates)
        _check_known(future, covariates.future, panel, horizon)
    columns = (*covariates.past, *covariates.future, *covariates.static)
    past, future_cols, static = (
        tuple(column.name for column in part)
        for part in (covariates.past, covariates.future, covariates.static)
    )
    return replace(
        panel,
        frame=_coded(panel.frame, columns, panel, covariates),
        past_cols=past,
        future_cols=future_cols,
        static_cols=static,
        future=future,
        covariates=covariates,
    )


def _learnt(cells: pd.Series) -> Covariate:
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        return Covariate(str(cells.name))
    seen = cells.cat.remove_unused_categories().cat.categories
    return Covariate(str(cells.name), tuple(seen))


def _check_names(derived: Sequence[Covariate], panel: Panel) -> None:
    taken = {"y", *panel.past_cols, *panel.future_cols, *panel.static_cols}
    twice = [column.name for column in derived if column.name in taken]
    if twice:
        raise UserError(
            f"The column {twice[0]!r} is in the table and is to be derived from the dates as well.",
            "one column of that name.",
            "leave it out of calendar and holidays, or rename the column.",
        )


def _coded(
    frame: pd.DataFrame, columns: Sequence[Covariate], panel: Panel, covariates: Covariates
) -> pd.DataFrame:
    """Names, dates and values as they are, then each column as numbers."""
    kept = [name for name in ("unique_id", "ds", "y") if name in frame.columns]
    dates = calendar_values(
        frame["ds"].to_numpy(), panel.freq, covariates.calendar, covariates.holidays
    )
    derived: Mapping[str, Any] = dates | {
        column.name: _codes(frame["unique_id"], column)
        for column in columns
        if column.name == SERIES
    }
    numbers = {
        column.name: derived[column.name]
        if column.name in derived
        else _codes(frame[column.name], column)
        for column in columns
    }
    return pd.DataFrame({**{name: frame[name] for name in kept}, **numbers}, index=frame.index)


def _codes(cells: pd.Series, column: Covariate) -> np.ndarray:
    """Numbers as they are; categories by their code, 0 where unknown, NaN where missing."""
    if column.values is None:
        return cells.to_numpy("float64")
    if isinstance(cells.dtype, pd.CategoricalDtype):
        place, labels = cells.cat.codes.to_numpy(), cells.cat.categories
    else:
        place, labels = pd.factorize(cells)
    code_of = {value: code for code, value in enumerate(column.values, start=1)}
    # A missing cell has the place -1, the last of the table.
    table = [*(code_of.get(str(label), 0) for label in labels), np.nan]
    return np.array(table, "float32")[place]


def _steps_ahead(panel: Panel, horizon: int) -> pd.DataFrame:
    """A row for each step ahead of each series, with what the table says of it."""
    bounds = series_bounds(panel.frame)
    last = panel.frame.iloc[bounds[1:] - 1]
    steps = np.tile(np.arange(1, horizon + 1), len(last))
    rows = pd.DataFrame(
        {
            "unique_id": np.repeat(last["unique_id"].to_numpy(), horizon),
            "ds": advance(np.repeat(last["ds"].to_numpy(), horizon), steps, panel.freq),
        }
    )
    if panel.future is None:
        return rows
    return rows.merge(panel.future, on=["unique_id", "ds"], how="left", sort=False)


def _check_known(
    future: pd.DataFrame, columns: Sequence[Covariate], panel: Panel, horizon: int
) -> None:
    for column in columns:
        missing = future[column.name].isna().to_numpy()
        if not missing.any():
            continue
        row = int(np.argmax(missing))
        others = future["unique_id"][missing].nunique() - 1
        more = f", and in {others} more series" if others else ""
        raise UserError(
            f"The future column {column.name!r} has no value for series "
            f"{future['unique_id'].iloc[row]!r} at {shown(future['ds'].iloc[row].to_datetime64())}"
            f", step {row % horizon + 1} of the {horizon} to be forecast{more}.",
            f"a value for each of the {horizon} steps after the last observed one.",
            "add rows with the dates to come, the values left empty and the future columns filled "
            "in, or ask for a shorter horizon.",
        )
