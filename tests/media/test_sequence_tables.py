"""Sequences from long tables: read right, or refused with one message that names the place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.sequence_tables import read_sequence_table

NAN = float("nan")


def table(rows, columns=("sequence_id", "step", "x", "y", "label")):
    return pd.DataFrame(rows, columns=list(columns))


ROWS = [
    ("b", 2, 3.0, 30.0, "up"),
    ("a", 1, 5.0, 50.0, "down"),
    ("b", 1, 2.0, 20.0, "up"),
    ("b", 3, 4.0, NAN, "up"),
    ("a", 2, 6.0, 60.0, "down"),
]


def test_rows_in_any_order_are_put_in_that_of_their_steps(tmp_path):
    path = tmp_path / "rows.csv"
    table(ROWS).to_csv(path, index=False)
    notes = []
    for source in (path, table(ROWS)):
        found = read_sequence_table(source, tell=notes.append)
        assert (found.names, found.labels, found.channels) == (
            *(("b", "a"), ("up", "down")),
            ("x", "y"),
        )
        np.testing.assert_array_equal(found.values[0], [[2, 20], [3, 30], [4, NAN]])
        np.testing.assert_array_equal(found.values[1], [[5, 50], [6, 60]])
    assert notes[0] == "rows.csv: 1 missing value of 10."


def test_missing_steps_are_inserted_where_steps_are_regular():
    rows = [("a", step, float(step), 0.0, "u") for step in (0, 5, 10, 20, 25, 30, 35, 40)]
    notes = []
    (values,) = read_sequence_table(table(rows), tell=notes.append).values
    np.testing.assert_array_equal(values[:, 0], [0, 5, 10, NAN, 20, 25, 30, 35, 40])
    assert "1 missing step is filled in" in notes[-1]
    # Irregular times, and times that are mostly gaps, are no numbers of steps.
    for steps in ((0, 5, 10.2, 14, 20), (0, 1, 900, 5000)):
        rows = [("a", step, float(step), 0.0, "u") for step in steps]
        assert len(read_sequence_table(table(rows)).values[0]) == len(steps)


def test_dates_order_the_steps():
    days = ("2024-03-02 10:00", "2024-03-02 09:00", "2024-03-01 23:00")
    rows = [("a", day, float(place), 0.0, "u") for place, day in enumerate(days)]
    (values,) = read_sequence_table(table(rows)).values
    assert values[[0, -2, -1], 0].tolist() == [2, 1, 0]


def test_names_of_columns_are_options_and_new_data_need_no_labels():
    given = table(ROWS).rename(columns={"sequence_id": "who", "step": "t", "label": "kind"})
    options = {"id_col": "who", "step_col": "t", "label_col": "kind", "channels": ("y",)}
    assert read_sequence_table(given, **options).values[1].ravel().tolist() == [50, 60]
    found = read_sequence_table(given[["who", "t", "y"]], **options | {"label_col": None})
    assert found.labels == () and len(found) == 2


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda rows: rows.drop(columns="sequence_id"), "no column 'sequence_id'"),
        (lambda rows: rows.drop(columns="label"), "no column 'label'"),
        (lambda rows: rows.drop(columns=["x", "y"]), "no columns of numbers besides"),
        (lambda rows: rows.assign(label=["up", "down", "left", "up", "down"]), "b has the labels"),
        (lambda rows: rows.assign(label=["up", "", "up", "up", "down"]), "no label"),
        (lambda rows: rows.assign(sequence_id=["b", "a", "", "b", "a"]), "no name of a sequence"),
        (lambda rows: rows.assign(step=[2, 1, 2, 3, 2]), "b has the step 2 twice"),
        (lambda rows: rows.assign(step=[2, "first", 1, 3, 2]), "'first' in line 3"),
        (lambda rows: rows.assign(x=[1, "fast", 3, 4, 5]), "'fast', which is not a number"),
        (lambda rows: rows.iloc[:0], "has a header and no rows"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_file(tmp_path, change, told):
    path = tmp_path / "broken.csv"
    change(table(ROWS)).to_csv(path, index=False)
    with pytest.raises(UserError, match="broken.csv") as error:
        read_sequence_table(path)
    assert told in str(error.value)
