"""Intervals of a run: calibrated once, kept in ``intervals.json``, put into the served graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.running.run_directory import RunDirectory

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from keras_rnn_recipes.data.frames import Panel
    from keras_rnn_recipes.evaluation.histories import Forecaster
    from keras_rnn_recipes.running.config import Config

FORMAT_VERSION = 1
FILE = "intervals.json"
# The others are fitted anew at every origin, which is slow enough for the test part alone.
POOLED = ("naive", "seasonal_naive", "drift", "ridge")


def add_intervals(
    forecaster: keras.Model,
    baselines: Mapping[str, Forecaster],
    panel: Panel,
    config: Config,
    *,
    run: RunDirectory | None = None,
) -> tuple[keras.Model, dict[str, Forecaster]]:
    """Let a model and its baselines say how sure they are, if the recipe asks for levels.

    What was fitted on the training part is asked for forecasts of the validation part; its errors
    there make the intervals as wide as they have to be. A model that learnt quantiles or
    a distribution has its own.

    Args:
        forecaster: from `to_forecaster`.
        baselines: from `fit_baselines`, fitted on the training part alone. Those that are fitted
            to every history anew stay without intervals, for the time that it would take.
        panel: all data; what it has of the test part is not looked at.
        config: the resolved configuration, for its levels and the sizes of the parts.
        run: where ``intervals.json`` is written, from which ``krr export`` takes the widths.

    Returns:
        The two, giving ``(batch, horizon, 1 + 2 * levels)`` instead of ``(batch, horizon)``; as
        they came where no levels are asked for.

    Raises:
        UserError: nothing was observed where the intervals are to be calibrated.
    """
    from keras_rnn_recipes.builders.intervals import levels_of_model
    from keras_rnn_recipes.evaluation.conformal import calibrate, with_bounds

    levels, lookback = config.evaluate.levels, config.model.lookback or 1
    if not levels:
        return forecaster, dict(baselines)
    frame, held_out = panel.frame, config.data.held_out
    series = frame.groupby("unique_id", sort=False)
    # A series too short to hold anything out was trained on as a whole.
    whole = series["ds"].transform("size") <= held_out
    left = series.cumcount(ascending=False)
    options: dict[str, Any] = {
        "levels": levels,
        "lookback": lookback,
        "horizon": config.model.horizon,
        "season_length": panel.season_length,
        "valid_size": config.data.valid_size or 0,
    }
    learnt = bool(levels_of_model(forecaster))
    known = frame[~whole & (left >= (config.data.test_size or 0))].reset_index(drop=True)
    if not learnt:
        forecaster = _calibrated(forecaster, known, panel, options, run)
    theirs: dict[str, Forecaster] = {
        name: with_bounds(one, calibrate(known, one, **options), lookback=lookback)
        if name in POOLED
        else one
        for name, one in baselines.items()
    }
    return forecaster, theirs


def with_intervals(forecaster: keras.Model, run: RunDirectory) -> keras.Model:
    """Give a forecaster that was trained again the intervals that its forerunner's errors made.

    They then rest on errors of a network that had learnt less: they are rather too wide.

    Args:
        forecaster: from `to_forecaster`.
        run: where `add_intervals` has written them.

    Returns:
        The same, as it came where the run has no calibrated intervals.
    """
    record = run.read_json(FILE)
    return forecaster if record is None else model_with_bounds(forecaster, record)


def _calibrated(
    forecaster: keras.Model,
    known: pd.DataFrame,
    panel: Panel,
    options: dict[str, Any],
    run: RunDirectory | None,
) -> keras.Model:
    from keras_rnn_recipes.evaluation.conformal import calibrate

    found = calibrate(known, forecaster.predict_on_batch, **panel.columns, **options)
    record = {
        "format_version": FORMAT_VERSION,
        "levels": list(found.levels),
        "widths": found.widths.round(6).tolist(),
        "season_length": found.season_length,
        "nonnegative": found.nonnegative,
        "notes": list(found.notes),
    }
    if run is not None:
        run.write_json(FILE, record)
    for note in found.notes:
        print(note)
    return model_with_bounds(forecaster, record)


def model_with_bounds(model: keras.Model, record: Mapping[str, Any]) -> keras.Model:
    """Put the bounds of an ``intervals.json`` beside a model's forecasts."""
    from keras_rnn_recipes.builders.intervals import add_bounds

    return add_bounds(
        model,
        record["levels"],
        record["widths"],
        season_length=record["season_length"],
        nonnegative=record["nonnegative"],
    )


def read_intervals(run_dir: str | Path) -> dict[str, Any] | None:
    """Read the ``intervals.json`` of a run; None where it has no intervals."""
    import json

    path = Path(run_dir) / FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
