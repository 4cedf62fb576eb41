"""Baseline taggers: counted by hand, on small patterns, and on the data of the shared task."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.evaluation.entities import entity_scores
from keras_rnn_recipes.evaluation.tagging_baselines import (
    linear_tagger,
    most_frequent_tag,
    token_features,
)
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


def test_a_linear_tagger_knows_what_words_alone_do_not_tell():
    """The same new word is a verb after "to" and a noun after "the"; endings tell new words."""
    sentences = [["to", word] for word in ("run", "walk", "play")] * 20
    sentences += [["the", word] for word in ("run", "walk", "play")] * 20
    sentences += [["so", word] for word in ("dryly", "gladly", "sadly")] * 20
    tags = [["X", "V"]] * 60 + [["X", "N"]] * 60 + [["X", "A"]] * 60
    tag = linear_tagger(sentences, tags)
    assert [tag(["to", "swim"])[1], tag(["the", "swim"])[1]] == ["V", "N"]
    assert tag(["here", "boldly"])[1] == "A"
    assert tag([]) == []


def test_features_are_those_written_by_hand():
    assert token_features(["A4"]) == [
        ["-2=", "-1=", "0=a4", "1=", "2=", "<a", "<a4", "4>", "a4>", "-1~", "0~X0", "1~"]
    ]
    assert "0~Xx-X" in token_features(["Jean-PAUL"])[0]
