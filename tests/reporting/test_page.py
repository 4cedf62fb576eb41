"""Parts of a report's page that hold for every family."""

from __future__ import annotations

from keras_rnn_recipes.reporting.page import flat


def test_settings_that_are_left_open_have_no_row():
    left_open = {"none": None, "list": [], "pair": (), "section": {}, "other": {"none": None}}
    given = {"zero": 0, "no": False, "blank": "", "inner": {"list": [1, "b"], "pair": (2, 3)}}
    assert flat({"format_version": 1, **left_open, **given}) == [
        ("zero", "0"),
        ("no", "False"),
        ("blank", ""),
        ("inner.list", "1, b"),
        ("inner.pair", "2, 3"),
    ]
