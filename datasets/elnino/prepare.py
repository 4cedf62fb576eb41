"""A row for each year and a column for each month, made long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def prepare(path: Path) -> pd.DataFrame:
    """Columns ds (first of the month) and temperature."""
    years = pd.read_csv(path).set_index("YEAR")
    first = np.datetime64(f"{years.index[0]}-01", "M")
    months = first + np.arange(years.size)
    return pd.DataFrame(
        {"ds": months.astype("datetime64[s]"), "temperature": years.to_numpy().ravel()}
    )
