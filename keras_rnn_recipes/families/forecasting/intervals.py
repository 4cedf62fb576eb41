"""Intervals of a run: calibrated once, kept in ``intervals.json``, put into the served graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.data.frames import Panel
    from keras_rnn_recipes.evaluation.histories import Forecaster


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

    if not config.evaluate.levels:
        return forecaster, dict(baselines)
    known, options = _to_calibrate_on(panel, config)
    if not levels_of_model(forecaster):
        record = _calibrated(forecaster.predict_on_batch, known, panel, options, run)
        forecaster = model_with_bounds(forecaster, record)
    lookback = options["lookback"]
    theirs: dict[str, Forecaster] = {
        name: with_bounds(one, calibrate(known, one, **options), lookback=lookback)
        if name in POOLED
        else one
        for name, one in baselines.items()
    }
    return forecaster, theirs


def refit_intervals(
    forecaster: keras.Model,
    judged: keras.Model,
    panel: Panel,
    config: Config,
    *,
    run: RunDirectory | None = None,
) -> keras.Model:
    """Give a forecaster that was trained again the intervals that its forerunner's errors make.

    All that the forerunner had not learnt from counts, the test part as well: twice as many errors,
    and the latest. They are those of a network that knew less, so that the intervals are rather too
    wide than too narrow.

    Args:
        forecaster: from `to_forecaster`, trained on everything.
        judged: what `add_intervals` gave before the test part was forecast.
        panel, config, run: as in `add_intervals`.

    Returns:
        As in `add_intervals`; as it came where no levels are asked for, or it has learnt its own.
    """
    from keras_rnn_recipes.builders.intervals import levels_of_model

    if not config.evaluate.levels or levels_of_model(forecaster):
        return forecaster
    known, options = _to_calibrate_on(panel, config, ends_with_test=True)

    def point(seen: Any) -> Any:
        return judged.predict_on_batch(seen)[..., 0]

    return model_with_bounds(forecaster, _calibrated(point, known, panel, options, run))


def _to_calibrate_on(
    panel: Panel, config: Config, *, ends_with_test: bool = False
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows up to the end of the validation or the test part, and how `calibrate` sees them."""
    data, series = config.data, panel.frame.groupby("unique_id", sort=False)
    unseen = data.held_out if ends_with_test else data.valid_size or 0
    # A series too short to hold anything out was trained on as a whole.
    whole = series["ds"].transform("size") <= data.held_out
    later = series.cumcount(ascending=False) < data.held_out - unseen
    return panel.frame[~whole & ~later].reset_index(drop=True), {
        "levels": config.evaluate.levels,
        "lookback": config.model.lookback or 1,
        "horizon": config.model.horizon,
        "season_length": panel.season_length,
        "valid_size": unseen,
    }


def _calibrated(
    forecaster: Forecaster,
    known: pd.DataFrame,
    panel: Panel,
    options: dict[str, Any],
    run: RunDirectory | None,
) -> dict[str, Any]:
    """Find the widths, write them into the run, and tell what they rest on."""
    from keras_rnn_recipes.evaluation.conformal import calibrate

    found = calibrate(known, forecaster, **panel.columns, **options)
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
    return record


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
    return read_json(Path(run_dir) / FILE) or None
