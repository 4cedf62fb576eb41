"""The two sets that need no network: word order and the language reference."""

from __future__ import annotations

from collections import Counter

import pytest

from keras_rnn_recipes.text.language_reference import language_reference, split_text
from keras_rnn_recipes.text.word_order import word_order

BETTER = {"stronger", "faster", "wiser", "kinder", "braver", "richer"}
GOOD = {"good", "great", "nice", "lovely", "fine"}


def meaning(text):
    """The label by reading the sentence, not by how it was made."""
    words = text.split()
    if "but" in words:
        *_, degree, judgement = words
        return (judgement in GOOD) == (degree == "really")
    verb = words.index("is")
    word = words[words.index("than") - 1]
    return (words[verb - 1] == "Bob") == ((word in BETTER) == ("not" not in words))


def test_labels_are_what_the_sentences_say():
    for part in word_order(train_size=4000):
        said = ["positive" if meaning(text) else "negative" for text in part.texts]
        assert list(part.labels) == said
        kinds = Counter("but" in text.split() for text in part.texts)
        assert kinds[True] == kinds[False] == len(part) // 2


def test_every_sentence_has_a_twin_of_the_same_words_and_the_other_label():
    for part in word_order():
        bags: dict[tuple, list] = {}
        for text, label in zip(part.texts, part.labels, strict=True):
            bags.setdefault(tuple(sorted(text.split())), []).append(label)
        assert all(labels.count("positive") * 2 == len(labels) for labels in bags.values())


def test_no_sentence_is_in_two_parts_and_the_seed_decides():
    parts = word_order()
    texts = [text for part in parts for text in part.texts]
    assert [len(part) for part in parts] == [3000, 500, 500]
    assert len(set(texts)) == len(texts)
    assert word_order() == parts != word_order(seed=1)


@pytest.mark.parametrize("wrong", [{"train_size": 3}, {"test_size": -2}, {"train_size": 10**6}])
def test_sizes_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="even and sum to at most"):
        word_order(**wrong)


def test_the_language_reference_is_english_of_some_length():
    text = language_reference()
    assert text == language_reference() and len(text) > 300_000
    words = Counter(text.lower().split())
    assert words.most_common(1)[0][0] == "the" and "\0" not in text


def test_a_text_is_cut_in_its_order():
    text = language_reference()
    train, valid, test = split_text(text)
    assert train + valid + test == text
    assert len(test) == pytest.approx(0.1 * len(text), abs=1)
    assert len(valid) == pytest.approx(0.05 * len(text), abs=1)
    with pytest.raises(ValueError, match="sum to less than 1"):
        split_text(text, valid_share=0.5, test_share=0.5)
