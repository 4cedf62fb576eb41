"""Lines such as "ts1;12;monthly;855.1;847.2" and their future, such as "ts1;1657.0", joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

LONGEST_HORIZON = 12


def prepare(past: Path, future: Path) -> pd.DataFrame:
    """Columns unique_id, ds (months counted from 1), y, horizon (months that were asked for).

    Where six months were asked for, six without a value follow: every test part is twelve long.
    """
    parts = []
    for history, truth in zip(_lines(past), _lines(future), strict=True):
        name, horizon, _, *values = history
        if truth[0] != name or len(truth) - 1 != int(horizon):
            raise ValueError(f"the two files do not fit at the series {name}")
        unknown = [np.nan] * (LONGEST_HORIZON - int(horizon))
        y = np.array([*values, *truth[1:], *unknown], dtype=float)
        ds = np.arange(1, len(y) + 1)
        parts.append(pd.DataFrame({"unique_id": name, "ds": ds, "y": y, "horizon": float(horizon)}))
    return pd.concat(parts, ignore_index=True)


def _lines(path: Path) -> list[list[str]]:
    return [line.split(";") for line in path.read_text(encoding="ascii").splitlines() if line]
