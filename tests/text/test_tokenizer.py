"""Tokens and ids from the graph, beside a plain Python reading of the same rules."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.vocabulary import tokenizer_of
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import Tokenizer, fit_tokenizer
from keras_rnn_recipes.text.vocabulary import SPECIALS, build_vocabulary

# Letters that Unicode added lately have another lower case in an older table: Python's and the
# graph's need not be of the same year, so that only what both know is compared.
SETTLED = st.characters(exclude_categories=["Cs", "Cn"]).filter(
    lambda character: unicodedata.ucd_3_2_0.category(character) != "Cn"
)
TRICKY = st.sampled_from(
    [*"aZ9_ '’.!<>\n\t\x00\x01\x85\u2028\u3000", "É", "İ", "Σ", "😀", "的", "ة"]
)
TEXTS = st.text(SETTLED | TRICKY, max_size=20)
RAW = TEXTS.map(str.encode) | st.binary(max_size=12)


SPACELESS = (
    *("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HANGZHOU", "IDEOGRAPHIC ITERATION MARK"),
    *("IDEOGRAPHIC NUMBER", "IDEOGRAPHIC CLOSING MARK", "HIRAGANA", "KATAKANA", "BOPOMOFO"),
    *("HALFWIDTH KATAKANA", "COMBINING KATAKANA", "THAI", "LAO", "MYANMAR", "KHMER"),
)


def is_spaceless(character):
    """Whether a script without spaces uses this letter, by the name that Unicode gives it."""
    kind = unicodedata.category(character)[0]
    return kind in "LMN" and unicodedata.name(character, "").startswith(SPACELESS)


def words(text, punctuation):
    """The rule of the words, character by character."""
    found, word, alone = [], "", False
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if is_spaceless(character) and not (alone and kind[0] == "M"):
            found += [word] if word else []
            word, alone = character, True
            continue
        if alone and kind[0] != "M":
            found, word, alone = [*found, word], "", False
        around = text[place - 1 : place] + text[place + 1 : place + 2]
        inner = character in "'’" and [unicodedata.category(c)[0] for c in around] == ["L", "L"]
        inner = inner and not any(map(is_spaceless, around))
        if kind[0] in "LMN" or character == "_" or (inner and place):
            word += "'" if inner else character
            continue
        found += [word] if word else []
        word = ""
        if punctuation and kind != "Cc" and kind[0] != "Z":
            found.append(character)
    return found + ([word] if word else [])


def python_tokens(raw, plan):
    text = raw.decode("utf-8", "replace").replace("\0", "\ufffd")
    text = text if plan.normalize == "none" else unicodedata.normalize(plan.normalize, text)
    text = text.lower() if plan.lower else text
    text = text if plan.normalize == "none" else text.replace("i\u0307", "i")
    if plan.unit == "words":
        tokens = words(text, plan.punctuation)
    else:
        tokens = list(text) if plan.unit == "characters" else text.split()
    if plan.max_length is not None:
        room = plan.max_length - 2 * plan.ends
        tokens = tokens[:room] if plan.keep == "first" else tokens[-room:]
    return tokens


PLANS = st.builds(
    Preparation,
    unit=st.sampled_from(["words", "characters", "whitespace"]),
    lower=st.booleans(),
    punctuation=st.booleans(),
    max_length=st.none() | st.integers(3, 6),
    keep=st.sampled_from(["first", "last"]),
    ends=st.booleans(),
    normalize=st.sampled_from(["NFC", "NFKC", "none"]),
    reversible=st.just(False),
)


@given(st.lists(RAW, min_size=1, max_size=4), PLANS)
@example([b"a'b'c'd 'x' it's"], Preparation())
@example([b"\xf0\x9f\x98", b"\xff\xfea"], Preparation(unit="characters"))
@draws(80)
def test_tokens_and_ids_equal_a_plain_reading(raw, plan):
    expected = [python_tokens(text, plan) for text in raw]
    vocabulary = build_vocabulary(expected, max_size=10)
    tokenizer = Tokenizer(plan, vocabulary)
    found = [[t.decode() for t in row] for row in tokenizer.tokens(raw).to_list()]
    assert found == expected

    numbers = {token: number for number, token in enumerate(vocabulary) if number >= 4}
    rows = [[numbers.get(token, 1) for token in tokens] for tokens in expected]
    rows = [[2, *row, 3] if plan.ends else row or [1] for row in rows]
    ids = tokenizer(raw).numpy()
    assert ids.dtype == np.int32
    longest = max(map(len, rows))
    assert ids.tolist() == [row + [0] * (longest - len(row)) for row in rows]
    assert [row.tolist() for row in tokenizer.encode(raw)] == rows


@given(
    st.lists(
        st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"])), min_size=1, max_size=4
    )
)
@draws(30)
def test_characters_come_back(texts):
    plan = Preparation(unit="characters", lower=False, ends=True, normalize="none")
    tokenizer = fit_tokenizer(texts, plan)
    assert [text.decode() for text in tokenizer.texts(tokenizer(texts)).numpy()] == texts


def test_words_come_back_with_punctuation_closed_up():
    text = "don't go (yet), he said: stop!"
    tokenizer = fit_tokenizer([text], Preparation())
    assert tokenizer.texts(tokenizer([text])).numpy().tolist() == [text.encode()]


WRITTEN = st.lists(
    st.sampled_from(
        [*"abÉ19_'’\"“”.,;:!?$%€()[]{}-/&￭▁ \n\t", "…", "我", "，", "」", "ภ", "ั", "カ"]
    )
    | st.sampled_from(["don't", "7:30", " (", ") ", " $", "1,000.50", " – ", "e.g. "])
    | SETTLED,
    max_size=14,
).map("".join)


def as_written(text):
    """What a reversible tokenizer leaves of a text: NFC, single spaces, other signs for marks."""
    text = unicodedata.normalize("NFC", text.replace("\0", "\ufffd"))
    text = text.replace("￭", "■").replace("▁", "▂")
    spaces = [unicodedata.category(c) == "Cc" or unicodedata.category(c)[0] == "Z" for c in text]
    return " ".join("".join(" " if s else c for c, s in zip(text, spaces, strict=True)).split())


@given(st.lists(WRITTEN, min_size=1, max_size=4), st.booleans())
@example(["( ( [x ", "a ▁ ￭. b", "我 有iPhone 手机 。", "a ' b'c’d", "$ 5", "aั ", "..a"], True)
@example(["a ภa", "ก ข", "я ภ"], False)
@draws(150)
def test_words_come_back_as_they_were_written(texts, spaceless):
    plan = Preparation(lower=False, ends=True, spaceless=spaceless)
    tokenizer = fit_tokenizer(texts, plan)
    found = [text.decode() for text in tokenizer.texts(tokenizer(texts)).numpy()]
    assert found == [as_written(text) for text in texts]
    # Without the marks the tokens are those of a tokenizer that only reads.
    reading = Tokenizer(replace(plan, reversible=False), SPECIALS)
    plain = [[t.decode() for t in row] for row in reading.tokens(map(as_written, texts)).to_list()]
    marked = [[t.decode() for t in row] for row in tokenizer.tokens(texts).to_list()]
    bare = [[t.replace("￭", "").replace("▁", "") for t in row] for row in marked]
    straight = [[t.replace("’", "'") if len(t) > 1 else t for t in row] for row in bare]
    assert straight == plain


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("at 7:30 for $1,000.", "at 7 :￭ 30 for $￭ 1 ,￭ 000 ."),
        ("A T-shirt, well-known", "A T ￭-￭ shirt , well ￭-￭ known"),
        ('He said "no".', 'He said "￭ no ￭" .'),
        ("Ça va ?", "Ça va ▁?"),
        ("我有 iPhone。", "我 有▁ iPhone 。"),
        ("don’t", "don’t"),
    ],
)
def test_marks_stand_where_spaces_depart_from_the_rule(text, tokens):
    plan = Preparation(lower=False, ends=True)
    (found,) = Tokenizer(plan, SPECIALS).tokens([text]).to_list()
    assert b" ".join(found).decode() == tokens


def test_a_continuation_has_the_space_that_the_rule_wants():
    plan = Preparation(reversible=True)
    tokenizer = Tokenizer(plan, (*SPECIALS, "day", ".", "￭-￭", "一"))
    prompts = ["one", "one ", "(", "", "一"]
    found = tokenizer.continuation(np.array(prompts, object), [[4, 6, 4, 5]] * 5).numpy().tolist()
    assert found == [b" day-day.", b"day-day.", b"day-day.", b"day-day.", b"day-day."]
    prompts, ids = ["one", "一", "one", "one"], [[5, 4], [7, 4], [6, 4], [0, 0]]
    found = [t.decode() for t in tokenizer.continuation(np.array(prompts, object), ids).numpy()]
    assert found == [". day", "一day", "-day", ""]


def test_turkish_and_other_lower_case_of_i():
    turkish = ["Ispanak yıldızı ılık", "Isparta İstanbul ıssız"]
    tokenizer = fit_tokenizer(turkish, Preparation())
    assert "ıspanak" in tokenizer.vocabulary and "istanbul" in tokenizer.vocabulary
    assert tokenizer.preparation.turkish and "Turkish" in tokenizer.notes[0]
    english = fit_tokenizer(["It is İstanbul", "I\u0307stanbul istanbul"], Preparation())
    assert english.vocabulary[4:] == ("istanbul", "is", "it")
    assert not english.preparation.turkish


def test_accents_and_full_width_letters_are_one_character():
    texts = ["caf\u00e9 cafe\u0301", "ＡＢＣ１２ abc12"]
    tokenizer = fit_tokenizer(texts, Preparation())
    assert tokenizer.vocabulary[4:] == ("café", "abc12", "ａｂｃ１２")
    assert [note.split(",")[0][:30] for note in tokenizer.notes] == [
        "5 characters are full-width le",
        "1 text was brought to the Unic",
    ]
    folded = fit_tokenizer(texts, Preparation(normalize="NFKC"))
    assert folded.vocabulary[4:] == ("abc12", "café")


def test_scripts_without_spaces_are_told():
    tokenizer = fit_tokenizer(["今天 very good"], Preparation())
    assert tokenizer.vocabulary[4:] == ("good", "very", "今", "天")
    assert "Chinese" in tokenizer.notes[0]
    (note,) = fit_tokenizer(["今天很好"], Preparation(unit="whitespace")).notes
    assert note.startswith("100% of the characters")


def test_a_record_of_before_is_read_as_it_was_written():
    old = {"unit": "words", "lower": True, "punctuation": True, "replace": [], "max_length": None}
    record = {"preparation": {**old, "keep": "first", "ends": True}, "vocabulary": list(SPECIALS)}
    tokenizer = tokenizer_of(record)
    tokens = tokenizer.tokens(["今天 e\u0301 T-shirt İ"]).to_list()[0]
    assert [t.decode() for t in tokens] == ["今天", "e\u0301", "t", "-", "shirt", "i\u0307"]


def test_what_follows_the_end_is_not_read():
    tokenizer = Tokenizer(Preparation(), (*SPECIALS, "a", "b"))
    assert tokenizer.texts([[2, 4, 1, 5, 3, 4], [4, 0, 0, 0, 0, 0]]).numpy().tolist() == [
        b"a b",
        b"a",
    ]


def test_no_text_can_name_a_special():
    texts = ["[END] a [UNK] [START]", "[END]"]
    tokenizer = fit_tokenizer(texts, Preparation(unit="whitespace", lower=False))
    assert tokenizer.vocabulary == (*SPECIALS, "a")
    assert tokenizer(texts).numpy().tolist() == [[1, 4, 1, 1], [1, 0, 0, 0]]


def test_patterns_are_replaced_first():
    plan = Preparation(replace=(("<[^>]*>", " "), (r"https?://\S+", "url")))
    tokenizer = Tokenizer(plan, SPECIALS)
    assert tokenizer.tokens(["a<br />B http://x.y/z c"]).to_list() == [[b"a", b"b", b"url", b"c"]]
    with pytest.raises(UserError, match=r"'\(\?=a\)', which is not a valid regular expression"):
        Tokenizer(Preparation(replace=(("(?=a)", ""),)), SPECIALS)


def test_half_a_surrogate_pair_is_invalid_and_no_error():
    tokens = Tokenizer(Preparation(unit="characters"), SPECIALS).tokens(["a\ud83d"]).to_list()
    assert tokens == [[b"a", *["\ufffd".encode()] * 3]]


def test_a_very_long_text_and_no_text_at_all():
    tokenizer = Tokenizer(Preparation(max_length=5), (*SPECIALS, "a"))
    assert tokenizer(["a " * 200_000]).numpy().tolist() == [[4] * 5]
    assert tokenizer([]).shape == (0, 0)


@pytest.mark.parametrize("kind", ["list", "object", "unicode", "pandas", "tensor"])
def test_texts_may_come_in_any_kind_of_column(kind):
    import pandas as pd
    import tensorflow as tf

    texts = ["a b", "é"]
    columns = {
        "list": texts,
        "object": np.array(texts, dtype=object),
        "unicode": np.array(texts),
        "pandas": pd.Series(texts, index=[7, 8]),
        "tensor": tf.constant(texts),
    }
    tokenizer = Tokenizer(Preparation(), (*SPECIALS, "a", "é"))
    assert tokenizer(columns[kind]).numpy().tolist() == [[4, 1], [5, 0]]
    assert [row.tolist() for row in tokenizer.encode(columns[kind])] == [[4, 1], [5]]
    assert fit_tokenizer(columns[kind], Preparation()).vocabulary[4:] == ("a", "b", "é")


@pytest.mark.parametrize(
    "vocabulary", [("a", "b"), (*SPECIALS, "a", "a"), SPECIALS[:3]], ids=["none", "twice", "short"]
)
def test_a_vocabulary_that_cannot_be_is_refused(vocabulary):
    with pytest.raises(ValueError, match="vocabulary must begin with"):
        Tokenizer(Preparation(), vocabulary)


@pytest.mark.parametrize(
    "wrong",
    [{"unit": "bytes"}, {"keep": "middle"}, {"max_length": 0}, {"max_length": 2, "ends": True}],
)
def test_a_preparation_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Preparation(**wrong)


def test_the_vocabulary_does_not_depend_on_the_order_of_the_texts():
    lists = [["b", "a", "c"], ["c", "[END]"], ["d", ""]]
    expected = (*SPECIALS, "c", "a", "b", "d")
    assert build_vocabulary(lists) == build_vocabulary(lists[::-1]) == expected
    assert build_vocabulary([[b"\xc3\xa9"]]) == (*SPECIALS, "é")
    assert (
        build_vocabulary(lists, max_size=5) == build_vocabulary(lists, min_count=2) == expected[:5]
    )
    for wrong in ({"max_size": 3}, {"min_count": 0}):
        with pytest.raises(ValueError, match="must be at least"):
            build_vocabulary(lists, **wrong)


LOAD = """
import sys, json
import tensorflow as tf
texts = [bytes.fromhex(text) for text in sys.argv[2:]]
answers = []
for unit in ("words", "characters", "whitespace"):
    module = tf.saved_model.load(f"{sys.argv[1]}/{unit}")
    ids = module.ids(tf.constant(texts))
    answers.append([ids.numpy().tolist(), [t.hex() for t in module.back(ids).numpy().tolist()]])
print(json.dumps(answers))
"""


def exported(tokenizer, path):
    """Save a module that holds the tokenizer."""
    import tensorflow as tf

    module = tf.Module()
    module.tokenizer = tokenizer
    module.ids = tf.function(tokenizer, input_signature=[tf.TensorSpec([None], tf.string)])
    spec = tf.TensorSpec([None, None], tf.int32)
    module.back = tf.function(tokenizer.texts, input_signature=[spec])
    tf.saved_model.save(module, str(path))


def test_a_saved_tokenizer_agrees_in_a_fresh_process(tmp_path, run_forked):
    raw = ["It's “not” GOOD…", "", "😀 的 ة", "İstanbul \n ΑΣ"]
    texts = [text.encode() for text in raw] + [b"\xff\xf0\x9f a", b"never seen"]
    expected = []
    for unit in ("words", "characters", "whitespace"):
        plan = Preparation(unit=unit, ends=unit != "words", replace=(("“|”", '"'),))
        tokenizer = fit_tokenizer(texts[:-1], plan)
        exported(tokenizer, tmp_path / unit)
        ids = tokenizer(texts)
        back = [text.hex() for text in tokenizer.texts(ids).numpy().tolist()]
        expected.append([ids.numpy().tolist(), back])
    done = run_forked(LOAD, str(tmp_path), *(text.hex() for text in texts))
    assert json.loads(done.stdout) == expected
