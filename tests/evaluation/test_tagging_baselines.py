"""The most frequent tag of each word: counted by hand, and on the shared task's data."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.evaluation.entities import entity_scores
from keras_rnn_recipes.evaluation.tagging_baselines import most_frequent_tag
from keras_rnn_recipes.text.column_files import read_column_file
from keras_rnn_recipes.text.tags import convert_tags, spans


def test_words_take_their_own_tag_and_unseen_ones_that_of_all():
    sentences = [["a", "b", "a"], ["a", "c", "c"], ["d"]]
    tags = [["X", "Y", "X"], ["Y", "Z", "Z"], ["Z"]]
    tag = most_frequent_tag(sentences, tags)
    assert tag(["a", "b", "c", "d"]) == ["X", "Y", "Z", "Z"]
    assert tag(["A", "new"]) == ["Z", "Z"]  # Z three times, X and Y twice
    assert tag([]) == []


def test_ties_are_broken_by_the_alphabet():
    assert most_frequent_tag([["w", "w"]], [["B", "A"]])(["w", "other"]) == ["A", "A"]


def test_tokens_without_tags_are_refused():
    with pytest.raises(ValueError, match="2 tokens and 1 tag in sentence 0"):
        most_frequent_tag([["a", "b"]], [["X"]])
    with pytest.raises(ValueError, match="shorter"):
        most_frequent_tag([["a"], ["b"]], [["X"]])
    with pytest.raises(ValueError, match="at least one token"):
        most_frequent_tag([[]], [[]])


def test_on_published_data_it_is_a_floor_well_above_nothing(krr_data):
    """The shared task's own baseline, which knows whole entities, reaches 71.2 on this part."""
    parts = {}
    for name in ("train", "testa"):
        sentences = read_column_file(krr_data / f"text/conll2003/eng.{name}", of_spans=True)
        tags = [convert_tags(sentence.tags, "IOB2") for sentence in sentences]
        parts[name] = ([sentence.tokens for sentence in sentences], tags)
    tag = most_frequent_tag(*parts["train"])
    tokens, true = parts["testa"]
    found = [spans(tag(sentence)) for sentence in tokens]
    scores = entity_scores([*map(spans, true)], found)
    assert {kind: part["num_true"] for kind, part in scores["by_type"].items()} == {
        **{"LOC": 1837, "MISC": 922, "ORG": 1341, "PER": 1842}
    }
    assert 0.5 < scores["f1"] < 0.7118
