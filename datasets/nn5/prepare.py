"""A line for each cash machine: its name and its values; the test part is in a file of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def prepare(full: Path, test: Path) -> pd.DataFrame:
    """Columns unique_id, ds, y: the past with its missing values, then the test part, filled."""
    wide, truth = (pd.read_csv(path, header=None, index_col=0) for path in (full, test))
    if not truth.index.equals(wide.index):
        raise ValueError("the two files do not hold the same series")
    days = wide.shape[1]
    y = np.hstack([wide.to_numpy()[:, : days - truth.shape[1]], truth.to_numpy()])
    ds = pd.date_range("1996-03-18", periods=days)
    names = np.repeat(wide.index.to_numpy(), days)
    return pd.DataFrame({"unique_id": names, "ds": np.tile(ds, len(wide)), "y": y.ravel()})
