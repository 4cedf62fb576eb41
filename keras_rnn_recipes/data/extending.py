"""New rows added to a panel."""

from __future__ import annotations

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.frames import Panel, read_panel
from keras_rnn_recipes.errors import UserError, counted

_KEY = ["unique_id", "ds"]


def extended(panel: Panel, new: Panel, name: str) -> Panel:
    """A panel with the rows of another one added; for the same step of a series the new row counts.

    A missing value among the new rows does not replace an observed one.

    Args:
        panel: the rows there are.
        new: the rows to add, of the same frequency and with the same covariates.
        name: of the new rows, for messages.

    Raises:
        UserError: another frequency, or rows that make no regular series together.

    Example:
        >>> one = read_panel(pd.DataFrame({"ds": ["2024-01-01", "2024-01-02"], "y": [1, 2]}))
        >>> two = read_panel(pd.DataFrame({"ds": ["2024-01-02", "2024-01-03"], "y": [5, 6]}))
        >>> extended(one, two, "new.csv").frame["y"].tolist()
        [1.0, 5.0, 6.0]
    """
    if new.freq != panel.freq:
        raise UserError(
            f"The rows of {name} have the frequency {new.freq}.",
            f"the frequency {panel.freq} of the earlier rows.",
            "give rows of that frequency.",
        )
    earlier, later = _rows(panel), _rows(new)
    rows = pd.concat([earlier, later], ignore_index=True)
    # Of the rows of one step the last counts, so a missing value goes before an observed one.
    order = np.arange(len(rows)) >= len(earlier)
    order = np.where(rows["y"].isna(), order - 2, order)
    rows = rows.iloc[np.argsort(order, kind="stable")]
    replaced = _replaced(rows)
    rows = rows.drop_duplicates(_KEY, keep="last").sort_values(_KEY)
    joined = read_panel(
        rows,
        id_col="unique_id",
        time_col="ds",
        target_col="y",
        **panel.columns,
        freq=panel.freq,
        season_length=panel.season_length,
    )
    rest = (f"of {name} replaces an earlier one.", f"of {name} replace earlier ones.")
    told = [counted(replaced, "value", *rest)] if replaced else []
    notes = (*panel.notes, *new.notes, *told, *joined.notes)
    return Panel(**{**vars(joined), "notes": notes})


def _rows(panel: Panel) -> pd.DataFrame:
    """All rows of a panel, those of the steps ahead with a missing target."""
    parts = [panel.frame] if panel.future is None else [panel.frame, panel.future]
    return pd.concat(parts, ignore_index=True)


def _replaced(rows: pd.DataFrame) -> int:
    """Number of observed values that a later row of the same step changes."""
    observed = rows[rows["y"].notna()]
    first, last = (observed.drop_duplicates(_KEY, keep=which) for which in ("first", "last"))
    both = first.merge(last, on=_KEY)
    return int(np.sum(both["y_x"].to_numpy() != both["y_y"].to_numpy()))
