"""`krr forecast`, `predict`, `evaluate` and the SavedModel give one forecast for the same data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.families.forecasting.inference import evaluate, predict
from keras_rnn_recipes.serving.saved_forecaster import load_saved_model

HORIZON = 5
DAYS = pd.date_range("2024-01-01", periods=150)
RNG = np.random.default_rng(0)
WEEK = 100 + 10 * np.sin(2 * np.pi * np.arange(150) / 7) + RNG.normal(size=150)


def table(values: np.ndarray, name: str = "a") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": DAYS, "y": values})


def counts() -> pd.DataFrame:
    drawn = {"slow": RNG.poisson(0.2, 150), "fast": RNG.poisson(1.0, 150)}
    parts = [table(values.astype(float), name) for name, values in drawn.items()]
    return pd.concat(parts, ignore_index=True)


SERIES = {
    "closed on Sundays": table(np.where(DAYS.day_of_week == 6, np.nan, WEEK)),
    "negative in the end": table(3 - np.arange(150) / 40 + RNG.normal(size=150) / 20),
    "a meter": table(87_654_321 + RNG.uniform(0, 2, 150).cumsum()),
    "counts": counts(),
    "rows to forecast": table(np.where(np.arange(150) < 130, WEEK, np.nan)),
    "a series that stops": pd.concat(
        [table(WEEK), table(np.where(np.arange(150) < 60, 1000 + WEEK, np.nan), "b")]
    ),
}


def known(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows up to the last value of each series."""
    later = frame["y"][::-1].notna().groupby(frame["unique_id"][::-1]).cummax()[::-1]
    return frame[later].reset_index(drop=True)


@pytest.fixture(scope="module")
def run_of(tmp_path_factory):
    @cache
    def forecast(name: str):
        folder = tmp_path_factory.mktemp("agreement")
        SERIES[name].to_csv(folder / "t.csv", index=False)
        options = ["--horizon", str(HORIZON), "--levels", "80", "--cell", "linear", "--smoke"]
        arguments = ["forecast", str(folder / "t.csv"), *options, "--run-dir", str(folder / "run")]
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return folder / "run"

    return forecast


@pytest.mark.slow
@pytest.mark.parametrize("name", SERIES)
def test_all_ways_to_a_forecast_agree(run_of, name):
    run, frame = run_of(name), known(SERIES[name])
    forecasts = pd.read_csv(run / "forecasts.csv", parse_dates=["ds"])
    numbers = forecasts.columns[2:].tolist()
    ends = frame.groupby("unique_id")["ds"].max()
    assert (forecasts.groupby("unique_id")["ds"].min() == ends + pd.Timedelta(days=1)).all()
    tolerance = {"rtol": 1e-5, "atol": 1e-5}

    again = predict(run, SERIES[name])
    assert again["ds"].tolist() == forecasts["ds"].tolist()
    np.testing.assert_allclose(again[numbers], forecasts[numbers], **tolerance)

    served = load_saved_model(run)
    closed = forecasts[numbers].isna().all(axis=1).to_numpy()
    assert closed.any() == (name == "closed on Sundays")
    whole = [served.quantiles([y.tolist()])[0] for _, y in frame.groupby("unique_id")["y"]]
    expected = forecasts[numbers].to_numpy()
    np.testing.assert_allclose(np.concatenate(whole)[~closed], expected[~closed], **tolerance)

    truth = forecasts[["unique_id", "ds"]].assign(y=frame["y"].iloc[-1])
    longer = pd.concat([frame, truth]).sort_values(["unique_id", "ds"], ignore_index=True)
    judged = evaluate(run, longer, test_size=HORIZON).forecasts
    np.testing.assert_allclose(judged[numbers][~closed], expected[~closed], **tolerance)


@pytest.mark.slow
def test_a_level_of_a_meter_has_all_its_digits(run_of):
    run, frame = run_of("a meter"), SERIES["a meter"]
    found = pd.read_csv(run / "forecasts.csv")["linear"]
    last = frame["y"].iloc[-1]
    # The network is hardly trained, but it is near, and float32 would have multiples of 8 only.
    assert ((found > last - 50) & (found < last + 50)).all()
    assert (found % 8 != 0).all() and found.nunique() == HORIZON


@pytest.mark.slow
def test_signs_are_those_of_all_rows(run_of):
    below = pd.read_csv(run_of("negative in the end") / "forecasts.csv")
    assert (below["linear"] < 0).all()
    counted = pd.read_csv(run_of("counts") / "forecasts.csv")
    assert (counted[counted.columns[2:]] >= 0).all(axis=None)
