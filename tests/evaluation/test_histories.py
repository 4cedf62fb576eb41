"""Windows of history and targets, and the covariates that go with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.evaluation.histories import Windows, training_windows

VALUES = np.arange(6.0)[:, None]
COVARIATES = {"future": VALUES * 10, "static": VALUES * 100}


@pytest.mark.parametrize("kind", ["future", "static"])
def test_one_kind_of_covariates_is_enough_for_a_dict(kind):
    starts, ends = np.array([0, 3]), np.array([2, 5])
    windows = Windows(VALUES, starts, ends, horizon=1, **{kind: COVARIATES[kind]})
    part = slice(0, 2)
    inputs = windows.with_covariates(part, windows.history(part, 2))
    assert isinstance(inputs, dict) and set(inputs) == {"history", kind}
    assert inputs["history"][..., 0].tolist() == [[0, 1], [3, 4]]
    rows = inputs[kind][..., 0].tolist()
    assert rows == ([[0, 10, 20], [30, 40, 50]] if kind == "future" else [0, 300])


def test_without_covariates_the_history_is_alone():
    windows = Windows(VALUES, np.array([0]), np.array([2]), horizon=1)
    history = windows.history(slice(0, 1), 2)
    assert windows.with_covariates(slice(0, 1), history) is history


def test_windows_with_some_missing_values_are_kept_and_empty_ones_are_not():
    nan = np.nan
    train = pd.DataFrame({"unique_id": "a", "y": [1.0, nan, 3.0, nan, 5.0, nan, nan, nan, nan]})
    windows = training_windows(train, lookback=2, horizon=2, max_windows=10, seed=0)
    expected = [[1, nan, 3, nan], [nan, 3, nan, 5], [3, nan, 5, nan]]
    np.testing.assert_array_equal(windows, expected)


@pytest.mark.parametrize(("season", "expected"), [(None, [2, 3]), (1, [2, 3]), (2, [1, 2])])
def test_a_history_before_a_gap_ends_whole_seasons_earlier(season, expected):
    """The gap of three steps is three seasons of one step, and within two seasons of two."""
    values = np.array([1, 2, 3, np.nan, np.nan, np.nan])[:, None]
    given = {} if season is None else {"season_length": season}
    windows = Windows(values, np.array([0]), np.array([6]), horizon=1, **given)
    assert windows.history(slice(0, 1), 2)[0, :, 0].tolist() == expected
