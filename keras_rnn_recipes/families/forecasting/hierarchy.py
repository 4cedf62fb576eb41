"""Forecasts of every level of a hierarchy that add up, reconciled by ``hierarchicalforecast``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.data.bounds import series_bounds
from keras_rnn_recipes.errors import UserError, check_choice, counted, first_names
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.families.forecasting.inference import OpenForecaster, open_forecaster
from keras_rnn_recipes.reporting.format import number

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("mint", "bottom_up", "top_down")

# Names of the top level and of its series, where the first column has several values.
TOTAL_LEVEL, TOTAL = "total", "(total)"

# Origins whose errors of the first step tell MinT how the errors of the series vary together.
MOST_ORIGINS, FEWEST_ORIGINS = 104, 10


@dataclass(frozen=True)
class Hierarchy:
    """Which series add up to which.

    Attributes:
        levels: names of the series of each level, by the name of the level, from the top down; the
            last level has those of the data.
        sums: (series of all levels, series of the last level), 1 where one is part of the other.

    Example:
        >>> found = Hierarchy.of(["north/a", "north/b", "south/c"], ["region", "shop"])
        >>> found.levels["region"], found.sums[:2].tolist()
        (['north', 'south'], [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    """

    levels: Mapping[str, list[str]]
    sums: np.ndarray

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[str]) -> Hierarchy:
        """Find the levels in the names of series, such as ``"region/shop"``.

        Args:
            names: of the series of the last level, with the values of the columns joined by "/".
            columns: of the hierarchy, the highest level first.

        Raises:
            UserError: a value has a "/" in it.
        """
        for name in names:
            if name.count("/") != len(columns) - 1:
                raise UserError(
                    f"A value of {', '.join(columns)} has a '/' in it, in series {name!r}.",
                    "values without '/', which joins the names of the levels.",
                    "replace it in the data.",
                )
        levels: dict[str, list[str]] = {}
        for depth in range(1, len(columns) + 1):
            prefixes = ["/".join(name.split("/")[:depth]) for name in names]
            levels["/".join(columns[:depth])] = list(dict.fromkeys(prefixes))
        if len(levels[columns[0]]) > 1:
            levels = {TOTAL_LEVEL: [TOTAL], **levels}
        rows = [
            [one in (TOTAL, name) or name.startswith(f"{one}/") for name in names]
            for level in levels.values()
            for one in level
        ]
        return cls(levels, np.array(rows, dtype="float64"))

    @property
    def names(self) -> list[str]:
        """Names of the series of all levels, from the top down."""
        return [name for level in self.levels.values() for name in level]

    def aggregated(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The series of all levels, each the sum of its parts.

        A series counts from its first row on. Where a part is missing, the sum is missing.

        Args:
            frame: columns ``unique_id, ds, y`` of the series of the last level, regular.

        Returns:
            The same columns, sorted.

        Raises:
            UserError: the series do not end at the same time.

        Example:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({"unique_id": ["a", "a", "b"], "ds": [1, 2, 2], "y": 1.0})
            >>> Hierarchy.of(["a", "b"], ["shop"]).aggregated(frame)["y"].tolist()
            [1.0, 2.0, 1.0, 1.0, 1.0]
        """
        import pandas as pd

        _check_ends(frame)
        wide = frame.pivot(index="ds", columns="unique_id", values="y")
        wide = wide[list(self.levels.values())[-1]]
        first = frame.groupby("unique_id")["ds"].min().reindex(wide.columns).to_numpy()
        begun = wide.index.to_numpy()[:, None] >= first
        values = wide.to_numpy("float64")
        totals = np.where(np.isnan(values), 0.0, values) @ self.sums.T
        totals[(np.isnan(values) & begun) @ self.sums.T > 0] = np.nan
        keys = pd.MultiIndex.from_product([self.names, wide.index], names=["unique_id", "ds"])
        long = pd.DataFrame({"y": totals.T.ravel()}, index=keys).reset_index()
        long = long[(begun @ self.sums.T > 0).T.ravel()]  # from the first row of its parts on
        return long.sort_values(["unique_id", "ds"], ignore_index=True)


def reconcile(
    forecasts: pd.DataFrame, hierarchy: Hierarchy, method: str, errors: pd.DataFrame | None = None
) -> np.ndarray:
    """Change forecasts of all levels so that they add up.

    Args:
        forecasts: columns ``unique_id, ds`` and one of forecasts: the same steps for every series
            of the hierarchy.
        hierarchy: of the series.
        method: ``"bottom_up"``: sums of the last level. ``"top_down"``: the top level, divided in
            the proportions of the forecasts. ``"mint"``: the smallest variance of the errors, with
            their shrunken covariance.
        errors: for ``"mint"``: columns ``unique_id, ds, y`` and one of earlier forecasts, named as
            that of ``forecasts``, for the same steps of every series.

    Returns:
        (rows of ``forecasts``,).

    Raises:
        UserError: the extra is not installed, or a forecast is missing.

    Source:
        Wickramasuriya, Athanasopoulos and Hyndman (2019), Optimal forecast reconciliation for
        hierarchical and grouped time series through trace minimization.
    """
    require_extra("hierarchy", "Reconciled forecasts of a hierarchy")
    import pandas as pd
    from hierarchicalforecast.core import HierarchicalReconciliation
    from hierarchicalforecast.methods import BottomUp, MinTrace, TopDown

    model = str(forecasts.columns[-1])
    missing = forecasts["unique_id"][forecasts[model].isna()].unique()
    if len(missing):
        raise UserError(
            f"The forecasts of {counted(len(missing), 'series')} are missing: "
            f"{first_names(missing)}.",
            "a forecast for every series of the hierarchy.",
            "leave out series without values, and days on which nothing is open.",
        )
    chosen = {
        "bottom_up": BottomUp,
        "top_down": partial(TopDown, method="forecast_proportions"),
        "mint": partial(MinTrace, method="mint_shrink"),
    }[method]()
    sums = pd.DataFrame(hierarchy.sums, columns=list(hierarchy.levels.values())[-1])
    sums.insert(0, "unique_id", hierarchy.names)
    found = HierarchicalReconciliation([chosen]).reconcile(
        Y_hat_df=forecasts,
        S_df=sums,
        tags={level: np.array(names, dtype=object) for level, names in hierarchy.levels.items()},
        Y_df=errors if method == "mint" else None,
    )
    keys = ["unique_id", "ds"]
    rows = pd.MultiIndex.from_frame(forecasts[keys])
    values: np.ndarray = found.set_index(keys).iloc[:, -1].reindex(rows).to_numpy("float64")
    return values


def predict_hierarchy(
    run_dir: str | Path,
    source: str | Path | pd.DataFrame,
    columns: str,
    *,
    method: str = "mint",
    overrides: Sequence[str] = (),
) -> pd.DataFrame:
    """Forecast the series of all levels of a hierarchy with a finished run, so that they add up.

    Args:
        run_dir: a finished forecasting run without covariates.
        source: the data, as ``read_panel`` takes it: the series of the last level.
        columns: of the hierarchy, the highest level first, joined by commas: "country,shop".
        method: as in `reconcile`.
        overrides: how the data are read, as in `predict`.

    Returns:
        Columns ``unique_id, ds``, one named as the run's model, which adds up, and the same with
        ``-unreconciled``. ``attrs["notes"]`` has the errors of each level before and after.

    Raises:
        UserError: not a finished run, or something that cannot be used.
    """
    check_choice(method, METHODS, "--reconcile")
    require_extra("hierarchy", "Reconciled forecasts of a hierarchy")
    from keras_rnn_recipes.evaluation.backtest import backtest, forecast_future

    opened = open_forecaster(run_dir, (*overrides, f"data.id_col={columns}"))
    panel = opened.read(source)
    if any(panel.columns.values()):
        raise UserError(
            f"The run in {run_dir} has covariates.",
            "a run of the target alone: covariates have no sums.",
            "train a run without them.",
        )
    names = panel.frame["unique_id"].iloc[series_bounds(panel.frame)[:-1]].tolist()
    hierarchy = Hierarchy.of(names, [column.strip() for column in columns.split(",")])
    frame, model = hierarchy.aggregated(panel.frame), opened.config.model.preset
    seen = _seen(opened)
    horizon = seen["horizon"]
    origins = _number_of_origins(frame, horizon, method)
    tested = backtest(frame, test_size=horizon + origins - 1, **seen)
    tested = tested[["unique_id", "ds", "cutoff", "y", model]]
    told = _errors_of_levels(tested, hierarchy, method, model)
    ahead = forecast_future(frame, freq=panel.freq, **seen)[["unique_id", "ds", model]]
    values = reconcile(ahead, hierarchy, method, _first_steps(tested))
    both: dict[str, Any] = {model: values, f"{model}-unreconciled": ahead[model]}
    ahead = ahead.assign(**both)
    if opened.assumed is not None and opened.assumed.nonnegative and (values < 0).any():
        below = ahead["unique_id"][values < 0].unique()
        told.append(f"Forecasts below 0 in {counted(len(below), 'series')}: {first_names(below)}.")
    ahead.attrs["notes"] = (*panel.notes, *told)
    return ahead


def _seen(opened: OpenForecaster) -> dict[str, Any]:
    """What `backtest` and `forecast_future` share."""
    config, forecaster = opened.config, opened.forecaster
    return {
        "forecasters": {config.model.preset: forecaster.forecast_windows},
        "lookback": config.model.lookback,
        "horizon": forecaster.horizon,
        "levels": forecaster.levels,
        "season_length": config.data.longest_season,
    }


def _check_ends(frame: pd.DataFrame) -> None:
    last = frame.groupby("unique_id")["ds"].max()
    early = last[last < last.max()]
    if len(early):
        raise UserError(
            f"{counted(len(early), 'series', 'ends', 'end')} before {last.max()}: "
            f"{first_names(early.index)}.",
            "series of a hierarchy that end at the same time.",
            f"add the missing rows, or leave the series out, or give data.end={early.min()}.",
        )


def _number_of_origins(frame: pd.DataFrame, horizon: int, method: str) -> int:
    shortest = int(np.diff(series_bounds(frame)).min())
    found = min(shortest - horizon, MOST_ORIGINS)
    if found < (FEWEST_ORIGINS if method == "mint" else 1):
        raise UserError(
            f"The shortest series has {counted(shortest, 'step')}, too few for --reconcile "
            f"{method}.",
            f"at least {horizon + FEWEST_ORIGINS} steps, of whose errors the weights are made.",
            "give longer series, or --reconcile bottom_up.",
        )
    return found


def _first_steps(tested: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of the first step after each origin, where all series have a value."""
    first = tested.groupby(["unique_id", "cutoff"], sort=False).head(1).drop(columns="cutoff")
    known = first.dropna()
    together = known.groupby("ds")["unique_id"].transform("count")
    return known[together == known["unique_id"].nunique()].reset_index(drop=True)


def _errors_of_levels(
    tested: pd.DataFrame, hierarchy: Hierarchy, method: str, model: str
) -> list[str]:
    """A sentence on the errors at the last origin, before and after, for each level.

    What MinT learns from lies before that origin.
    """
    cutoff = tested["cutoff"].max()
    last, errors = tested[tested["cutoff"] == cutoff], _first_steps(tested)
    base = last[["unique_id", "ds", model]]
    after = reconcile(base, hierarchy, method, errors[errors["ds"] <= cutoff])
    both = last.assign(before=(last[model] - last["y"]).abs(), after=np.abs(after - last["y"]))
    means = both.groupby("unique_id")[["before", "after"]].mean()
    steps = counted(last["ds"].nunique(), "step")
    lines = []
    for level, names in hierarchy.levels.items():
        mae = means.loc[names].mean()
        lines.append(f"{level}: {number(mae['before'])} before, {number(mae['after'])} after")
    return [f"Mean absolute error of the last {steps} by level, {method}: {'; '.join(lines)}."]
