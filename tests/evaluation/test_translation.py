"""Figures of texts: worked out by hand, or by counting in another way."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation import translation
from keras_rnn_recipes.evaluation.translation import (
    accuracy_at_1,
    bleu,
    character_error_rate,
    chrf,
    phoneme_error_rate,
    score_texts,
    word_accuracy,
    word_error_rate,
    wrong_words,
)

pytest.importorskip("sacrebleu", reason="the extra 'text' is needed")
pytest.importorskip("jiwer", reason="the extra 'text' is needed")

FUNCTIONS = (bleu, chrf, character_error_rate, word_error_rate, accuracy_at_1, score_texts)


def ngrams(words, n):
    return Counter(zip(*(words[start:] for start in range(n)), strict=False))


def plain_bleu(hypotheses, references):
    """Papineni's formula over a corpus of words, without smoothing."""
    precisions = []
    for n in range(1, 5):
        matched = total = 0
        for found, wanted in zip(hypotheses, references, strict=True):
            grams = ngrams(found.split(), n)
            matched += (grams & ngrams(wanted.split(), n)).total()
            total += grams.total()
        precisions.append(matched / total)
    lengths = [sum(len(text.split()) for text in texts) for texts in (references, hypotheses)]
    brevity = min(1.0, math.exp(1 - lengths[0] / lengths[1]))
    return 100 * brevity * math.exp(sum(map(math.log, precisions)) / 4)


def test_bleu_is_the_formula_over_the_corpus():
    hypotheses = ["a man rides a red bike today", "two dogs run in the snow", "a cat"]
    references = ["a man rides a red bike", "two dogs run through the deep snow", "a black cat"]
    found = bleu(hypotheses, references)
    assert found.score == pytest.approx(plain_bleu(hypotheses, references), rel=1e-6)
    for part in ("nrefs:1", "case:mixed", "tok:13a", "version:"):
        assert part in found.signature
    assert "case:lc" in bleu(hypotheses, references, lowercase=True).signature


CHINESE = ["我今天早上去了市场买菜。", "他们昨天晚上看了一部电影。", "这本书对学习历史很有帮助。"]
ANSWERS = ["我今天上午去了市场买菜。", "他们昨天夜里看了一部电影。", "这本书对学习历史很有用处。"]


@pytest.mark.parametrize(
    "hypotheses, references, tokenizer",
    [
        (ANSWERS, CHINESE, "zh"),
        (["私は猫が好きです。"], ["私は犬が好きです。"], "char"),
        (["ผมชอบแมว"], ["ผมชอบหมา"], "char"),
        (["나는 고양이를 정말 좋아해"], ["나는 고양이를 정말 좋아한다"], "13a"),
        (["I like the 猫 very much"], ["I like the 犬 very much"], "13a"),
    ],
)
def test_the_tokenizer_of_bleu_fits_the_script(hypotheses, references, tokenizer):
    from sacrebleu.metrics import BLEU

    found = bleu(hypotheses, references)
    wanted = BLEU(tokenize=tokenizer).corpus_score(hypotheses, [references]).score
    assert found.score == pytest.approx(wanted)
    assert f"tok:{tokenizer}|" in found.signature
    assert f"tok:{tokenizer}|" in translation.describe_signatures(["bleu"], references)


def test_bleu_of_chinese_texts():
    found = score_texts(ANSWERS, CHINESE, metrics=["bleu"])
    assert found["bleu"] == pytest.approx(69.52, abs=0.01)


def test_every_metric_ignores_case_when_it_is_asked_to_and_says_so():
    references, hypotheses = ["The Cat sat on É"], ["the cat sat on e\u0301"]
    perfect = {"bleu": 100.0, "chrf": 100.0, "accuracy_at_1": 1.0}
    perfect |= {"character_error_rate": 0.0, "word_error_rate": 0.0}
    assert score_texts(hypotheses, references, lowercase=True) == pytest.approx(perfect)
    assert score_texts(hypotheses, references)["accuracy_at_1"] == 0.0
    told = translation.describe_signatures(["bleu", "chrf"], references, lowercase=True)
    assert told.count("case:lc") == 2 and "ignore case" in told


@pytest.mark.parametrize(
    "options, text",
    [
        ({"lower": True}, "Isparta'nın ışığı İzmir'i KISA"),
        ({"lower": True}, "ΑΣ É Straße"),
        ({"normalize": "NFKC"}, "ＡＢＣ ﬁn ①"),
        ({}, "two  spaces\tand a tab"),
    ],
)
def test_an_oracle_is_perfect_whatever_the_tokens_leave_of_a_text(options, text):
    from keras_rnn_recipes.text.preparation import Preparation
    from keras_rnn_recipes.text.tokenizer import fit_tokenizer

    tokenizer = fit_tokenizer([text], Preparation(**{"lower": False, **options}, ends=True))
    answers = [answer.decode() for answer in tokenizer.texts(tokenizer([text])).numpy()]
    form = options.get("normalize", "NFC")
    found = score_texts(answers, [text], lowercase=options.get("lower", False), normalize=form)
    assert found["accuracy_at_1"] == 1.0 and found["character_error_rate"] == 0.0
    assert found["chrf"] == pytest.approx(100.0)


def test_turkish_letters_stay_apart():
    references = ["Kısa kıyı ILIK"]
    found = score_texts(["kısa kıyı ilik"], references, lowercase=True, metrics=["accuracy_at_1"])
    assert found["accuracy_at_1"] == 0.0


def test_an_oracle_that_answers_with_the_tokens_of_the_references_is_perfect():
    from keras_rnn_recipes.text.preparation import Preparation
    from keras_rnn_recipes.text.tokenizer import fit_tokenizer

    texts = [
        "The well-known actor paid $3.50 at 10:30.",
        "A T-shirt costs €5.",
        'He said "hello" to us.',
        "U.S. border, e.g. 1,000 places.",
        "don’t panic",
        "Ça va ? « Oui » !",
        "我有 iPhone 手机。",
        "cafe\u0301 (½ price)",
    ]
    tokenizer = fit_tokenizer(texts, Preparation(lower=False, ends=True))
    answers = [text.decode() for text in tokenizer.texts(tokenizer(texts)).numpy()]
    found = score_texts(answers, texts, metrics=["bleu", "chrf", "accuracy_at_1"])
    assert found == pytest.approx({"bleu": 100.0, "chrf": 100.0, "accuracy_at_1": 1.0})


def test_case_counts_unless_it_is_asked_not_to():
    hypotheses, references = ["the cat sat on the mat"], ["The Cat sat on the mat"]
    assert bleu(hypotheses, references).score < 100
    assert bleu(hypotheses, references, lowercase=True).score == pytest.approx(100)


def test_chrf_of_one_word_by_hand():
    """Of "abc" and "abd": two of three letters, one of two pairs, no triple; precision = recall."""
    found = chrf(["abc"], ["abd"])
    assert found.score == pytest.approx(100 * (2 / 3 + 1 / 2 + 0) / 3, rel=1e-6)
    assert "nc:6" in found.signature and "nw:0" in found.signature


def distance(one, other):
    """Levenshtein's, by the table."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        row, before = [i], row
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


TEXTS = st.text("ab c", max_size=8).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(TEXTS, TEXTS.filter(bool)), min_size=1, max_size=5))
@draws(40)
def test_error_rates_are_edit_distances(pairs):
    hypotheses, references = zip(*pairs, strict=True)
    for rate, split in ((character_error_rate, list), (word_error_rate, str.split)):
        wrong = sum(distance(split(a), split(b)) for a, b in pairs)
        expected = wrong / sum(len(split(text)) for text in references)
        assert rate(hypotheses, references) == pytest.approx(expected)


def test_nothing_given_is_all_left_out_and_what_is_given_for_nothing_is_wrong():
    assert word_error_rate(["", ""], ["a b", "c"]) == 1.0
    assert word_error_rate(["x y z", "c"], ["", "c"]) == 3.0
    assert bleu(["", ""], ["a b", "c"]).score == 0.0


def test_accuracy_counts_whole_texts():
    assert accuracy_at_1(["a b", " c ", "D", ""], ["a b", "c", "d", "e"]) == 0.5


def test_all_figures_together_are_those_of_each():
    hypotheses, references = ["a cat sat here", "dogs"], ["a cat sat there", "dog"]
    found = score_texts(hypotheses, references)
    assert score_texts(hypotheses, references, metrics=["chrf"]) == {"chrf": found["chrf"]}
    assert found["bleu"] == bleu(hypotheses, references).score
    assert found["chrf"] == chrf(hypotheses, references).score
    assert found["character_error_rate"] == pytest.approx(2 / 18)
    assert (found["word_error_rate"], found["accuracy_at_1"]) == (2 / 5, 0.0)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_unequal_numbers_and_no_texts_are_refused(function):
    for hypotheses, references in ((["a"], ["a", "b"]), ([], [])):
        with pytest.raises(ValueError, match=f"received {len(hypotheses)} and {len(references)}"):
            function(hypotheses, references)


def test_an_error_rate_of_nothing_is_refused():
    for rate in (character_error_rate, word_error_rate):
        with pytest.raises(ValueError, match="all references are empty"):
            rate(["a"], [" "])


def test_what_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    for function in (bleu, chrf, character_error_rate, word_error_rate):
        with pytest.raises(UserError, match=r"pip install 'keras-rnn-recipes\[text\]'"):
            function(["a"], ["a"])
    assert translation.accuracy_at_1(["a"], ["a"]) == 1.0


SEVERAL = (("the cat sat on the mat", "a cat sat there"), ("two dogs",), ("x y z", "x", "x y w"))
GIVEN = ("a cat sat there", "two dogs run", "x y w")


def test_any_of_several_references_may_be_meant():
    assert accuracy_at_1(GIVEN, SEVERAL) == pytest.approx(2 / 3)
    # Nearest references: 4, 2 and 3 words, with one word too many in the second.
    assert word_error_rate(GIVEN, SEVERAL) == pytest.approx(1 / 9)
    assert word_accuracy(GIVEN, SEVERAL) == pytest.approx(8 / 9)
    assert character_error_rate(["abd"], [("xyz", "abc")]) == pytest.approx(1 / 3)
    found = score_texts(GIVEN, SEVERAL, metrics=["exact_match", "word_accuracy"], lowercase=True)
    assert found == {"exact_match": pytest.approx(2 / 3), "word_accuracy": pytest.approx(8 / 9)}


def test_one_reference_in_a_list_is_one_reference():
    one = ["the cat sat on the mat", "two dogs", "x y"]
    listed = [[text] for text in one]
    assert score_texts(GIVEN, one) == score_texts(GIVEN, listed)


def test_bleu_of_several_references_is_the_formula():
    """Counts are cut at the largest of a reference, lengths are those of the closest one."""
    found = bleu(GIVEN, SEVERAL, tokenize="none")
    right, all_of, given_length, wanted_length = [0] * 4, [0] * 4, 0, 0
    for text, references in zip(GIVEN, SEVERAL, strict=True):
        words, several = text.split(), [one.split() for one in references]
        given_length += len(words)
        wanted_length += min((abs(len(one) - len(words)), len(one)) for one in several)[1]
        for n in range(1, 5):
            most = Counter()
            for one in several:
                most |= ngrams(one, n)
            right[n - 1] += sum((ngrams(words, n) & most).values())
            all_of[n - 1] += sum(ngrams(words, n).values())
    brevity = min(1, math.exp(1 - wanted_length / given_length))
    precisions = [math.log(x / y) for x, y in zip(right, all_of, strict=True)]
    assert found.score == pytest.approx(100 * brevity * math.exp(sum(precisions) / 4))
    assert "nrefs:var" in found.signature


@pytest.mark.parametrize("metric", ["bleu", "chrf"])
def test_another_reference_cannot_lower_a_score(metric):
    few = score_texts(GIVEN, [one[:1] for one in SEVERAL], metrics=[metric])[metric]
    assert score_texts(GIVEN, SEVERAL, metrics=[metric])[metric] >= few


def edits(one, other):
    """Edit distance by its recursion, from the ends."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        edits(one[:-1], other) + 1,
        edits(one, other[:-1]) + 1,
        edits(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )


SAID = st.lists(st.sampled_from(["AH", "B", "TH"]), min_size=1, max_size=4)


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["AH", "B", "TH"]), max_size=4),
            st.lists(SAID, min_size=1, max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
@draws(60)
def test_phonemes_are_judged_by_the_nearest_pronunciation(words):
    given_texts = [" ".join(found) for found, _ in words]
    wanted = [tuple(" ".join(one) for one in several) for _, several in words]
    nearest = [min(several, key=lambda one: edits(found, one)) for found, several in words]
    errors = sum(edits(found, one) for (found, _), one in zip(words, nearest, strict=True))
    rate = errors / sum(map(len, nearest))
    assert phoneme_error_rate(given_texts, wanted) == pytest.approx(rate)
    wrong = sum(found not in several for found, several in words) / len(words)
    assert wrong_words(given_texts, wanted) == pytest.approx(wrong)
    metrics = ["phoneme_error_rate", "wrong_words"]
    expected = {"phoneme_error_rate": pytest.approx(rate), "wrong_words": pytest.approx(wrong)}
    assert score_texts(given_texts, wanted, metrics=metrics) == expected
