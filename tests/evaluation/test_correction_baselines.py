"""The nearest word beside a search through all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.evaluation.correction_baselines import copy, nearest_source, nearest_word

pytest.importorskip("rapidfuzz", reason="the extra 'text' is needed")

WORDS = st.text("abc", max_size=5)


def distance(one, other):
    """Optimal string alignment by its recursion, from the ends."""
    if not one or not other:
        return len(one) + len(other)
    found = [
        distance(one[:-1], other) + 1,
        distance(one, other[:-1]) + 1,
        distance(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    ]
    if len(one) > 1 and len(other) > 1 and one[-2:] == other[-2:][::-1]:
        found.append(distance(one[:-2], other[:-2]) + 1)
    return min(found)


@given(
    counts=st.dictionaries(WORDS, st.integers(1, 3), min_size=1, max_size=6),
    texts=st.lists(WORDS, max_size=3),
)
@draws(30)
def test_nearest_then_most_frequent_then_first_in_the_alphabet(counts, texts):
    expected = [min(counts, key=lambda w: (distance(text, w), -counts[w], w)) for text in texts]
    assert nearest_word(counts)(texts) == expected


def test_neighbours_that_changed_places_are_one_error():
    assert nearest_word({"the": 1, "hex": 9})(["hte"]) == ["the"]


def test_a_copy_is_a_copy():
    texts = ("a", "", "a")
    assert copy(texts) == ["a", "", "a"]


def test_no_words_are_refused():
    with pytest.raises(ValueError, match="received none"):
        nearest_word({})


def test_of_equally_near_words_the_most_frequent_is_taken():
    assert nearest_word({"bat": 1, "cat": 5})(["at", "hat"]) == ["cat", "cat"]
    assert nearest_word({"cat": 2, "bat": 2})(["hat"]) == ["bat"]


def levenshtein(one, other):
    """By its recursion, from the ends."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        levenshtein(one[:-1], other) + 1,
        levenshtein(one, other[:-1]) + 1,
        levenshtein(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )


@given(
    pairs=st.lists(st.tuples(WORDS, st.sampled_from("xyz")), min_size=1, max_size=6),
    texts=st.lists(WORDS, max_size=70),
)
@draws(30)
def test_the_target_of_the_nearest_source_then_of_the_first_in_the_alphabet(pairs, texts):
    sources, targets = zip(*pairs, strict=True)
    nearest = {text: min(sources, key=lambda s: (levenshtein(text, s), s)) for text in set(texts)}
    expected = [targets[sources.index(nearest[text])] for text in texts]
    assert nearest_source(sources, targets)(texts) == expected


def test_no_sources_are_refused():
    with pytest.raises(ValueError, match="received none"):
        nearest_source([], [])
