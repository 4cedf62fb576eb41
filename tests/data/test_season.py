"""The season that a series shows is the one it was made with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st

from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.data.season import find_season, infer_season_length


@pytest.mark.parametrize(
    ("freq", "season"),
    [
        ("D", 7), ("h", 24), ("MS", 12), ("ME", 12), ("QS", 4), ("QE-OCT", 4), ("W-SUN", 52),
        ("YS", 1), ("B", 5), ("1", 1), ("min", 1440), ("15min", 96), ("30min", 48), ("6h", 4),
        ("s", 86400), ("12h", 2), ("28D", 13), ("3MS", 4), ("5MS", 1),
    ],
)  # fmt: skip
def test_customary_seasons(freq, season):
    assert infer_season_length(freq) == season


def test_the_data_choose_between_the_hour_and_the_day():
    rng, minutes = np.random.default_rng(0), np.arange(3 * 1440)
    noise = rng.normal(size=len(minutes)) / 10
    hourly = np.sin(2 * np.pi * minutes / 60) + noise
    daily = np.tile(rng.normal(size=1440), 3) + noise
    assert infer_season_length("min", hourly[:2000]) == 60
    assert infer_season_length("min", daily) == 1440
    assert infer_season_length("min", noise[:500]) == 60


@given(
    profile=st.lists(st.integers(-9, 9), min_size=3, max_size=30),
    repeats=st.integers(4, 8),
    slope=st.floats(-2, 2),
)
def test_the_shortest_lag_at_which_the_changes_repeat_is_found(profile, repeats, slope):
    change = np.diff([*profile, profile[0]]).astype(float)
    assume(change.any())
    shifted = [
        np.dot(change, np.roll(change, k)) / np.dot(change, change) for k in range(len(profile))
    ]
    # Neither a part of the season that nearly repeats, nor one rare change that is cut off.
    assume(max(shifted[1:]) < 0.6 and min(shifted) < 0.4)
    assume(np.abs(change).max() <= 3 * np.median(np.abs(change)))
    series = np.tile(np.array(profile, float), repeats) + slope * np.arange(len(profile) * repeats)
    assume(len(series) >= 30)
    assert find_season([series]) == len(profile)
    assert find_season([-3 * series + 1000]) == len(profile)


@pytest.mark.parametrize("kind", ["noise", "walk", "smooth walk", "moving average", "rare demand"])
@pytest.mark.parametrize("steps", [5, 12, 40, 150, 500])
def test_chance_is_rarely_taken_for_a_season(kind, steps):
    rng, found = np.random.default_rng(0), 0
    for _ in range(40):
        noise = rng.normal(size=steps)
        series = {
            "noise": noise,
            "walk": noise.cumsum(),
            "smooth walk": noise.cumsum().cumsum(),
            "moving average": np.convolve(noise, np.ones(5))[:steps],
            "rare demand": np.abs(noise) * (rng.random(steps) < 0.2),
        }[kind]
        found += find_season([series]) > 1
    assert found <= 3


def test_many_noisy_series_show_a_season_that_one_does_not():
    rng, wave = np.random.default_rng(1), np.sin(2 * np.pi * np.arange(60) / 12)
    series = [4 * wave + rng.normal(size=60) for _ in range(40)]
    assert find_season(series) == 12
    assert find_season(series[:1]) == 1


def test_outliers_and_gaps_do_not_hide_a_season():
    series = np.tile([3.0, 9.0, 4.0, 1.0, 5.0, 6.0, 2.0], 20)
    series[[11, 83]] = [400, -3000]
    series[[20, 21, 22, 70]] = np.nan
    assert find_season([series]) == 7


@pytest.mark.parametrize("series", [[], [1.0], [2.0, 2.0], [5.0] * 50, [np.nan] * 30])
def test_nothing_to_find(series):
    assert find_season([np.array(series, float)]) == 1


def test_a_table_without_dates_has_the_season_of_its_values():
    values = np.tile([112.0, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118], 6)
    frame = pd.DataFrame({"step": range(1, 73), "y": values + np.arange(72)})
    panel = read_panel(frame)
    assert (panel.freq, panel.season_length) == ("1", 12)
    assert read_panel(frame, season_length=4).season_length == 4
