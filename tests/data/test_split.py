"""Splits by time: nothing held out is trained on, and every held-out step has its context."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.data.split import split_by_time
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import count_windows, window_dataset
from keras_rnn_recipes.errors import UserError


def panel(*lengths: int) -> pd.DataFrame:
    """Series a, b, ... of these lengths; y numbers the rows from 1."""
    names = np.repeat([chr(97 + n) for n in range(len(lengths))], lengths)
    ds = np.concatenate([np.arange(n) for n in lengths])
    return pd.DataFrame({"unique_id": names, "ds": ds, "y": np.arange(1.0, len(ds) + 1)})


SIZES = {"valid_size": st.integers(0, 4), "test_size": st.integers(0, 4)}


@given(
    st.lists(st.integers(1, 15), min_size=1, max_size=5), st.fixed_dictionaries(SIZES),
    st.integers(0, 6),
)  # fmt: skip
def test_parts_are_the_rows_counted_from_each_end(lengths, sizes, lookback):
    frame, held_out = panel(*lengths), sum(sizes.values())
    if held_out and max(lengths) <= held_out:
        with pytest.raises(UserError, match="No series can be split"):
            split_by_time(frame, **sizes, lookback=lookback)
        return
    split = split_by_time(frame, **sizes, lookback=lookback)
    for name, series in frame.groupby("unique_id"):
        train, valid, test = (
            part.loc[part["unique_id"] == name, "y"].tolist()
            for part in (split.train, split.valid, split.test)
        )
        rows, n = series["y"].tolist(), len(series)
        if held_out and n <= held_out:
            assert (train, valid, test) == (rows, [], [])
            assert name in split.skipped
            continue
        assert name not in split.skipped
        end, begin = n - sizes["test_size"], n - held_out
        assert train == rows[:begin]
        assert valid == (rows[max(begin - lookback, 0) : end] if sizes["valid_size"] else [])
        assert test == (rows[max(end - lookback, 0) :] if sizes["test_size"] else [])


def test_changing_what_is_held_out_changes_nothing_in_training():
    frame = panel(20, 12)
    changed = frame.assign(y=frame["y"].where(frame.groupby("unique_id").cumcount(False) >= 5, -1))
    sizes = {"valid_size": 2, "test_size": 3, "lookback": 4}
    before, after = (split_by_time(f, **sizes) for f in (frame, changed))
    assert not frame.equals(changed)
    pd.testing.assert_frame_equal(before.train, after.train)


@pytest.mark.parametrize("part", ["valid", "test"])
def test_targets_of_held_out_windows_are_held_out_steps_and_no_others(part):
    frame = panel(30, 25)
    split = split_by_time(frame, valid_size=4, test_size=5, lookback=6)
    windows = window_dataset(getattr(split, part), WindowSpec(lookback=6, horizon=2))
    targets = {float(y) for _, ys, _ in windows for y in ys.numpy().ravel()}
    trained = set(split.train["y"])
    assert targets.isdisjoint(trained)
    expected = {"valid": [*range(22, 26), *range(47, 51)], "test": [*range(26, 31), *range(51, 56)]}
    assert targets == set(expected[part])


def test_each_held_out_origin_gives_a_window():
    split = split_by_time(panel(30), valid_size=4, test_size=5, lookback=6)
    assert count_windows(split.test, WindowSpec(lookback=6, horizon=2)) == 4


@pytest.mark.parametrize("name", ["valid_size", "test_size", "lookback"])
def test_negative_sizes_are_refused(name):
    sizes = {"valid_size": 1, "test_size": 1, "lookback": 1} | {name: -1}
    with pytest.raises(UserError, match=f"{name} is -1"):
        split_by_time(panel(9), **sizes)
