"""A panel in files is learned and scored as the same panel in memory is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from data.test_windows import SERIES, batches, panel, specs
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.data import stored as stored_module
from keras_rnn_recipes.data.stored import StoredSeries
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting import files, training
from keras_rnn_recipes.families.forecasting.assumptions import Assumptions
from keras_rnn_recipes.families.forecasting.task import load
from keras_rnn_recipes.families.forecasting.testing import mean_scores
from keras_rnn_recipes.runs.lock import LOCK_NAME
from keras_rnn_recipes.shards.writing import write_shards
from keras_rnn_recipes.workflows.forecast import ForecastOptions, plan_forecast
from keras_rnn_recipes.workflows.inference import evaluate
from keras_rnn_recipes.workflows.run import read_recipe, run_script
from keras_rnn_recipes.workflows.update import update_run

SERIES_IN_FILES, ROWS_PER_FILE = 23, 150


def sales() -> pd.DataFrame:
    """Series of 20 to 60 days, with missing values and one gap; the rows in no order."""
    rng = np.random.default_rng(3)
    parts = []
    for number in range(SERIES_IN_FILES):
        days = int(rng.integers(20, 60)) if number else 9  # too short to hold anything out
        week = np.sin(np.arange(days) * 2 * np.pi / 7)
        y = rng.lognormal(2, 1) * (3 + week + rng.normal(0, 0.2, days))
        y[rng.random(days) < 0.05] = np.nan
        y[-1] = 1.0
        ds = pd.date_range("2024-01-01", periods=days)
        parts.append(pd.DataFrame({"unique_id": f"s{number:02}", "ds": ds, "y": y}))
    rows = pd.concat(parts, ignore_index=True).drop(index=200)
    return rows.sample(frac=1, random_state=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One table and the same in files."""
    folder = tmp_path_factory.mktemp("panel")
    sales().to_parquet(folder / "all.parquet", index=False)
    write_shards(folder / "all.parquet", folder / "shards", rows_per_file=ROWS_PER_FILE)
    return folder


@pytest.fixture
def few_in_memory(monkeypatch):
    monkeypatch.setattr(files, "MOST_SERIES", 6)
    monkeypatch.setattr(stored_module, "_ROWS_AT_ONCE", 130)
    monkeypatch.setattr(training, "MOST_WINDOWS", 60)


def config_of(source: Path, *overrides: str):
    data = {"source": str(source), "season_length": 7, "valid_size": 8, "test_size": 4}
    model = {"horizon": 2, "lookback": 7, "units": [3], "strategy": "direct"}
    fit = {"epochs": 4, "steps_per_epoch": 3, "batch_size": 8, "watch_gradients": False}
    given = {"data": data, "model": model, "fit": fit, "evaluate": {"baselines": ["naive"]}}
    return config_from_dict(given, overrides)


def updated(path: Path) -> str:
    return f'data.updates=["{path}"]'


class Stopped(BaseException):
    """Ends a run, as a signal would."""


def train(source: Path, to: Path, *overrides: str, stop_after: int = 99, resume: bool = False):
    """Run the script of the family up to its metrics."""

    def watch(what, data):
        if what == "metrics.json" or what == "epoch" and data["epoch"] == stop_after:
            raise Stopped

    main, config = read_recipe(config_of(source, *overrides))
    with pytest.raises(Stopped):
        run_script(main, config, to, watcher=watch, resume=resume)
    return to


def weights(run: Path) -> list[np.ndarray]:
    return keras.saving.load_model(run / "model.keras", compile=False).get_weights()


@draws(40)
@given(SERIES, specs(), st.sampled_from(["none", "scale"]), st.booleans(), st.booleans())
def test_windows_from_a_file_are_those_from_memory(series, spec, weights, shuffle, balanced):
    frame = panel(*series)
    given = {"weights": weights, "shuffle": shuffle, "balanced": shuffle and balanced}
    try:
        theirs = batches(frame, spec, **given)
    except UserError:
        return  # no window fits
    cut = frame.groupby("unique_id").ngroup() > 0
    stored = StoredSeries.of([frame[~cut], frame[cut]], "/tmp")
    ours = batches(stored, spec, **given)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    ("overrides", "resumed"),
    [
        (("model.strategy=direct", "fit.balanced=true", "fit.epochs=2"), False),
        pytest.param(("model.strategy=seq2seq",), True, marks=pytest.mark.slow),
        pytest.param(("model.scaling=change",), False, marks=pytest.mark.slow),
    ],
)
def test_the_weights_are_those_of_training_in_memory(
    folder, tmp_path, few_in_memory, overrides, resumed
):
    one = train(folder / "all.parquet", tmp_path / "memory", *overrides)
    stop_after = 2 if resumed else 99
    two = train(folder / "shards", tmp_path / "files", *overrides, stop_after=stop_after)
    if resumed:
        assert not (two / "model.keras").exists()
        train(folder / "shards", two, *overrides, resume=True)
    assert all(map(np.array_equal, weights(one), weights(two)))
    history = [pd.read_csv(run / "history.csv").drop(columns="seconds") for run in (one, two)]
    pd.testing.assert_frame_equal(*history, check_exact=True)
    tested = [pd.read_csv(run / "backtest.csv") for run in (one, two)]
    assert tested[0]["unique_id"].nunique() > tested[1]["unique_id"].nunique() >= 5


@pytest.fixture
def many(folder, few_in_memory):
    return load(config_of(folder / "shards").data)


def test_levels_and_earlier_rows_are_those_of_a_table(folder, few_in_memory, tmp_path):
    config = config_of(folder / "shards")
    spec = training.WindowSpec(7, 2)
    found = []
    for source in ("all.parquet", "shards"):
        read = load(config_of(folder / source).data, scratch=tmp_path)
        split = training_split(read, config)
        train, valid = training.parts_to_learn(split, read, config)
        train, valid = map(training.without_level, (train, valid))
        train, valid = training.with_earlier_rows(train, valid, config)
        batches = training.validation_windows(valid, spec, weights="scale")
        found.append((training.count_windows(train, spec), list(batches.as_numpy_iterator())))
    assert found[0][0] == found[1][0]
    for one, two in zip(found[0][1], found[1][1], strict=True):
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, two, strict=True))


def training_split(read, config):
    from keras_rnn_recipes.data.split import split_by_time

    sizes = {"valid_size": config.data.valid_size, "test_size": config.data.test_size}
    return split_by_time(read.frame, **sizes, lookback=config.model.lookback)


def test_scores_are_means_over_all_series(folder, tmp_path, few_in_memory):
    """The baseline alone, so that nothing depends on what was trained."""
    from keras_rnn_recipes.evaluation.baselines import fit_baselines
    from keras_rnn_recipes.families.forecasting.testing import test as tested
    from keras_rnn_recipes.runs.directory import RunDirectory

    results = []
    for source in ("all.parquet", "shards"):
        config = config_of(folder / source, "evaluate.metrics=mae,smape,mase")
        read = load(config.data)
        split = training_split(read, config)
        asked = {"horizon": 2, "season_length": 7}
        lines = fit_baselines(split.train, names=("naive", "drift"), **asked)
        lines = {"lstm": lines["drift"], "naive": lines["naive"]}
        run = RunDirectory.open(tmp_path / source)
        seen = {"lookback": 7, "horizon": 2, "season_length": 7}
        results.append(tested(lines, split, read, config, run, **seen))
    for model in ("lstm", "naive"):
        assert results[0][0][model] == pytest.approx(results[1][0][model], rel=1e-12)
    assert results[0][1] == pytest.approx(results[1][1], rel=1e-9)


def test_files_without_a_long_series_are_left_out_of_the_means_and_counted(tmp_path):
    short = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=9), "y": 1.0})
    pd.concat([short, sales()]).to_parquet(tmp_path / "all.parquet", index=False)
    write_shards(tmp_path / "all.parquet", tmp_path / "shards", rows_per_file=1)
    config = config_of(tmp_path / "shards")
    panel = load(config.data)

    def last(history):
        return history[:, [-1, -1], 0]

    seen = {"lookback": 7, "horizon": 2}
    summary, _, notes = mean_scores({"lstm": last}, panel, config, **seen)
    assert summary["lstm"]["mae"] > 0
    assert notes[-1] == "2 files are left out of the scores, without a series that is long enough."

    def broken(history):
        raise UserError("It is broken.", "another.", "mend it.")

    with pytest.raises(UserError, match="It is broken"):
        mean_scores({"lstm": broken}, panel, config, **seen)


def test_a_folder_is_for_recipes_and_needs_a_frequency(folder, tmp_path):
    with pytest.raises(UserError, match="data.source = .*shards/. in a recipe"):
        plan_forecast(ForecastOptions(folder / "shards", horizon=2))
    shards = copied(folder, tmp_path / "copy")
    content = json.loads((shards / "shards.json").read_text())
    (shards / "shards.json").write_text(json.dumps(content | {"freq": None}))
    with pytest.raises(UserError, match="add data.freq=D to the command"):
        load(config_of(shards).data)
    assert load(config_of(shards, "data.freq=D").data).freq == "D"


def test_a_run_from_files_is_evaluated_on_all_its_series(folder, tmp_path, few_in_memory):
    """With the pretrained network, which takes no training."""
    data = {"source": str(folder / "shards"), "season_length": 7, "test_size": 4}
    given = {"data": data, "model": {"preset": "pretrained", "horizon": 2}, "fit": {"epochs": 0}}
    main, config = read_recipe(config_from_dict({**given, "evaluate": {"baselines": ["naive"]}}))
    run_script(main, config, tmp_path / "run")
    ours = evaluate(tmp_path / "run", None)
    theirs = evaluate(tmp_path / "run", load(config_of(folder / "all.parquet").data).frame)
    assert ours.num_series == SERIES_IN_FILES and ours.forecasts["unique_id"].nunique() == 6
    assert "means over all series" in ours.notes[-1]
    for model in ("pretrained", "naive"):
        assert ours.summary[model] == pytest.approx(theirs.summary[model], rel=1e-5)


def test_some_series_are_in_memory_and_all_are_counted(folder, many):
    one = load(config_of(folder / "all.parquet").data)
    assert (many.num_series, many.num_steps) == (one.num_series, len(one.frame))
    names = one.frame["unique_id"].unique()[::4]
    kept = one.frame[one.frame["unique_id"].isin(names)].reset_index(drop=True)
    pd.testing.assert_frame_equal(many.frame, kept, check_dtype=False)
    assert "6 series of 23, evenly spaced, are in memory" in " ".join(many.notes)
    ours, theirs = Assumptions.of_panel(many), Assumptions.of_panel(one)
    assert ours.levels == theirs.levels and ours.observed == pytest.approx(theirs.observed)
    assert (ours.nonnegative, ours.whole, ours.series) == (True, False, None)


def test_a_value_that_does_not_fit_the_loss_is_found_in_any_series(many, folder):
    """The values of the series in memory are made whole numbers; those in the files are not."""
    kept = many.frame.assign(y=many.frame["y"].round())
    config = config_of(folder / "shards", "model.distribution=negative_binomial", "fit.loss=nll")
    with pytest.raises(UserError, match="and series 's00' is"):
        choose_defaults(config, replace(many, frame=kept))


def test_steps_at_the_end_are_left_out(folder):
    ours, theirs = (
        load(config_of(folder / name, "data.drop_last=9").data)
        for name in ("shards", "all.parquet")
    )
    pd.testing.assert_frame_equal(ours.frame, theirs.frame, check_dtype=False)


def later_rows() -> pd.DataFrame:
    """Six days more of most series, some that replace earlier ones, and series of new names."""
    ends = sales().groupby("unique_id")["ds"].max()
    rows = [
        pd.DataFrame({"unique_id": name, "ds": end + pd.to_timedelta(range(-1, 6), "D"), "y": 7.5})
        for name, end in ends.items()
        if name != "s07"
    ]
    days = pd.date_range("2024-03-01", periods=30)
    rows += [pd.DataFrame({"unique_id": n, "ds": days, "y": 2.0}) for n in ("a", "s051", "z")]
    return pd.concat(rows, ignore_index=True).sample(frac=1, random_state=1)


@pytest.fixture(scope="module")
def update(folder) -> Path:
    later_rows().to_parquet(folder / "later.parquet", index=False)
    write_shards(folder / "later.parquet", folder / "later", rows_per_file=70)
    return folder


def test_new_rows_in_files_extend_the_series_as_in_memory(update):
    found = []
    for name, later in (("all.parquet", "later.parquet"), ("shards", "later")):
        found.append(load(config_of(update / name, updated(update / later)).data))
    one, many = found
    pd.testing.assert_frame_equal(many.frame, one.frame, check_dtype=False)
    parts = pd.concat([part.frame for part in many.files.parts()], ignore_index=True)
    pd.testing.assert_frame_equal(parts, one.frame, check_dtype=False)
    assert one.num_series == many.num_series == SERIES_IN_FILES + 3


@pytest.mark.slow
def test_an_update_from_files_is_scored_as_in_memory(update, tmp_path):
    to, new = tmp_path / "run", update / "later"
    main, config = read_recipe(config_of(update / "shards", "fit.refit=false"))
    run_script(main, config, to)
    # A longer test part begins with steps of s07 that the run was trained on.
    with pytest.raises(UserError, match="trained on steps of series 's07'"):
        update_run(to, new, tmp_path / "refused", overrides=["data.test_size=6"])
    result = update_run(to, new, tmp_path / "new", overrides=["fit.learning_rate=1e-12"])
    whole = load(config_of(update / "all.parquet", updated(update / "later.parquet")).data)
    theirs = evaluate(to, whole.frame)
    for metric, value in result.before.items():
        assert value == pytest.approx(theirs.summary["lstm"][metric], rel=1e-5)
        assert result.run.metrics["model"][metric] == pytest.approx(value, rel=1e-3)


def test_updates_of_another_kind_are_refused(update, tmp_path):
    for source, later, said in (
        ("shards", "later.parquet", "is a panel in files, and the new rows are in"),
        ("shards", "renamed", "other columns .ds, time"),
    ):
        if later == "renamed":
            rows = later_rows().rename(columns={"ds": "time"})
            rows.to_parquet(tmp_path / "renamed.parquet", index=False)
            write_shards(tmp_path / "renamed.parquet", update / "renamed")
        with pytest.raises(UserError, match=said):
            load(config_of(update / source, updated(update / later)).data)


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in (folder / "shards").iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def cut_short(shards: Path) -> None:
    file = sorted(shards.glob("*.parquet"))[1]
    file.write_bytes(file.read_bytes()[:-100])


def other_columns(shards: Path) -> None:
    file = sorted(shards.glob("*.parquet"))[1]
    pd.read_parquet(file).rename(columns={"y": "sales"}).to_parquet(file, index=False)


def same_series_twice(shards: Path) -> None:
    content = json.loads((shards / "shards.json").read_text())
    content["files"][1]["first"] = content["files"][0]["last"]
    (shards / "shards.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_short, "part-00001.parquet"),
        (other_columns, "Column 'sales' of .*part-00001.parquet is"),
        (same_series_twice, "Series 's0.' is in two files"),
    ],
)
def test_damaged_files_are_told_before_anything_is_written(folder, tmp_path, damage, said):
    shards = copied(folder, tmp_path / "copy")
    damage(shards)
    main, config = read_recipe(config_of(shards))
    with pytest.raises(UserError, match=said):
        run_script(main, config, tmp_path / "run")
    assert not (tmp_path / "run").exists() or [*(tmp_path / "run").iterdir()] == [LOCK_NAME]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data.past_cols=price", "data.past_cols"),
        ("data.calendar=month", "data.calendar"),
        ("data.start=2024-02-01", "data.start"),
        ("model.series_embedding=2", "model.series_embedding is 2"),
    ],
)
def test_what_is_not_read_from_files_is_refused(folder, tmp_path, override, said):
    main, config = read_recipe(config_of(folder / "shards", override))
    with pytest.raises(UserError, match=said):
        run_script(main, config, tmp_path / "run")


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    with pytest.raises(UserError, match="could not be written"):
        StoredSeries.of([], tmp_path / "missing")
