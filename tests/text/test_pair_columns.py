"""Columns of source and target texts are found as a person would find them, or asked for."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.pair_columns import find_pair_columns
from keras_rnn_recipes.text.tables import FileFormat

PAIRS = [(f"guten Tag {k}", f"good day {k}") for k in range(12)]


def write(path, rows, separator="\t"):
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n", encoding="utf-8")
    return path


def found(path, rows, **given):
    columns = find_pair_columns(write(path, rows), FileFormat(), **given)
    return columns.source, columns.target, columns.columns


@pytest.mark.parametrize(
    "names", [("source", "target"), ("src", "tgt"), ("de", "en"), ("German", "English")]
)
def test_columns_with_known_names_are_a_header(tmp_path, names):
    assert found(tmp_path / "a.tsv", [names, *PAIRS]) == (*names, None)


def test_names_decide_the_order(tmp_path):
    rows = [("target", "source"), *PAIRS]
    assert found(tmp_path / "a.tsv", rows)[:2] == ("source", "target")


def test_the_first_pair_is_no_header(tmp_path):
    names = ("column1", "column2")
    assert found(tmp_path / "a.tsv", PAIRS) == (*names, names)


def test_numbers_and_columns_of_few_values_are_left_out(tmp_path):
    rows = [(str(k), *pair, ("web", "book")[k % 2]) for k, pair in enumerate(PAIRS)]
    assert found(tmp_path / "a.tsv", rows)[:2] == ("column2", "column3")


def test_numbers_may_be_translated(tmp_path):
    rows = [(str(k), f"number {k}") for k in range(9)]
    assert found(tmp_path / "a.tsv", rows)[:2] == ("column1", "column2")


def test_given_names_make_a_header(tmp_path):
    rows = [("frage", "antwort", "hinweis"), *((*pair, f"{pair[0]}!") for pair in PAIRS)]
    assert found(tmp_path / "a.tsv", rows, source="frage", target="Antwort") == (
        "frage",
        "antwort",
        None,
    )
    with pytest.raises(UserError, match="no column 'fragen'"):
        found(tmp_path / "a.tsv", rows, source="fragen", target="antwort")


def test_three_columns_of_texts_are_asked_for(tmp_path):
    rows = [(*pair, f"{pair[0]}!") for pair in PAIRS]
    with pytest.raises(UserError, match="several columns") as error:
        found(tmp_path / "a.tsv", rows)
    assert "--source-col" in error.value.fix


def test_attributions_of_tatoeba_are_known(tmp_path):
    rows = [(*pair, "CC-BY 2.0 (France) Attribution: x") for pair in PAIRS]
    assert found(tmp_path / "a.txt", rows) == ("source", "target", None)
