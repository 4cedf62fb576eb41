"""A finished run on new data, with a model whose answers are known: it repeats the last value."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import keras
import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes import extras
from keras_rnn_recipes.config.files import config_from_dict, config_to_dict
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.assumptions import Assumptions
from keras_rnn_recipes.families.forecasting.task import leave_closed_out
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model
from keras_rnn_recipes.storage import check_output, write_forecasts
from keras_rnn_recipes.workflows.inference import evaluate, export_run, predict

HORIZON, LOOKBACK = 3, 4


def repeats_last_value(features: int) -> keras.Model:
    """The naive forecast as a network, with the past columns added with a weight of zero."""
    history = keras.Input((None, features))
    last = history[:, -1, :1] + 0.0 * keras.ops.sum(history[:, -1, 1:], axis=-1, keepdims=True)
    return keras.Model(history, keras.ops.stack([last] * HORIZON, axis=1))


def make_run(folder, **data):
    given = {"source": "old.csv", "test_size": 5, "freq": "D", "season_length": 7, **data}
    config = config_from_dict(
        {"data": given, "model": {"preset": "gru", "horizon": HORIZON, "lookback": LOOKBACK}}
    )
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config_to_dict(config)))
    model = repeats_last_value(1 + len(given.get("past_cols", ())))
    export_saved_model(model, folder / "saved_model", verify=False)
    model.save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs") / "run")


def panel(lengths: dict[str, int]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": pd.date_range("2024-01-01", periods=length),
                "y": np.random.default_rng(length).normal(50, 5, length),
            }
        )
        for name, length in lengths.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_forecast_begins_after_the_end_of_every_series(run_dir, tmp_path):
    frame = panel({"a": 30, "b": 2})
    frame.to_csv(tmp_path / "new.csv", index=False)
    forecasts = predict(run_dir, tmp_path / "new.csv")
    assert forecasts.columns.tolist() == ["unique_id", "ds", "gru"]
    assert forecasts["unique_id"].tolist() == ["a"] * 3 + ["b"] * 3
    expected = [*pd.date_range("2024-01-31", periods=3), *pd.date_range("2024-01-03", periods=3)]
    assert forecasts["ds"].tolist() == expected
    last = frame.groupby("unique_id")["y"].last()
    np.testing.assert_allclose(forecasts["gru"], np.repeat(last.to_numpy(), 3), rtol=1e-6)


def test_the_columns_of_the_run_are_read_where_new_data_have_them(tmp_path):
    run = make_run(tmp_path / "run")
    table = panel({"a": 30}).rename(columns={"unique_id": "shop", "ds": "day", "y": "sales"})
    wider = table.assign(customers=7.0, opened="2020-01-01")
    with pytest.raises(UserError, match="Several columns"):
        predict(run, wider)  # a run of an earlier version does not know its columns
    found = read_panel(table)
    facts = {"format_version": 1, **asdict(Assumptions.of(found.frame, found.roles))}
    assert facts["roles"] == {"time_col": "day", "target_col": "sales"}
    (run / "assumptions.json").write_text(json.dumps(facts))
    again = predict(run, wider.drop(columns="shop"))
    pd.testing.assert_frame_equal(again, predict(run, table.drop(columns="shop")))
    other = panel({"a": 30}).drop(columns="unique_id")  # columns of other names are found
    assert again["gru"].tolist() == predict(run, other)["gru"].tolist()


def test_new_data_may_be_written_in_another_way(run_dir, tmp_path):
    plain = panel({"a": 30})
    plain["y"] = plain["y"].round(2)
    written = plain.rename(columns={"unique_id": "shop", "ds": "day", "y": "sales"})
    written["sales"] = [f"{value:.2f}".replace(".", ",") for value in plain["y"]]
    written["day"] = plain["ds"].dt.strftime("%d/%m/%y")
    written.to_csv(tmp_path / "new.csv", index=False, sep=";")
    keys = ["data.id_col=shop", "data.time_col=day", "data.target_col=sales", "data.decimal=,"]
    found = predict(run_dir, tmp_path / "new.csv", overrides=[*keys, "data.day_first=true"])
    pd.testing.assert_frame_equal(found, predict(run_dir, plain))
    scores = evaluate(run_dir, tmp_path / "new.csv", overrides=keys).summary
    assert scores == evaluate(run_dir, plain).summary
    with pytest.raises(UserError, match="'model.horizon=9' was given for new data"):
        predict(run_dir, plain, overrides=["model.horizon=9"])


def test_evaluation_of_the_naive_forecast_is_that_of_the_baseline(run_dir):
    result = evaluate(run_dir, panel({"a": 40, "b": 25}))
    assert next(iter(result.summary)) == "gru"
    assert {"naive", "seasonal_naive", "drift"} <= set(result.summary)
    for metric, value in result.summary["naive"].items():
        assert result.summary["gru"][metric] == pytest.approx(value, rel=1e-5)
    # Three of the last five steps are targets from three origins in each of the two series.
    assert result.test_size == 5
    assert len(result.forecasts) == 2 * 3 * HORIZON
    first = result.forecasts.iloc[0]
    assert (first["ds"] - first["cutoff"]).days == 1


def test_a_baseline_that_cannot_be_had_here_is_left_out_and_told(tmp_path, monkeypatch):
    monkeypatch.setitem(extras.MODULES, "baselines", ("nobodys_forecasts",))
    run = make_run(tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config["evaluate"]["baselines"] = ["auto_ets", "drift"]
    (run / "config.json").write_text(json.dumps(config))
    result = evaluate(run, panel({"a": 40}))
    assert list(result.summary) == ["gru", "drift"]
    assert any("auto_ets is left out" in note for note in result.notes)
    with pytest.raises(UserError, match="nobodys_forecasts"):  # asked for now, it is a mistake
        evaluate(run, panel({"a": 40}), baselines="auto_ets")


def test_series_too_short_to_be_judged_are_named(run_dir):
    result = evaluate(run_dir, panel({"a": 40, "stub": 5}))
    assert any("stub" in note for note in result.notes)
    assert set(result.forecasts["unique_id"]) == {"a"}


def test_past_columns_reach_the_model(tmp_path):
    run = make_run(tmp_path / "run", past_cols=("rain", "sun"), target_col="sales")
    frame = panel({"a": 20}).rename(columns={"y": "sales"}).assign(rain=1.0, sun=2.0, wind=9.0)
    forecasts = predict(run, frame)
    np.testing.assert_allclose(forecasts["gru"], [frame["sales"].iloc[-1]] * 3, rtol=1e-6)
    with pytest.raises(UserError, match="rain"):
        predict(run, frame.drop(columns="rain"))


def test_dates_that_the_run_was_cut_to_do_not_hold_for_new_data(tmp_path):
    run = make_run(tmp_path / "run", end="2024-01-10")
    assert predict(run, panel({"a": 30}))["ds"].iloc[0] == pd.Timestamp("2024-01-31")


def test_data_of_another_frequency_are_refused(run_dir):
    frame = panel({"a": 30}).assign(ds=pd.date_range("2024-01-01", periods=30, freq="h"))
    with pytest.raises(UserError):
        predict(run_dir, frame)


def test_export_again_is_the_same_model(run_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "keras_rnn_recipes.serving.export_forecaster.serve_in_fresh_process",
        lambda folder, cases, **_: [
            {"forecast": np.repeat(case["history"][:, -1:], HORIZON, axis=1)} for case in cases
        ],
    )
    path = export_run(run_dir, tmp_path / "served")
    np.testing.assert_array_equal(load_saved_model(path)([[1.0, 2.0]]), [[2.0] * HORIZON])
    with pytest.raises(UserError, match="already exists"):
        export_run(run_dir, path)


def test_run_that_is_not_finished_says_how_to_go_on(tmp_path):
    run = make_run(tmp_path / "run")
    (run / "saved_model").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="--resume"):
        finished_config(run)
    (tmp_path / "elsewhere").rename(run / "saved_model")
    (run / "config.json").write_text('{"format_version": 99, "family": "forecasting"}')
    with pytest.raises(UserError, match="holds no run"):
        finished_config(run)


def test_forecasts_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    frame = pd.DataFrame({"unique_id": ["a"], "ds": ["2024-01-01"], "lstm": [1.5]})
    output = write_forecasts(frame, tmp_path / "out.csv")
    assert output.read_text() == "unique_id,ds,lstm\na,2024-01-01,1.5\n"

    def full_disk(self, path, **_):
        path.write_text("unique_id,d")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full_disk)
    with pytest.raises(UserError, match="No space left"):
        write_forecasts(frame, output)
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert output.read_text().endswith("1.5\n")


def test_outputs_that_cannot_be_written_are_refused_before_any_work(tmp_path):
    (tmp_path / "in.csv").write_text("x")
    check_output(None)
    check_output(tmp_path / "new.csv", tmp_path / "in.csv")
    for bad in (tmp_path, tmp_path / "no" / "out.csv", tmp_path / "in.csv"):
        with pytest.raises(UserError, match="--output"):
            check_output(bad, tmp_path / "in.csv")


def test_devices_are_never_replaced_and_links_stay_links(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for bad in (tmp_path / "pipe", tmp_path / "dangling", os.devnull):
        with pytest.raises(UserError, match="not a plain file"):
            check_output(bad)
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    check_output(tmp_path / "link.csv")
    write_forecasts(pd.DataFrame({"unique_id": ["a"]}), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "unique_id\na\n"


def test_a_series_without_any_value_is_forecast_as_missing():
    days = pd.date_range("2024-01-01", periods=10)
    values = {"a": np.arange(10.0), "b": np.full(10, np.nan), "c": np.arange(10.0)}
    table = pd.concat([pd.DataFrame({"shop": n, "ds": days, "y": y}) for n, y in values.items()])
    panel = read_panel(table, id_col="shop")
    assert panel.unobserved == ("b",) and "forecast as missing: b" in panel.notes[0]
    ahead = pd.DataFrame({"ds": pd.date_range("2024-01-11", periods=2), "gru": [1.0, 2.0]})
    known = pd.concat([ahead.assign(unique_id=name) for name in "ac"])[["unique_id", "ds", "gru"]]
    found = leave_closed_out(known.reset_index(drop=True), panel)
    assert found["unique_id"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert found["ds"].tolist() == ahead["ds"].tolist() * 3
    np.testing.assert_array_equal(found["gru"], [1, 2, np.nan, np.nan, 1, 2])
