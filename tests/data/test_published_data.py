"""The real sets, where $KRR_DATA has them: sizes as published, and the published naive floors."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from keras_rnn_recipes.data.catalogue import load_dataset
from keras_rnn_recipes.data.frames import Panel


class Known(NamedTuple):
    """What is known of a set: series, rows, missing values, frequency, first and last time."""

    series: int
    rows: int
    missing: int
    freq: str
    first: str
    last: str


SETS = {
    "airline_passengers": Known(1, 144, 0, "MS", "1949-01-01", "1960-12-01"),
    "beijing_pollution": Known(1, 43_824, 2067, "h", "2010-01-01", "2014-12-31 23:00:00"),
    "chicago_ridership": Known(1, 7639, 0, "D", "2001-01-01", "2021-11-30"),
    "cif2016": Known(72, 7198, 90, "1", "1", "120"),
    "etth1": Known(1, 17_420, 0, "h", "2016-07-01", "2018-06-26 19:00:00"),
    "m4_hourly": Known(414, 373_372, 0, "1", "1", "1008"),
    "melbourne_temperature": Known(1, 3652, 2, "D", "1981-01-01", "1990-12-31"),
    "nn5": Known(111, 87_801, 1673, "D", "1996-03-18", "1998-05-17"),
    "sunspots_monthly": Known(1, 2820, 0, "MS", "1749-01-01", "1983-12-01"),
    "tourism": Known(366, 109_280, 0, "MS", "1979-01-01", "2007-09-01"),
}


def naive(panel: Panel, horizons: dict[str, int], season: int) -> tuple[float, float]:
    """sMAPE and MASE of the repeated last season, means over the series, by their definitions."""
    smape, mase = [], []
    for name, series in panel.frame.groupby("unique_id"):
        horizon, scale = horizons[str(name)], panel.season_length
        y = series["y"].to_numpy()
        y = y[: len(y) - (np.isnan(y[::-1]).argmin())]  # not what nobody was asked
        past, future = y[:-horizon], y[-horizon:]
        forecast = np.resize(past[-season:], horizon)
        error, size = np.abs(future - forecast), np.abs(future) + np.abs(forecast)
        smape.append(np.mean(200 * error / np.where(size > 0, size, 1)))
        mase.append(np.mean(error) / np.mean(np.abs(past[scale:] - past[:-scale])))
    return float(np.mean(smape)), float(np.mean(mase))


def filled_by_weekday(panel: Panel) -> Panel:
    """Missing values replaced as in NN5's published training file: a median over all machines."""
    frame = panel.frame
    medians = frame[frame["ds"] < "1998-03-23"].groupby(frame["ds"].dt.day_of_week)["y"].median()
    y = frame["y"].fillna(frame["ds"].dt.day_of_week.map(medians))
    return replace(panel, frame=frame.assign(y=y))


@pytest.mark.parametrize(("name", "known"), SETS.items())
def test_a_set_is_as_published(krr_data, name, known):
    panel = load_dataset(name, root=krr_data)
    frame = panel.frame
    first, last = (str(t).removesuffix(" 00:00:00") for t in (frame["ds"].min(), frame["ds"].max()))
    missing = int(frame["y"].isna().sum())
    assert Known(panel.num_series, len(frame), missing, panel.freq, first, last) == known


@pytest.mark.parametrize(
    ("name", "horizon", "smape", "mase"),
    [("nn5", 56, 26.47, 1.011), ("tourism", 24, 21.67, 1.631), ("m4_hourly", 48, 13.91, 1.193)],
)
def test_the_published_seasonal_naive_is_reproduced(krr_data, name, horizon, smape, mase):
    panel = load_dataset(name, root=krr_data)
    horizons = dict.fromkeys(panel.frame["unique_id"], horizon)
    panel = filled_by_weekday(panel) if name == "nn5" else panel
    assert naive(panel, horizons, panel.season_length) == pytest.approx((smape, mase), rel=1e-3)


def test_the_published_naive_of_cif_is_reproduced_with_each_series_horizon(krr_data):
    panel = load_dataset("cif2016", root=krr_data, past_cols=["horizon"])
    horizons = panel.frame.groupby("unique_id")["horizon"].first().astype(int).to_dict()
    assert sorted(set(horizons.values())) == [6, 12]
    assert list(horizons.values()).count(12) == 57
    assert naive(panel, horizons, season=1) == pytest.approx((14.59, 1.256), rel=1e-3)


def test_chicago_gives_geron_his_floor_and_his_columns(krr_data):
    columns = ["bus", "next_day_A", "next_day_U", "next_day_W"]
    panel = load_dataset("chicago_ridership", root=krr_data, past_cols=columns, start="2016")
    frame = panel.frame.set_index("ds")
    week = (frame["y"] - frame["y"].shift(7)).abs()
    assert week["2019-03-01":"2019-05-31"].mean() == pytest.approx(42_143, abs=0.5)
    # 2019-01-01 was a holiday, known the day before.
    assert frame.loc["2018-12-31", columns[1:]].tolist() == [0, 1, 0]
    assert (frame[columns[1:]].sum(axis=1)[:-1] == 1).all()
    assert frame[columns[1:]].iloc[-1].isna().all()
