"""Strings and their reverse: made alike each time, none in two parts."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.text.reversal import reversal


def test_every_target_is_its_source_backwards_and_no_string_is_in_two_parts():
    parts = reversal(train_size=200, valid_size=30, test_size=50)
    assert [len(part) for part in parts] == [200, 30, 50]
    for part in parts:
        for source, target in zip(part.sources, part.targets, strict=True):
            assert list(reversed(source)) == list(target)
            assert 3 <= len(source) <= 8
    assert len({source for part in parts for source in part.sources}) == 280
    assert parts == reversal(train_size=200, valid_size=30, test_size=50)
    assert parts != reversal(train_size=200, valid_size=30, test_size=50, seed=1)


def test_strings_to_be_tested_on_may_be_longer_than_all_others():
    parts = reversal(train_size=90, valid_size=30, test_size=50, symbols="01", test_lengths=(9, 16))
    lengths = [{len(text) for text in part.sources} for part in parts]
    assert lengths[0] == set(range(3, 9)) and lengths[1] <= lengths[0]
    assert lengths[2] == set(range(9, 17))
    assert {symbol for part in parts for text in part.sources for symbol in text} == {"0", "1"}


def test_sizes_below_nought_are_refused():
    with pytest.raises(ValueError, match="max_length at least 3"):
        reversal(max_length=2)
    with pytest.raises(ValueError, match="test_lengths ascending"):
        reversal(test_lengths=(9, 8))
