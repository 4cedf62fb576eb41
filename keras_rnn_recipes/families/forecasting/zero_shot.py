"""The pretrained network as it is: forecasts in NumPy, without waiting for TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.evaluation.conformal import Calibration, interval_scale
from keras_rnn_recipes.evaluation.histories import last_observed, target_of
from keras_rnn_recipes.pretrained.card import pretrained_card
from keras_rnn_recipes.pretrained.numpy_forecaster import NumPyForecaster


@dataclass(frozen=True)
class ZeroShotForecaster:
    """A forecaster that nothing was trained for, with the members of a model that scripts call.

    It gives the numbers of the SavedModel that `krr export` makes of its run.

    Attributes:
        network: in NumPy.
        nonnegative: whether forecasts and bounds below zero become zero, except for histories with
            negative values.
        relative: whether the network reads each history relative to its last observed value, as
            with ``model.scaling`` ``"change"``.
        calibration: of the intervals; None for those that the network has learned, if any.
    """

    network: NumPyForecaster
    nonnegative: bool = False
    relative: bool = False
    calibration: Calibration | None = None

    @property
    def horizon(self) -> int:
        """Number of steps ahead."""
        return self.network.horizon

    @property
    def levels(self) -> tuple[float, ...]:
        """Levels of the intervals, in percent."""
        return self.calibration.levels if self.calibration else self.network.levels

    def count_params(self) -> int:
        """Number of parameters of the network."""
        return int(pretrained_card().facts["parameters"])

    def forecast_windows(self, windows: Any) -> np.ndarray:
        """Forecast from histories, as `NumPyForecaster.forecast_windows` does."""
        history = _without_padding(target_of(windows))
        last, _ = last_observed(history)
        level = np.where(self.relative & np.isfinite(last), last, 0.0)[:, None]
        answer = self.network.forecast_windows((history - level)[..., None])
        if self.calibration is not None:
            scale = interval_scale(history, self.calibration.season_length)
            answer = self.calibration.bounds(answer, scale)
        answer = answer + level.reshape(-1, *[1] * (answer.ndim - 1))
        if not self.nonnegative:
            return answer
        negative = (history < 0).any(axis=1).reshape(-1, *[1] * (answer.ndim - 1))
        return np.where(negative, answer, np.maximum(answer, 0.0))

    predict_on_batch = forecast_windows

    def with_bounds(self, record: Mapping[str, Any]) -> ZeroShotForecaster:
        """The forecaster with the bounds of an ``intervals.json``."""
        widths = np.asarray(record["widths"])
        found = Calibration(tuple(record["levels"]), widths, record["season_length"])
        nonnegative = self.nonnegative or record["nonnegative"]
        return replace(self, calibration=found, nonnegative=nonnegative)


def _without_padding(history: np.ndarray) -> np.ndarray:
    """The histories without the steps before the first value of any; they change no forecast."""
    observed = np.isfinite(history).any(axis=0)
    return history[:, observed.argmax() :] if observed.any() else history[:, -1:]


def zero_shot_forecaster(
    config: Config, *, nonnegative: bool, threads: int | None = None
) -> ZeroShotForecaster:
    """The pretrained network for the season, the horizon and the levels of a recipe.

    Args:
        config: the resolved configuration, with ``fit.epochs`` 0.
        nonnegative: whether no value of the data is below zero.
        threads: in which it computes; None for one for each core.

    Example:
        >>> from keras_rnn_recipes.config.files import config_from_dict
        >>> model = {"preset": "pretrained", "horizon": 3}
        >>> config = config_from_dict(
        ...     {"data": {"source": "co2"}, "model": model, "fit": {"epochs": 0}})
        >>> forecaster = zero_shot_forecaster(config, nonnegative=True)
        >>> forecaster.forecast_windows(np.full((1, 9, 1), 4.0)).round(1).tolist()
        [[4.0, 4.0, 4.0]]
    """
    model = config.model
    network = NumPyForecaster(
        model.horizon,
        config.data.season_length or 1,
        levels=model.quantiles or (),
        threads=threads,
    )
    return ZeroShotForecaster(network, nonnegative, relative=model.scaling == "change")
