"""A finished run trained on with new rows: from its weights, in a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from families.forecasting.test_inference import make_run
from typer.testing import CliRunner

from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.serving.keras_model import load_model
from keras_rnn_recipes.workflows import update
from keras_rnn_recipes.workflows.inference import evaluate, predict
from keras_rnn_recipes.workflows.run import run

HORIZON = 4


def sales(first: int, last: int, names: tuple[str, ...] = ("a", "b")) -> pd.DataFrame:
    """Days ``first`` to ``last`` of some shops, in the format of a user's file."""
    t = np.arange(first, last)
    parts = [
        pd.DataFrame(
            {
                "shop": name,
                "day": (pd.Timestamp("2024-01-01") + pd.to_timedelta(t, "D")).strftime("%d.%m.%Y"),
                "sold": (level + 10 * np.sin(2 * np.pi * t / 7)).round(2),
            }
        )
        for name, level in zip(names, (100.0, 500.0), strict=False)
    ]
    return pd.concat(parts, ignore_index=True)


def write(path: Path, frame: pd.DataFrame) -> Path:
    frame.to_csv(path, index=False, sep=";")
    return path


@pytest.fixture(scope="module")
def earlier(tmp_path_factory) -> Path:
    """A run on 60 days, without the days of a later file."""
    folder = tmp_path_factory.mktemp("update")
    config = config_from_dict(
        {
            "data": {"source": str(write(folder / "old.csv", sales(0, 60))), "test_size": HORIZON},
            "model": {"preset": "gru", "horizon": HORIZON, "lookback": 12, "units": [3]},
            "fit": {"epochs": 8, "steps_per_epoch": 4, "refit": True},
            "evaluate": {"baselines": ["naive"]},
        }
    )
    return run(config, folder / "run").run_dir


@pytest.mark.slow
def test_the_network_goes_on_from_its_weights_and_both_are_scored_on_the_new_rows(
    earlier, tmp_path
):
    new = write(tmp_path / "new.csv", sales(58, 70))
    kept = {path: path.read_bytes() for path in earlier.rglob("*") if path.is_file()}
    result = update.update_run(
        earlier, new, tmp_path / "run", overrides=["fit.learning_rate=1e-12"]
    )
    assert {path: path.read_bytes() for path in earlier.rglob("*") if path.is_file()} == kept
    assert result.run.config.fit.epochs == 2  # a quarter of 8
    # With a learning rate of nearly 0 the updated network is the earlier one.
    weights = [load_model(folder).get_weights() for folder in (earlier, result.run.run_dir)]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    # Both networks and `krr evaluate` agree on the last four days of 70.
    whole = write(tmp_path / "whole.csv", sales(0, 70))
    judged = evaluate(earlier, whole)
    assert result.before["mae"] == pytest.approx(judged.summary["gru"]["mae"], rel=1e-6)
    assert result.run.metrics["model"]["mae"] == pytest.approx(result.before["mae"], rel=1e-3)
    record = json.loads((result.run.run_dir / "update.json").read_text())
    assert record["before"]["mae"] == result.before["mae"] and record["from"] == str(earlier)
    # The updated run forecasts the days after the new rows, and reads the user's format.
    forecasts = pd.read_csv(result.run.run_dir / "forecasts.csv", parse_dates=["ds"])
    assert forecasts["ds"].min() == pd.Timestamp("2024-01-01") + pd.Timedelta(days=70)
    again = predict(result.run.run_dir, whole)
    np.testing.assert_allclose(again["gru"], forecasts["gru"], rtol=1e-5)


@pytest.mark.slow
def test_the_command_updates_an_update(earlier, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, (folder, days) in enumerate([(earlier, (60, 66)), ("first", (66, 72))]):
        write(tmp_path / f"{number}.csv", sales(*days))
        to = ["first", "second"][number]
        options = ["--input", f"{number}.csv", "--run-dir", to, "--smoke"]
        done = CliRunner().invoke(app, ["update", str(folder), *options], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert "before the update" in done.output and "after the update" in done.output
    updates = json.loads((tmp_path / "second" / "config.json").read_text())["data"]["updates"]
    assert updates == [str(tmp_path / "0.csv"), str(tmp_path / "1.csv")]
    last = pd.read_csv(tmp_path / "second" / "forecasts.csv", parse_dates=["ds"])["ds"].min()
    assert last == pd.Timestamp("2024-01-01") + pd.Timedelta(days=72)


@pytest.mark.slow
def test_new_rows_from_standard_input_are_kept_beside_the_run(earlier, tmp_path):
    rows = sales(60, 66)
    rows["sold"] = rows["sold"].map("{:.2f}".format).str.replace(".", ",")
    content = rows.to_csv(index=False, sep=";")
    command = [
        "update",
        str(earlier),
        "--input",
        "-",
        "--run-dir",
        str(tmp_path / "run"),
        "--smoke",
    ]
    empty = CliRunner().invoke(app, command, input="")
    assert empty.exit_code == 2 and "Standard input is empty" in empty.stderr
    assert not list(tmp_path.iterdir())
    done = CliRunner().invoke(app, command, input=content)
    assert done.exit_code == 0, done.output
    updates = json.loads((tmp_path / "run" / "config.json").read_text())["data"]["updates"]
    assert updates == [str(tmp_path / "run-input.csv")]
    assert (tmp_path / "run-input.csv").read_bytes() == content.encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("new", "said"),
    [
        (sales(60, 63), "was trained on steps.*at least 1 more new step of"),
        (sales(30, 60), "was trained on steps.*at least 4 more new steps"),
        (sales(60, 70).drop(columns="sold"), "Column|column"),
    ],
    ids=["too few", "none new", "no target"],
)
def test_rows_that_cannot_be_used_are_refused_and_leave_nothing(earlier, tmp_path, new, said):
    source = write(tmp_path / "new.csv", new)
    with pytest.raises(UserError, match=said):
        update.update_run(earlier, source, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_weekly_rows_do_not_update_a_daily_run(earlier, tmp_path):
    source = write(tmp_path / "new.csv", sales(60, 200).iloc[::7])
    with pytest.raises(UserError, match="trained on steps of 'D'"):
        update.update_run(earlier, source, tmp_path / "run")


def test_a_run_of_texts_is_refused(tmp_path):
    run = RunDirectory.open(tmp_path / "run")
    run.write_config(config_from_dict({"family": "tagging", "data": {"source": "people_places"}}))
    run.folder("saved_model")
    with pytest.raises(UserError, match="family tagging.*krr run"):
        update.update_run(run.path, tmp_path / "new.csv", tmp_path / "to")


def test_origins_without_a_value_before_them_are_told(tmp_path):
    """The earlier network reads four steps, which are missing before the first origin of b."""
    days = pd.date_range("2024-01-01", periods=30)
    values = {name: np.random.default_rng(seed).normal(50, 5, 30) for seed, name in enumerate("ab")}
    values["b"][15:25] = np.nan
    rows = [pd.DataFrame({"unique_id": name, "ds": days, "y": y}) for name, y in values.items()]
    frame = pd.concat(rows)
    for name, part in (("old", frame["ds"] < days[22]), ("new", frame["ds"] >= days[22])):
        frame[part].to_csv(tmp_path / f"{name}.csv", index=False)
    folder = make_run(tmp_path / "run", source=str(tmp_path / "old.csv"))
    next_days = pd.DataFrame({"unique_id": ["a", "b"], "ds": [days[22]] * 2, "gru": 0.0})
    next_days.to_csv(folder / "forecasts.csv", index=False)
    config = update.updated_config(folder, tmp_path / "new.csv")
    before, notes = update._scores_before(folder, config)
    told = "The scores leave out 1 of 6 origins, which has no value before it (series: b)."
    assert notes == (told,)
    # The model repeats the last value: three origins of series a and two of b, three steps each.
    errors = {
        name: [np.abs(y[end : end + 3] - y[end - 1]).mean() for end in ends]
        for (name, y), ends in zip(values.items(), ((25, 26, 27), (26, 27)), strict=True)
    }
    expected = np.mean([np.mean(one) for one in errors.values()])
    assert before["mae"] == pytest.approx(expected, rel=1e-5)
    result = update.UpdateResult(SimpleNamespace(metrics={"model": before}), before, notes)
    assert update.describe(result).splitlines()[-1] == f"Before the update: {told}"
