"""Origins equal a loop over series; nothing after a cutoff reaches a forecaster."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from counting import count_calls
from hypothesis import given, strategies as st

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.backtest import backtest, forecast_future
from keras_rnn_recipes.evaluation.baselines import Baseline, fit_baselines, naive
from keras_rnn_recipes.evaluation.metrics import score, summarise


def panel(lengths: list[int], seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame(
            {
                "unique_id": f"s{k}",
                "ds": np.arange(n) + 10 * k,
                "y": rng.normal(size=n).cumsum(),
                "extra": rng.normal(size=n),
            }
        )
        for k, n in enumerate(lengths)
    ]
    return pd.concat(parts, ignore_index=True)


def fingerprint(horizon: int):
    """Give a forecaster whose answer depends on every number it is given, and on their places."""

    def forecast(history: np.ndarray) -> np.ndarray:
        weights = np.sin(np.arange(1, history[0].size + 1)).reshape(history.shape[1:])
        value = np.nansum(history * weights, axis=(1, 2))
        return value[:, None] + np.arange(horizon)

    return forecast


@given(
    st.lists(st.integers(1, 14), min_size=1, max_size=5),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(0, 6),
    st.integers(1, 7),
)
def test_backtest_equals_loops(
    lengths: list[int], horizon: int, lookback: int, stride: int, more: int, batch_size: int
) -> None:
    frame = panel([*lengths, 12])
    model = fingerprint(horizon)
    test_size = horizon + more
    expected = []
    for name, rows in frame.groupby("unique_id"):
        y = rows[["y", "extra"]].to_numpy()
        ends = range(len(y) - horizon, max(len(y) - test_size, 1) - 1, -stride)
        for end in sorted(ends):
            history = np.full((1, lookback, 2), np.nan)
            seen = y[max(end - lookback, 0) : end]
            history[0, lookback - len(seen) :] = seen
            ahead = model(history)[0]
            for step in range(horizon):
                times = (rows["ds"].iloc[end + step], rows["ds"].iloc[end - 1])
                expected.append((name, *times, y[end + step, 0], ahead[step]))
    found = backtest(
        frame,
        {"m": model},
        lookback=lookback,
        horizon=horizon,
        test_size=test_size,
        stride=stride,
        past_cols=("extra",),
        batch_size=batch_size,
    )
    columns = ["unique_id", "ds", "cutoff", "y", "m"]
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=columns), check_dtype=False)


def test_nothing_after_a_cutoff_changes_its_forecasts() -> None:
    frame = panel([40, 33])
    forecasters = {
        "m": fingerprint(3),
        **fit_baselines(frame[frame["ds"] < 20], horizon=3, season_length=4),
    }
    options = {"lookback": 7, "horizon": 3, "test_size": 9, "stride": 2, "past_cols": ("extra",)}
    whole = backtest(frame, forecasters, **options)
    names = list(forecasters)
    cutoffs = whole.drop_duplicates(["unique_id", "cutoff"])[["unique_id", "cutoff"]]
    assert len(cutoffs) == 8
    for unique_id, cutoff in cutoffs.itertuples(index=False):
        later = frame["ds"] > cutoff if unique_id == "s0" else frame["ds"] > cutoff
        spoilt = frame.copy()
        spoilt.loc[later & (frame["unique_id"] == unique_id), ["y", "extra"]] = 1e9
        spoilt.loc[frame["unique_id"] != unique_id, ["y", "extra"]] = -1e9
        again = backtest(spoilt, forecasters, **options)
        here = (whole["unique_id"] == unique_id) & (whole["cutoff"] == cutoff)
        pd.testing.assert_frame_equal(whole.loc[here, names], again.loc[here, names])
        changed = spoilt.copy()
        changed.loc[(frame["unique_id"] == unique_id) & (frame["ds"] == cutoff), "y"] += 1
        after = backtest(changed, forecasters, **options)
        assert (after.loc[here, "m"] != again.loc[here, "m"]).all(), "the last value must count"


def test_forecasters_with_a_lookback_are_given_it() -> None:
    shapes = []

    def look(history: np.ndarray) -> np.ndarray:
        shapes.append(history.shape)
        return naive(history, 2)

    frame = panel([20])
    found = backtest(frame, {"m": look, "b": Baseline("b", look, 9)}, lookback=3, horizon=2)
    assert shapes == [(1, 3, 1), (1, 9, 1)]
    np.testing.assert_array_equal(found["m"], found["b"])


def test_a_forecaster_cannot_change_what_another_sees() -> None:
    def vandal(history: np.ndarray) -> np.ndarray:
        history[:] = 0.0
        return naive(history, 2)

    frame = panel([20])
    found = backtest(
        frame, {"v": vandal, "n": lambda h: naive(h, 2)}, lookback=3, horizon=2, test_size=6
    )
    assert (found["v"] == 0).all()
    assert found["n"].tolist()[:2] == [frame["y"][13]] * 2


def test_missing_truths_stay_and_unseen_histories_go() -> None:
    frame = panel([12, 12, 12])
    frame.loc[[11, *range(12, 22)], "y"] = np.nan  # s0: last truth; s1: all the history
    found = backtest(frame, {"n": lambda h: naive(h, 2)}, lookback=4, horizon=2)
    assert found["unique_id"].tolist() == ["s0", "s0", "s2", "s2"]
    assert found["y"].isna().tolist() == [False, True, False, False]


def test_a_last_axis_of_one_is_taken_off() -> None:
    found = backtest(panel([9]), {"n": lambda h: naive(h, 2)[..., None]}, lookback=4, horizon=2)
    assert len(found) == 2


def test_mistakes_are_told() -> None:
    frame = panel([9])
    with pytest.raises(ValueError, match=r"'m' returned shape \(1, 4, 1\).*\(1, 2\)"):
        backtest(frame, {"m": lambda h: h}, lookback=4, horizon=2)
    with pytest.raises(UserError, match="over 9 steps.*one series of 10 steps.*last 9"):
        backtest(frame, {}, lookback=4, horizon=9)
    with pytest.raises(UserError, match="test_size of at least 4"):
        backtest(frame, {}, lookback=4, horizon=4, test_size=3)
    with pytest.raises(UserError, match="both at least 1"):
        backtest(frame, {}, lookback=4, horizon=4, stride=0)


@pytest.mark.parametrize(
    ("freq", "last", "expected"),
    [
        ("MS", "2023-12-01", ["2024-01-01", "2024-02-01", "2024-03-01"]),
        ("ME", "2023-12-31", ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("QS-OCT", "2023-10-01", ["2024-01-01", "2024-04-01", "2024-07-01"]),
        ("W-SUN", "2024-02-25", ["2024-03-03", "2024-03-10", "2024-03-17"]),
        ("B", "2024-03-01", ["2024-03-04", "2024-03-05", "2024-03-06"]),
        ("D", "2024-02-28", ["2024-02-29", "2024-03-01", "2024-03-02"]),
        ("YS", "2023-01-01", ["2024-01-01", "2025-01-01", "2026-01-01"]),
        ("15min", "2024-02-29 23:45", ["2024-03-01", "2024-03-01 00:15", "2024-03-01 00:30"]),
    ],
)
def test_future_times_follow_the_calendar(freq: str, last: str, expected: list[str]) -> None:
    days = pd.date_range(end=last, periods=4, freq=freq)
    frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": [1.0, 2, 3, 4]})
    future = forecast_future(frame, {"n": lambda h: naive(h, 3)}, lookback=2, horizon=3, freq=freq)
    assert future["ds"].tolist() == [pd.Timestamp(time) for time in expected]
    assert future["n"].tolist() == [4, 4, 4]


def test_the_future_continues_every_series_from_its_own_end() -> None:
    frame = panel([5, 8])
    future = forecast_future(frame, {"m": fingerprint(2)}, lookback=3, horizon=2, freq="1")
    assert future["ds"].tolist() == [5, 6, 18, 19]
    assert future["unique_id"].tolist() == ["s0", "s0", "s1", "s1"]
    # The same histories as a backtest of the series made longer by two steps.
    longer = pd.concat([frame[["unique_id", "ds", "y"]], future.assign(y=0.0)])
    longer = longer.sort_values(["unique_id", "ds"])[["unique_id", "ds", "y"]]
    tested = backtest(longer, {"m": fingerprint(2)}, lookback=3, horizon=2)
    np.testing.assert_array_equal(future["m"], tested["m"])


def random_walks(series: int, length: int = 120) -> pd.DataFrame:
    values = np.random.default_rng(0).normal(size=series * length).cumsum()
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{k:05d}" for k in range(series)], length),
            "ds": np.tile(pd.date_range("2020-01-01", periods=length), series),
            "y": values,
        }
    )


def test_ten_thousand_series_are_scored_without_a_loop_over_them() -> None:
    def backtested(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
        baselines = fit_baselines(
            frame.groupby("unique_id").head(100),
            horizon=10,
            season_length=7,
            names=("naive", "seasonal_naive", "drift"),
        )
        found = backtest(frame, baselines, lookback=28, horizon=10, test_size=20, stride=5)
        return found, summarise(score(found, frame, season_length=7))

    series = 10_000
    few, _ = count_calls(lambda: backtested(random_walks(100)))
    many, (found, figures) = count_calls(lambda: backtested(random_walks(series)))
    assert many < 1.5 * few, "for a hundred times the series"
    assert len(found) == series * 3 * 10
    assert figures["naive"]["mase"] < figures["seasonal_naive"]["mase"], "it is a random walk"


def test_origins_that_are_left_out_are_counted():
    values = {"a": np.arange(9.0), "b": np.append(np.full(7, np.nan), [1.0, 2.0])}
    frame = pd.concat(
        [pd.DataFrame({"unique_id": n, "ds": range(9), "y": y}) for n, y in values.items()]
    )
    last = {"last": lambda history: history[:, -1:, 0]}
    tested = backtest(frame, last, lookback=4, horizon=1, test_size=3)
    assert tested.groupby("unique_id").size().to_dict() == {"a": 3, "b": 1}
    assert tested.attrs["notes"] == (
        "The scores leave out 2 of 6 origins, which have no value before them (series: b).",
    )
    assert backtest(frame[:9], last, lookback=4, horizon=1).attrs["notes"] == ()


@pytest.mark.parametrize("day", [15, 30])
def test_steps_ahead_of_months_dated_on_one_day(day):
    dates = [f"2023-{month:02d}-{day}" for month in (10, 11, 12)]
    frame = pd.DataFrame({"unique_id": "a", "ds": pd.to_datetime(dates), "y": [1.0, 2.0, 3.0]})
    last = {"last": lambda history: history[:, -1:, 0].repeat(3, axis=1)}
    ahead = forecast_future(frame, last, lookback=3, horizon=3, freq=f"MS-{day}")
    expected = [f"2024-01-{day}", f"2024-02-{min(day, 29)}", f"2024-03-{day}"]
    assert ahead["ds"].astype(str).tolist() == expected
