"""Repeated rows dropped; the next day's type, known today, made columns of 0 and 1."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

_NAMES = {
    "service_date": "ds",
    "rail_boardings": "rail",
    "total_rides": "total",
}


def prepare(path: Path) -> pd.DataFrame:
    """Columns ds, day_type, bus, rail, total, next_day_A, next_day_U, next_day_W."""
    table = pd.read_csv(path).drop_duplicates().rename(columns=_NAMES)
    table["ds"] = pd.to_datetime(table["ds"], format="%m/%d/%Y")
    table = table.sort_values("ds", ignore_index=True)
    # Nothing is known of the day after the last: its three columns are missing there.
    next_day = table["day_type"].shift(-1)
    for kind in ("A", "U", "W"):
        table[f"next_day_{kind}"] = (next_day == kind).astype(float).where(next_day.notna())
    return table
