"""Rows held out: groups stay whole, every label stays in training, shares are kept."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.catalogue import hold_out
from keras_rnn_recipes.text.holding_out import draw_held_out
from keras_rnn_recipes.text.reading import LabelledTexts

ROWS = st.lists(st.tuples(st.integers(0, 12), st.sets(st.sampled_from("abcd"))), min_size=2)


@given(ROWS, st.floats(0.05, 0.6), st.integers(0, 5))
def test_groups_stay_whole_and_labels_stay_in_training(rows, share, seed):
    keys, labels = zip(*rows, strict=True)
    strata = ["".join(sorted(found))[:1] for found in labels]
    held = draw_held_out(keys, labels, strata, share, seed=seed)
    out = {key for key, one in zip(keys, held, strict=True) if one}
    stay = {key for key, one in zip(keys, held, strict=True) if not one}
    assert not out & stay and stay
    assert bool(out) == (len(set(keys)) > 1)
    groups: Counter[str] = Counter()
    for key in set(keys):
        groups.update({label for k, found in rows if k == key for label in found})
    left = {label for found, one in zip(labels, held, strict=True) if not one for label in found}
    # Unless every group is the last one of some label, no label is lost.
    free = [
        key
        for key in set(keys)
        if all(groups[label] > 1 for k, found in rows if k == key for label in found)
    ]
    if free and len(set(keys)) > 1:
        assert left == set(groups)


@pytest.mark.parametrize("seed", range(10))
def test_a_label_in_one_row_or_one_repeated_text_stays_in_training(seed):
    texts = [f"text {n}" for n in range(200)] + ["win a prize"] * 12 + ["alone"]
    labels = ["x", "y"] * 100 + ["spam"] * 12 + ["rare"]
    train, test = hold_out(LabelledTexts(tuple(texts), tuple(labels)), 0.2, seed=seed)
    assert set(train.labels) == set(labels)
    assert Counter(test.labels) == {"x": 20, "y": 20}
    assert not set(train.texts) & set(test.texts)


def test_a_large_group_of_equal_texts_does_not_become_the_test_part():
    texts = ["same"] * 60 + [f"other {n}" for n in range(40)]
    for seed in range(10):
        train, test = hold_out(LabelledTexts(tuple(texts), ("x",) * 100), 0.2, seed=seed)
        assert len(test) == 20 and "same" not in test.texts and len(train) == 80


def test_many_labels_of_few_rows_still_give_a_part_of_the_wanted_size():
    labels = tuple(str(n // 4) for n in range(400))
    texts = tuple(map(str, range(400)))
    train, test = hold_out(LabelledTexts(texts, labels), 0.1)
    assert len(test) == 40 and set(train.labels) == set(labels)


@pytest.mark.parametrize("labels", ["abcdef", "aab", "ab"])
def test_labels_that_occur_once_are_not_lost(labels):
    rows = LabelledTexts(tuple(map(str, range(len(labels)))), tuple(labels))
    with pytest.raises(UserError, match="is the only one with its label|too few"):
        train, _ = hold_out(rows, 0.3)
        hold_out(train, 0.3)
    # One more text of every label is enough.
    twice = LabelledTexts(tuple(map(str, range(2 * len(labels)))), tuple(labels + labels))
    train, test = hold_out(twice, 0.3)
    assert set(train.labels) == set(labels) and len(test) > 0


def test_a_share_of_nothing_is_refused():
    rows = LabelledTexts(("a", "b"), ("x", "y"))
    for share in (0.0, 1.0, -0.1):
        with pytest.raises(UserError, match="above 0 and below 1"):
            hold_out(rows, share)


def test_strata_are_held_out_alike():
    random = np.random.default_rng(0)
    strata = random.choice(list("abc"), 3000, p=[0.7, 0.2, 0.1]).tolist()
    held = draw_held_out(range(3000), [(one,) for one in strata], strata, 0.2)
    for name in "abc":
        rows = np.array(strata) == name
        assert held[rows].sum() == round(0.2 * rows.sum())
