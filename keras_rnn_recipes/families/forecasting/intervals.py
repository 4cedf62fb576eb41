"""Intervals of a run: calibrated once, kept in ``intervals.json``, part of the served graph."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.zero_shot import ZeroShotForecaster
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from keras_rnn_recipes.config.forecasting import Config
    from keras_rnn_recipes.data.frames import Panel
    from keras_rnn_recipes.evaluation.histories import Forecaster

    Model: TypeAlias = keras.Model | ZeroShotForecaster


FORMAT_VERSION = 1

FILE = "intervals.json"

# The other baselines are refitted at every origin, which is too slow for this.
POOLED = ("naive", "seasonal_naive", "drift", "ridge")


def add_intervals(
    forecaster: Model,
    baselines: Mapping[str, Forecaster],
    panel: Panel,
    config: Config,
    *,
    run: RunDirectory | None = None,
) -> tuple[Model, dict[str, Forecaster]]:
    """Add calibrated intervals to a model and its baselines, if the recipe asks for levels.

    The models, fitted on the training part, forecast the validation part; the errors there set the
    width of the intervals. A model that learned quantiles or a distribution has its own intervals.

    Args:
        forecaster: from `to_forecaster` or `zero_shot_forecaster`.
        baselines: from `fit_baselines`, fitted on the training part alone. Those that are
            refitted to every history get no intervals, because that would take too long; and if
            the model has its own, those that the data are too short to calibrate on.
        panel: all data; the test part is not used.
        config: the resolved configuration, for its levels and the sizes of the parts.
        run: directory for ``intervals.json``, from which ``krr export`` takes the widths.

    Returns:
        The model and the baselines with outputs ``(batch, horizon, 1 + 2 * levels)`` instead of
        ``(batch, horizon)``; unchanged if the recipe has no levels.

    Raises:
        UserError: the part to calibrate on has no observed values.
    """
    from keras_rnn_recipes.evaluation.conformal import calibrate, with_bounds

    if not config.evaluate.levels:
        return forecaster, dict(baselines)
    known, options = _to_calibrate_on(panel, config)
    calibrated = not _levels_of(forecaster)
    if calibrated:
        record = _calibrated(forecaster.predict_on_batch, known, panel, options, run)
        forecaster = model_with_bounds(forecaster, record)
    lookback = options["lookback"]
    theirs: dict[str, Forecaster] = {}
    for name, one in baselines.items():
        theirs[name] = one
        if name in POOLED:
            with contextlib.nullcontext() if calibrated else contextlib.suppress(UserError):
                found = replace(calibrate(known, one, **options), nonnegative=_nonnegative(panel))
                theirs[name] = with_bounds(one, found, lookback=lookback)
    return forecaster, theirs


def refit_intervals(
    forecaster: keras.Model,
    judged: keras.Model,
    panel: Panel,
    config: Config,
    *,
    run: RunDirectory | None = None,
) -> keras.Model:
    """Add intervals to a refitted forecaster, calibrated on the first model's errors.

    The errors are those on the validation and the test part, which the first model was not trained
    on. Since that model had less training data, the intervals tend to be too wide, not too narrow.

    Args:
        forecaster: from `to_forecaster`, trained on everything, now or later.
        judged: the first model with intervals, from `add_intervals`. If it shares its weights with
            ``forecaster``, call this function before they are trained again.
        panel, config, run: as in `add_intervals`.

    Returns:
        As in `add_intervals`; unchanged without levels, or if the model has its own intervals.
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
    """Rows up to the end of the validation or the test part, and options of `calibrate`."""
    data, series = config.data, panel.frame.groupby("unique_id", sort=False)
    unseen = data.held_out if ends_with_test else data.valid_size or 0
    if not config.trains:  # a network that was not trained has seen no step
        unseen = max(unseen, config.model.horizon)
    # A series too short to hold anything out was used for training as a whole.
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
    """Calibrate the widths, write them to the run, and note what they rest on."""
    from keras_rnn_recipes.evaluation.conformal import calibrate

    found = calibrate(known, forecaster, **panel.columns, **options)
    record = {
        "format_version": FORMAT_VERSION,
        "levels": list(found.levels),
        "widths": found.widths.round(6).tolist(),
        "season_length": found.season_length,
        "nonnegative": _nonnegative(panel),
        "notes": list(found.notes),
    }
    if run is not None:
        run.write_json(FILE, record)
    for note in found.notes:
        print(note)
    return record


def _nonnegative(panel: Panel) -> bool:
    """Whether no value is below 0, in all rows: those that were calibrated on may be too few."""
    frames = panel.files.frames() if panel.files else [panel.frame]
    return all(bool(frame["y"].min() >= 0) for frame in frames)


def _levels_of(model: Model) -> tuple[float, ...]:
    if isinstance(model, ZeroShotForecaster):
        return model.levels
    from keras_rnn_recipes.builders.intervals import levels_of_model

    return levels_of_model(model)


def model_with_bounds(model: Model, record: Mapping[str, Any]) -> Model:
    """Add the bounds of an ``intervals.json`` to the forecasts of a model."""
    if isinstance(model, ZeroShotForecaster):
        return model.with_bounds(record)
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
