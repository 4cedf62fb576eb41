"""Weekly samples, with dates such as 19580329, averaged over each month."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def prepare(path: Path) -> pd.DataFrame:
    """Columns ds (first of the month) and co2."""
    samples = pd.read_csv(path)
    month = pd.to_datetime(samples["date"].astype(str), format="%Y%m%d").dt.to_period("M")
    means = samples["co2"].groupby(month).mean()
    return pd.DataFrame({"ds": means.index.to_timestamp(), "co2": means.to_numpy()})
