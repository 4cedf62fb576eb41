"""Tables of texts with several labels, numbers and weights: read right, or one clear message."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.label_tables import (
    label_names,
    label_table,
    read_label_sets,
    read_labelled_numbers,
)
from keras_rnn_recipes.text.reading import read_labelled


def written(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_of_a_cell_are_sorted_and_an_empty_cell_means_none(tmp_path):
    path = written(tmp_path, "text,label\na,rude; late\nb,\nc,late;;late\nd,NaN\n")
    told: list[str] = []
    rows = read_label_sets(path, tell=told.append)
    assert rows.labels == ("late;rude", "", "late", "")
    assert told == ["a.csv: 2 texts of 4 without a label."]
    names = label_names(rows.labels, ";")
    assert names == ("late", "rude")
    assert label_table(rows.labels, names, ";").tolist() == [[1, 1], [0, 0], [1, 0], [0, 0]]


def test_columns_of_0_and_1_give_the_same(tmp_path):
    path = written(tmp_path, "text,rude,late\na,1,1\nb,0,\nc,0,1.0\n")
    rows = read_label_sets(path, label_cols=("rude", "late"))
    assert rows.labels == ("late;rude", "", "late")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("text,x,y\na,1,2\n", {"label_cols": ("x", "y")}, "'2' in the column 'y'"),
        ("text,x;y\na,1\n", {"label_cols": ("x;y",), "separator": ","}, "in its name"),
    ],
)
def test_cells_that_are_no_labels_are_refused(tmp_path, text, options, message):
    with pytest.raises(UserError, match=message):
        read_label_sets(written(tmp_path, text), **options)


def test_another_separator_is_told(tmp_path):
    told: list[str] = []
    read_label_sets(written(tmp_path, 'text,label\na,"x,y"\nb,x\n'), tell=told.append)
    assert told == [
        "a.csv: no text has several labels divided by ';'; some contain ',' (data.label_separator)."
    ]


def test_unknown_labels_and_tables_without_labels_are_refused():
    with pytest.raises(UserError, match="'z' of example 2 of new.csv"):
        label_table(["x", "x;z"], ("x", "y"), ";", "new.csv")
    with pytest.raises(UserError, match="No text of the training part has a label"):
        label_names(["", ""], ";")


def test_numbers_have_points_or_commas_as_decimal_signs(tmp_path):
    assert read_labelled_numbers(written(tmp_path, "text,label\na,4\nb,-0.5\n")).labels == (
        "4.0",
        "-0.5",
    )
    told: list[str] = []
    path = written(tmp_path, "text;label\na;4,5\nb;3\n")
    assert read_labelled_numbers(path, tell=told.append).labels == ("4.5", "3.0")
    assert told == ["a.csv: commas in the column 'label' were read as decimal signs."]


@pytest.mark.parametrize("cell", ["", "four", "nan", "inf", "1_0", "1,5.0"])
def test_a_cell_without_a_number_is_named(tmp_path, cell):
    path = written(tmp_path, f'text,label\na,1\nb,"{cell}"\n')
    with pytest.raises(UserError, match="Line 3 of a.csv"):
        read_labelled_numbers(path)


def test_weights_stay_with_their_rows(tmp_path):
    path = written(tmp_path, "text,label,weight\na,x,1\nb,y,0\nc,x,2.5\n")
    rows = read_labelled(path, weight_col="weight")
    assert rows.weights == (1.0, 0.0, 2.5)
    assert rows.rows([2, 0]).weights == (2.5, 1.0)
    assert read_labelled(path).weights is None


@pytest.mark.parametrize(("cells", "held"), [("1 -2", "-2 in line 3"), ("0 0", "0 in every row")])
def test_weights_below_0_and_all_0_are_refused(tmp_path, cells, held):
    first, second = cells.split()
    path = written(tmp_path, f"text,label,weight\na,x,{first}\nb,y,{second}\n")
    with pytest.raises(UserError, match=f"has the weight {held}"):
        read_labelled(path, weight_col="weight")
