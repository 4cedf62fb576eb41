"""Words misspelt as pairs show it: which slips, how often, and where."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.data.text.misspelling import Misspeller, misspell
from keras_rnn_recipes.data.text.reading import ParallelTexts


def drawn(pen: Misspeller, word: str, count: int = 3000) -> Counter[str]:
    random = np.random.default_rng(0)
    return Counter(pen(word, random) for _ in range(count))


def test_slips_come_as_often_as_they_were_seen() -> None:
    # After b, an a is written e twice as often as o.
    pen = Misspeller(ParallelTexts(("be", "be", "bo"), ("ba", "ba", "ba")))
    found = drawn(pen, "ba")
    assert set(found) == {"be", "bo"}
    assert found["be"] / found["bo"] == pytest.approx(2, rel=0.1)


def test_a_word_gets_as_many_slips_as_words_got() -> None:
    # One word in four with two, no letter open to more than one.
    sources = ("bx", "bx", "bx", "bxdy")
    pen = Misspeller(ParallelTexts(sources, ("ba", "ba", "ba", "badc")))
    found = drawn(pen, "badc")
    assert found["bxdy"] / sum(found.values()) == pytest.approx(0.25, abs=0.03)


def test_the_letter_before_counts_and_the_start_is_one() -> None:
    pen = Misspeller(ParallelTexts(("nife", "sope"), ("knife", "soap")))
    assert set(drawn(pen, "knack", 50)) == {"nack"}
    assert set(drawn(pen, "ask", 50)) == {"ask"}, "no slip is known for a k after an s"


def test_letters_put_in_at_the_end() -> None:
    assert set(drawn(Misspeller(ParallelTexts(("tome",), ("tom",))), "am", 50)) == {"ame"}


def test_nothing_to_learn_from() -> None:
    for pairs in (ParallelTexts((), ()), ParallelTexts(("same",), ("same",))):
        assert set(drawn(Misspeller(pairs), "word", 20)) == {"word"}
    assert len(misspell([], ParallelTexts(("x",), ("y",)))) == 0


WORDS = st.text("abcde", min_size=1, max_size=6)


@given(
    st.lists(st.tuples(WORDS, WORDS), max_size=8), st.lists(WORDS, max_size=5), st.integers(1, 4)
)
def test_every_word_is_meant_at_least_once_and_the_seed_decides(pairs, words, each) -> None:
    columns = ParallelTexts(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))
    made = misspell(words, columns, each=each, seed=1)
    assert set(made.targets) == set(words)
    assert max(Counter(made.targets).values(), default=0) <= each
    assert len(set(zip(made.sources, made.targets, strict=True))) == len(made)
    assert made == misspell(reversed(words), columns, each=each, seed=1)
