"""Alignments beside all that there are, and a spelling whose sounds are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.evaluation.letter_to_sound import align, joint_ngram, learn_alignment


def all_alignments(count: int, phonemes: tuple[str, ...]):
    """Every way to give each of so many letters 0 to 2 phonemes, in order."""
    for sizes in itertools.product(range(3), repeat=count):
        if sum(sizes) == len(phonemes):
            ends = np.cumsum([0, *sizes]).tolist()
            yield [phonemes[a:b] for a, b in itertools.pairwise(ends)]


@draws(100)
@given(
    letters=st.text("ab", max_size=4),
    phonemes=st.lists(st.sampled_from("XY"), max_size=6).map(tuple),
    seed=st.integers(0, 99),
)
def test_the_best_alignment_is_found(letters, phonemes, seed):
    random, table = np.random.default_rng(seed), {}

    def score(letter, chunk):
        return table.setdefault((letter, chunk), float(random.normal()))

    def total(chunks):
        return sum(score(letter, one) for letter, one in zip(letters, chunks, strict=True))

    found = align(letters, phonemes, score)
    possible = list(all_alignments(len(letters), phonemes))
    if not possible:
        assert found is None
        return
    assert found in possible
    assert total(found) == pytest.approx(max(map(total, possible)))


# x sounds as two phonemes, h is silent, and c depends on the letter after it.
SOUNDS = {"a": "AE", "i": "IH", "t": "T", "x": "K S", "h": ""}


def spoken(word: str) -> str:
    said = [
        ("S" if word[at + 1 : at + 2] == "i" else "K") if letter == "c" else SOUNDS[letter]
        for at, letter in enumerate(word)
    ]
    return " ".join(" ".join(said).split())


@pytest.fixture(scope="module")
def known():
    random = np.random.default_rng(0)
    words = {"".join(random.choice([*"aitxch"], random.integers(2, 7))) for _ in range(600)}
    return sorted(word for word in words if spoken(word))


def test_letters_are_aligned_with_what_they_sound_as(known):
    score = learn_alignment([(word, tuple(spoken(word).split())) for word in known])
    found = align("taxi", ("T", "AE", "K", "S", "IH"), score)
    assert found == [("T",), ("AE",), ("K", "S"), ("IH",)]
    assert align("hat", ("AE", "T"), score) == [(), ("AE",), ("T",)]


def test_new_words_are_pronounced_by_the_letters_around(known):
    say = joint_ngram(known[::2], [spoken(word) for word in known[::2]])
    new = known[1::2]
    answers = say(new)
    right = np.mean([one == spoken(word) for one, word in zip(answers, new, strict=True)])
    assert right > 0.9 and len(new) > 150
    # Unknown letters are silent, and company changes nothing.
    assert say(["t?a", "", "ci", "ca"]) == ["T AE", "", "S IH", "K AE"]


def test_words_that_no_letters_can_spell_are_left_out():
    say = joint_ngram(["ab", "w"], ["A B", "D AH B AH L Y UW"], length=2)
    assert say(["ba", "w"]) == ["B A", ""]
    with pytest.raises(ValueError, match="can be aligned"):
        joint_ngram(["w"], ["D AH B AH L"])
