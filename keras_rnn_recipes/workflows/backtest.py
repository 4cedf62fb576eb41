"""``krr backtest``: a recipe run at several past cutoffs, or one model at several origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.config.forecasting import Config, added_baselines
from keras_rnn_recipes.config.schemas import DEFAULT
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.families import forecasting
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.reporting.format import deciding_metric, label, number
from keras_rnn_recipes.reporting.results import results_table
from keras_rnn_recipes.reporting.text_table import text_table
from keras_rnn_recipes.runs.directory import RunDirectory, is_run_directory
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly
from keras_rnn_recipes.workflows.fold_score import new_session
from keras_rnn_recipes.workflows.folds import Fold, plan_folds, untested_series
from keras_rnn_recipes.workflows.processes import check_workers, run_in_processes
from keras_rnn_recipes.workflows.run import (
    Main,
    continue_config,
    read_recipe,
    run_script,
    shrink,
    with_absolute_paths,
)

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.data.frames import Panel


@dataclass(frozen=True)
class Backtest:
    """The result of a backtest.

    Attributes:
        run_dir: folder with ``backtest.csv``, ``scores.csv``, ``by_cutoff.csv``, ``by_step.csv``,
            ``metrics.json``, ``report.html``, and the run of each fold.
        name: column of the model.
        record: content of ``metrics.json``.
        by_cutoff: columns ``fold, cutoff, series, metric`` and one per model: means over series.
        by_step: columns ``step`` and one per model: mean absolute error by step ahead; for several
            series in multiples of their in-sample seasonal naive error.
        notes: which origins and series the scores leave out.
    """

    run_dir: Path
    name: str
    record: dict[str, Any]
    by_cutoff: pd.DataFrame
    by_step: pd.DataFrame
    notes: tuple[str, ...]


def read_source(source: str | Path, overrides: Sequence[str] = ()) -> tuple[Main, Config]:
    """Read the recipe to test.

    Args:
        source: name of a recipe, a TOML file, or folder of a run.
        overrides: such as ``"fit.epochs=10"``.

    Raises:
        UserError: the source is none of these; for a table the message says how to get a run.
    """
    path = Path(source)
    folder = path.is_dir() and is_run_directory(path)
    if path.is_file() and path.suffix not in (".toml", ".json"):
        raise UserError(
            f"{path} is a table, not a recipe.",
            "the name of a recipe, a TOML file, or the folder of a run.",
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
    workers: int | None = None,
) -> Backtest:
    """Run a recipe at several past cutoffs, as it would have been run then.

    `keras_rnn_recipes.workflows.folds` describes the protocol and why no future value leaks. Each
    fold has its own run in ``run_dir/folds``.

    Args:
        source: name of a recipe, a TOML file, or folder of a run, whose recipe is used.
        run_dir: folder to write to.
        folds: number of cutoffs.
        step: time steps between cutoffs; None for a horizon.
        overrides: such as ``"fit.epochs=10"``.
        baselines: additional baselines, comma-separated.
        resume: whether to keep finished folds and continue the interrupted one.
        overwrite: whether to replace the run in ``run_dir``.
        smoke: whether to train for a few steps only.
        workers: number of processes of one thread that share the folds, with the same result for
            any number; None: one after the other in this process. A script that gives it needs
            ``if __name__ == "__main__":``.

    Raises:
        UserError: a mistake in the recipe, the data, the options or the folder, or a process was
            killed.

    Example:
        >>> import tempfile
        >>> done = backtest_recipe("co2_lstm_direct", tempfile.mkdtemp(), folds=2, smoke=True)
        ... # doctest: +SKIP
    """
    from keras_rnn_recipes.evaluation.backtest import origin_notes

    if workers is not None:
        check_workers(workers)
    main, config = read_source(source, overrides)
    config = _with_baselines(with_absolute_paths(config), baselines)
    directory = RunDirectory.open(run_dir, overwrite=overwrite, resume=resume)
    panel = forecasting.load(config.data)
    planned = plan_folds(config, panel, folds=folds, step=step)
    stored = directory.read_json("config.json") if directory.resumed else None
    if stored is not None:
        continue_config(config, stored)
    directory.write_config(config)
    shared = Folds(len(planned), directory.folder("folds"), directory.resumed, smoke)
    if workers is not None:
        groups = [planned[first::workers] for first in range(min(workers, len(planned)))]
        run_in_processes([(carry_out_some, (source, overrides, some, shared)) for some in groups])
    parts = [_carry_out(main, fold, shared) for fold in planned]
    tested = [table for table, _ in parts]
    left_out = [
        name
        for fold, table in zip(planned, tested, strict=True)
        for name in untested_series(fold, panel, table)
    ]
    number = len(left_out) + sum(len(table.groupby(["unique_id", "cutoff"])) for table in tested)
    return _finish(directory, config, panel, parts, origin_notes(left_out, number))


def backtest_run(
    run: str | Path,
    run_dir: str | Path,
    *,
    folds: int = 5,
    step: int | None = None,
    baselines: str | None = None,
    overwrite: bool = False,
) -> Backtest:
    """Forecast with one trained model at several origins in the test part of its run.

    Args:
        run: folder of a finished run, whose SavedModel is used.
        run_dir: folder to write to.
        folds: number of origins.
        step: time steps between origins; None for a horizon.
        baselines: additional baselines, comma-separated.
        overwrite: whether to replace the run in ``run_dir``.

    Raises:
        UserError: the run is not finished, or the first origin is before its test part, in data
            that the model was trained on.
    """
    from keras_rnn_recipes.families.forecasting.inference import evaluate

    config, size, step = check_origins(run, folds, step)
    directory = RunDirectory.open(run_dir, overwrite=overwrite)
    found = evaluate(run, None, baselines=baselines, test_size=size, stride=step)
    assert found.forecasts is not None  # check_origins has refused other families
    directory.write_config(config)
    record = RunDirectory(Path(run)).read_json("metrics.json") or {}
    parts, notes = [(found.forecasts, record)], found.forecasts.attrs["notes"]
    result = _finish(directory, config, forecasting.load(config.data), parts, notes)
    return replace(result, notes=found.notes)


def check_origins(run: str | Path, folds: int, step: int | None) -> tuple[Config, int, int]:
    """Check that all origins are in the test part of a run, which its model was not trained on.

    A pretrained network that is used as it is was trained on none of the data.

    Args:
        run: folder of the run.
        folds: number of origins.
        step: time steps between origins; None for a horizon.

    Returns:
        The configuration of the run, the time steps from the first origin to the end, and those
        between origins.

    Raises:
        UserError: the run is not finished, or the origins do not fit into the test part.
    """
    from keras_rnn_recipes.runs.finished import finished_config

    config = finished_config(run)
    _require_series(config, run)
    if config.fit.refit:
        raise UserError(
            f"The model in {run} was trained on all data, including the test part (fit.refit).",
            "a model that was not trained on the data that it forecasts.",
            "train a new model at each cutoff with --refit, or run the recipe with "
            "fit.refit=false.",
        )
    horizon = config.model.horizon
    step = horizon if step is None else step
    size, held_out = horizon + (folds - 1) * step, config.data.test_size or horizon
    if min(folds, step) < 1 or (size > held_out and config.trains):
        raise UserError(
            f"The first of {counted(folds, 'origin')}, {counted(step, 'step')} apart, lies "
            f"{counted(size, 'step')} before the end, but the model in {run} was trained up to "
            f"{counted(held_out, 'step')} before the end.",
            f"at least one origin, and at most {counted(held_out - horizon, 'step')} from the "
            "first to the last.",
            "lower --folds or --step, or train a new model at each cutoff with --refit.",
        )
    return config, size, step


def describe(result: Backtest) -> str:
    """Format the scores: over all cutoffs, by cutoff, and by step ahead."""
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


@dataclass(frozen=True)
class Folds:
    """What the folds of a backtest have in common.

    Attributes:
        number: of folds.
        folder: with a run for each.
        resumed: whether an interrupted backtest is continued.
        smoke: whether to train for a few steps only.
    """

    number: int
    folder: Path
    resumed: bool
    smoke: bool


def carry_out_some(
    source: str | Path, overrides: Sequence[str], some: Sequence[Fold], folds: Folds
) -> None:
    """Run some of the folds, unless they are finished: the work of one process.

    Args:
        source, overrides: as in `backtest_recipe`.
        some: the folds to run.
        folds: what all have in common.
    """
    main, _ = read_source(source, overrides)
    if any(fold.config.trains for fold in some):
        import_tensorflow_quietly(threads=1)
    for fold in some:
        _carry_out(main, fold, folds)


def _carry_out(main: Main, fold: Fold, folds: Folds) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Run one fold, unless it is finished, and read its backtest and metrics."""
    from keras_rnn_recipes.storage import read_table

    path = folds.folder / f"{fold.number:02d}"
    own = RunDirectory(path)
    # A run writes its report last.
    if (path / "report.html").is_file():
        config = shrink(fold.config) if folds.smoke else fold.config
        continue_config(with_absolute_paths(config), own.read_json("config.json") or {})
    else:
        back = counted(fold.before_end, "step")
        print(f"Fold {fold.number} of {folds.number}, cutoff {back} before the end: {path}")
        with new_session(fold.config):
            run_script(main, fold.config, path, resume=folds.resumed, smoke=folds.smoke)
    return read_table(path / "backtest.csv"), own.read_json("metrics.json") or {}


def _finish(
    directory: RunDirectory,
    config: Config,
    panel: Panel,
    parts: list[tuple[pd.DataFrame, dict[str, Any]]],
    notes: tuple[str, ...],
) -> Backtest:
    """Join the folds, score them, and write all files."""
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
        "task": config.family,
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
    write_report(directory.path, panel.frame, notes=(*panel.notes, *notes))
    directory.release()
    notes = (*notes, *score_notes(scores))
    return Backtest(directory.path, name, record, by_cutoff, by_step, notes)


def _by_cutoff(
    tested: pd.DataFrame, frame: pd.DataFrame, season: int, metrics: Sequence[str]
) -> pd.DataFrame:
    """Scores by fold: cutoffs equally many steps before the end of their series."""
    import pandas as pd

    from keras_rnn_recipes.evaluation.metrics import score, summarise

    place = frame[["unique_id"]].assign(
        cutoff=frame["ds"], left=frame.groupby("unique_id").cumcount(ascending=False)
    )
    steps_left = tested[["unique_id", "cutoff"]].merge(place, how="left")["left"]
    back = steps_left.rank(method="dense").astype(int)
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
    """Format a table as text with aligned columns."""
    cells = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return text_table([list(map(str, frame.columns)), *cells], left=0)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return str(value).removesuffix(" 00:00:00")


def _require_series(config: Config, source: str | Path) -> None:
    fix = "score a run of another family on new data: krr evaluate RUN_DIR --input FILE."
    require_family(config, DEFAULT, source, fix=fix)
