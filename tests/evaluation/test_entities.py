"""Strict scores of spans: worked out by hand, and beside another library."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.evaluation.entities import entity_scores, token_accuracy
from keras_rnn_recipes.text.tags import spans

nervaluate = pytest.importorskip("nervaluate")

TAGS = ("O", "B-X", "I-X", "B-Y", "I-Y")
SENTENCES = st.lists(
    st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1, max_size=8),
    min_size=1,
    max_size=4,
)


def test_by_hand():
    """One exact, one too long, one of the wrong type, one missed, one invented."""
    true = [[(0, 2, "PER"), (3, 4, "LOC")], [(0, 1, "ORG"), (2, 5, "PER")]]
    found = [[(0, 2, "PER"), (3, 5, "LOC")], [(0, 1, "LOC"), (6, 7, "PER"), (8, 9, "PER")]]
    scores = entity_scores(true, found)
    assert scores["precision"] == pytest.approx(1 / 5)
    assert scores["recall"] == pytest.approx(1 / 4)
    assert scores["f1"] == pytest.approx(2 / 9)
    assert [scores[name] for name in ("num_true", "num_found", "num_correct")] == [4, 5, 1]
    assert list(scores["by_type"]) == ["LOC", "ORG", "PER"]
    person = scores["by_type"]["PER"]
    assert person["precision"] == pytest.approx(1 / 3)
    assert person["recall"] == pytest.approx(1 / 2)
    assert person["f1"] == pytest.approx(0.4)
    assert scores["by_type"]["ORG"] == {
        **{"precision": 0.0, "recall": 0.0, "f1": 0.0},
        **{"num_true": 1, "num_found": 0, "num_correct": 0},
    }


@given(SENTENCES)
@draws(60)
def test_another_library_counts_the_same(pairs):
    """Any tags, of a scheme or not: the spans are read by each library from the same tags."""
    true = [[one for one, _ in sentence] for sentence in pairs]
    found = [[other for _, other in sentence] for sentence in pairs]
    theirs = nervaluate.Evaluator(true, found, tags=["X", "Y"], loader="list").evaluate()
    ours = entity_scores([*map(spans, true)], [*map(spans, found)])
    check(ours, theirs["overall"]["strict"])
    assert ours["by_type"].keys() == theirs["entities"].keys()
    for kind, scores in ours["by_type"].items():
        check(scores, theirs["entities"][kind]["strict"])


def check(ours, theirs):
    assert ours["num_true"] == theirs.possible
    assert ours["num_found"] == theirs.actual
    assert ours["num_correct"] == theirs.correct
    for name in ("precision", "recall", "f1"):
        assert ours[name] == pytest.approx(getattr(theirs, name))


def test_nothing_found_and_nothing_there_is_nought():
    scores = entity_scores([[]], [[]])
    assert (scores["precision"], scores["recall"], scores["f1"]) == (0, 0, 0)
    assert scores["by_type"] == {}
    assert token_accuracy([], []) == 0


def test_a_span_named_twice_counts_once():
    span = (0, 1, "X")
    assert entity_scores([[span]], [[span, span]])["precision"] == 1


def test_tokens_are_counted_over_all_sentences():
    assert token_accuracy([["O"] * 3, ["B-X"]], [["O", "O", "B-X"], ["B-X"]]) == 0.75


def test_what_does_not_match_in_number_is_refused():
    with pytest.raises(ValueError, match="equally many sentences; received 1 and 2"):
        entity_scores([[]], [[], []])
    with pytest.raises(ValueError, match="equally many tags in sentence 1; received 1 and 0"):
        token_accuracy([["O"], ["O"]], [["O"], []])
