"""What the verbs of a text family take: files, and DataFrames where the family reads tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.evaluation import from_files, from_tables
from keras_rnn_recipes.text.column_files import read_column_file
from keras_rnn_recipes.text.reading import read_texts

# A run that was trained on a file without a header, in another format.
RUN = {"train": "a.csv", "columns": ["label", "text"], "separator": ";", "encoding": "latin-1"}


@from_tables
def texts(run_dir, source, *, overrides=()):
    given = {"data": RUN, "family": "text_classification"}
    data = config_from_dict(given, overrides, where="the run").data
    return read_texts(source, text_col=data.text_col, **data.file_options())


def test_a_frame_is_read_as_its_table():
    kept = ["so, so", 'he said "no"', " two\nlines ", "", "日本", "a;b\tc"]
    frame = pd.DataFrame({"id": [3, 1, 2, 5, 4, 9], "text": kept}, index=list("abcdef"))
    assert texts("run", frame) == tuple(kept)
    assert texts("run", frame.assign(text=frame["text"].replace("", None))) == tuple(kept)
    for other in ({"review": ["a"]}, {"label": ["x"], "review": ["a"]}):
        with pytest.raises(UserError, match="no column 'text'"):
            texts("run", pd.DataFrame(other))


def test_the_keys_of_the_caller_count_most():
    seen = from_tables(lambda run_dir, source, *, overrides=(): overrides)
    given = seen("run", pd.DataFrame({"text": ["a"]}), overrides=("data.text_col=text",))
    assert len(given) > 1 and given[-1] == "data.text_col=text"
    assert seen("run", "a.csv") == ()


def test_a_frame_of_tokens_has_sentences():
    read = from_tables(lambda run_dir, source, overrides=(): read_column_file(source))
    frame = pd.DataFrame(
        {"sentence": [1, 1, 2], "word": ["Ann", ",", "Bob"], "tag": ["B-PER", "O", "B-PER"]}
    )
    assert [row.tokens for row in read("run", frame)] == [("Ann", ","), ("Bob",)]


@pytest.mark.parametrize("given", [["a text"], pd.Series(["a text"]), None, 3])
def test_other_data_are_refused(given):
    with pytest.raises(UserError, match=r"pandas.DataFrame\(\{\"text\": texts\}\)"):
        texts("run", given)
    with pytest.raises(UserError, match="the path of a plain text"):
        from_files(lambda run_dir, source: source)("run", given)
    assert from_files(lambda run_dir, source: source)("run", Path("a.txt")) == Path("a.txt")
