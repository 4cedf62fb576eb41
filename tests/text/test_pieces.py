"""Pieces of words: cut as by hand and as in a saved graph, joined again exactly, learned."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.vocabulary import tokenizer_of, vocabulary_record
from keras_rnn_recipes.text.piece_learning import cut_unit, piece_vocabulary
from keras_rnn_recipes.text.pieces import cut_units, split_units
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import Tokenizer, fit_tokenizer
from keras_rnn_recipes.text.vocabulary import SPECIALS, UNKNOWN

PLAN = Preparation(unit="pieces", lower=False)
TEXTS = [
    "The lowest tower, lower than low towers.",
    "Don't pay $20.50 (now) ... or 'later'?",
    "Der Müller läuft schneller als die Müllerin; 東京都に住む。",
    "नमस्ते दुनिया 🙂🙂",
]
KNOWN = {"▁a", "ab", "abc", "cab", "ca", "b▁", "bbb", "▁ab"}


def test_units_are_words_numbers_and_other_characters_with_their_spaces():
    found = [
        [unit.decode() for unit in row]
        for row in split_units(tf.constant([TEXTS[1], "", "  a\n\tb ", "x▁y"])).to_list()
    ]
    told = "▁Don't ▁pay ▁$ 20 . 50 ▁( now ) ▁. . . ▁or ▁' later ' ?"
    assert found == [told.split(" "), [], ["▁a", "▁b"], ["▁x", "▂", "y"]]


@given(st.lists(st.text("abc", max_size=9), max_size=6))
def test_a_graph_cuts_as_one_would_by_hand(words):
    units = [[f"▁{word}" for word in words], ["▁"], [], ["cabbb" * 9]]
    pieces = tf.constant(sorted(KNOWN))
    numbers = tf.lookup.KeyValueTensorInitializer(pieces, tf.range(len(KNOWN), dtype=tf.int64))
    found = cut_units(
        tf.ragged.constant(units, dtype=tf.string), tf.lookup.StaticHashTable(numbers, -1), 3
    )
    expected = [[piece for unit in row for piece in cut_unit(unit, KNOWN)] for row in units]
    assert [[piece.decode() for piece in row] for row in found.to_list()] == expected


@pytest.mark.parametrize("ends", [False, True])
def test_pieces_give_back_the_texts_that_they_were_learned_from(ends):
    tokenizer = fit_tokenizer(TEXTS, Preparation(unit="pieces", lower=False, ends=ends))
    ids = tokenizer([*TEXTS, "  a   low\tlow"])
    assert [text.decode() for text in tokenizer.texts(ids).numpy()] == [*TEXTS, "a low low"]
    # Whatever the vocabulary: here characters alone, and here with some longer pieces.
    for size in (70, 90):
        small = fit_tokenizer(TEXTS, PLAN, max_size=size)
        assert len(small.vocabulary) <= size
        assert [text.decode() for text in small.texts(small(TEXTS)).numpy()] == TEXTS


def test_frequent_words_are_one_piece_and_others_several():
    texts = ["low lower"] * 9 + ["lowest tower"]
    tokenizer = fit_tokenizer(texts, PLAN, max_size=30)
    rows = [row.decode() for row in tokenizer.tokens(["lower slower"]).to_list()[0]]
    assert rows[0] == "▁lower" and "".join(rows) == "▁lower▁slower" and len(rows) > 2
    # Every piece but single characters occurs in training.
    used = {piece.decode() for row in tokenizer.tokens(texts).to_list() for piece in row}
    assert {piece for piece in tokenizer.vocabulary[len(SPECIALS) :] if len(piece) > 1} <= used


def test_unknown_and_rare_characters_are_unknown_tokens():
    tokenizer = fit_tokenizer(["aa ab ab", "az"], PLAN, min_count=2)
    assert "z" not in tokenizer.vocabulary
    first, second = tokenizer(["ab zé", "ab"]).numpy().tolist()
    assert first.count(UNKNOWN) == 2 and first[0] == second[0]
    assert tokenizer([""]).numpy().tolist() == [[UNKNOWN]]


def test_a_text_is_cut_at_its_largest_length():
    tokenizer = Tokenizer(Preparation(unit="pieces", max_length=3), (*SPECIALS, "▁", "a"))
    assert tokenizer(["aaaaa", "a"]).numpy().tolist() == [[4, 5, 5], [4, 5, 0]]


def test_a_saved_graph_cuts_alike(tmp_path):
    module = tf.Module()
    module.tokenizer = fit_tokenizer(TEXTS, PLAN, max_size=90)
    module.ids = tf.function(module.tokenizer, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path / "m"))
    loaded = tf.saved_model.load(str(tmp_path / "m"))
    odd = [*TEXTS, "", "a" * 300, "zzqx 🙂 Ελλάδα 日本語", "low " * 40]
    np.testing.assert_array_equal(loaded.ids(tf.constant(odd)), module.tokenizer(odd))
    again = tokenizer_of(vocabulary_record(module.tokenizer))
    np.testing.assert_array_equal(again(odd), module.tokenizer(odd))
    assert loaded.ids(tf.constant([], tf.string)).shape[0] == 0


def test_a_continuation_has_the_space_before_it():
    tokenizer = Tokenizer(PLAN, (*SPECIALS, "▁day", "s"))
    prompts = tf.constant(["A", "A ", ""])
    found = tokenizer.continuation(prompts, [[4, 5]] * 3).numpy().tolist()
    assert found == [b" days", b"days", b"days"]


def test_the_same_units_give_the_same_pieces_in_any_order():
    units = {"▁low": 9, "▁lower": 3, "▁newer": 3, "▁wider": 2}
    backwards = dict(reversed(units.items()))
    assert piece_vocabulary(units, max_size=20) == piece_vocabulary(backwards, max_size=20)


def test_recipes_have_fewer_pieces_than_words_and_no_vectors_of_words():
    asked = {"family": "text_classification", "data": {"train": "a.csv", "unit": "pieces"}}
    assert config_from_dict(asked).data.max_vocabulary == 4000
    assert config_from_dict(asked, ["data.max_vocabulary=500"]).data.max_vocabulary == 500
    with pytest.raises(UserError, match="model.vectors, and data.unit is pieces"):
        config_from_dict(asked, ["model.vectors=glove.txt"]).check("my.toml")


def test_learning_without_its_extra_names_it(monkeypatch):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match="sentencepiece") as refused:
        fit_tokenizer(TEXTS, PLAN)
    assert "keras-rnn-recipes[pieces]" in refused.value.fix
