"""Where each series begins in a frame that is sorted by series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError


def series_bounds(frame: pd.DataFrame) -> np.ndarray:
    """First row of each series, and the number of rows, int64 (series + 1,).

    Args:
        frame: a column ``unique_id``; the rows of each series are contiguous.

    Raises:
        UserError: not a frame of series, or the rows of a series are not contiguous.

    Example:
        >>> series_bounds(pd.DataFrame({"unique_id": ["a", "a", "b"]})).tolist()
        [0, 2, 3]
    """
    if not isinstance(frame, pd.DataFrame) or "unique_id" not in frame.columns:
        kind = "a frame without unique_id" if isinstance(frame, pd.DataFrame) else type(frame)
        raise UserError(
            f"The series were given as {getattr(kind, '__name__', kind)}.",
            "a DataFrame with the columns unique_id, ds, y, with one row for each step.",
            "read the data with read_panel, and give the frame of the panel: panel.frame.",
        )
    names = frame[
        "unique_id"
    ].array  # compared as it is: Python's texts would take ten times as long
    starts = np.flatnonzero(np.asarray(names[1:] != names[:-1], dtype=bool)) + 1
    bounds = np.concatenate([[0], starts, [len(names)]]) if len(names) else np.zeros(1, int)
    firsts = np.asarray(names.take(bounds[:-1]), dtype=object)
    if len(set(firsts)) < len(firsts):
        raise UserError(
            "The rows of a series are not contiguous in the frame.",
            "rows sorted by unique_id and ds.",
            'sort it: frame.sort_values(["unique_id", "ds"]).',
        )
    return bounds
