"""A line for each series: its name and its values; the test part is in a file of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def prepare(past: Path, future: Path) -> pd.DataFrame:
    """Columns unique_id, ds (hours counted from 1), y: the past, then the 48 hours of test."""
    long = pd.concat([_read(past), _read(future)], ignore_index=True)
    return long.assign(ds=long.groupby("unique_id").cumcount() + 1)


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, index_col=0)
    # Short series leave the cells at the end of their line empty.
    filled = table.notna().to_numpy()
    names = np.repeat(table.index.to_numpy(), filled.sum(axis=1))
    return pd.DataFrame({"unique_id": names, "y": table.to_numpy()[filled]})
