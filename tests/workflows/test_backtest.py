"""A recipe at several cutoffs: what comes after one changes nothing that was made before it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from families.forecasting.test_inference import make_run

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.data.split import without_last
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import forecasting
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.workflows import run as runner
from keras_rnn_recipes.workflows.backtest import backtest_recipe, backtest_run, describe
from keras_rnn_recipes.workflows.folds import plan_folds

HORIZON, STEP = 3, 2
RECIPE = """
[data]
source = "shop.csv"
past_cols = ["promo"]
[model]
preset = "simple_rnn"
strategy = "direct"
horizon = 3
units = [3]
scaling = "standard"
[fit]
epochs = 1
weights = "scale"
[evaluate]
baselines = ["naive", "drift", "ridge"]
"""
# A script of a person's own, which forecasts the last value and trains nothing.
SCRIPT = """
import keras_rnn_recipes as krr
from keras_rnn_recipes.families import forecasting


def main(config, run):
    panel = forecasting.load(config.data)
    config = forecasting.choose_defaults(config, panel)
    run.write_config(config)
    last = lambda history: history[:, [-1] * config.model.horizon, 0]
    tested = krr.backtest(panel.frame, {config.model.preset: last}, lookback=5,
                          horizon=config.model.horizon, test_size=config.data.test_size)
    scores = krr.score(tested, panel.frame, season_length=1)
    run.write_csv("backtest.csv", tested)
    run.write_json("metrics.json", {"num_parameters": 7, "fit_seconds": 1.5})
    run.write_text("report.html", "done")
"""


def script_that(does: str) -> str:
    """The script with a line at its beginning."""
    return SCRIPT.replace("    panel =", f"    {does}\n    panel =")


# Keys of the recipe that the pretrained network has no use for.
OWN_KEYS = ("past_cols", "strategy", "units", "scaling", "weights")


def shop() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": pd.date_range("2024-01-01", periods=length),
                "y": np.round(rng.normal(50, 5, length), 3),
                "promo": rng.integers(0, 2, length).astype(float),
            }
        )
        for name, length in {"a": 40, "b": 33, "c": 26}.items()
    ]
    return pd.concat(parts, ignore_index=True)


def write_recipe(folder, frame: pd.DataFrame, script: str | None = None):
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "shop.csv", index=False)
    (folder / "shop.toml").write_text(RECIPE)
    if script:
        (folder / "forecast.py").write_text(script)
    return folder / "shop.toml"


def write_untrained(folder, script: str):
    """The recipe for the pretrained preset as it is, which needs no TensorFlow."""
    recipe = write_recipe(folder, shop(), script)
    table = RECIPE.replace("simple_rnn", "pretrained").replace("epochs = 1", "epochs = 0")
    lines = [line for line in table.splitlines() if line.split(" ")[0] not in OWN_KEYS]
    recipe.write_text("\n".join(lines))
    return recipe


def before_end(frame: pd.DataFrame) -> pd.Series:
    """Steps from each row to the end of its series, 1 for the last."""
    return frame.groupby("unique_id").cumcount(ascending=False) + 1


def test_overwriting_everything_after_a_cutoff_changes_nothing_made_before_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(krr, "export_saved_model", lambda *_, **__: None, raising=False)
    monkeypatch.setattr(forecasting, "write_report", lambda path, *_, **__: None, raising=False)
    frame = shop()
    recipe = write_recipe(tmp_path / "before", frame)
    planned = plan_folds(load_config(recipe), forecasting.load(load_config(recipe).data), folds=2)
    after = frame["y"].where(before_end(frame) > planned[0].before_end, 1e6)
    frame = frame.assign(y=after * 1.0, promo=frame["promo"].where(after < 1e6, -1e5))
    assert (frame["y"] == 1e6).sum() == 3 * 2 * HORIZON
    changed = write_recipe(tmp_path / "after", frame)
    again = plan_folds(load_config(changed), forecasting.load(load_config(changed).data), folds=2)

    def fitted(fold, folder):
        runner.run(fold.config, folder, smoke=True)
        tested = pd.read_csv(folder / "backtest.csv")
        return krr.load_model(folder).get_weights(), tested

    weights, tested = fitted(planned[0], tmp_path / "one")
    weights_after, tested_after = fitted(again[0], tmp_path / "two")
    for mine, theirs in zip(weights, weights_after, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert (tested_after["y"] == 1e6).all() and not (tested["y"] == 1e6).any()
    pd.testing.assert_frame_equal(tested.drop(columns="y"), tested_after.drop(columns="y"))
    assert {"simple_rnn", "naive", "drift", "ridge"} < set(tested)


def test_choices_are_made_anew_in_every_fold_without_its_test_part(tmp_path):
    """Of data of every quarter of an hour the season is chosen by their values."""
    steps = np.arange(700)
    hourly = np.sin(steps * 2 * np.pi / 4) * (-1.0) ** (steps // 96)
    daily = 1000 * np.tile(np.random.default_rng(0).normal(size=96), 8)[:700]
    frame = pd.DataFrame(
        {
            "unique_id": "a",
            "ds": pd.date_range("2024-01-01", periods=700, freq="15min"),
            "y": np.where(steps < 400, hourly, daily),
            "promo": 0.0,
        }
    )
    config = load_config(write_recipe(tmp_path / "quarters", frame))
    panel = forecasting.load(config.data)
    assert panel.season_length == 96
    first, last = plan_folds(config, panel, folds=2, step=300 - HORIZON)
    assert (first.before_end, last.before_end) == (300, HORIZON)
    assert (first.config.data.season_length, last.config.data.season_length) == (4, 96)
    assert (first.config.data.drop_last, last.config.data.drop_last) == (300 - HORIZON, 0)
    assert first.config.data.test_size == HORIZON


def test_a_panel_as_it_was_some_steps_ago():
    frame = shop()
    panel = krr.read_panel(frame, past_cols=("promo",))
    left = without_last(panel, 30).frame
    expected = frame[before_end(frame) > 30].reset_index(drop=True)
    pd.testing.assert_frame_equal(left[["y", "promo"]], expected[["y", "promo"]])
    assert left["unique_id"].tolist() == expected["unique_id"].tolist() == ["a"] * 10 + ["b"] * 3
    assert without_last(panel, 0) is panel
    with pytest.raises(UserError, match="Nothing is left 40 steps"):
        without_last(panel, 40)


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backtests")
    recipe = write_recipe(folder / "shop", shop(), SCRIPT)
    return recipe, backtest_recipe(recipe, folder / "out", folds=3, step=STEP)


def test_every_fold_forecasts_a_horizon_from_its_own_cutoff(tested):
    _, result = tested
    frame = shop()
    table = pd.read_csv(result.run_dir / "backtest.csv", parse_dates=["ds", "cutoff"])
    assert list(table) == ["unique_id", "ds", "cutoff", "y", "simple_rnn"]
    for name, rows in table.groupby("unique_id"):
        series = frame[frame["unique_id"] == name].set_index("ds")["y"]
        cutoffs = [series.index[-1 - HORIZON - back] for back in (2 * STEP, STEP, 0)]
        assert rows["cutoff"].unique().tolist() == cutoffs
        np.testing.assert_array_equal(rows["y"], series[rows["ds"]])
        np.testing.assert_array_equal(rows["simple_rnn"], series[rows["cutoff"]])
        assert ((rows["ds"] - rows["cutoff"]).dt.days.to_numpy() == [1, 2, 3] * 3).all()


def test_scores_by_cutoff_and_by_step_are_means_worked_out_by_hand(tested):
    _, result = tested
    table = pd.read_csv(result.run_dir / "backtest.csv", parse_dates=["ds", "cutoff"])
    table["error"] = (table["y"] - table["simple_rnn"]).abs()
    mae = result.by_cutoff[result.by_cutoff["metric"] == "mae"]
    assert mae["fold"].tolist() == [1, 2, 3] and (mae["series"] == 3).all()
    for fold, value in zip(mae["fold"], mae["simple_rnn"], strict=True):
        rank = table.groupby("unique_id")["cutoff"].rank(method="dense")
        assert value == pytest.approx(table[rank == fold]["error"].mean())
    assert result.by_step["step"].tolist() == [1, 2, 3]
    record = json.loads((result.run_dir / "metrics.json").read_text())
    assert record["model"]["mae"] == pytest.approx(table["error"].mean())
    assert (record["num_parameters"], record["fit_seconds"]) == (7, 4.5)
    assert (result.run_dir / "report.html").stat().st_size > 10_000
    assert "By cutoff, MASE:" in describe(result)
    with pytest.raises(UserError, match="folds/01"):
        finished_config(result.run_dir)


def test_origins_without_a_value_before_them_are_told(tmp_path):
    """The script reads five steps; in series b they are missing before the last cutoff."""
    frame = shop()
    gap = before_end(frame).between(HORIZON + 1, HORIZON + 5) & (frame["unique_id"] == "b")
    frame["y"] = frame["y"].mask(gap)
    recipe = write_recipe(tmp_path / "shop", frame, SCRIPT)
    result = backtest_recipe(recipe, tmp_path / "out", folds=2, step=8)
    told = "The scores leave out 1 of 6 origins, which has no value before it (series: b)."
    assert told in result.notes and told in describe(result).splitlines()
    assert told in (result.run_dir / "report.html").read_text(encoding="utf-8")
    # Series b has its earlier origin in the first fold, not in the last one.
    mae = result.by_cutoff[result.by_cutoff["metric"] == "mae"]
    assert mae["series"].tolist() == [3, 2]
    table = pd.read_csv(result.run_dir / "backtest.csv", parse_dates=["ds", "cutoff"])
    first = {name: rows["ds"].iloc[-1 - HORIZON - 8] for name, rows in frame.groupby("unique_id")}
    earlier = table[table["cutoff"] == table["unique_id"].map(first)]
    assert len(earlier) == 3 * HORIZON and len(table) == 5 * HORIZON
    error = (earlier["y"] - earlier["simple_rnn"]).abs().mean()
    assert mae["simple_rnn"].iloc[0] == pytest.approx(error)


def test_one_model_tells_the_origins_without_a_value_before_them(tmp_path):
    """The baseline reads the most: two horizons, six steps."""
    frame = shop()
    gap = before_end(frame).between(HORIZON + 1, HORIZON + 8) & (frame["unique_id"] == "c")
    frame.assign(y=frame["y"].mask(gap)).to_csv(tmp_path / "shop.csv", index=False)
    data = {"source": str(tmp_path / "shop.csv"), "test_size": 9, "season_length": 1}
    run = make_run(tmp_path / "run", **data)
    config = json.loads((run / "config.json").read_text())
    config["evaluate"]["baselines"] = ["naive"]
    (run / "config.json").write_text(json.dumps(config))
    result = backtest_run(run, tmp_path / "out", folds=4, step=STEP)
    told = [note for note in result.notes if note.startswith("The scores leave out")]
    table = pd.read_csv(tmp_path / "out" / "backtest.csv")
    assert table.groupby("unique_id")["cutoff"].nunique().tolist() == [4, 4, 2]
    assert told == [
        "The scores leave out 2 of 12 origins, which have no value before them (series: c)."
    ]
    assert told[0] in describe(result)
    assert told[0] in (result.run_dir / "report.html").read_text(encoding="utf-8")


def test_what_is_done_is_not_done_again_and_nothing_is_replaced_unasked(tested, capsys):
    recipe, result = tested
    out = result.run_dir
    with pytest.raises(UserError, match="already holds a run"):
        backtest_recipe(recipe, out, folds=3, step=STEP)
    before = (out / "backtest.csv").read_bytes()
    (out / "folds" / "02" / "report.html").unlink()  # as if interrupted there
    stamps = {n: (out / "folds" / n / "metrics.json").stat().st_mtime_ns for n in ("01", "02")}
    backtest_recipe(recipe, out, folds=3, step=STEP, resume=True)
    assert (out / "backtest.csv").read_bytes() == before
    now = {n: (out / "folds" / n / "metrics.json").stat().st_mtime_ns for n in ("01", "02")}
    assert now["01"] == stamps["01"] and now["02"] > stamps["02"]
    with pytest.raises(UserError, match="another experiment"):
        backtest_recipe(recipe, out, folds=3, step=STEP, overrides=["model.units=9"], resume=True)


def test_processes_share_the_folds_and_change_nothing(tmp_path, tested, capfd):
    """The script trains nothing, and the pretrained preset needs no TensorFlow."""
    table = RECIPE.replace("simple_rnn", "pretrained").replace("epochs = 1", "epochs = 0")
    table = "\n".join(line for line in table.splitlines() if line.split(" ")[0] not in OWN_KEYS)
    script = SCRIPT.replace(
        "    panel =", "    import os; print(f'process {os.getpid()}')\n    panel ="
    )
    recipe = write_recipe(tmp_path / "shop", shop(), script)
    recipe.write_text(table)
    results = []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        results.append(backtest_recipe(recipe, out, folds=3, step=STEP, workers=workers))
        said = capfd.readouterr().out.splitlines()
        assert len({line for line in said if line.startswith("process")}) == workers
    one, two = (result.run_dir for result in results)
    for name in ("backtest.csv", "scores.csv", "by_cutoff.csv", "by_step.csv"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    theirs = pd.read_csv(tested[1].run_dir / "backtest.csv").rename(
        columns={"simple_rnn": "pretrained"}
    )
    pd.testing.assert_frame_equal(pd.read_csv(one / "backtest.csv"), theirs)


def test_a_fold_that_fails_in_a_process_is_told(tmp_path):
    failing = SCRIPT.replace(
        "    panel =", "    raise krr.UserError('It failed.', 'b.', 'c.')\n    panel ="
    )
    recipe = write_untrained(tmp_path / "shop", failing)
    with pytest.raises(UserError, match="It failed"):
        backtest_recipe(recipe, tmp_path / "out", folds=2, workers=2)
    (recipe.parent / "forecast.py").write_text(script_that("import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(UserError, match="status -9.*--resume"):
        backtest_recipe(recipe, tmp_path / "killed", folds=2, workers=1)
    with pytest.raises(UserError, match="--workers is 0"):
        backtest_recipe(recipe, tmp_path / "none", folds=2, workers=0)


def test_what_cannot_be_tested_is_told(tmp_path):
    recipe = write_recipe(tmp_path / "shop", shop(), SCRIPT)
    for options, said in (
        ({"folds": 0}, "--folds is 0"),
        ({"step": 0}, "--step is 0"),
        ({"folds": 14}, "Fold 1 of 14, 42 steps before the end"),
    ):
        with pytest.raises(UserError, match=said):
            backtest_recipe(recipe, tmp_path / "out", **options)
    with pytest.raises(UserError, match="is a table.*krr forecast"):
        backtest_recipe(tmp_path / "shop" / "shop.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_model_from_many_origins_of_the_part_it_never_saw(tmp_path):
    shop().to_csv(tmp_path / "shop.csv", index=False)
    run = make_run(tmp_path / "run", source=str(tmp_path / "shop.csv"), test_size=9)
    result = backtest_run(run, tmp_path / "out", folds=4, step=STEP)
    table = pd.read_csv(tmp_path / "out" / "backtest.csv", parse_dates=["ds", "cutoff"])
    np.testing.assert_allclose(table["gru"], table["naive"], rtol=1e-6)
    assert (table.groupby("unique_id")["cutoff"].nunique() == 4).all()
    assert result.by_cutoff["fold"].unique().tolist() == [1, 2, 3, 4]
    with pytest.raises(UserError, match="trained up to 9 steps before the end"):
        backtest_run(run, tmp_path / "more", folds=5, step=STEP)
