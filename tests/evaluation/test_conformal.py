"""Intervals hold what they should on data whose spread is known, and rest on nothing after it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from profiles import draws

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation import conformal as module
from keras_rnn_recipes.evaluation.backtest import backtest, forecast_future
from keras_rnn_recipes.evaluation.conformal import (
    Calibration,
    calibrate,
    interval_scale,
    interval_widths,
    with_bounds,
)
from keras_rnn_recipes.evaluation.intervals import score_intervals
from keras_rnn_recipes.evaluation.metrics import summarise

HORIZON = 4


def walks(num_series: int, length: int, *, skewed: bool = False, seed: int = 0) -> pd.DataFrame:
    """Random walks, each with steps of its own size: the best forecast is the last value."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(num_series):
        steps = rng.exponential(size=length) - 1 if skewed else rng.normal(size=length)
        y = 50 * number + 10.0 ** rng.uniform(-2, 3) * steps.cumsum()
        parts.append(pd.DataFrame({"unique_id": f"s{number}", "ds": range(length), "y": y}))
    return pd.concat(parts, ignore_index=True)


def last(history: np.ndarray) -> np.ndarray:
    return history[:, -1:, 0].repeat(HORIZON, axis=1)


def calibrated(frame: pd.DataFrame, valid_size: int, **options) -> Calibration:
    defaults = {"levels": (80, 95), "lookback": 40, "horizon": HORIZON, "season_length": 1}
    return calibrate(frame, last, valid_size=valid_size, **{**defaults, **options})


@pytest.mark.parametrize("skewed", [False, True])
def test_new_series_of_any_size_are_covered_as_often_as_asked(skewed):
    found = calibrated(walks(60, 80, skewed=skewed), 20)
    unseen = walks(150, 80, skewed=skewed, seed=9)
    tested = backtest(
        unseen,
        {"last": with_bounds(last, found, lookback=40)},
        lookback=40,
        horizon=HORIZON,
        test_size=20,
        levels=found.levels,
    )
    figures = summarise(score_intervals(tested, unseen, season_length=1))["last"]
    assert figures["coverage-80"] == pytest.approx(80, abs=3)
    assert figures["coverage-95"] == pytest.approx(95, abs=2)
    below, above = -found.widths[:, 0], found.widths[:, 1]
    assert (np.diff(above) > 0).all()  # a walk goes further the longer it walks
    assert (above > 1.2 * below).all() if skewed else above == pytest.approx(below, rel=0.15)


def test_widths_by_hand():
    """Of 9 errors at each of two steps, n + 1 = 10: 80 % is the 8th, 90 % the 9th and largest."""
    scores = np.stack([np.arange(1.0, 10) * (-1.0) ** np.arange(9), 10 * np.arange(1.0, 10)], 1)
    import keras_rnn_recipes.evaluation.conformal as module

    enough, module.ENOUGH_SCORES = module.ENOUGH_SCORES, 9
    try:
        widths = interval_widths(scores, (80, 90))
    finally:
        module.ENOUGH_SCORES = enough
    # Sizes 8 and 80. Relative errors of both steps: 1/8 ... 9/8 twice, every other of the first
    # negative. The 18th and 19th of 18, at 90 % and 95 %, are the largest: 9/8 above, 8/8 below.
    np.testing.assert_allclose(widths[:, :2], [[-8, 9], [-80, 90]])
    # Sizes 9 and 90: the largest above is 9/9, below 8/9.
    np.testing.assert_allclose(widths[:, 2:], [[-8, 9], [-80, 90]])


@draws(40)
@given(
    scores=hnp.arrays(
        "float64",
        st.tuples(st.integers(1, 30), st.integers(1, 5)),
        elements=st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)),
    ).filter(lambda scores: np.isfinite(scores).any()),
    levels=st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True).map(sorted),
    point=st.floats(-1e6, 1e6),
    scale=st.floats(0, 1e6),
    nonnegative=st.booleans(),
)
def test_bounds_never_cross(scores, levels, point, scale, nonnegative):
    widths = interval_widths(scores, levels)
    assert widths.shape == (scores.shape[1], 2 * len(levels))
    one = Calibration(tuple(levels), widths, 1, nonnegative)
    bounds = one.bounds(np.full((1, scores.shape[1]), point), np.array([scale]))
    lower, upper = bounds[..., 1::2], bounds[..., 2::2]
    inwards = np.concatenate([lower[..., ::-1], bounds[..., :1], upper], axis=-1)
    assert (np.diff(inwards) >= 0).all()
    assert not nonnegative or point < 0 or (lower >= 0).all()


def test_scale_equals_a_loop_and_falls_back():
    rng = np.random.default_rng(0)
    history = rng.normal(size=(5, 20))
    history[rng.random(history.shape) < 0.3] = np.nan
    for row, found in zip(history, interval_scale(history, 4), strict=True):
        sizes = [np.nanmean([abs(row[t] - row[t - lag]) for t in range(lag, 20)]) for lag in (4, 1)]
        assert found == pytest.approx(np.sqrt(sizes[0] * sizes[1]))
    # Too short for a season; repeating itself; nothing to go by.
    short = np.array([[1.0, 3.0, 4.0]])
    assert interval_scale(short, 4) == pytest.approx(1.5)
    assert interval_scale(np.array([[1.0, 3.0, 1.0, 3.0]]), 2) == pytest.approx(2)
    assert interval_scale(np.array([[2.0], [np.nan]]), 4).tolist() == [0, 0]


def test_a_moment_that_was_easy_to_forecast_is_not_taken_for_the_usual():
    """The last steps of every series move a third as much as those before them."""
    frame = walks(50, 80)
    steps = frame.groupby("unique_id")["y"].diff().fillna(0.0)
    calm = frame.groupby("unique_id").cumcount(ascending=False) < HORIZON
    frame["y"] = steps.mask(calm, steps / 3).groupby(frame["unique_id"]).cumsum()
    before = frame[~calm].reset_index(drop=True)
    usual, found = calibrated(before, 4 * HORIZON), calibrated(frame, HORIZON)
    assert "easier to forecast" in found.notes[0] and usual.notes == ()
    ratio = (found.widths[:, 1] / usual.widths[:, 1]).mean()
    assert ratio == pytest.approx(np.sqrt(1 / 3), rel=0.2)  # halfway between a third and all of it


def test_large_panels_are_calibrated_on_some_of_their_series(monkeypatch):
    asked = []

    def counting(history):
        asked.append(len(history))
        return last(history)

    monkeypatch.setattr(module, "MOST_ORIGINS", 30)
    calibrate(
        walks(40, 60),
        counting,
        levels=(80,),
        lookback=40,
        horizon=HORIZON,
        season_length=1,
        valid_size=12,
    )
    assert 10 <= sum(asked) <= 30


@pytest.mark.parametrize("number", [1, 2, 5, 31, 90])
@pytest.mark.parametrize(("size", "horizon"), [(2, 1), (4, 4), (12, 4), (13, 6), (40, 3)])
def test_a_large_panel_has_fewer_origins_and_then_fewer_series(monkeypatch, number, size, horizon):
    """The smallest stride with at most 30 origins, or the horizon and every k-th series."""
    monkeypatch.setattr(module, "MOST_ORIGINS", 30)
    names = [f"s{n}" for n in range(number) for _ in range(3)]
    kept, stride = module._thinned(pd.DataFrame({"unique_id": names}), size, horizon)
    of_one = {step: len(range(horizon, size + 1, step)) for step in range(1, horizon + 1)}
    fitting = [step for step, origins in of_one.items() if number * origins <= 30]
    assert stride == min(fitting, default=horizon)
    every = next(k for k in range(1, 99) if len(range(0, number, k)) * of_one[stride] <= 30)
    assert kept["unique_id"].unique().tolist() == [f"s{n}" for n in range(0, number, every)]
    assert (kept.groupby("unique_id").size() == 3).all()


def test_nothing_after_the_frame_and_no_order_of_series_matters():
    frame = walks(6, 60)
    found = calibrated(frame, 12)
    flipped = frame.assign(unique_id=frame["unique_id"].str.replace("s", "t"), ds=frame["ds"] + 7)
    np.testing.assert_array_equal(calibrated(flipped, 12).widths, found.widths)


def test_no_validation_part_is_said():
    assert calibrated(walks(40, 60), 20).notes == ()
    found = calibrated(walks(40, 60), 0)
    assert "likely too narrow" in found.notes[0] and found.widths[0, 1] > 0
    assert "only 4 errors" in calibrated(walks(1, 30), 4).notes[-1]


def test_bounds_stop_at_nought_only_where_no_value_was_below():
    frame = walks(3, 60)
    assert not calibrated(frame, 12).nonnegative
    assert calibrated(frame.assign(y=frame["y"].abs()), 12).nonnegative


def test_columns_beside_the_history_change_nothing():
    one = Calibration((80.0,), np.tile([-1.0, 2.0], (HORIZON, 1)), 1)
    history = np.random.default_rng(0).normal(size=(3, 9, 1))
    plain = with_bounds(last, one, lookback=9)(history)
    beside = with_bounds(lambda seen: last(seen["history"]), one, lookback=9)
    np.testing.assert_array_equal(beside({"history": history, "static": np.zeros((3, 2))}), plain)


def test_what_cannot_be_calibrated_is_told():
    still = walks(2, 30).assign(y=3.0)
    with pytest.raises(UserError, match="Intervals cannot be calibrated"):
        calibrated(still, 8)
    with pytest.raises(UserError, match="100 is not between"):
        calibrated(walks(2, 30), 8, levels=(100,))


def test_bounds_stand_behind_their_forecast_in_every_table():
    frame = walks(2, 40)
    sure = with_bounds(last, calibrated(frame, 12), lookback=40)
    options = {"lookback": 40, "horizon": HORIZON, "levels": (80, 95)}
    tested = backtest(frame, {"a": sure, "b": last}, **options)
    bounds = ["a-lo-80", "a-hi-80", "a-lo-95", "a-hi-95"]
    assert list(tested) == ["unique_id", "ds", "cutoff", "y", "a", *bounds, "b"]
    future = forecast_future(frame, {"a": sure}, freq=1, **options)
    assert list(future) == ["unique_id", "ds", "a", *bounds]
    assert (future["a-lo-95"] < future["a-lo-80"]).all()
    with pytest.raises(ValueError, match=r"returned shape \(2, 4, 5\)"):
        backtest(frame, {"a": sure}, lookback=40, horizon=HORIZON, levels=(80,))


def test_widths_belong_to_their_step():
    """Errors of the second step half as large as those of the first, enough of both."""
    first = np.random.default_rng(0).normal(size=2000)
    widths = interval_widths(np.stack([first, first / 2], axis=1), (50, 80))
    np.testing.assert_allclose(widths[1], widths[0] / 2)


@pytest.mark.parametrize(("count", "expected"), [(8, 1), (9, 0)])
def test_a_note_where_the_width_is_the_largest_error(count, expected):
    """The rank of level 80 is ceil(0.8 (n + 1)): n itself up to n = 8, 8 for n = 9."""
    series = walks(1, 80)
    found = calibrate(
        series, last_one, levels=(80,), lookback=9, horizon=1, season_length=1, valid_size=count
    )
    assert sum(f"only {count} errors" in note for note in found.notes) == expected


def last_one(history: np.ndarray) -> np.ndarray:
    return history[:, -1:, 0]


def test_the_forecaster_sees_all_covariates_while_it_is_calibrated():
    frame = walks(2, 60)
    frame = frame.assign(rain=1.0, promo=2.0, town=3.0)
    seen: list[dict] = []

    def forecaster(inputs: dict) -> np.ndarray:
        seen.append(inputs)
        return last(inputs["history"])

    options = {"lookback": 9, "horizon": HORIZON, "season_length": 1, "valid_size": 12}
    columns = {"past_cols": ["rain"], "future_cols": ["promo"], "static_cols": ["town"]}
    with_covariates = calibrate(frame, forecaster, levels=(80,), **options, **columns)
    assert seen[0]["history"].shape[1:] == (9, 2) and (seen[0]["history"][..., 1] == 1).all()
    assert seen[0]["future"].shape[1:] == (9 + HORIZON, 1) and (seen[0]["static"] == 3).all()
    plain = calibrate(frame, last, levels=(80,), **options)
    np.testing.assert_array_equal(with_covariates.widths, plain.widths)
