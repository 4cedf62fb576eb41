"""Metrics equal sums written out by hand, and say when a figure has no meaning."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from counting import count_calls
from utilsforecast import losses

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import model_columns
from keras_rnn_recipes.evaluation.metrics import horizon_profile, score, score_notes, summarise
from keras_rnn_recipes.evaluation.scales import seasonal_scales


def panel(values: dict[str, list[float]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"unique_id": name, "ds": np.arange(len(y)), "y": np.asarray(y, float)})
        for name, y in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def backtested() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two series, three overlapping origins each, two models, some truths missing."""
    rng = np.random.default_rng(3)
    frame = panel({"a": rng.uniform(1, 9, 30).tolist(), "b": rng.uniform(100, 900, 25).tolist()})
    frame.loc[[26, 50], "y"] = np.nan
    rows = []
    for name, group in frame.groupby("unique_id"):
        y = group["y"].to_numpy()
        for cutoff in (len(y) - 7, len(y) - 6, len(y) - 5):
            for step in range(1, 5):
                rows.append((name, cutoff + step, cutoff, y[cutoff + step], *rng.uniform(1, 9, 2)))
    columns = ["unique_id", "ds", "cutoff", "y", "one", "two"]
    return pd.DataFrame(rows, columns=columns), frame


def test_scores_equal_loops(backtested: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    forecasts, frame = backtested
    metrics = ("mae", "mse", "rmse", "bias", "mape", "smape", "mase", "rmsse")
    scores = score(forecasts, frame, season_length=3, metrics=metrics)
    assert scores.shape == (len(metrics) * 2, 4)
    table = scores.set_index(["metric", "unique_id"])
    for name in ("a", "b"):
        y_all = frame.loc[frame["unique_id"] == name, "y"].to_numpy()
        mine = forecasts[forecasts["unique_id"] == name]
        past = y_all[: mine["cutoff"].min() + 1]
        steps = [past[t] - past[t - 3] for t in range(3, len(past))]
        steps = [s for s in steps if not np.isnan(s)]
        for model in ("one", "two"):
            pairs = [(y, f) for y, f in zip(mine["y"], mine[model], strict=True) if y == y]
            assert len(pairs) < len(mine)
            errors = [f - y for y, f in pairs]
            absolute = sum(abs(e) for e in errors) / len(errors)
            square = sum(e * e for e in errors) / len(errors)
            expected = {
                "mae": absolute,
                "mse": square,
                "rmse": square**0.5,
                "bias": sum(errors) / len(errors),
                "mape": 100 * np.mean([abs(f - y) / abs(y) for y, f in pairs]),
                "smape": np.mean([200 * abs(f - y) / (abs(y) + abs(f)) for y, f in pairs]),
                "mase": absolute / np.mean(np.abs(steps)),
                "rmsse": (square / np.mean(np.square(steps))) ** 0.5,
            }
            for metric, value in expected.items():
                assert table.loc[(metric, name), model] == pytest.approx(value), metric


def test_scores_equal_utilsforecast() -> None:
    """Rows out of order, zeros, missing truths, a failed forecast, and a series without a scale."""
    rng = np.random.default_rng(7)
    train = panel({name: rng.poisson(3, 20).tolist() for name in "abcdef"} | {"g": [2.0] * 20})
    test = pd.DataFrame(
        {"unique_id": np.repeat(list("abcdefg"), 6), "ds": np.tile(range(20, 26), 7)}
    )
    drawn = rng.poisson(2, (len(test), 3)).astype(float)
    test = test.assign(**dict(zip(("y", "one", "two"), drawn.T, strict=True)))
    test.loc[[1, 8], "y"] = np.nan
    test.loc[15, "two"] = np.inf
    known = test.dropna()
    plain = ("mae", "mse", "rmse", "bias", "mape", "smape")
    scores = score(
        test.sample(frac=1, random_state=0),
        train,
        season_length=2,
        metrics=(*plain, "mase", "rmsse"),
    ).set_index(["metric", "unique_id"])
    for metric in (*plain, "mase", "rmsse"):
        scaled = {} if metric in plain else {"seasonality": 2, "train_df": train}
        theirs = getattr(losses, metric)(known, ["one", "two"], **scaled).set_index("unique_id")
        theirs *= {"mape": 100, "smape": 200}.get(metric, 1)
        theirs.loc["c", "two"] = np.nan  # our rule for a forecast that is not finite
        if scaled:
            theirs.loc["g"] = np.nan  # and for a constant series
        pd.testing.assert_frame_equal(scores.loc[metric], theirs, check_index_type=False)


def test_all_series_are_scored_at_once() -> None:
    def calls(series: int) -> int:
        names = np.repeat([f"s{number}" for number in range(series)], 30)
        frame = pd.DataFrame({"unique_id": names, "ds": np.tile(range(30), series), "y": 1.0})
        frame["y"] += frame["ds"] % 5
        test = frame[frame["ds"] >= 27].assign(cutoff=26, one=1.0, two=2.0)
        return count_calls(lambda: score(test, frame, season_length=7))[0]

    assert calls(300) < 1.1 * calls(30)


def test_nothing_after_the_first_cutoff_scales_a_score(
    backtested: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    forecasts, frame = backtested
    before = score(forecasts, frame, season_length=3)
    first = frame["unique_id"].map(forecasts.groupby("unique_id")["cutoff"].min())
    other = frame.assign(y=frame["y"].where(frame["ds"] <= first, 1e6))
    pd.testing.assert_frame_equal(before, score(forecasts, other, season_length=3))


def test_forecasts_without_a_cutoff_are_scored_on_all_of_train() -> None:
    forecasts = pd.DataFrame({"unique_id": "a", "ds": [4, 5], "y": [2.0, 2.0], "m": [3.0, 3.0]})
    scores = score(forecasts, panel({"a": [0, 2, 0, 2]}), season_length=1, metrics=("mase",))
    assert scores["m"].tolist() == [0.5]


@pytest.mark.parametrize(
    "history",
    [[5.0] * 8, [0.1] * 8, [0.1 + 1e-17, 0.3 - 0.2] * 4, [1.0, 2.0, 3.0] * 3, [1.0, 2.0, 4.0]],
    ids=["constant", "constant fraction", "rounding only", "periodic", "a season long"],
)
def test_a_series_without_a_scale_has_no_mase_and_a_note(history: list[float]) -> None:
    train = panel({"still": history, "z": [1, 5, 2, 9, 3, 7]})
    forecasts = pd.DataFrame(
        {"unique_id": ["still", "z"], "ds": 20, "cutoff": 19, "y": [6.0, 6.0], "m": [7.0, 8.0]}
    )
    scores = score(forecasts, train, season_length=3, metrics=("mae", "mase"))
    table = scores.set_index(["metric", "unique_id"])["m"]
    assert table["mae"].tolist() == [1.0, 2.0]
    assert np.isnan(table["mase", "still"]) and np.isfinite(table["mase", "z"])
    assert summarise(scores)["m"]["mase"] == table["mase", "z"]
    (note,) = score_notes(scores)
    assert note.startswith("MASE leaves out 1 of 2 series") and "(still)" in note


def test_a_series_that_train_does_not_hold_has_no_mase() -> None:
    forecasts = pd.DataFrame({"unique_id": ["new"], "ds": 9, "y": [1.0], "m": [3.0]})
    scores = score(forecasts, panel({"a": [1, 2, 4]}), season_length=1, metrics=("mae", "mase"))
    assert scores["m"].tolist()[0] == 2.0 and np.isnan(scores["m"].tolist()[1])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_failed_forecast_costs_the_series_for_every_model(bad: float) -> None:
    forecasts = pd.DataFrame(
        {
            "unique_id": ["a", "a", "b", "b"],
            "ds": [8, 9, 8, 9],
            "y": [1.0, 1.0, 1.0, np.nan],
            "good": [2.0, 2.0, 5.0, 5.0],
            "broken": [bad, 1.0, 4.0, bad],  # the second is at a missing truth: no fault
        }
    )
    scores = score(forecasts, panel({"a": [1, 2], "b": [1, 2]}), season_length=1, metrics=("mae",))
    assert scores["broken"].isna().tolist() == [True, False]
    assert summarise(scores) == {"good": {"mae": 4.0}, "broken": {"mae": 3.0}}
    (note,) = score_notes(scores)
    assert note.startswith("broken gave no forecast for 1 of 2 series") and "(a)" in note


def test_nothing_observed_gives_no_figure_and_no_warning() -> None:
    forecasts = pd.DataFrame({"unique_id": ["a"], "ds": 9, "y": [np.nan], "m": [3.0]})
    scores = score(forecasts, panel({"a": [1, 2, 4]}), season_length=1)
    assert scores["m"].isna().all() and len(scores) == 4
    assert all(np.isnan(value) for value in summarise(scores)["m"].values())
    assert len(score_notes(scores)) == 4


def test_zero_forecast_of_zero_is_no_error() -> None:
    forecasts = pd.DataFrame({"unique_id": ["a"], "ds": 9, "y": [0.0], "m": [0.0]})
    assert score(forecasts, panel({"a": [1, 2]}), season_length=1, metrics=("smape",))["m"][0] == 0


def test_times_may_be_dates(backtested: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    forecasts, frame = backtested
    plain = score(forecasts, frame, season_length=3)
    day = pd.Timestamp("2024-02-27")
    for table in (forecasts, frame):
        for name in {"ds", "cutoff"} & set(table):
            table[name] = day + pd.to_timedelta(table[name], unit="D")
    pd.testing.assert_frame_equal(plain, score(forecasts, frame, season_length=3))


def test_profile_equals_loops(backtested: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    forecasts, frame = backtested
    scales = seasonal_scales(frame, 3)
    plain, scaled = horizon_profile(forecasts), horizon_profile(forecasts, scales=scales)
    assert plain["step"].tolist() == [1, 2, 3, 4]
    shuffled = forecasts.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(plain, horizon_profile(shuffled))
    for step in range(1, 5):
        rows = forecasts[(forecasts["ds"] - forecasts["cutoff"] == step) & forecasts["y"].notna()]
        errors = (rows["y"] - rows["two"]).abs()
        assert plain["two"][step - 1] == pytest.approx(errors.mean())
        relative = errors / rows["unique_id"].map(scales)
        assert scaled["two"][step - 1] == pytest.approx(relative.mean())


def test_profile_of_nothing_is_empty(backtested: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    forecasts, _ = backtested
    assert horizon_profile(forecasts.assign(y=np.nan)).empty


def test_scales_skip_gaps_and_series_boundaries() -> None:
    frame = panel({"a": [1, np.nan, 4, 5, 10], "b": [100, 103, 100, 103, 109]})
    scales = seasonal_scales(frame, 2)
    assert scales["a"] == pytest.approx((3 + 6) / 2)
    assert scales["b"] == pytest.approx((0 + 0 + 9) / 3)


def test_interval_columns_are_no_models() -> None:
    names = ["unique_id", "ds", "cutoff", "y", "m", "m-lo-80", "m-hi-97.5", "low-lo"]
    assert model_columns(pd.DataFrame(columns=names)) == ["m", "low-lo"]


def test_unknown_metric_names_the_known() -> None:
    with pytest.raises(UserError, match="maee.*mase"):
        score(pd.DataFrame(), pd.DataFrame(), season_length=1, metrics=("maee",))
    with pytest.raises(UserError, match="mase"):
        horizon_profile(pd.DataFrame(), metric="mase")


def test_scores_of_intervals_follow_those_of_the_points() -> None:
    """Hand-made: the error is 1; the intervals of level 80 hold the first truth of two."""
    train = panel({"a": [1, 3, 1, 3]})
    test = pd.DataFrame({"unique_id": "a", "ds": [4, 5], "y": [2.0, 4.0], "naive": [3.0, 3.0]})
    test = test.assign(**{"naive-lo-80": [1.0, 1.0], "naive-hi-80": [3.0, 3.0]})
    scores = score(test, train, season_length=1, metrics=("mae",)).set_index("metric")["naive"]
    assert scores.index.tolist() == ["mae", "coverage-80", "msis-80", "pinball", "crps"]
    assert scores["mae"] == 1.0 and scores["coverage-80"] == 50.0
    # Width 2, and 2 / 0.2 times the distance of 1 outside, in units of the scale 2.
    assert scores["msis-80"] == pytest.approx((2 + 12) / 2 / 2)
    assert score(test[["unique_id", "ds", "y", "naive"]], train, season_length=1).shape == (4, 3)


@pytest.mark.parametrize("metric", ["mse", "rmse", "bias", "mape", "smape"])
def test_profile_has_the_units_of_the_metric(metric: str) -> None:
    forecasts = pd.DataFrame(
        {"unique_id": "a", "ds": [3, 4], "cutoff": 2, "y": [1.0, 4.0], "m": [3.0, 5.0]}
    )
    expected = {
        "mse": [4.0, 1.0],
        "rmse": [2.0, 1.0],
        "bias": [2.0, 1.0],
        "mape": [200.0, 25.0],
        "smape": [100.0, 200 / 9],
    }
    profile = horizon_profile(forecasts, metric=metric)
    assert profile.columns.tolist() == ["step", "m"]
    assert profile["m"].tolist() == pytest.approx(expected[metric])


def test_notes_say_why_a_series_is_left_out_and_name_three() -> None:
    names = ["a", "b", "c", "d"]
    scores = pd.DataFrame({"metric": "mae", "unique_id": names, "m": [1.0, None, None, None]})
    (note,) = score_notes(scores)
    assert note.startswith("MAE leaves out 3 of 4 series: nothing observed in the test part")
    assert note.endswith("(b, c, d).")
    (note,) = score_notes(scores.assign(m=np.nan))
    assert note.endswith("(a, b, c…).")
    (note,) = score_notes(scores.assign(metric="mase"))
    assert "without a scale" in note
