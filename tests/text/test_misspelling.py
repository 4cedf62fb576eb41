"""Misspellings that are made up with the edits of known ones."""

import random
from collections import Counter

import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.text.misspelling import (
    MOST_EDITS,
    Misspeller,
    find_edits,
    make_up_misspellings,
)
from keras_rnn_recipes.text.reading import ParallelTexts

words = st.text("abc", max_size=7)


def apply(word, edits):
    for at, letters, written in edits:
        assert word[at : at + len(letters)] == letters
        word = word[:at] + written + word[at + len(letters) :]
    return word


@given(words, words)
def test_the_edits_turn_the_word_into_the_misspelling(word, misspelling):
    assert apply(word, find_edits(word, misspelling)) == misspelling


@given(words, words)
def test_there_are_as_few_edits_as_the_distance_of_another_library(word, misspelling):
    distance = pytest.importorskip("rapidfuzz.distance")
    assert len(find_edits(word, misspelling)) == distance.OSA.distance(word, misspelling)


@given(words, words)
def test_an_edit_inserts_deletes_substitutes_or_swaps(word, misspelling):
    for _, letters, written in find_edits(word, misspelling):
        assert letters != written
        assert max(len(letters), len(written)) == 1 or letters == written[::-1]


@given(st.integers(0, 99))
def test_only_what_was_seen_is_made_up(seed):
    # One pair, one swap of two letters after a third.
    misspeller = Misspeller([("receive", "recieve")])
    assert misspeller.misspell("ceiling", random.Random(seed)) == "cieling"
    assert misspeller.misspell("being", random.Random(seed)) == "being"


def test_edits_are_drawn_at_the_rates_at_which_they_were_made():
    # "a" after "b" was left out of two of four words, "o" after "n" of one of four.
    pairs = [("ba", "b"), ("ba", "b"), ("ba", "ba"), ("ba", "ba")]
    pairs += [("no", "n"), ("no", "no"), ("no", "no"), ("no", "no")]
    misspeller, draw = Misspeller(pairs), random.Random(0)
    drawn = Counter(misspeller.misspell("bano", draw) for _ in range(6000))
    assert set(drawn) == {"bno", "ban"}
    assert drawn["bno"] / 6000 == pytest.approx(2 / 3, abs=0.02)  # three standard deviations


def test_misspellings_have_as_many_edits_as_those_that_are_known():
    one, two = ("abcdefghij", "abcdefghi"), ("abcdefghij", "acdefghi")
    misspeller, draw = Misspeller([one, one, one, two]), random.Random(1)
    drawn = Counter(
        len("abcdefghij") - len(misspeller.misspell("abcdefghij", draw)) for _ in range(4000)
    )
    assert set(drawn) == {1, 2}
    assert drawn[2] / 4000 == pytest.approx(1 / 4, abs=0.02)


def test_pairs_with_many_edits_teach_no_edit():
    assert Misspeller([("abcd", "wxyz")]).misspell("abcd", random.Random(0)) == "abcd"
    assert len(find_edits("abcd", "wxyz")) > MOST_EDITS


@given(
    st.lists(st.tuples(words, words), min_size=1, max_size=8), st.integers(1, 3), st.integers(0, 9)
)
def test_what_is_held_out_is_not_made_up(pairs, copies, seed):
    known = ParallelTexts(*(tuple(side) for side in zip(*pairs, strict=True)))
    made = make_up_misspellings(known, copies, seed=seed)
    held_out = made.sources[::2]
    again = make_up_misspellings(known, copies, seed=seed, held_out=held_out)
    expected = [
        pair for pair in zip(made.sources, made.targets, strict=True) if pair[0] not in held_out
    ]
    assert list(zip(again.sources, again.targets, strict=True)) == expected


@given(st.lists(st.tuples(words, words), min_size=1, max_size=8), st.integers(0, 3))
def test_each_word_is_misspelled_so_many_times_at_most(pairs, copies):
    known = ParallelTexts(*(tuple(side) for side in zip(*pairs, strict=True)))
    made = make_up_misspellings(known, copies)
    assert set(made.targets) <= set(known.targets)
    assert all(count <= copies for count in Counter(made.targets).values())
    assert all(source != word for source, word in zip(made.sources, made.targets, strict=True))
