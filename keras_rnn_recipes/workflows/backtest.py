"""``krr backtest``: a recipe carried out again at past cutoffs, or one model from many origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.config.forecasting import Config, added_baselines
from keras_rnn_recipes.config.schemas import DEFAULT
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import forecasting
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.reporting.format import deciding_metric, label, number
from keras_rnn_recipes.reporting.results import results_table
from keras_rnn_recipes.reporting.text_table import text_table
from keras_rnn_recipes.runs.directory import RunDirectory, is_run_directory
from keras_rnn_recipes.workflows.folds import Fold, plan_folds
from keras_rnn_recipes.workflows.run import (
    Main,
    continue_config,
    read_recipe,
    run_script,
    shrink,
    with_whole_path,
)

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.data.frames import Panel


@dataclass(frozen=True)
class Backtest:
    """What a backtest came to.

    Attributes:
        run_dir: the folder with ``backtest.csv``, ``scores.csv``, ``by_cutoff.csv``,
            ``by_step.csv``, ``metrics.json``, ``report.html``, and the folds' own runs.
        name: the model's column.
        record: the content of ``metrics.json``.
        by_cutoff: columns ``fold, cutoff, series, metric`` and one per model: means over series.
        by_step: columns ``step`` and one per model: the mean error by step ahead, for several
            series in multiples of their in-sample seasonal naive error.
        notes: series that some figure leaves out.
    """

    run_dir: Path
    name: str
    record: dict[str, Any]
    by_cutoff: pd.DataFrame
    by_step: pd.DataFrame
    notes: tuple[str, ...]


def read_source(source: str | Path, overrides: Sequence[str] = ()) -> tuple[Main, Config]:
    """Read what is to be tested: a recipe's name, a TOML file, or the folder of a run.

    Raises:
        UserError: none of these; for a table of data it is said how to come to a run.
    """
    path = Path(source)
    folder = path.is_dir() and is_run_directory(path)
    if path.is_file() and path.suffix not in (".toml", ".json"):
        raise UserError(
            f"{path} is a table, not a recipe.",
            "a recipe's name, a TOML file, or the folder of a run.",
            f"run `krr forecast {path} --horizon N --run-dir DIR`, then `krr backtest DIR`.",
        )
    main, config = read_recipe(path / "config.json" if folder else source, overrides)
    _require_series(config, source)
    return main, config


def backtest_recipe(
    source: str | Path,
    run_dir: str | Path,
    *,
    folds: int = 5,
    step: int | None = None,
    overrides: Sequence[str] = (),
    baselines: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    smoke: bool = False,
) -> Backtest:
    """Carry a recipe out at several cutoffs, each time as it would have been done then.

    The protocol, and why nothing leaks, is in `keras_rnn_recipes.workflows.folds`. Each fold is a
    run of its own, in ``run_dir/folds``.

    Args:
        source: a recipe's name, a TOML file, or the folder of a run, whose recipe is taken.
        run_dir: where everything goes.
        folds: cutoffs.
        step: steps between them; None for a horizon.
        overrides: such as ``"fit.epochs=10"``.
        baselines: further ones, joined by commas.
        resume: keep the folds that are done, continue the one that was interrupted.
        overwrite: replace what is in ``run_dir``.
        smoke: a handful of training steps in each fold.

    Raises:
        UserError: a mistake in the recipe, the data, the options or the folder.

    Example:
        >>> import tempfile
        >>> done = backtest_recipe("co2_lstm_direct", tempfile.mkdtemp(), folds=2, smoke=True)
        ... # doctest: +SKIP
    """
    main, config = read_source(source, overrides)
    config = _with_baselines(with_whole_path(config), baselines)
    directory = RunDirectory.open(run_dir, overwrite=overwrite, resume=resume)
    panel = forecasting.load(config.data)
    planned = plan_folds(config, panel, folds=folds, step=step)
    stored = directory.read_json("config.json") if directory.resumed else None
    if stored is not None:
        continue_config(config, stored)
    directory.write_config(config)
    parts = [_carry_out(main, fold, len(planned), directory, smoke) for fold in planned]
    return _finish(directory, config, panel, parts)


def backtest_run(
    run: str | Path,
    run_dir: str | Path,
    *,
    folds: int = 5,
    step: int | None = None,
    baselines: str | None = None,
    overwrite: bool = False,
) -> Backtest:
    """Forecast with one trained model from several origins in the part that its run held out.

    Args:
        run: a finished run; its SavedModel answers.
        run_dir: where everything goes.
        folds: origins.
        step: steps between them; None for a horizon.
        baselines: further ones, joined by commas.
        overwrite: replace what is in ``run_dir``.

    Raises:
        UserError: not a finished run, or the earliest origin lies before what it held out, where
            the model was trained.
    """
    from keras_rnn_recipes.families.forecasting.inference import evaluate

    config, size, step = check_origins(run, folds, step)
    directory = RunDirectory.open(run_dir, overwrite=overwrite)
    found = evaluate(run, None, baselines=baselines, test_size=size, stride=step)
    assert found.forecasts is not None  # of a forecaster, as was checked
    directory.write_config(config)
    record = RunDirectory(Path(run)).read_json("metrics.json") or {}
    result = _finish(directory, config, forecasting.load(config.data), [(found.forecasts, record)])
    return replace(result, notes=found.notes)


def check_origins(run: str | Path, folds: int, step: int | None) -> tuple[Config, int, int]:
    """Refuse origins that lie before what a run held out, as its model has seen them.

    Returns:
        The run's configuration, the steps from the first origin to the end, and between origins.

    Raises:
        UserError: not a finished run, or too many origins or too far apart.
    """
    from keras_rnn_recipes.runs.finished import finished_config

    config = finished_config(run)
    _require_series(config, run)
    if config.fit.refit:
        raise UserError(
            f"The model in {run} has learnt from all steps, those held out included (fit.refit).",
            "a model that does not know what it is asked to forecast.",
            "fit again at each origin with --refit, or run the recipe with fit.refit=false.",
        )
    horizon = config.model.horizon
    step = horizon if step is None else step
    size, held_out = horizon + (folds - 1) * step, config.data.test_size or horizon
    if min(folds, step) < 1 or size > held_out:
        raise UserError(
            f"{folds} origins {step} steps apart begin {size} steps before the end, and the model "
            f"in {run} was trained up to {held_out} steps before it.",
            f"at least one, and up to {held_out - horizon} steps from the first to the last.",
            "take fewer --folds or a smaller --step, or fit again at each with --refit.",
        )
    return config, size, step


def describe(result: Backtest) -> str:
    """The tables that are printed: all cutoffs together, each, and by step ahead."""
    series = int(result.by_cutoff["series"].max())
    metric = deciding_metric(result.record["model"], series)
    each = result.by_cutoff[result.by_cutoff["metric"] == metric].drop(columns="metric")
    unit = "in average seasonal steps" if series > 1 else "in the units of the series"
    return "\n".join(
        [
            results_table(result.record, name=result.name, num_series=series),
            f"\nBy cutoff, {label(metric)}:",
            table_text(each),
            f"\nBy step ahead, absolute error {unit}:",
            table_text(result.by_step),
            *result.notes,
        ]
    )


def _carry_out(
    main: Main, fold: Fold, count: int, directory: RunDirectory, smoke: bool
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run one fold, unless it is done, and read what it found."""
    import keras

    from keras_rnn_recipes.serving.export_common import quiet_tensorflow_log
    from keras_rnn_recipes.storage import read_table

    path = directory.folder("folds") / f"{fold.number:02d}"
    print(f"Fold {fold.number} of {count}, cutoff {fold.before_end} steps before the end: {path}")
    own = RunDirectory(path)
    # The report is the last thing that a run writes.
    if (path / "report.html").is_file():
        config = shrink(fold.config) if smoke else fold.config
        continue_config(with_whole_path(config), own.read_json("config.json") or {})
    else:
        keras.utils.clear_session()
        with quiet_tensorflow_log():
            run_script(main, fold.config, path, resume=directory.resumed, smoke=smoke)
    return read_table(path / "backtest.csv"), own.read_json("metrics.json") or {}


def _finish(
    directory: RunDirectory,
    config: Config,
    panel: Panel,
    parts: list[tuple[pd.DataFrame, dict[str, Any]]],
) -> Backtest:
    """Put the folds together, score them and write everything."""
    import pandas as pd

    from keras_rnn_recipes.evaluation.metrics import score, score_notes, summarise
    from keras_rnn_recipes.families.forecasting.report import write_report

    tested = pd.concat([table for table, _ in parts], ignore_index=True)
    tested = tested.sort_values(["unique_id", "cutoff", "ds"], ignore_index=True)
    season, name = panel.season_length, config.model.preset
    metrics = config.evaluate.metrics
    scores = score(tested, panel.frame, season_length=season, metrics=metrics)
    summary = summarise(scores)
    record: dict[str, Any] = {
        "format_version": 1,
        "task": "forecasting",
        "model": summary.pop(name),
        "baselines": summary,
        "num_parameters": max(int(one.get("num_parameters", 0)) for _, one in parts),
        "fit_seconds": round(sum(float(one.get("fit_seconds", 0)) for _, one in parts), 3),
    }
    by_cutoff = _by_cutoff(tested, panel.frame, season, metrics)
    by_step = _by_step(tested, panel.frame, season)
    for file, table in (
        ("backtest.csv", tested),
        ("scores.csv", scores),
        ("by_cutoff.csv", by_cutoff),
        ("by_step.csv", by_step),
    ):
        directory.write_csv(file, table)
    directory.write_json("metrics.json", record)
    directory.write_environment(config.fit.seed)
    write_report(directory.path, panel.frame, notes=panel.notes)
    directory.release()
    return Backtest(directory.path, name, record, by_cutoff, by_step, score_notes(scores))


def _by_cutoff(
    tested: pd.DataFrame, frame: pd.DataFrame, season: int, metrics: Sequence[str]
) -> pd.DataFrame:
    """The k-th cutoff from the end of each series makes a fold, whatever its date."""
    import pandas as pd

    from keras_rnn_recipes.evaluation.metrics import score, summarise

    back = tested.groupby("unique_id")["cutoff"].rank(method="dense", ascending=False).astype(int)
    rows = []
    for fold, part in tested.groupby(back.max() - back + 1):
        summary = summarise(score(part, frame, season_length=season, metrics=metrics))
        about = {
            "fold": fold,
            "cutoff": part["cutoff"].max(),
            "series": part["unique_id"].nunique(),
        }
        for metric in metrics:
            rows.append({**about, "metric": metric, **{m: v[metric] for m, v in summary.items()}})
    return pd.DataFrame(rows)


def _by_step(tested: pd.DataFrame, frame: pd.DataFrame, season: int) -> pd.DataFrame:
    from keras_rnn_recipes.evaluation.metrics import horizon_profile
    from keras_rnn_recipes.evaluation.scales import history_before, seasonal_scales

    several = tested["unique_id"].nunique() > 1
    scales = seasonal_scales(history_before(frame, tested), season) if several else None
    return horizon_profile(tested, scales=scales)


def _with_baselines(config: Config, names: str | None) -> Config:
    baselines = added_baselines(names, config.evaluate.baselines)
    evaluate = config.evaluate.model_copy(update={"baselines": baselines})
    return config.model_copy(update={"evaluate": evaluate})


def table_text(frame: pd.DataFrame) -> str:
    """Columns of equal width, numbers to four figures."""
    cells = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return text_table([list(map(str, frame.columns)), *cells], left=0)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return str(value).removesuffix(" 00:00:00")


def _require_series(config: Config, source: str | Path) -> None:
    fix = "judge such a run on other data with krr evaluate, if it takes any."
    require_family(config, DEFAULT, source, fix=fix)
