"""Counts of rows that are told: duplicates, near duplicates, unknown tokens, long texts."""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.text.row_counts import (
    length_cap,
    overlap_notes,
    repeated_notes,
    unknown_note,
)


def test_duplicates_between_parts_are_counted():
    train = ["So good.", "So bad.", "It rained"]
    test = ["So good.", "so GOOD!", "RT @ann: it rained https://a.b/c", "other", "!?"]
    assert overlap_notes(train, {"validation": ["new"], "test": test}, "text") == [
        "test: 1 of 5 texts is in the training part too, and 2 nearly."
    ]
    assert overlap_notes(train, {"test": ["new"]}, "text") == []
    assert overlap_notes(train, {"test": train}, "sentence") == [
        "test: 3 of 3 sentences are in the training part too."
    ]


def test_repeated_rows_are_counted():
    assert repeated_notes(["a"] * 12 + ["b", "c", "c"], "text") == [
        "14 of 15 texts occur more than once; equal ones stay in one part."
    ]
    assert repeated_notes(["a", "b"], "text") == []


def test_unknown_tokens_are_told_for_each_part():
    parts = {"train": [np.array([4, 5, 6])], "test": [np.array([1, 4]), np.array([1])], "new": []}
    assert unknown_note(parts) == "Unknown words: train 0 %, test 66.7 %, new -."


def test_only_texts_out_of_all_proportion_are_cut():
    assert length_cap([30] * 599 + [30_000]) == 200
    assert length_cap([100] * 599 + [30_000]) == 400
    assert length_cap([]) is None
    # Lengths that vary are no outliers: every text of a log-normal sample stays whole.
    assert length_cap(np.exp(np.random.default_rng(0).normal(5, 0.7, 5000)).astype(int)) is None
