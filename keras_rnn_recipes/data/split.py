"""Splitting a panel by time into training, validation and test part."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.frames import Panel, series_bounds
from keras_rnn_recipes.errors import UserError, counted


@dataclass(frozen=True)
class Split:
    """The parts of a panel, each a long frame with the panel's columns.

    Args:
        train: all steps before the held-out steps.
        valid: the validation steps, after ``lookback`` rows of context.
        test: the test steps, after ``lookback`` rows of context.
        skipped: series too short to hold out steps; all their rows are in ``train`` only.
    """

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame
    skipped: tuple[str, ...] = ()


def split_by_time(frame: pd.DataFrame, *, valid_size: int, test_size: int, lookback: int) -> Split:
    """Hold out the last steps of every series.

    Steps are counted from the end of each series: the last ``test_size`` steps are for testing, the
    ``valid_size`` steps before them for validation, the rest for training. A held-out part begins
    with ``lookback`` context rows, so that its first window has a history; no target of a direct
    window lies in the context. A series with no step left for training is not split; all its steps
    are for training.

    Args:
        frame: long format, sorted by unique_id and ds, every step a row (as ``Panel.frame``).
        valid_size: steps per series for validation; 0 leaves ``valid`` empty.
        test_size: steps per series for testing; 0 leaves ``test`` empty.
        lookback: rows of context before each held-out part.

    Raises:
        UserError: a negative size, or no series is long enough to be split.

    Example:
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(6), "y": range(6)})
        >>> split = split_by_time(frame, valid_size=1, test_size=2, lookback=1)
        >>> split.train["ds"].tolist(), split.valid["ds"].tolist(), split.test["ds"].tolist()
        ([0, 1, 2], [2, 3], [3, 4, 5])
    """
    for name, size in (
        ("valid_size", valid_size),
        ("test_size", test_size),
        ("lookback", lookback),
    ):
        if size < 0:
            raise UserError(f"{name} is {size}.", "0 or more steps.", f"give {name}=0 or more.")
    bounds = series_bounds(frame)
    lengths = np.diff(bounds)
    held_out = valid_size + test_size
    short = _too_short(lengths, held_out)
    if len(lengths) and short.all():
        raise UserError(
            f"No series can be split: the longest has {counted(lengths.max(), 'step')}.",
            f"more than {counted(held_out, 'step')} (validation {valid_size} + test {test_size}).",
            "give more data, shorten the horizon, or lower valid_size and test_size.",
        )
    left = steps_left(bounds)
    whole = np.repeat(short, lengths)
    train = training_rows(frame, held_out)
    valid = validation_rows(frame, valid_size=valid_size, test_size=test_size, lookback=lookback)
    test = ~whole & (left <= test_size + lookback) & (test_size > 0)
    train_frame, valid_frame, test_frame = (
        frame[rows].reset_index(drop=True) for rows in (train, valid, test)
    )
    return Split(train_frame, valid_frame, test_frame, short_series(frame, held_out))


def short_series(frame: pd.DataFrame, held_out: int) -> tuple[str, ...]:
    """Names of the series that `split_by_time` does not split.

    Args:
        frame: as in `split_by_time`.
        held_out: steps for validation and testing together.

    Example:
        >>> short_series(pd.DataFrame({"unique_id": ["a", "a", "b"]}), held_out=1)
        ('b',)
    """
    bounds = series_bounds(frame)
    short = _too_short(np.diff(bounds), held_out)
    return tuple(frame["unique_id"].iloc[bounds[:-1][short]].tolist())


def training_rows(frame: pd.DataFrame, held_out: int) -> np.ndarray:
    """Mask of the rows in the training part of `split_by_time`, bool (rows,).

    Args:
        frame: as in `split_by_time`.
        held_out: steps for validation and testing together.

    Example:
        >>> training_rows(pd.DataFrame({"unique_id": ["a", "a", "b"]}), held_out=1).tolist()
        [True, False, True]
    """
    bounds = series_bounds(frame)
    lengths = np.diff(bounds)
    left = np.repeat(bounds[1:], lengths) - np.arange(len(frame))
    return np.repeat(_too_short(lengths, held_out), lengths) | (left > held_out)


def validation_rows(
    frame: pd.DataFrame, *, valid_size: int, test_size: int, lookback: int
) -> np.ndarray:
    """Mask of the rows in the validation part of `split_by_time`, bool (rows,).

    Args:
        frame, valid_size, test_size, lookback: as in `split_by_time`.

    Example:
        >>> frame = pd.DataFrame({"unique_id": ["a"] * 5})
        >>> validation_rows(frame, valid_size=1, test_size=1, lookback=2).tolist()
        [False, True, True, True, False]
    """
    bounds = series_bounds(frame)
    lengths, left, held_out = np.diff(bounds), steps_left(bounds), valid_size + test_size
    whole = np.repeat(_too_short(lengths, held_out), lengths)
    return ~whole & (left > test_size) & (left <= held_out + lookback) & (valid_size > 0)


def _too_short(lengths: np.ndarray, held_out: int) -> np.ndarray:
    return (lengths <= held_out) & (held_out > 0)


def steps_left(bounds: np.ndarray) -> np.ndarray:
    """Steps from each row to the end of its series, int64 (rows,); 1 for the last row.

    Args:
        bounds: first row of each series, and the number of rows, as ``series_bounds`` gives them.

    Example:
        >>> steps_left(np.array([0, 2, 3])).tolist()
        [2, 1, 1]
    """
    return np.repeat(bounds[1:], np.diff(bounds)) - np.arange(bounds[-1])


def without_last(panel: Panel, steps: int) -> Panel:
    """Remove the last rows of every series: the panel as it was known some steps ago.

    The ``future_cols`` of the removed rows remain known. A series without a remaining row is left
    out.

    Args:
        panel: the panel as it is known today.
        steps: steps to remove from the end of every series; 0 returns the panel unchanged.

    Raises:
        UserError: no series has a row left.

    Example:
        >>> frame = pd.DataFrame({"unique_id": ["a", "a", "b"], "ds": [1, 2, 2], "y": 1.0})
        >>> without_last(Panel(frame, "1", 1), 1).frame["ds"].tolist()
        [1]
    """
    if not steps:
        return panel
    bounds = series_bounds(panel.frame)
    kept = steps_left(bounds) > steps
    if not kept.any():
        raise UserError(
            f"Nothing is left {counted(steps, 'step')} before the end: the longest series has "
            f"{counted(np.diff(bounds).max(initial=0), 'step')}.",
            "longer series, or fewer steps to remove.",
            "take fewer or closer cutoffs, or give more data.",
        )
    frame = panel.frame[kept].reset_index(drop=True)
    future = panel.future
    if panel.future_cols:
        columns = ["unique_id", "ds", *panel.future_cols]
        parts = [panel.frame.loc[~kept, columns], *([future] if future is not None else [])]
        future = pd.concat(parts).sort_values(["unique_id", "ds"], kind="stable")
        future = future[future["unique_id"].isin(frame["unique_id"].unique())]
        future = future.reset_index(drop=True)
    return replace(panel, frame=frame, future=future)
