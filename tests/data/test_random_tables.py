"""Random panels in random styles are read as they were meant, or asked about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data.table_styles import Written, tables
from hypothesis import given, settings
from profiles import PROFILE

from keras_rnn_recipes.data.frames import Panel, read_panel
from keras_rnn_recipes.errors import UserError

# The random draws are made within the tests, which pytest does not see.
pytestmark = pytest.mark.hypothesis


def moments(panel: Panel, written: Written) -> pd.DataFrame:
    """The panel, with weeks that are written as periods or numbers named by their Monday."""
    frame = panel.frame[["unique_id", "ds", "y"]].copy()
    frame["ds"] = frame["ds"].astype("datetime64[us]")
    if written.style[1] == "period":  # a period is named by its first day
        frame["ds"] += pd.Timedelta(days=6)
    return frame.reset_index(drop=True)


def test_what_is_read_is_right_or_asked_about(tmp_path):
    counts = {"read": 0, "asked": 0}
    path = tmp_path / "table.csv"

    @settings(max_examples=80 if PROFILE == "dev" else 400)
    @given(tables())
    def read_back(written):
        path.write_text(written.text, encoding="utf-8")
        try:
            panel = read_panel(path, **written.options)
        except UserError:
            counts["asked"] += not written.ambiguous
            return
        counts["read"] += 1
        found = moments(panel, written)
        expected = written.expected.astype({"ds": "datetime64[us]"}).reset_index(drop=True)
        assert found["unique_id"].tolist() == expected["unique_id"].tolist(), written.style
        assert found["ds"].tolist() == expected["ds"].tolist(), written.style
        np.testing.assert_allclose(found["y"], expected["y"], err_msg=str(written.style))
        if written.style[1] != "period":
            assert panel.freq == written.freq, written.style

    read_back()
    assert counts["asked"] <= 0.02 * sum(counts.values()), counts
