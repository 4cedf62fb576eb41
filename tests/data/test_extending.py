"""New rows added to a panel: what stands after them, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from keras_rnn_recipes.data.extending import extended
from keras_rnn_recipes.data.frames import Panel, read_panel
from keras_rnn_recipes.errors import UserError

NAN = float("nan")


def days(first: str, *values: float, name: str = "a", **columns) -> pd.DataFrame:
    dates = pd.date_range(first, periods=len(values))
    return pd.DataFrame({"unique_id": name, "ds": dates, "y": values, **columns})


def panel(*parts: pd.DataFrame, **options) -> Panel:
    return read_panel(pd.concat(parts), freq="D", **options)


def test_later_rows_follow_and_gaps_become_missing():
    found = extended(panel(days("2024-01-01", 1, 2)), panel(days("2024-01-05", 5, 6)), "new.csv")
    assert found.frame["y"].fillna(-1).tolist() == [1, 2, -1, -1, 5, 6]
    assert any("filled in" in note for note in found.notes)


def test_of_one_step_the_new_value_counts_unless_it_is_missing():
    old = panel(days("2024-01-01", 1, NAN, 3, 4))
    new = panel(days("2024-01-02", 20, NAN, 40, 50))
    found = extended(old, new, "new.csv")
    assert found.frame["y"].tolist() == [1, 20, 3, 40, 50]
    assert "1 value of new.csv replaces an earlier one." in found.notes


def test_new_series_are_added_and_others_stay():
    old = panel(days("2024-01-01", 1, 2), days("2024-01-01", 7, 8, name="b"))
    found = extended(old, panel(days("2024-01-03", 3), days("2024-01-01", 9, 9, name="c")), "n")
    assert found.frame.groupby("unique_id")["y"].apply(list).to_dict() == {
        "a": [1, 2, 3],
        "b": [7, 8],
        "c": [9, 9],
    }


def test_steps_that_were_ahead_are_observed_later():
    options = {"future_cols": ["promo"], "static_cols": ["town"]}
    old = panel(days("2024-01-01", 1, 2, NAN, promo=[0, 1, 1], town="x"), **options)
    new = panel(days("2024-01-03", 3, NAN, promo=[0, 5], town="x"), **options)
    found = extended(old, new, "new.csv")
    assert found.frame["y"].tolist() == [1, 2, 3]
    assert found.frame["promo"].tolist() == [0, 1, 0]  # what was known in the end
    assert found.future["promo"].tolist() == [5]
    assert found.future_cols == ("promo",) and found.static_cols == ("town",)


def test_another_frequency_is_refused():
    weekly = read_panel(
        pd.DataFrame({"ds": pd.date_range("2024-01-07", periods=5, freq="W"), "y": 1.0})
    )
    with pytest.raises(UserError, match="frequency W-SUN.*frequency D of the earlier rows"):
        extended(panel(days("2024-01-01", 1, 2)), weekly, "new.csv")
