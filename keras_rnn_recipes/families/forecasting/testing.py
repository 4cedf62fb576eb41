"""Forecast the test part of a run, and score the forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.evaluation.backtest import backtest
from keras_rnn_recipes.evaluation.histories import Forecaster
from keras_rnn_recipes.evaluation.metrics import score, summarise, totals

if TYPE_CHECKING:
    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.data.frames import Panel
    from keras_rnn_recipes.data.split import Split
    from keras_rnn_recipes.runs.directory import RunDirectory


def test(
    forecasters: Mapping[str, Forecaster],
    split: Split,
    panel: Panel,
    config: Config,
    run: RunDirectory,
    **seen: Any,
) -> tuple[dict[str, dict[str, float]], dict[str, float] | None, tuple[str, ...]]:
    """Forecast the test part from rolling origins, and write ``backtest.csv`` and ``scores.csv``.

    A series too short to hold anything out was used for training as a whole, so it is not scored.

    Args:
        forecasters: by name, the model and its baselines.
        split: the parts, from ``split_by_time``.
        panel: all data.
        config: the resolved configuration.
        run: directory for the files.
        seen: what the forecasters read, as in ``backtest``.

    Returns:
        The means of the scores, the sums of forecasts and observed values, and a sentence on the
        origins that are left out, since they have no value before them.

    Raises:
        UserError: no series has an origin.
    """
    tested = backtest(
        panel.frame[~panel.frame["unique_id"].isin(split.skipped)],
        forecasters,
        test_size=config.data.test_size,
        stride=config.evaluate.stride,
        **seen,
    )
    scores = score(
        tested, panel.frame, season_length=panel.season_length, metrics=config.evaluate.metrics
    )
    run.write_csv("backtest.csv", tested)
    run.write_csv("scores.csv", scores)
    return summarise(scores), totals(tested, config.model.preset), tested.attrs["notes"]
