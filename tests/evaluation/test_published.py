"""The conventions equal the published ones: floors of the competitions, where the data is there.

Figures: Hewamalage, Bergmeir and Bandara (2021), Godahewa et al. (2021), the M4 competition.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.evaluation.backtest import backtest
from keras_rnn_recipes.evaluation.baselines import fit_baselines
from keras_rnn_recipes.evaluation.metrics import score, summarise

Series = dict[str, np.ndarray]


def joined(train: pd.DataFrame, test: pd.DataFrame) -> Series:
    return {
        str(name): np.r_[train.loc[name].dropna(), test.loc[name].dropna()].astype(float)
        for name in train.index
    }


def nn5(folder: Path) -> Series:
    names = ("nn5_daily_train.csv", "nn5_daily_test.csv")
    return joined(*(pd.read_csv(folder / "nn5" / n, header=None, index_col=0) for n in names))


def tourism(folder: Path) -> Series:
    names = ("monthly_in.csv", "monthly_oos.csv")
    return joined(*(pd.read_csv(folder / "tourism" / n).iloc[3:].T for n in names))


def m4_hourly(folder: Path) -> Series:
    names = ("Hourly-train.csv", "Hourly-test.csv")
    return joined(*(pd.read_csv(folder / "m4_hourly" / n, index_col=0) for n in names))


def cif2016(folder: Path, horizon: int) -> Series:
    def rows(name: str) -> list[list[str]]:
        lines = (folder / "cif2016" / name).read_text().splitlines()
        return [line.split(";") for line in lines if line.strip()]

    ahead = {name: values for name, *values in rows("cif-results.txt")}
    return {
        name: np.array([*values, *ahead[name][:horizon]], dtype=float)
        for name, steps, _, *values in rows("cif-dataset.txt")
        if int(steps) == horizon
    }


def scores_of(series: Series, horizon: int, season_length: int) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"unique_id": name, "ds": np.arange(len(y)), "y": y})
        for name, y in sorted(series.items())
    ]
    frame = pd.concat(parts, ignore_index=True)
    train = frame[frame.groupby("unique_id").cumcount(ascending=False) >= horizon]
    baselines = fit_baselines(train, horizon=horizon, season_length=season_length)
    forecasts = backtest(frame, baselines, lookback=1, horizon=horizon)
    return score(forecasts, train, season_length=season_length, metrics=("smape", "mase"))


@pytest.mark.parametrize(
    ("read", "count", "horizon", "season_length", "floor", "ridge"),
    [
        (tourism, 366, 24, 12, (21.67, 1.631), (20.5, 1.65)),
        (nn5, 111, 56, 7, (26.47, 1.011), (24.37, 0.996)),
        (m4_hourly, 414, 48, 24, (13.91, 1.193), (12.0, 1.809)),
    ],
    ids=["tourism", "nn5", "m4_hourly"],
)
def test_floors_equal_the_published(
    krr_data: Path, read, count: int, horizon: int, season_length: int, floor, ridge
) -> None:
    series = read(krr_data / "forecasting")
    assert len(series) == count
    figures = summarise(scores_of(series, horizon, season_length))
    assert round(figures["seasonal_naive"]["smape"], 2) == floor[0]
    assert round(figures["seasonal_naive"]["mase"], 3) == floor[1]
    assert figures["ridge"]["smape"] <= ridge[0] and figures["ridge"]["mase"] <= ridge[1]


def test_cif2016_floor_equals_the_published(krr_data: Path) -> None:
    parts = []
    for horizon, count in ((12, 57), (6, 15)):
        series = cif2016(krr_data / "forecasting", horizon)
        assert len(series) == count
        parts.append(scores_of(series, horizon, 12))
    figures = summarise(pd.concat(parts))
    assert round(figures["naive"]["smape"], 2) == 14.59
    assert round(figures["naive"]["mase"], 3) == 1.256
    assert figures["ridge"]["mase"] < 0.9
