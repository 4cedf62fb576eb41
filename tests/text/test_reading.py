"""Files of texts: what is in them comes out as it was, and what is wrong is told with its line."""

from __future__ import annotations

import csv
import gzip

import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.reading import (
    class_names,
    number_labels,
    read_labelled,
    read_lines,
    read_parallel,
    read_text,
    read_texts,
)

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=12)


@given(st.lists(st.tuples(CELLS, st.sampled_from(["a", "b c"])), min_size=1, max_size=5))
def test_any_text_comes_out_of_a_csv_as_it_went_in(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    for path, opener in ((folder / "a.csv", open), (folder / "a.csv.gz", gzip.open)):
        with opener(path, "wt", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerows([("id", "label", "text"), *((1, y, x) for x, y in rows)])
        found = read_labelled(path)
        assert list(zip(found.texts, found.labels, strict=True)) == rows
        assert read_texts(path) == found.texts
        with opener(path, "wt", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerows([("text",), *((x,) for x, _ in rows)])
        assert read_texts(path) == found.texts


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_tabs_know_no_quotes_and_columns_may_be_named(tmp_path):
    path = write(tmp_path / "a.tsv", '1\t"Bad\n0\tgood, "so" good\n\n')
    found = read_labelled(path, columns=("label", "text"))
    assert found.texts == ('"Bad', 'good, "so" good')
    assert found.labels == ("1", "0")
    quoted = write(tmp_path / "b.tsv", 'body\tsort\n"a\tb"\tx\n')
    assert read_labelled(quoted, text_col="body", label_col="sort", quotes=True).texts == ("a\tb",)


def test_semicolons_marks_of_order_and_other_names(tmp_path):
    path = write(tmp_path / "a.csv", "\ufefftweet;mood\r\na, b;good \r\n;bad\r\n")
    found = read_labelled(path, text_col="tweet", label_col="mood")
    assert (found.texts, found.labels) == (("a, b", ""), ("good", "bad"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("text,label\n", "has no rows"),
        ("txt,label\na,b\n", "has no column 'text'.*names txt, label"),
        ("text,text,label\na,b,c\n", "two columns 'text'"),
        ("text,label\n\na,b\nc,d,e\n", "Line 4 of a.csv has 3 cells"),
        ("text,label\na,b\nc,\n", "Line 3 of a.csv has no 'label'"),
        ('text,label\n"a"b,c\n', "Line 2 of a.csv could not be read"),
        ('text,label\n"a,c\nd,e\n', "of a.csv could not be read"),
        (b"text,label\na,b\n\xe4,c\n", "Line 3 of a.csv has the byte 0xe4"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path, content, said):
    with pytest.raises(UserError, match=said):
        read_labelled(write(tmp_path / "a.csv", content))


def test_files_that_are_not_there_or_broken(tmp_path):
    with pytest.raises(UserError, match="There is no file"):
        read_labelled(tmp_path / "a.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_text(tmp_path)
    whole = gzip.compress(b"text,label\n" + b"a,b\n" * 9999)
    with pytest.raises(UserError, match="could not be read"):
        read_labelled(write(tmp_path / "a.csv.gz", whole[: len(whole) // 2]))
    with pytest.raises(UserError, match="could not be read"):
        read_text(write(tmp_path / "b.gz", "not zipped"))


def test_plain_text_and_its_lines(tmp_path):
    path = write(tmp_path / "a.txt", "one\r\n\r\ntwo \u2028 three\n")
    assert read_text(path) == "one\n\ntwo \u2028 three\n"
    assert read_lines(path) == ("one", "", "two \u2028 three")
    with pytest.raises(UserError, match="is empty"):
        read_text(write(path, " \n"))


def test_parallel_files_belong_together_line_by_line(tmp_path):
    de, en = write(tmp_path / "a.de", "eins\nzwei\n"), write(tmp_path / "a.en", "one\ntwo")
    assert read_parallel(de, en).rows([1]).targets == ("two",)
    write(en, "one\ntwo\nthree\n")
    with pytest.raises(UserError, match="a.de has 2 lines and a.en has 3"):
        read_parallel(de, en)
    write(en, "one\n\n")
    with pytest.raises(UserError, match="Line 2 is empty in a.en and not in a.de"):
        read_parallel(de, en)


def test_classes_need_to_be_two_and_known():
    assert class_names(["b", "a", "b"]) == ("a", "b")
    with pytest.raises(UserError, match="train.csv has one class only, 'a'"):
        class_names(["a", "a"], "train.csv")
    with pytest.raises(UserError, match="The label 'c' of example 2 of test.csv"):
        number_labels(["a", "c"], ("a", "b"), "test.csv")
