"""Covariates as numbers: category codes learned from the training part, and calendar columns."""

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
from keras_rnn_recipes.errors import UserError, counted

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
    """Learn the covariates of a panel and their category codes from the training part only.

    Args:
        panel: as ``read_panel`` gives it.
        held_out: steps at the end of every series that do not belong to the training part.
        calendar, holidays: columns to derive from the dates, see ``calendar_columns``.
        series: add a static covariate with a code for each series.

    Returns:
        The covariates, each category with its code.

    Raises:
        UserError: an unknown calendar feature, or one with the name of a column of the panel.

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
        tuple(_learn_column(train[name]) for name in names)
        for names in (panel.past_cols, panel.future_cols, panel.static_cols)
    )
    derived = calendar_columns(calendar, holidays)
    _check_names(derived, panel)
    own = (Covariate(SERIES, tuple(train["unique_id"].unique())),) if series else ()
    return Covariates(past, (*future, *derived), (*static, *own), tuple(calendar), holidays)


def apply_covariates(panel: Panel, covariates: Covariates, *, horizon: int | None = None) -> Panel:
    """Convert the covariates of a panel to numbers, as a network takes them.

    Args:
        panel: as ``read_panel`` gives it, with the columns of ``covariates``.
        covariates: from `learn_covariates`, perhaps of another panel: a category that was not
            seen there has the code 0.
        horizon: future steps for which the future covariates are required; None: for none.

    Returns:
        A panel whose ``frame`` has float columns besides names and dates, and whose ``future`` has
        exactly ``horizon`` rows for each series, or is None.

    Raises:
        UserError: a future covariate has no value for a required step; the message names the series
            and the date.

    Example:
        >>> from keras_rnn_recipes.data.frames import read_panel
        >>> days = pd.date_range("2024-01-01", periods=3)
        >>> panel = read_panel(pd.DataFrame({"ds": days, "y": [1.0, 2.0, 3.0]}), freq="D")
        >>> learned = learn_covariates(panel, calendar=["day_of_week"])
        >>> coded = apply_covariates(panel, learned, horizon=2)
        >>> coded.frame["day_of_week"].tolist(), coded.future["day_of_week"].tolist()
        ([1.0, 2.0, 3.0], [4.0, 5.0])
    """
    if not covariates:
        return panel
    future = None
    if horizon is not None and covariates.future:
        future = _coded(_steps_ahead(panel, horizon), covariates.future, panel, covariates)
        _check_future(future, covariates.future, panel, horizon)
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


def match_categories(panel: Panel, covariates: Covariates) -> Panel:
    """Write the categories of a panel as the run has learned them, and name those it has not.

    A category that differs from one known category in capitals, outer spaces or the form of a
    number alone (``NO`` and ``no``, ``1.0`` and ``1``) is taken for it. The notes say so.

    Args:
        panel: as ``read_panel`` gives it.
        covariates: of the run.

    Returns:
        The panel with those categories renamed, and further notes.

    Example:
        >>> from keras_rnn_recipes.data.frames import read_panel
        >>> days = pd.date_range("2024-01-01", periods=3)
        >>> table = pd.DataFrame({"ds": days, "y": 1.0, "promo": ["NO", "no", "free"]})
        >>> panel = read_panel(table, past_cols=["promo"])
        >>> known = Covariates(past=(Covariate("promo", ("no", "yes")),))
        >>> for note in match_categories(panel, known).notes: print(note)
        promo: 'NO' was read as 'no'.
        promo: the run does not know 'free' (1 row; it knows 'no', 'yes'), and forecasts without it.
    """
    frame, future, notes = panel.frame, panel.future, list(panel.notes)
    for column in (*covariates.past, *covariates.future, *covariates.static):
        if column.values is None or column.name not in frame:
            continue
        cells = frame[column.name].dropna().astype(str)
        more = [] if future is None or column.name not in future else [future[column.name]]
        cells = pd.concat([cells, *(part.dropna().astype(str) for part in more)])
        names = _near_categories(list(cells.unique()), column.values)
        if names:
            frame = frame.assign(**{column.name: _renamed(frame[column.name], names)})
            if more:
                assert future is not None
                future = future.assign(**{column.name: _renamed(future[column.name], names)})
        notes += _category_notes(column, cells, names)
    return replace(panel, frame=frame, future=future, notes=tuple(notes))


def _near_categories(labels: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Known categories by the labels that are written otherwise; ambiguous ones are left out."""
    by_form: dict[str, list[str]] = {}
    for name in known:
        by_form.setdefault(_form(name), []).append(name)
    near = {label: by_form.get(_form(label), []) for label in labels if label not in known}
    return {label: found[0] for label, found in near.items() if len(found) == 1}


def _form(label: str) -> str:
    """A category without capitals, outer spaces and the ways to write one number."""
    try:
        return repr(float(label))
    except ValueError:
        return " ".join(label.split()).casefold()


def _renamed(cells: pd.Series, names: Mapping[str, str]) -> pd.Series:
    renamed = cells.astype(object).map(lambda cell: names.get(str(cell), cell), na_action="ignore")
    return renamed.astype("category")


def _category_notes(
    column: Covariate, cells: pd.Series, names: Mapping[str, str]
) -> tuple[str, ...]:
    assert column.values is not None
    notes = []
    if names:
        were = "was" if len(names) == 1 else "were"
        before, after = (", ".join(map(repr, part)) for part in (names, names.values()))
        notes.append(f"{column.name}: {before} {were} read as {after}.")
    unknown = cells[~cells.isin([*column.values, *names])]
    if len(unknown):
        labels, rows = list(unknown.unique()), f"{len(unknown)} row{'s' * (len(unknown) > 1)}"
        notes.append(
            f"{column.name}: the run does not know {_listed(labels)} ({rows}; it knows "
            f"{_listed(column.values)}), and forecasts without it."
        )
    return tuple(notes)


def _listed(labels: Sequence[str], most: int = 5) -> str:
    return ", ".join(map(repr, map(str, labels[:most]))) + (", ..." if len(labels) > most else "")


def _learn_column(cells: pd.Series) -> Covariate:
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        return Covariate(str(cells.name))
    seen = cells.cat.remove_unused_categories().cat.categories
    return Covariate(str(cells.name), tuple(seen))


def _check_names(derived: Sequence[Covariate], panel: Panel) -> None:
    taken = {"y", *panel.past_cols, *panel.future_cols, *panel.static_cols}
    twice = [column.name for column in derived if column.name in taken]
    if twice:
        raise UserError(
            f"The column {twice[0]!r} is in the table and is also derived from the dates.",
            "one column of that name.",
            "leave it out of calendar and holidays, or rename the column.",
        )


def _coded(
    frame: pd.DataFrame, columns: Sequence[Covariate], panel: Panel, covariates: Covariates
) -> pd.DataFrame:
    """Names, dates and values unchanged, then each covariate as numbers."""
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
    """Numbers unchanged; categories as codes, 0 where unknown, NaN where missing."""
    if column.values is None:
        return cells.to_numpy("float64")
    if isinstance(cells.dtype, pd.CategoricalDtype):
        place, labels = cells.cat.codes.to_numpy(), cells.cat.categories
    else:
        place, labels = pd.factorize(cells)
    code_of = {value: code for code, value in enumerate(column.values, start=1)}
    # A missing cell has the index -1, hence the last entry of the table.
    table = [*(code_of.get(str(label), 0) for label in labels), np.nan]
    return np.array(table, "float32")[place]


def _steps_ahead(panel: Panel, horizon: int) -> pd.DataFrame:
    """A row for each future step of each series, with the future covariates that are known."""
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


def _check_future(
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
            f"The future covariate {column.name!r} has no value for series "
            f"{future['unique_id'].iloc[row]!r} at {shown(future['ds'].iloc[row].to_datetime64())}"
            f", step {row % horizon + 1} of the {horizon} to forecast{more}.",
            f"a value for {counted(horizon, 'step')} after the last observed one.",
            "add rows for the future dates, with an empty target and the future covariates filled "
            "in, or shorten the horizon.",
        )
