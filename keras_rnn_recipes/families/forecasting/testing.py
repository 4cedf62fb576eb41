"""The test of the forecasting script: rolling origins over the last steps of every series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from keras_rnn_recipes.data.split import short_series
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.backtest import NoOriginError, backtest
from keras_rnn_recipes.evaluation.histories import Forecaster
from keras_rnn_recipes.evaluation.metrics import score, summarise, totals
from keras_rnn_recipes.evaluation.score_sums import ScoreSums

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.data.frames import Panel
    from keras_rnn_recipes.data.split import Split
    from keras_rnn_recipes.runs.directory import RunDirectory

Means: TypeAlias = dict[str, dict[str, float]]


def test(
    forecasters: Mapping[str, Forecaster],
    split: Split,
    panel: Panel,
    config: Config,
    run: RunDirectory,
    **seen: Any,
) -> tuple[Means, dict[str, float] | None, tuple[str, ...]]:
    """Forecast the test part from rolling origins, and write ``backtest.csv`` and ``scores.csv``.

    A series too short to hold anything out was used for training as a whole, so it is not scored.
    All series of a panel in files are scored; those of ``panel.frame`` are in the two files.

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
    tested, scores = _tested(panel, split.skipped, forecasters, config, **seen)
    run.write_csv("backtest.csv", tested)
    run.write_csv("scores.csv", scores)
    if panel.files is not None:
        return mean_scores(forecasters, panel, config, **seen)
    return summarise(scores), totals(tested, config.model.preset), tested.attrs["notes"]


def mean_scores(
    forecasters: Mapping[str, Forecaster], panel: Panel, config: Config, **seen: Any
) -> tuple[Means, dict[str, float] | None, tuple[str, ...]]:
    """The means over all series of a panel, also in files; arguments and result as `test`.

    A file without a series that has an origin is left out, and counted in the notes.

    Raises:
        NoOriginError: no file has a series with an origin.
    """
    if panel.files is None:
        tested, scores = _tested(panel, (), forecasters, config, **seen)
        return summarise(scores), totals(tested, config.model.preset), tested.attrs["notes"]
    sums, notes, left_out = ScoreSums(config.model.preset), [], []
    for part in panel.files.parts():
        short = short_series(part.frame, config.data.held_out)
        try:
            tested, scores = _tested(part, short, forecasters, config, **seen)
        except NoOriginError as error:
            left_out.append(error)
            continue
        sums.add(tested, scores)
        notes += tested.attrs["notes"]
    summary = sums.summary()
    if not summary and left_out:
        raise left_out[0]
    more, told = len(notes) - 1, []
    if more > 0:
        told.append(f"Origins are left out in {counted(more, 'more file')}.")
    if left_out:
        files = counted(len(left_out), "file", "is", "are")
        told.append(f"{files} left out of the scores, without a series that is long enough.")
    return summary, sums.totals(), (*notes[:1], *told)


def _tested(
    panel: Panel,
    short: Sequence[str],
    forecasters: Mapping[str, Forecaster],
    config: Config,
    **seen: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The forecasts of the test part of all but the short series, and their scores."""
    frame = panel.frame[~panel.frame["unique_id"].isin(short)]
    size, stride = config.data.test_size, config.evaluate.stride
    tested = backtest(frame, forecasters, test_size=size, stride=stride, **seen)
    season, metrics = panel.season_length, config.evaluate.metrics
    return tested, score(tested, panel.frame, season_length=season, metrics=metrics)
