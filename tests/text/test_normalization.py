"""The graph's normalization next to Python's."""

from __future__ import annotations

import unicodedata

import pytest
import tensorflow as tf
from hypothesis import example, given, strategies as st
from profiles import draws

from keras_rnn_recipes.text.normalization import normalize

MARKS = [chr(n) for n in range(0x20000) if unicodedata.combining(chr(n))]
DECOMPOSING = [chr(n) for n in range(0x30000) if unicodedata.decomposition(chr(n))]
# Half of a composition without being a mark: Hangul letters and some Indic vowels.
JOINING = [*map(chr, range(0x1100, 0x1200)), *"\u09c7\u09be\u09d7\u0b47\u0b3e\u1025\u102e\uac00각"]
CHARACTERS = (
    st.sampled_from(DECOMPOSING)
    | st.sampled_from(MARKS)
    | st.sampled_from(JOINING)
    | st.sampled_from([*"aeioqsAEIOU ", "\u0301", "\u0323", "\u0327", "\u0308"])
    | st.characters(exclude_categories=["Cs"])
)
TEXTS = st.lists(CHARACTERS, max_size=12).map("".join)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(["NFC", "NFKC"]))
@example(["\u0301e", "q\u0323\u0307", "\u1112\u1161\u11ab글", ""], "NFC")
@example(["a\u0327\u0323\u0301\u0302", "\u0344", "Å\u212b", "ﬁ ﷺ"], "NFKC")
@example(["\u0308", "\u0301"], "NFC")
@draws(300)
def test_it_is_that_of_python(texts, form):
    found = [text.decode() for text in normalize(tf.constant(texts), form).numpy()]
    assert found == [unicodedata.normalize(form, text) for text in texts]


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_every_character_alone_and_decomposed(form):
    texts = [c + " " + unicodedata.normalize("NFD", c) for c in DECOMPOSING]
    found = [text.decode() for text in normalize(tf.constant(texts), form).numpy()]
    assert found == [unicodedata.normalize(form, text) for text in texts]


def test_no_text_and_a_plain_text():
    assert normalize(tf.constant([], tf.string), "NFC").shape == (0,)
    assert normalize(tf.constant(["plain"]), "NFC").numpy().tolist() == [b"plain"]
