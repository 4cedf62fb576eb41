"""What training took for granted about its data: kept with the run, checked on new data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.data.bounds import series_bounds
from keras_rnn_recipes.errors import UserError, first_names
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.storage import read_json, unreadable

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.data.frames import Panel

FILE, FORMAT_VERSION = "assumptions.json", 1

# A level this many times above all levels of the training data, or below, is probably in other
# units.
_OTHER_UNITS = 100.0

# Rows with less than this share of the values of the training data have another frequency.
_SPARSE = 0.6


@dataclass(frozen=True)
class Assumptions:
    """Facts about the data of a run, found on all its rows.

    Attributes:
        nonnegative: whether no value is below 0.
        whole: whether all values are whole numbers.
        levels: the smallest and the largest mean absolute value of a series.
        observed: share of the steps that have a value.
        series: names of the series; None for a panel in files, which may have too many.
        roles: columns of the series, the time and the target, and the style of numbers, as
            `read_panel` found them; empty for runs of an earlier version.
    """

    nonnegative: bool
    whole: bool
    levels: tuple[float, float]
    observed: float
    series: tuple[str, ...] | None
    roles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pd.DataFrame, roles: Mapping[str, str] | None = None) -> Assumptions:
        """Learn them from the columns ``unique_id, y`` of a panel."""
        bounds = series_bounds(frame)
        names = tuple(map(str, frame["unique_id"].iloc[bounds[:-1]]))
        return cls._of(frame["y"].to_numpy(), bounds, names, roles or {})

    @classmethod
    def _of(
        cls,
        y: np.ndarray,
        bounds: np.ndarray,
        series: tuple[str, ...] | None,
        roles: Mapping[str, str],
    ) -> Assumptions:
        levels, known = _levels(y, bounds), y[~np.isnan(y)]
        return cls(
            bool(known.min(initial=np.inf) >= 0),
            bool((known % 1 == 0).all()),
            (float(np.fmin.reduce(levels)), float(np.fmax.reduce(levels))),
            len(known) / len(y),
            series,
            dict(roles),
        )

    @classmethod
    def of_panel(cls, panel: Panel) -> Assumptions:
        """Learn them from all rows of a panel, also where it is in files."""
        if panel.files is None:
            return cls.of(panel.frame, panel.roles)
        parts = [
            (cls._of(frame["y"].to_numpy(), series_bounds(frame), None, {}), len(frame))
            for frame in panel.files.frames()
        ]
        levels = np.array([part.levels for part, _ in parts])
        observed = sum(part.observed * rows for part, rows in parts) / panel.num_steps
        return cls(
            all(part.nonnegative for part, _ in parts),
            all(part.whole for part, _ in parts),
            (float(np.nanmin(levels[:, 0])), float(np.nanmax(levels[:, 1]))),
            observed,
            None,
            dict(panel.roles),
        )


def serving_options(
    panel: Panel, config: Config, *, run: RunDirectory | None = None
) -> dict[str, Any]:
    """The options of `to_forecaster` that follow from the recipe and its data.

    What is assumed about the data is written to ``assumptions.json``, which `predict`, `evaluate`
    and `export` read.

    Args:
        panel: all data of the run.
        config: the resolved configuration.
        run: directory for ``assumptions.json``.

    Returns:
        ``lookback``, ``season_length`` and ``nonnegative``.
    """
    found = Assumptions.of_panel(panel)
    if run is not None:
        run.write_json(FILE, {"format_version": FORMAT_VERSION, **asdict(found)})
    return options_of(found, config)


def options_of(assumed: Assumptions, config: Config) -> dict[str, Any]:
    """The options of `to_forecaster` for a run with these assumptions."""
    return {
        "lookback": config.model.lookback,
        "season_length": config.data.longest_season,
        "nonnegative": assumed.nonnegative,
    }


def read_assumptions(run_dir: str | Path) -> Assumptions | None:
    """Read the assumptions of a run; None for a run of a version without them.

    Raises:
        UserError: the file is damaged.
    """
    path = Path(run_dir) / FILE
    if not path.exists():
        return None
    try:
        data = read_json(path)
        data = {"roles": {}, **data}
        values: Mapping[str, Any] = {name: data[name] for name in Assumptions.__annotations__}
        series = None if values["series"] is None else tuple(values["series"])
        return Assumptions(**{**values, "levels": tuple(values["levels"]), "series": series})
    except (KeyError, TypeError) as error:
        raise unreadable(path, error) from error


def refuse_other_frequency(panel: Panel, freq: str, assumed: Assumptions | None) -> None:
    """Refuse rows that are further apart than the steps of the run, such as weeks for days.

    Args:
        panel: the new data, read at the frequency of the run.
        freq: that frequency.
        assumed: of the run.

    Raises:
        UserError: the rows have another frequency.
    """
    from keras_rnn_recipes.data.frequency import infer_freq

    known = panel.frame[panel.frame["y"].notna()]
    usual = assumed.observed if assumed is not None else 1.0
    if len(known) >= _SPARSE * usual * len(panel.frame):
        return
    bounds = series_bounds(known)
    if np.diff(bounds).max(initial=0) < 2:
        return
    found = infer_freq(known["ds"], bounds)
    if found != freq:
        raise other_frequency(found, freq)


def other_frequency(found: str, freq: str) -> UserError:
    """The error for data of another frequency than that of the run."""
    return UserError(
        f"The rows are steps of {found!r}, and the run was trained on steps of {freq!r}.",
        f"rows at steps of {freq!r}.",
        "give data at the frequency of the run, or train a new run on these: krr forecast FILE.",
    )


def check_values(panel: Panel, config: Config, assumed: Assumptions | None) -> tuple[str, ...]:
    """Compare new data with the assumptions of a run.

    Args:
        panel: the new data.
        config, assumed: of the run; None for a run of a version without assumptions.

    Returns:
        A sentence for each assumption that does not hold.
    """
    notes = []
    logarithms = config.model.transform == "log"
    y = panel.frame["y"].to_numpy()
    negative = _names(panel.frame, y < 0)
    if negative and (logarithms or (assumed is not None and assumed.nonnegative)):
        then = (
            "the network works on logarithms, so where it reads such values the forecast is "
            "missing; train a new run on data with such values"
            if logarithms
            else "their forecasts are not kept at or above 0"
        )
        notes.append(
            f"Negative values in {_some(negative)}, which the data of the run did not have: {then}."
        )
    if assumed is None:
        return tuple(notes)
    counts = assumed.whole and config.model.distribution == "negative_binomial"
    if counts and (broken := _names(panel.frame, y % 1 > 0)):
        notes.append(
            f"Values with decimals in {_some(broken)}; the data of the run were counts, and so are "
            "its intervals."
        )
    if new := _new_names(panel.frame, assumed):
        notes.append(f"New to the run: {_some(new)}; forecast by what it learned from the others.")
    return (*notes, *_other_units(panel.frame, assumed))


def _other_units(frame: pd.DataFrame, assumed: Assumptions) -> list[str]:
    low, high = assumed.levels
    bounds = series_bounds(frame)
    levels = _levels(frame["y"].to_numpy(), bounds)
    far = (levels > _OTHER_UNITS * high) | (levels * _OTHER_UNITS < low)
    strange = np.flatnonzero(far & (levels > 0))
    if not len(strange) or not high > 0:
        return []
    names = frame["unique_id"].iloc[bounds[strange]]
    return [
        f"Other units? The values of {_some(names)} are about {levels[strange[0]]:.4g}; those "
        f"of the run were between about {low:.4g} and {high:.4g}."
    ]


def negative_windows(frame: pd.DataFrame, lookback: int) -> set[str]:
    """The series with a negative value in the last ``lookback`` steps."""
    last = frame.groupby("unique_id", sort=False).tail(lookback)
    return set(last["unique_id"][last["y"] < 0])


def _levels(y: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Mean absolute value of each series, (series,); NaN where it has no value."""
    known = ~np.isnan(y)
    totals = np.add.reduceat(np.where(known, np.abs(y), 0.0), bounds[:-1])
    counts = np.add.reduceat(known, bounds[:-1], dtype="int64")
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def _new_names(frame: pd.DataFrame, assumed: Assumptions) -> list[str]:
    if assumed.series is None:
        return []
    known = set(assumed.series)
    return [name for name in frame["unique_id"].unique() if name not in known]


def _names(frame: pd.DataFrame, rows: np.ndarray) -> list[str]:
    return list(frame["unique_id"][rows].unique()) if rows.any() else []


def _some(names: Iterable[object]) -> str:
    every = list(names)
    return f"{len(every)} series ({first_names(every)})"
