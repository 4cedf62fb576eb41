"""A line for each cash machine: its name and 791 values, some of them empty."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def prepare(path: Path) -> pd.DataFrame:
    """Columns unique_id, ds, y."""
    wide = pd.read_csv(path, header=None, index_col=0).T
    wide.index = pd.date_range("1996-03-18", periods=len(wide), name="ds")
    return wide.reset_index().melt("ds", var_name="unique_id", value_name="y")
