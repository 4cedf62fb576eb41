"""Figures of intervals equal the competition's definition, loops and utilsforecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from utilsforecast import losses

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.intervals import score_intervals
from keras_rnn_recipes.evaluation.levels import (
    bound_columns,
    check_levels,
    levels_of,
    model_columns,
    parse_levels,
    probabilities,
)
from keras_rnn_recipes.evaluation.metric_info import METRICS, metric_info, metrics_of
from keras_rnn_recipes.evaluation.metrics import score, summarise

LEVELS = (80, 95)


@pytest.fixture
def tested() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two series of unlike size, three origins of four steps, intervals that miss sometimes."""
    rng = np.random.default_rng(2)
    series = {"a": rng.uniform(1, 9, 30), "b": rng.uniform(100, 900, 25)}
    frame = pd.concat(
        [pd.DataFrame({"unique_id": k, "ds": range(len(y)), "y": y}) for k, y in series.items()],
        ignore_index=True,
    )
    rows = []
    for name, y in series.items():
        for cutoff in range(len(y) - 7, len(y) - 4):
            for ds in range(cutoff + 1, cutoff + 5):
                point = y.mean() + rng.normal() * y.std() / 9
                near, far = sorted(rng.uniform(0.3, 1.5, 2) * y.std())
                bounds = (point - near, point + near, point - far, point + far)
                rows.append((name, ds, cutoff, y[ds], point, *bounds))
    names = ["unique_id", "ds", "cutoff", "y", "net", *bound_columns("net", LEVELS)]
    return pd.DataFrame(rows, columns=names), frame


def figures(forecasts: pd.DataFrame, frame: pd.DataFrame, season_length: int = 3) -> pd.DataFrame:
    scores = score_intervals(forecasts, frame, season_length=season_length)
    return scores.pivot(index="unique_id", columns="metric", values="net")


def test_msis_of_the_m4_competition_by_hand():
    """In-sample changes |3-1|, |2-3|, |6-2| have the mean 7/3. With a = 0.05 the first truth lies
    inside (score 4), the second 1 below (4 + 40), the third 0.5 above (6 + 20): 74/3 in all."""
    frame = pd.DataFrame({"unique_id": "a", "ds": range(7), "y": [1, 3, 2, 6, 5, 4, 9.5]})
    forecasts = pd.DataFrame(
        {
            "unique_id": "a",
            "ds": [4, 5, 6],
            "cutoff": 3,
            "y": [5, 4, 9.5],
            "net": [5, 7, 6.0],
            "net-lo-95": [3, 5, 3.0],
            "net-hi-95": [7, 9, 9.0],
        }
    )
    found = figures(forecasts, frame, season_length=1)
    assert found["msis-95"].item() == pytest.approx((4 + 44 + 26) / 3 / (7 / 3))
    assert found["coverage-95"].item() == pytest.approx(100 / 3)


def test_figures_equal_utilsforecast(tested):
    forecasts, frame = tested
    found = figures(forecasts, frame)
    plain = forecasts.drop(columns="cutoff")
    for level in LEVELS:
        theirs = losses.coverage(plain, ["net"], level).set_index("unique_id")["net"]
        np.testing.assert_allclose(found[f"coverage-{level}"], 100 * theirs)
        theirs = losses.winkler_score(plain, ["net"], level).set_index("unique_id")["net"]
        for name in ("a", "b"):
            first = forecasts.loc[forecasts["unique_id"] == name, "cutoff"].min()
            y = frame.loc[(frame["unique_id"] == name) & (frame["ds"] <= first), "y"].to_numpy()
            scale = np.abs(y[3:] - y[:-3]).mean()
            assert found.loc[name, f"msis-{level}"] == pytest.approx(theirs[name] / scale)
    columns = {"net": ["net", *bound_columns("net", LEVELS)]}
    quantiles = probabilities(LEVELS)
    theirs = losses.mqloss(plain, columns, quantiles).set_index("unique_id")["net"]
    np.testing.assert_allclose(found["pinball"], theirs)
    theirs = losses.scaled_crps(plain, columns, quantiles).set_index("unique_id")["net"]
    np.testing.assert_allclose(found["crps"], theirs)
    assert 0 < found["coverage-80"].mean() < 100  # else this would show little


def test_the_units_of_each_metric_are_as_declared(tested):
    """With all values in a unit a tenth as large, what is in units is ten times as large."""
    forecasts, frame = tested
    metrics = metrics_of("series")
    values = [name for name in forecasts if name == "y" or name.startswith("net")]
    smaller = (forecasts.assign(**10 * forecasts[values]), frame.assign(y=10 * frame["y"]))
    before, after = (
        score(one, series, season_length=3, metrics=metrics).set_index(["metric", "unique_id"])
        for one, series in ((forecasts, frame), smaller)
    )
    ratios = (after["net"] / before["net"]).groupby("metric").mean()
    assert {metric_info(name) for name in ratios.index} >= {
        info for info in METRICS.values() if info.of in ("series", "intervals")
    }
    for name, ratio in ratios.items():
        expected = 10 if metric_info(name).in_units else 1
        assert ratio == pytest.approx(expected**2 if name == "mse" else expected), name


def test_missing_truths_are_passed_over_and_missing_bounds_are_not(tested):
    forecasts, frame = tested
    expected = figures(forecasts.drop(index=2), frame)
    forecasts.loc[2, "y"] = np.nan
    pd.testing.assert_frame_equal(figures(forecasts, frame), expected)
    forecasts.loc[3, "net-hi-80"] = np.nan
    found = figures(forecasts, frame)
    assert found.loc["a"].isna().all()
    pd.testing.assert_series_equal(found.loc["b"], expected.loc["b"])


def test_models_without_intervals_and_figures_without_meaning(tested):
    forecasts, frame = tested
    forecasts["naive"] = 1.0
    scores = score_intervals(forecasts, frame, season_length=3)
    assert list(scores) == ["metric", "unique_id", "net"]
    assert set(summarise(scores)["net"]) >= {"coverage-80", "msis-95", "pinball", "crps"}
    assert figures(forecasts, frame, season_length=40)["msis-80"].isna().all()
    assert score_intervals(forecasts[["unique_id", "ds", "y"]], frame, season_length=3).empty


def test_an_interval_holds_its_ends():
    bounds = {"net-lo-80": 1.0, "net-hi-80": 3.0}
    forecasts = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": [1.0, 3.0, 0.9, 3.1]})
    forecasts = forecasts.assign(net=2.0, **bounds)
    frame = pd.DataFrame({"unique_id": "a", "ds": range(3), "y": [1.0, 2.0, 4.0]})
    assert figures(forecasts, frame, 1)["coverage-80"].tolist() == [50.0]


@given(st.lists(st.floats(0.1, 99.9).map(lambda x: round(x, 1)), min_size=1, unique=True))
def test_levels_are_found_again_in_the_columns(levels):
    levels = check_levels(levels)
    columns = ["unique_id", "ds", "my-net", *bound_columns("my-net", levels), "my", "my-lo-80"]
    assert levels_of("my-net", columns) == levels
    assert levels_of("my", columns) == ()
    assert model_columns(pd.DataFrame(columns=columns)) == ["my-net", "my"]
    quantiles = probabilities(levels)
    assert quantiles[0] == 0.5
    np.testing.assert_allclose(np.diff(quantiles[1:].reshape(-1, 2))[:, 0], np.array(levels) / 100)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("80,80", "'80,80': 80 is repeated"),
        ("80,80.0", "80 is repeated"),
        ("0,80", "0 is not between 0 and 100"),
        ("100", "100 is not between 0 and 100"),
        ("-5", "-5 is not between"),
        ("nan", "nan is not between"),
        ("80,inf", "inf is not between"),
        ("80;95", "'80;95' is not a number"),
        ("80,", "'' is not a number"),
        ("", "'' is not a number"),
    ],
)
def test_levels_that_are_none_are_told(text, message):
    with pytest.raises(UserError, match=message) as error:
        parse_levels(text)
    assert "--levels" in str(error.value) and "80,95" in str(error.value)
