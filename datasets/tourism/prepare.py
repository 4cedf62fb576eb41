"""A column for each series: its length, the year and month of its start, then its values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def prepare(past: Path, future: Path) -> pd.DataFrame:
    """Columns unique_id, ds, y: the known past, followed by the 24 months of the test part."""
    long = pd.concat([_read(past), _read(future)], ignore_index=True)
    return long.sort_values(["unique_id", "ds"], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path)
    parts = []
    for name, column in table.items():
        length, year, month = column.iloc[:3].astype(int)
        months = np.datetime64(f"{year}-{month:02}", "M") + np.arange(length)
        y = column.iloc[3 : 3 + length].to_numpy()
        ds = months.astype("datetime64[s]")
        parts.append(pd.DataFrame({"unique_id": name, "ds": ds, "y": y}))
    return pd.concat(parts, ignore_index=True)
