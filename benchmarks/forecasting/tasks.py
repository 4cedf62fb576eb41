"""The four competitions: the known part, the test part, and how forecasts are scored."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.catalogue import load_dataset
from keras_rnn_recipes.evaluation.metrics import score, summarise

NAMES = ("cif2016", "nn5", "tourism", "m4_hourly")
HORIZONS = {"cif2016": 12, "nn5": 56, "tourism": 24, "m4_hourly": 48}
METRICS = ("smape", "mase")


@dataclass(frozen=True)
class Task:
    """One competition.

    Attributes:
        name: of the data set.
        season_length: steps in the season of the published scores.
        horizon: steps that every contender forecasts; of a series whose own horizon is shorter
            the first of them are scored.
        train: unique_id, ds, y as published, NaN where a value is missing.
        filled: the same without gaps, for libraries that take none; MASE is scaled by it.
        test: unique_id, ds, y: the steps after ``train``.
    """

    name: str
    season_length: int
    horizon: int
    train: pd.DataFrame
    filled: pd.DataFrame
    test: pd.DataFrame

    @property
    def ids(self) -> list[str]:
        """The series, in the order of the rows of a forecast."""
        return sorted(self.filled["unique_id"].unique())

    @property
    def series(self) -> list[np.ndarray]:
        """The known values without gaps, an array each, in the order of ``ids``."""
        values = dict(list(self.filled.groupby("unique_id")["y"]))
        return [values[name].to_numpy(float) for name in self.ids]

    @property
    def shortest(self) -> int:
        """Steps of the shortest series."""
        return min(map(len, self.series))


def load_task(name: str) -> Task:
    """Read a task from the files below $KRR_DATA.

    Raises:
        UserError: the files are not there.
    """
    panel = load_dataset(name)
    frame, horizon = panel.frame[["unique_id", "ds", "y"]], HORIZONS[name]
    ahead = frame.groupby("unique_id").cumcount(ascending=False) < horizon
    train = frame[~ahead].reset_index(drop=True)
    # Series of cif2016 with a horizon of six months have no values to score after them.
    test = frame[ahead].dropna(subset="y").reset_index(drop=True)
    filled = train.assign(y=_filled_nn5(train)) if name == "nn5" else train
    return Task(name, panel.season_length, horizon, train, filled, test)


def _filled_nn5(train: pd.DataFrame) -> np.ndarray:
    """The archive's own filling: the median of the same weekday, as published figures have it."""
    path = Path(os.environ["KRR_DATA"]) / "forecasting" / "nn5" / "nn5_daily_train.csv"
    wide = pd.read_csv(path, header=None, index_col=0).sort_index()
    if wide.index.tolist() != sorted(train["unique_id"].unique()):
        raise ValueError("the filled file does not hold the same series")
    return wide.to_numpy().ravel()


def score_forecast(task: Task, forecast: np.ndarray) -> dict[str, float]:
    """The sMAPE in percent and the MASE, means over the series.

    Args:
        task: what was forecast.
        forecast: (series, horizon), in the order of ``task.ids``.

    Raises:
        ValueError: the forecast has another shape or is not finite.
    """
    ids = task.ids
    if forecast.shape != (len(ids), task.horizon):
        raise ValueError(f"forecast of shape {forecast.shape}, not {(len(ids), task.horizon)}")
    if not np.isfinite(forecast).all():
        bad = int((~np.isfinite(forecast)).any(axis=1).sum())
        raise ValueError(f"{bad} of {len(ids)} series were forecast as something not a number")
    row = task.test["unique_id"].map({name: at for at, name in enumerate(ids)}).to_numpy()
    step = task.test.groupby("unique_id").cumcount().to_numpy()
    table = task.test.assign(forecast=forecast[row, step])
    scores = score(table, task.filled, season_length=task.season_length, metrics=METRICS)
    return summarise(scores)["forecast"]


def forecast_by(task: Task, function: Callable[[np.ndarray, int], np.ndarray]) -> np.ndarray:
    """Forecast each series alone by ``function(history (1, time), horizon)``."""
    return np.vstack([function(y[None], task.horizon) for y in task.series])


def write_task(task: Task, folder: Path) -> None:
    """Write the known part: ``known.npz`` for the peers, ``known.csv`` for this package."""
    series = task.series
    np.savez(
        folder / "known.npz",
        values=np.concatenate(series),
        lengths=[len(values) for values in series],
        horizon=task.horizon,
    )
    task.train.to_csv(folder / "known.csv", index=False)
