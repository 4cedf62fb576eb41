"""Year, month, day and hour made dates; the wind's direction made columns of 0 and 1."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def prepare(path: Path) -> pd.DataFrame:
    """The columns of the file, with ds and wind_<direction>."""
    table = pd.read_csv(path)
    ds = pd.to_datetime(table[["year", "month", "day", "hour"]])
    wind = pd.get_dummies(table["cbwd"], prefix="wind", dtype=float)
    numbers = table[["pm2.5", "DEWP", "TEMP", "PRES", "Iws", "Is", "Ir"]]
    return pd.concat([ds.rename("ds"), numbers, wind], axis=1)
