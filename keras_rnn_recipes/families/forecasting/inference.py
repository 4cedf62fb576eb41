"""Predict and evaluate with a finished forecasting run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.config.forecasting import Config, added_baselines
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.families.evaluation import Evaluation
from keras_rnn_recipes.families.forecasting.assumptions import (
    Assumptions,
    check_values,
    negative_windows,
    options_of,
    other_frequency,
    read_assumptions,
    refuse_other_frequency,
)
from keras_rnn_recipes.families.forecasting.covariates import read_covariates
from keras_rnn_recipes.families.forecasting.intervals import model_with_bounds, read_intervals
from keras_rnn_recipes.families.forecasting.zero_shot import (
    ZeroShotForecaster,
    zero_shot_forecaster,
)
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.saved_forecaster import SavedForecaster, load_saved_model

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.data.covariates import Covariates
    from keras_rnn_recipes.data.frames import Panel


# How the data of the run were read, but not which part of them.
_OF_THE_RUN_ALONE = ("start", "end", "future_file")


def predict(
    run_dir: str | Path, source: str | Path | pd.DataFrame, *, overrides: Sequence[str] = ()
) -> pd.DataFrame:
    """Forecast the steps after the end of every series in new data.

    Args:
        run_dir: a finished run. Its ``saved_model`` answers, or the pretrained network in NumPy;
            the columns and the frequency are those of its ``config.json``.
        source: the data, as ``read_panel`` takes it.
        overrides: how the data are read, as in `finished_config`.

    Returns:
        Columns ``unique_id, ds`` and one named as the run's model, followed by its bounds
        if the run has intervals. Its ``attrs["notes"]`` has a sentence for each thing that was
        corrected in the data or differs from what the run assumed.

    Raises:
        UserError: not a finished run, or something in the data that cannot be used.

    Example:
        >>> predict("runs/x", "sales.csv").columns.tolist()  # doctest: +SKIP
        ['unique_id', 'ds', 'lstm']
    """
    return open_forecaster(run_dir, overrides).predict(source)


@dataclass(frozen=True)
class OpenForecaster:
    """A finished run, loaded once to forecast many tables.

    Attributes:
        run_dir: its folder.
        config: of the run, with the overrides.
        covariates, assumed: what the run knows about its columns and its data.
        overrides: with which the run was opened.
        threads: in which the pretrained network computes in NumPy; None for one for each core.
    """

    run_dir: Path
    config: Config
    covariates: Covariates
    assumed: Assumptions | None
    overrides: tuple[str, ...] = ()
    threads: int | None = None

    @cached_property
    def forecaster(self) -> SavedForecaster | ZeroShotForecaster:
        """Its SavedModel, or the pretrained network in NumPy; loaded when first asked for."""
        return forecaster_of_run(self.run_dir, self.config, threads=self.threads)

    def read(self, source: str | Path | pd.DataFrame) -> Panel:
        """Read new data as the data of the run were read, see `read_new_data`."""
        return read_new_data(
            self.config,
            source,
            self.covariates,
            horizon=self.config.model.horizon,
            assumed=self.assumed,
            overrides=self.overrides,
        )

    def predict(self, source: str | Path | pd.DataFrame) -> pd.DataFrame:
        """Forecast the steps after the end of every series, as the function `predict`."""
        from keras_rnn_recipes.evaluation.backtest import forecast_future
        from keras_rnn_recipes.families.forecasting.task import leave_closed_out

        config, panel = self.config, self.read(source)
        forecaster = self.forecaster
        forecasts = forecast_future(
            panel.frame,
            {config.model.preset: forecaster.forecast_windows},
            lookback=_lookback(config),
            horizon=forecaster.horizon,
            freq=panel.freq,
            **panel.columns,
            future=panel.future,
            levels=forecaster.levels,
            season_length=config.data.longest_season,
        )
        forecasts = leave_closed_out(forecasts, panel)
        if config.model.transform == "log":  # a graph of an earlier version does not refuse them
            names = negative_windows(panel.frame, _lookback(config))
            numbers = forecasts.columns[2:]
            forecasts.loc[forecasts["unique_id"].isin(names), numbers] = float("nan")
        forecasts.attrs["notes"] = panel.notes
        return forecasts


def open_forecaster(
    run_dir: str | Path, overrides: Sequence[str] = (), *, threads: int | None = None
) -> OpenForecaster:
    """Open a finished run, to forecast many tables with it.

    Args:
        run_dir: a finished run.
        overrides: how the data are read, as in `finished_config`.
        threads: in which the pretrained network computes in NumPy; None for one for each core.

    Raises:
        UserError: not a finished run.
    """
    config = finished_config(run_dir, overrides)
    covariates, assumed = read_covariates(Path(run_dir)), read_assumptions(run_dir)
    return OpenForecaster(Path(run_dir), config, covariates, assumed, tuple(overrides), threads)


def evaluate(
    run_dir: str | Path,
    source: str | Path | pd.DataFrame | None,
    *,
    baselines: str | None = None,
    test_size: int | None = None,
    stride: int | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Score a run's model from rolling origins, with the run's baselines.

    The last ``test_size`` steps of every series are forecast, as the test part of the run was. The
    steps before them are history, and the baselines are fitted on those alone.

    Args:
        run_dir: a finished run.
        source: the data, as ``read_panel`` takes it; None for the run's own. All series are scored,
            also those of a panel in files, of which ``forecasts`` has only some.
        baselines: further baselines, separated by commas: ``"auto_ets,auto_theta"``.
        test_size: steps at the end of each series; None for as many as the run held out.
        stride: steps between origins; None for those of the run.
        overrides: how the data are read, as in `finished_config`.

    Raises:
        UserError: not a finished run, data that cannot be used or are too short, or an unknown
            baseline.
    """
    from keras_rnn_recipes.data.split import split_by_time
    from keras_rnn_recipes.evaluation.backtest import backtest
    from keras_rnn_recipes.evaluation.baselines import fit_baselines
    from keras_rnn_recipes.evaluation.metrics import score, score_notes, summarise, totals
    from keras_rnn_recipes.families.forecasting.testing import mean_scores

    config = finished_config(run_dir, overrides)
    own, left_out = _at_hand(config.evaluate.baselines)
    names = added_baselines(baselines, own)
    covariates, assumed = read_covariates(Path(run_dir)), read_assumptions(run_dir)
    panel = _panel_to_judge_on(config, source, covariates, assumed)
    horizon, season = config.model.horizon, panel.season_length
    test_size = test_size or config.data.test_size or horizon
    split = split_by_time(
        panel.frame, valid_size=0, test_size=test_size, lookback=_lookback(config)
    )
    if config.fit.refit:
        _refuse_learnt(Path(run_dir), split.test.groupby("unique_id").tail(test_size), test_size)
    others = fit_baselines(
        split.train,
        horizon=horizon,
        season_length=season,
        names=names,
        seed=config.fit.seed,
    )
    forecaster = forecaster_of_run(run_dir, config)
    compared = {config.model.preset: forecaster.forecast_windows, **others}
    seen: dict[str, Any] = {"lookback": _lookback(config), "horizon": horizon, **panel.columns}
    seen |= {"levels": forecaster.levels, "season_length": config.data.longest_season}
    stride = stride or config.evaluate.stride
    frame = panel.frame[~panel.frame["unique_id"].isin(split.skipped)]
    forecasts = backtest(frame, compared, test_size=test_size, stride=stride, **seen)
    if panel.files is not None:
        summary, sums, told = mean_scores(
            compared, panel, _judged(config, test_size, stride), **seen
        )
        told = (*told, "The scores are means over all series; the forecasts are of some of them.")
        notes = (*panel.notes, *left_out, *told)
        return Evaluation(
            config.model.preset, summary, notes, panel.num_series, test_size, forecasts, sums
        )
    scores = score(forecasts, panel.frame, season_length=season, metrics=config.evaluate.metrics)
    short = _too_short(split.skipped, test_size)
    notes = (*panel.notes, *left_out, *short, *forecasts.attrs["notes"], *score_notes(scores))
    return Evaluation(
        config.model.preset,
        summarise(scores),
        notes,
        num_series=forecasts["unique_id"].nunique(),
        test_size=test_size,
        forecasts=forecasts,
        totals=totals(forecasts, config.model.preset),
    )


def forecaster_of_run(
    run_dir: str | Path, config: Config, *, threads: int | None = None
) -> SavedForecaster | ZeroShotForecaster:
    """The forecaster of a finished run.

    Args:
        run_dir: folder of the run.
        config: of the run.
        threads: in which the pretrained network computes in NumPy; None for one for each core.

    Returns:
        Its SavedModel; if nothing was trained, the pretrained network in NumPy.

    Raises:
        UserError: the SavedModel or the weights cannot be loaded.
    """
    if config.trains:
        return load_saved_model(run_dir)
    assumed, intervals = read_assumptions(run_dir), read_intervals(run_dir)
    forecaster = zero_shot_forecaster(
        config, nonnegative=assumed is not None and assumed.nonnegative, threads=threads
    )
    return forecaster if intervals is None else forecaster.with_bounds(intervals)


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's forecaster again, with its intervals.

    Args:
        run_dir: a finished run.
        to: the folder to write; for ``"onnx"`` the file, or a folder for a ``model.onnx``.
        format: ``"saved_model"`` or ``"onnx"``.

    Raises:
        UserError: not a finished run, or ``to`` is in use.
    """
    from keras_rnn_recipes.builders.to_forecaster import to_forecaster
    from keras_rnn_recipes.serving.export_common import refuse_existing
    from keras_rnn_recipes.serving.export_forecaster import export_saved_model
    from keras_rnn_recipes.serving.export_onnx import DEFAULT_NAME, export_onnx

    config, onnx = finished_config(run_dir), format == "onnx"
    if onnx:
        to = to if to.suffix == ".onnx" else to / DEFAULT_NAME
    refuse_existing(to, "the name of a new file." if onnx else "a folder that is missing or empty.")
    model, intervals = _model_of_run(run_dir, config), read_intervals(run_dir)
    assumed = read_assumptions(run_dir)
    options = options_of(assumed, config) if assumed is not None else {}
    if options or config.model.distribution is not None:  # its bounds are asked for when it is read
        model = to_forecaster(model, config.evaluate.levels, **options)
    if intervals is not None:
        model = model_with_bounds(model, intervals)
    return (export_onnx if onnx else export_saved_model)(model, to)


def _model_of_run(run_dir: str | Path, config: Config) -> Any:
    """The network that was trained; if none was, the pretrained one for the recipe."""
    from keras_rnn_recipes.builders.presets import build_forecaster
    from keras_rnn_recipes.serving.keras_model import load_model

    if config.trains:
        return load_model(run_dir)
    model = config.model
    options = model.options(season_length=config.data.season_length or 1)
    return build_forecaster(model.preset, model.strategy, model.horizon, **options)


def read_new_data(
    config: Config,
    source: str | Path | pd.DataFrame,
    covariates: Covariates | None = None,
    *,
    horizon: int | None = None,
    assumed: Assumptions | None = None,
    overrides: Sequence[str] = (),
) -> Panel:
    """Read new data as the data of the run were read.

    Columns, frequency and season of the run apply; its date limits do not. A category or series
    that the run has not seen gets the code of unknown values.

    Args:
        config: the run's.
        source: the data, as ``read_panel`` takes it.
        covariates: the run's, from ``read_covariates``.
        horizon: steps ahead for which future columns are needed; None: for none.
        assumed: what the run took for granted, from ``read_assumptions``.
        overrides: keys with which ``config`` was read; they hold for new data in any case.

    Returns:
        The panel; its notes name what differs from the data of the run.

    Raises:
        UserError: as ``read_panel``; also if the frequency is another than the run's, or a future
            column is not known far enough ahead.
    """
    from keras_rnn_recipes.data.closed import closed_notes
    from keras_rnn_recipes.data.coding import apply_covariates, match_categories

    given = {override.split("=")[0].removeprefix("data.") for override in overrides}
    not_now = set(_OF_THE_RUN_ALONE) - given
    options = {k: v for k, v in config.data.reading().items() if k not in not_now}
    if covariates:
        options["categories"] = covariates.categories
    panel = _read_with_roles(source, options, assumed.roles if assumed else {})
    if config.data.freq:
        refuse_other_frequency(panel, config.data.freq, assumed)
    notes = (*check_values(panel, config, assumed), *closed_notes(panel.frame))
    panel = replace(panel, notes=(*panel.notes, *notes))
    if not covariates:
        return panel
    return apply_covariates(match_categories(panel, covariates), covariates, horizon=horizon)


def _read_with_roles(source: Any, options: dict[str, Any], roles: Mapping[str, str]) -> Panel:
    """Read a table by the columns of the run, where it has them, and else by those it has."""
    try:
        return _read_at_steps_of_run(source, {**roles, **options})
    except UserError:
        if set(roles) <= set(options):
            raise
    return _read_at_steps_of_run(source, dict(options))


def _read_at_steps_of_run(source: Any, options: dict[str, Any]) -> Panel:
    """Read a table at the frequency of the run; an error says if the table has another one."""
    from keras_rnn_recipes.data.frames import read_panel

    try:
        return read_panel(source, **options)
    except UserError as error:
        freq = options.pop("freq", None)
        if freq is None:
            raise
        try:
            found = read_panel(source, **options).freq
        except UserError:
            raise error from None
        if found == freq:
            raise
        raise other_frequency(found, freq) from error


def _lookback(config: Config) -> int:
    if config.model.lookback is None:
        raise UserError(
            "The run's config.json has no model.lookback.",
            "the length of history that it was trained on.",
            "run it again with this version.",
        )
    return config.model.lookback


def _at_hand(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The baselines of the run that are installed, and notes on those that are not."""
    from keras_rnn_recipes.evaluation.baselines import require_baselines

    there, notes = [], []
    for name in names:
        try:
            require_baselines([name])
        except UserError as error:
            notes.append(f"The run's baseline {name} is left out. To have it: {error.fix}")
        else:
            there.append(name)
    return tuple(there), tuple(notes)


def _judged(config: Config, test_size: int, stride: int) -> Config:
    """The configuration of a run with another test part; nothing is held out before it."""
    data = config.data.model_copy(update={"test_size": test_size, "valid_size": 0})
    evaluate = config.evaluate.model_copy(update={"stride": stride})
    return config.model_copy(update={"data": data, "evaluate": evaluate})


def _panel_to_judge_on(
    config: Config,
    source: str | Path | pd.DataFrame | None,
    covariates: Covariates,
    assumed: Assumptions | None,
) -> Panel:
    """The data of the run, or new data, without rows for future covariates."""
    from keras_rnn_recipes.data.coding import apply_covariates
    from keras_rnn_recipes.families.forecasting.task import load

    if source is None:
        return apply_covariates(load(config.data), covariates)
    return read_new_data(config, source, covariates, assumed=assumed)


def _refuse_learnt(run_dir: Path, judged: pd.DataFrame, test_size: int) -> None:
    """Refuse data that a refitted network was trained on."""
    from keras_rnn_recipes.storage import read_table

    began = read_table(run_dir / "forecasts.csv").groupby("unique_id")["ds"].min()
    first = judged.groupby("unique_id")["ds"].min()
    known = [name for name in first.index.intersection(began.index) if first[name] < began[name]]
    if known:
        name = known[0]
        raise UserError(
            f"The model in {run_dir} has learned from all steps of series {name!r} before "
            f"{began[name]} (fit.refit), and was to be judged on those from {first[name]} on.",
            f"at least {counted(test_size, 'step')} after those it has learned from.",
            "give data that go on so far, or train with --no-refit (fit.refit=false).",
        )


def _too_short(skipped: Sequence[str], test_size: int) -> tuple[str, ...]:
    if not skipped:
        return ()
    were = "was" if len(skipped) == 1 else "were"
    return (
        f"{len(skipped)} series with no more than {counted(test_size, 'step')} {were} left out: "
        f"{first_names(skipped)}.",
    )
