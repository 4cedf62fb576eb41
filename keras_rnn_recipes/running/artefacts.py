"""Read what a run wrote, for its report and its figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file of ours; empty where there is none."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV of ours; a series may be called "007" or "NA", and both stay as they are."""
    if not path.exists():
        return pd.DataFrame()
    table = pd.read_csv(path, dtype={"unique_id": str}, keep_default_na=False, na_values=[""])
    for name in ("ds", "cutoff"):
        if name in table and not pd.api.types.is_integer_dtype(table[name]):
            table[name] = pd.to_datetime(table[name])
    return table
