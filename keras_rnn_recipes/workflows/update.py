"""``krr update``: train the network of a finished run on, with new rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.config.schemas import DEFAULT
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.shards.manifest import has_manifest
from keras_rnn_recipes.shards.panels import open_panel
from keras_rnn_recipes.storage import json_text, read_table, replacing
from keras_rnn_recipes.workflows.run import RunResult, read_recipe, run_script

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.data.frames import Panel

FILE = "update.json"

# An update changes a trained network, so it takes fewer and smaller steps than the first training.
SHARE_OF_EPOCHS, SHARE_OF_RATE = 0.25, 0.25


@dataclass(frozen=True)
class UpdateResult:
    """The result of an update.

    Attributes:
        run: the run with the updated network, in its own folder.
        before: metrics of the earlier network on the test part of that run.
        notes: which origins these metrics leave out.
    """

    run: RunResult
    before: dict[str, float]
    notes: tuple[str, ...] = ()


def update_run(
    run_dir: str | Path,
    source: str | Path,
    to: str | Path,
    *,
    overrides: Sequence[str] = (),
    resume: bool = False,
    overwrite: bool = False,
    smoke: bool = False,
) -> UpdateResult:
    """Train the network of a finished forecaster on, with new rows added to its data.

    The updated network is a run in a folder of its own, whose test part is the end of the extended
    data. The earlier network is scored on the same test part; its run and its scores stay as they
    are.

    Args:
        run_dir: folder of a finished run of the family forecasting.
        source: file with the new rows, in the format of the run's data; a folder of ``krr shard``
            if the run was trained on one. For the same step of a series the new row counts.
        to: folder to write to.
        overrides: such as ``"fit.epochs=10"``. By default an update has a quarter of the epochs and
            of the learning rate of the run.
        resume, overwrite, smoke: as in `run`.

    Raises:
        UserError: the run is not finished or of another family; the rows cannot be used; or the
            earlier network was trained on steps of the test part.

    Example:
        >>> update_run("runs/sales", "june.csv", "runs/sales-june")  # doctest: +SKIP
    """
    config = updated_config(run_dir, source, overrides)
    for note in _check_rows(Path(run_dir), source, overrides):
        print(note)
    before, notes = _scores_before(Path(run_dir), config)
    main, checked = read_recipe(config)
    done = run_script(main, checked, to, resume=resume, overwrite=overwrite, smoke=smoke)
    record = {"format_version": 1, "from": str(Path(run_dir).absolute()), "before": before}
    with replacing(done.run_dir / FILE) as staged:
        staged.write_text(json_text(record), encoding="utf-8")
    return UpdateResult(done, before, notes)


def updated_config(
    run_dir: str | Path, source: str | Path, overrides: Sequence[str] = ()
) -> Config:
    """The recipe of an update; arguments and errors as in `update_run`."""
    earlier = finished_config(run_dir)
    fix = "train texts again on all of them with krr run."
    require_family(earlier, DEFAULT, f"The run in {run_dir}", fix=fix)
    if has_manifest(source) and not has_manifest(earlier.data.source):
        raise UserError(
            f"{source} is a panel in files, and the run in {run_dir} was trained on one table.",
            "new rows in one table, as the data of the run.",
            "give one table, or train a new run on a folder of krr shard.",
        )
    given = earlier.model_dump(mode="json")
    given["data"]["updates"] = [*given["data"]["updates"], str(Path(source).absolute())]
    if earlier.trains:
        given["fit"]["start_from"] = str(Path(run_dir).absolute())
        given["fit"]["epochs"] = max(1, round(SHARE_OF_EPOCHS * earlier.fit.epochs))
        given["fit"]["learning_rate"] = SHARE_OF_RATE * earlier.fit.learning_rate
    config: Config = config_from_dict(given, overrides, where=f"the update of {run_dir}")
    return config


def describe(result: UpdateResult) -> str:
    """The scores before and after the update, in a table of text, and notes on those before it."""
    from keras_rnn_recipes.reporting.format import label, metric_value
    from keras_rnn_recipes.reporting.text_table import text_table

    after = result.run.metrics["model"]
    names = [name for name in result.before if name in after]
    rows = [("", *(label(name) for name in names))]
    for when, scores in (("before the update", result.before), ("after the update", after)):
        rows.append((when, *(metric_value(name, scores[name]) for name in names)))
    return "\n".join([text_table(rows), *(f"Before the update: {note}" for note in result.notes)])


def _check_rows(run_dir: Path, source: str | Path, overrides: Sequence[str]) -> tuple[str, ...]:
    """Check the new rows as `krr predict` does; what differs from the data of the run, in words."""
    from keras_rnn_recipes.families.forecasting.assumptions import read_assumptions
    from keras_rnn_recipes.families.forecasting.covariates import read_covariates
    from keras_rnn_recipes.families.forecasting.inference import read_new_data

    config = finished_config(run_dir, [one for one in overrides if one.startswith("data.")])
    covariates, assumed = read_covariates(run_dir), read_assumptions(run_dir)
    if not has_manifest(source):
        return read_new_data(config, source, covariates, assumed=assumed).notes
    found = [
        read_new_data(config, file.read(), covariates, assumed=assumed).notes
        for file in open_panel(source).files
    ]
    return next((notes for notes in found if notes), ())


def _scores_before(run_dir: Path, config: Config) -> tuple[dict[str, float], tuple[str, ...]]:
    """Metrics of the earlier network on the test part of the extended data, and notes on them."""
    from keras_rnn_recipes.families.forecasting.inference import forecaster_of_run
    from keras_rnn_recipes.families.forecasting.testing import mean_scores

    panel, name, size = _panel(run_dir, config), config.model.preset, _test_size(config)
    earlier = finished_config(run_dir)
    if earlier.trains:
        _refuse_learned(run_dir, panel, size)
    forecaster = forecaster_of_run(run_dir, earlier)
    seen = {
        "lookback": config.model.lookback or 1,
        "horizon": config.model.horizon,
        "levels": forecaster.levels,
        "season_length": config.data.longest_season,
        **panel.columns,
    }
    data = config.data.model_copy(update={"test_size": size})
    config = config.model_copy(update={"data": data})
    summary, _, notes = mean_scores({name: forecaster.forecast_windows}, panel, config, **seen)
    return summary[name], notes


def _panel(run_dir: Path, config: Config) -> Panel:
    """The extended data, with the covariates of the earlier run."""
    from keras_rnn_recipes.data.split import split_by_time
    from keras_rnn_recipes.families.forecasting.covariates import code_covariates, read_covariates
    from keras_rnn_recipes.families.forecasting.task import load

    panel = code_covariates(load(config.data), config)
    if panel.covariates != read_covariates(run_dir):
        raise UserError(
            f"The covariates of the extended data have other categories than those of {run_dir}.",
            "the categories and series that the network was trained with.",
            "train a new network on all data: krr run, or krr forecast.",
        )
    split = split_by_time(panel.frame, valid_size=0, test_size=_test_size(config), lookback=1)
    frame = panel.frame[~panel.frame["unique_id"].isin(split.skipped)]
    return type(panel)(**{**vars(panel), "frame": frame.reset_index(drop=True)})


def _test_size(config: Config) -> int:
    return config.data.test_size or config.model.horizon


def _refuse_learned(run_dir: Path, panel: Panel, size: int) -> None:
    """Refuse a test part whose steps the earlier network was trained on."""
    earlier = finished_config(run_dir)
    kept = 0 if earlier.fit.refit else _test_size(earlier)
    for lengths, known in _lengths_and_known_steps(run_dir, earlier, panel):
        lacking = (known - kept - (lengths - size)).dropna()
        lacking = lacking[lacking > 0]
        if len(lacking):
            raise UserError(
                f"The network in {run_dir} was trained on steps of series {lacking.index[0]!r} "
                f"that the last {counted(size, 'step', 'contains', 'contain')}, on which it is "
                "tested.",
                f"at least {counted(int(lacking.iloc[0]), 'more new step')} of every series.",
                f"give more rows, or a smaller data.test_size (at least {earlier.model.horizon}).",
            )


def _lengths_and_known_steps(
    run_dir: Path, earlier: Config, panel: Panel
) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Lengths of the extended series, and the steps that the run had of each, by name."""
    from keras_rnn_recipes.families.forecasting.task import load

    if panel.files is None:
        began = read_table(run_dir / "forecasts.csv").groupby("unique_id")["ds"].min()
        names, ds = panel.frame["unique_id"], panel.frame["ds"]
        series = ds.groupby(names, sort=False)
        known = (ds < names.map(began)).groupby(names, sort=False).sum()
        yield series.size(), known.where(known.index.isin(began.index))
        return
    before = load(earlier.data).files
    assert before is not None
    for old, new in zip(before.parts(), panel.files.parts(), strict=False):
        yield new.frame["unique_id"].value_counts(), old.frame["unique_id"].value_counts()
