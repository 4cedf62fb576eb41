"""Rolling-origin backtests, and forecasts from the end of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from utilsforecast.processing import make_future_dataframe

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.evaluation.histories import Forecaster, Windows, series_bounds
from keras_rnn_recipes.evaluation.levels import bound_columns


class NoOriginError(UserError):
    """No series is long enough, or has a value early enough, to be forecast from an origin."""


def backtest(
    frame: pd.DataFrame,
    forecasters: Mapping[str, Forecaster],
    *,
    lookback: int,
    horizon: int,
    test_size: int | None = None,
    stride: int = 1,
    past_cols: Sequence[str] = (),
    future_cols: Sequence[str] = (),
    static_cols: Sequence[str] = (),
    batch_size: int = 1024,
    levels: Sequence[float] = (),
    season_length: int = 1,
) -> pd.DataFrame:
    """Forecast from rolling origins at the end of every series, without refitting.

    An origin is used when all its ``horizon`` targets lie in the last ``test_size`` steps of its
    series. The last possible origin is always used; the others lie ``stride`` steps apart before
    it. A forecaster sees the rows up to the origin only, except for ``future_cols``, which it sees
    up to the end of the horizon. Origins without an observed value in the history are left out, and
    so are series without an origin.

    Args:
        frame: columns ``unique_id, ds, y`` and the covariates, sorted, regular, NaN = missing:
            the test part with the history before it.
        forecasters: by name, functions ``(n, lookback, features) -> (n, horizon)`` (or
            ``(n, horizon, 1)``). The features are ``y`` and ``past_cols``, float64, left-padded
            with NaN where a history is short. With future or static covariates the input is a dict
            of ``history``, ``future`` (n, lookback + horizon, columns) and ``static``
            (n, columns). A forecaster with an attribute ``lookback``, such as a `Baseline`, gets
            that many steps of history and no dict. With ``levels`` a forecaster may return
            ``(n, horizon, 1 + 2 * levels)``: the forecast, then the lower and upper bound of each
            level.
        lookback: steps of history.
        horizon: steps to forecast.
        test_size: steps at the end of each series; None means ``horizon``, hence one origin.
        stride: steps between origins.
        past_cols, future_cols, static_cols: covariates known up to the origin, known ahead, and
            constant in each series.
        batch_size: histories per call of a forecaster.
        levels: of the intervals that forecasters may return, in percent.
        season_length: steps in a season. A history whose last ``lookback`` steps are all missing
            ends whole seasons earlier (see ``histories.recent_ends``).

    Returns:
        Columns ``unique_id, ds, cutoff, y`` and one per forecaster, each followed by its bounds,
        such as ``lstm-lo-80``; sorted by series, origin and time. ``cutoff`` is the time of the
        last row that the forecaster saw. ``y`` is NaN where it was not observed. ``attrs["notes"]``
        has a sentence about origins that were left out.

    Raises:
        NoOriginError: no series has an origin.
        UserError: ``test_size`` is shorter than the horizon.
        ValueError: a forecaster returns another shape.

    Example:
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(6), "y": np.arange(6.0)})
        >>> last = lambda history: history[:, -1:, 0].repeat(2, axis=1)
        >>> backtest(frame, {"last": last}, lookback=3, horizon=2)
          unique_id  ds  cutoff    y  last
        0         a   4       3  4.0   3.0
        1         a   5       3  5.0   3.0
    """
    test_size = horizon if test_size is None else test_size
    _check_sizes(test_size, horizon, stride)
    starts, stops = series_bounds(frame)
    starts, ends = _origins(starts, stops, horizon, test_size, stride)
    kept = _observed(frame["y"].to_numpy("float64"), starts, ends, _longest(forecasters, lookback))
    notes = origin_notes(frame["unique_id"].to_numpy()[starts[~kept]], len(kept))
    starts, ends = starts[kept], ends[kept]
    if not len(ends):
        raise NoOriginError(
            f"No series is long enough for a backtest over {counted(horizon, 'step')}.",
            f"at least one series of {horizon + 1} steps with a value before the last {horizon}.",
            "give longer series, or shorten the horizon.",
        )
    targets = (ends[:, None] + np.arange(horizon)).ravel()
    table = frame[["unique_id", "ds", "y"]].iloc[targets].reset_index(drop=True)
    cutoffs = frame["ds"].iloc[np.repeat(ends - 1, horizon)].reset_index(drop=True)
    table.insert(2, "cutoff", cutoffs)
    windows = Windows(
        _features(frame, past_cols),
        starts,
        ends,
        horizon,
        future=_numbers(frame, future_cols),
        static=_numbers(frame, static_cols),
        season_length=season_length,
    )
    tested = _fill(table, windows, forecasters, lookback, batch_size, levels)
    tested.attrs["notes"] = notes
    return tested


def origin_notes(left_out: ArrayLike, number: int) -> tuple[str, ...]:
    """A sentence about the origins that are left out, if any.

    Args:
        left_out: name of the series of each of them.
        number: of all origins.

    Example:
        >>> origin_notes(["b"], 6)[0]
        'The scores leave out 1 of 6 origins, which has no value before it (series: b).'
    """
    left_out = np.asarray(left_out, dtype=object)
    if not len(left_out):
        return ()
    names = pd.unique(left_out)
    have = "has no value before it" if len(left_out) == 1 else "have no value before them"
    shown = ", ".join(map(str, names[:3])) + (", ..." if len(names) > 3 else "")
    return (
        f"The scores leave out {len(left_out):,} of {counted(number, 'origin')}, which {have} "
        f"(series: {shown}).",
    )


def forecast_future(
    frame: pd.DataFrame,
    forecasters: Mapping[str, Forecaster],
    *,
    lookback: int,
    horizon: int,
    freq: str | int,
    past_cols: Sequence[str] = (),
    future_cols: Sequence[str] = (),
    static_cols: Sequence[str] = (),
    future: pd.DataFrame | None = None,
    batch_size: int = 1024,
    levels: Sequence[float] = (),
    season_length: int = 1,
) -> pd.DataFrame:
    """Forecast the steps after the last row of every series.

    Args:
        frame: as in :func:`backtest`, with all observed rows.
        forecasters: as in :func:`backtest`.
        lookback: steps of history.
        horizon: steps to forecast.
        freq: a pandas offset alias such as ``"MS"`` or ``"W-SUN"``, or ``"MS-15"`` for the 15th of
            each month; for integer ``ds`` the step (``1`` or ``"1"``).
        past_cols, future_cols, static_cols: covariates, as in :func:`backtest`.
        future: columns ``unique_id`` and ``future_cols`` for the steps to forecast: ``horizon``
            rows for each series, in the order of ``frame``.
        batch_size: histories per call of a forecaster.
        levels, season_length: as in :func:`backtest`.

    Returns:
        Columns ``unique_id, ds`` and one per forecaster, each followed by its bounds, sorted.

    Raises:
        ValueError: ``future`` does not have these rows, or a forecaster returns another shape.

    Example:
        >>> days = pd.date_range("2024-01-31", periods=3, freq="ME")
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": [1.0, 2.0, 3.0]})
        >>> last = lambda history: history[:, -1:, 0].repeat(2, axis=1)
        >>> forecast_future(frame, {"last": last}, lookback=3, horizon=2, freq="ME")
          unique_id         ds  last
        0         a 2024-04-30   3.0
        1         a 2024-05-31   3.0
    """
    starts, stops = series_bounds(frame)
    last = frame.iloc[stops - 1]
    table = _rows_ahead(last, horizon, str(freq))
    windows = Windows(
        _features(frame, past_cols),
        starts,
        stops,
        horizon,
        future=_numbers(frame, future_cols),
        static=_numbers(frame, static_cols),
        ahead=_steps_ahead(future, future_cols, table),
        season_length=season_length,
    )
    return _fill(table, windows, forecasters, lookback, batch_size, levels)


def _rows_ahead(last: pd.DataFrame, horizon: int, freq: str) -> pd.DataFrame:
    """The names and dates of the steps after the last rows of series."""
    if pd.api.types.is_integer_dtype(last["ds"]):
        return make_future_dataframe(last["unique_id"], last["ds"], int(freq), horizon)
    day = re.fullmatch(r"(\d*)MS-(\d+)", freq)  # one day of each month, which pandas does not know
    if day is None:
        return make_future_dataframe(last["unique_id"], last["ds"], freq, horizon)
    month, one = np.timedelta64(1, "M"), np.timedelta64(1, "D")
    steps = int(day[1] or 1) * np.tile(np.arange(1, horizon + 1), len(last))
    months = np.repeat(last["ds"].to_numpy().astype("datetime64[M]"), horizon) + steps * month
    first, after = (dates.astype("datetime64[D]") for dates in (months, months + month))
    ds = np.minimum(first + int(day[2]) * one, after) - one
    names = last["unique_id"].repeat(horizon).reset_index(drop=True)
    return pd.DataFrame({"unique_id": names, "ds": ds.astype(last["ds"].dtype)})


def _fill(
    table: pd.DataFrame,
    windows: Windows,
    forecasters: Mapping[str, Forecaster],
    lookback: int,
    batch_size: int,
    levels: Sequence[float],
) -> pd.DataFrame:
    """Add the columns of all forecasters to a table with ``horizon`` rows for each origin."""
    horizon = windows.horizon
    answers: dict[str, list[np.ndarray]] = {name: [] for name in forecasters}
    for at in range(0, len(windows.ends), batch_size):
        part = slice(at, at + batch_size)
        for name, forecaster in forecasters.items():
            seen = windows.history(part, _lookback_of(forecaster, lookback))
            inputs = seen if _has_lookback(forecaster) else windows.with_covariates(part, seen)
            answers[name].append(_call(name, forecaster, inputs, horizon, levels))
    columns: dict[str, np.ndarray] = {}
    for name, parts in answers.items():
        rows = np.concatenate(parts).reshape(len(table), -1)
        names = [name, *bound_columns(name, levels)]
        columns |= {names[number]: rows[:, number] for number in range(rows.shape[1])}
    return table.assign(**columns)


def _call(
    name: str, forecaster: Forecaster, inputs: Any, horizon: int, levels: Sequence[float]
) -> np.ndarray:
    forecast = np.asarray(forecaster(inputs), dtype="float64")
    history = inputs["history"] if isinstance(inputs, dict) else inputs
    if forecast.ndim == 2:
        forecast = forecast[..., None]
    shapes = [(len(history), horizon, depth) for depth in (1, 1 + 2 * len(levels))]
    if forecast.shape not in shapes:
        raise ValueError(
            f"Forecaster {name!r} returned shape {forecast.shape} for a history of shape "
            f"{history.shape}; expected {(len(history), horizon)}"
            + (f", or {shapes[1]} with bounds." if levels else ".")
        )
    return forecast


def _origins(
    starts: np.ndarray, stops: np.ndarray, horizon: int, test_size: int, stride: int
) -> tuple[np.ndarray, np.ndarray]:
    """For every origin the first row of its series and the row after the last visible one."""
    last = stops - horizon
    first = np.maximum(stops - test_size, starts + 1)
    count = np.maximum((last - first) // stride + 1, 0)
    series = np.repeat(np.arange(len(starts)), count)
    # Counts down to 0 within each series, so that the last origin is always among them.
    back = np.repeat(np.cumsum(count), count) - 1 - np.arange(count.sum())
    return starts[series], last[series] - stride * back


def _observed(
    values: np.ndarray, starts: np.ndarray, ends: np.ndarray, lookback: int
) -> np.ndarray:
    known = np.concatenate([[0], np.cumsum(~np.isnan(values))])
    return known[ends] > known[np.maximum(starts, ends - lookback)]


def _features(frame: pd.DataFrame, past_cols: Sequence[str]) -> np.ndarray:
    return frame[["y", *past_cols]].to_numpy("float64")


def _numbers(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray | None:
    return frame[[*columns]].to_numpy("float32") if columns else None


def _steps_ahead(
    future: pd.DataFrame | None, columns: Sequence[str], table: pd.DataFrame
) -> np.ndarray | None:
    """Future covariates of the steps to forecast, (rows of ``table``, columns)."""
    if not columns:
        return None
    names = None if future is None else future["unique_id"].to_numpy()
    if names is None or not np.array_equal(names, table["unique_id"].to_numpy()):
        rows = 0 if names is None else len(names)
        raise ValueError(
            f"future has {counted(rows, 'row')} for {counted(len(table), 'step')} to forecast; "
            "expected a row for each step of each series, in the order of the frame."
        )
    return _numbers(future, columns)  # type: ignore[arg-type]


def _has_lookback(forecaster: Forecaster) -> bool:
    return getattr(forecaster, "lookback", None) is not None


def _lookback_of(forecaster: Forecaster, lookback: int) -> int:
    return int(getattr(forecaster, "lookback", None) or lookback)


def _longest(forecasters: Mapping[str, Forecaster], lookback: int) -> int:
    return max([lookback, *(_lookback_of(one, lookback) for one in forecasters.values())])


def _check_sizes(test_size: int, horizon: int, stride: int) -> None:
    if test_size < horizon:
        raise UserError(
            f"A test part of {counted(test_size, 'step')} is shorter than the horizon of "
            f"{horizon}.",
            f"a test_size of at least {horizon}.",
            "raise test_size, or shorten the horizon.",
        )
    if min(horizon, stride) < 1:
        raise UserError(
            f"Got a horizon of {counted(horizon, 'step')} and a stride of {stride}.",
            "both at least 1.",
            "give positive whole numbers.",
        )
