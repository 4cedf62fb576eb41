"""Columns of texts and labels are found as a person would find them, or asked for."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.table_columns import find_columns
from keras_rnn_recipes.text.tables import FileFormat, read_cells

RANDOM = np.random.default_rng(5)
WORDS = ["good", "bad", "film", "the", "was", "rather", "long", "story", "an", "odd"]


def sentence(number):
    return f"{' '.join(RANDOM.choice(WORDS, 8))}, {number}"


def columns(rows=60):
    """Columns of a usual table by what they hold."""
    return {
        "text": [sentence(number) for number in range(rows)],
        "label": [("pos", "neg", "neutral")[number % 3] for number in range(rows)],
        "id": [str(1000 + number) for number in range(rows)],
        "date": [f"2024-05-{1 + number % 28:02} 10:{number:02}" for number in range(rows)],
        "score": [f"{number / 7:.3f}" for number in range(rows)],
    }


def write(path, table, *, header=True, separator=","):
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=separator)
        if header:
            rows.writerow(table)
        rows.writerows(zip(*table.values(), strict=True))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("names", [("text", "label"), ("v2", "v1"), ("Tweet", "Stance of it")])
def test_texts_and_labels_are_found_in_any_order(tmp_path, separator, names):
    given = columns()
    renamed = dict(zip(("text", "label"), names, strict=True))
    for order in itertools.permutations(["text", "label", "id", "date"]):
        table = {renamed.get(name, name): given[name] for name in order}
        path = write(tmp_path / "a.csv", table, separator=separator)
        found = find_columns(path, FileFormat())
        assert (found.text, found.label, found.columns) == (*names, None)


def test_without_a_header_columns_are_numbered(tmp_path):
    given = columns()
    path = write(tmp_path / "a.csv", {k: given[k] for k in ("label", "id", "text")}, header=False)
    found = find_columns(path, FileFormat())
    assert found.columns == ("column1", "column2", "column3")
    assert (found.text, found.label) == ("column3", "column1")


def test_the_usual_columns_of_a_collection_of_tweets(tmp_path):
    given = columns()
    table = {
        "tweet_id": given["id"],
        "airline_sentiment": given["label"],
        "airline_sentiment_confidence": given["score"],
        "airline": ["United", "Delta"] * 30,
        "text": given["text"],
    }
    found = find_columns(write(tmp_path / "a.csv", table), FileFormat())
    assert (found.text, found.label) == ("text", "airline_sentiment")
    assert found.of_label == "by its name"


def test_given_names_are_taken_in_any_case(tmp_path):
    given = columns()
    table = {"Title": given["date"], "Body": given["text"], "Kind": given["label"]}
    path = write(tmp_path / "a.csv", {**table, "Other": given["label"]})
    found = find_columns(path, FileFormat(), text="title", label="kind")
    assert (found.text, found.label, found.of_text) == ("Title", "Kind", "as given")
    with pytest.raises(UserError, match="no column 'Bodi'") as told:
        find_columns(path, FileFormat(), text="Bodi")
    assert "Body" in told.value.fix


@pytest.mark.parametrize(
    "content, told",
    [
        ("text\nWell, it works\nfine\n", "has one column"),
        ("Peter lives in London .\n", "has one column"),
        ("good 1 2 3\nbad 4 5 6\n", "holds word vectors"),
        ("2 3\ngood 1 2 3\nbad 4 5 6\n", "holds word vectors"),
        ("good\t1\t2\t3\nbad\t4\t5\t6\n", "holds word vectors"),
        ("token,tag\nThousands,O\nLondon,B-geo\n", "a token and its tag in each row"),
        ("Sentence #,Word,POS,Tag\nSentence: 1,A,NN,O\n,of,IN,O\n", "a token and its tag"),
        ("text,label\n", "no rows below its header"),
        ("id,when\n1,2\n2,3\n3,4\n", "no column of texts"),
        ('{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n', "JSON"),
        ("__label__good a fine film\n__label__bad a dull film\n", "fastText"),
    ],
)
def test_other_files_are_named(tmp_path, content, told):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        find_columns(path, FileFormat())
    assert told in str(error.value) and error.value.fix


def test_several_columns_of_classes_are_asked_for(tmp_path):
    given = columns()
    table = {"words": given["text"], "shop": ["a", "b"] * 30, "mood": given["label"]}
    path = write(tmp_path / "a.csv", table)
    with pytest.raises(UserError, match=r"shop \(2 values\), mood \(3 values\)") as error:
        find_columns(path, FileFormat())
    assert "--label-col" in error.value.fix
    assert find_columns(path, FileFormat(), label="mood").text == "words"


def test_numbers_on_a_scale_are_no_classes(tmp_path):
    given = columns()
    path = write(tmp_path / "a.csv", {"opinion": given["text"], "worth": given["score"]})
    with pytest.raises(UserError, match=r"no column of labels.*worth \(60 different values\)"):
        find_columns(path, FileFormat())


def test_commas_in_texts_are_no_separators(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("One, two\tpos\nthree, four, five\tneg\nsix\tpos\n")
    assert read_cells(path, FileFormat())[1] == ["three, four, five", "neg"]
