"""The benchmark against the peers: its tasks, settings and table. No peer is needed for these."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.forecasting import run, table, tasks
from benchmarks.forecasting.contenders import (
    Contender,
    Shape,
    Size,
    all_contenders,
    settings_of,
)
from benchmarks.forecasting.verdicts import verdicts
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.evaluation.baselines import naive, seasonal_naive

SHAPE = Shape(horizon=12, season_length=12, shortest=40)
SIZE = Size(width=50, depth=2, steps=600, batch=32)


@pytest.mark.parametrize(
    ("name", "count", "season", "floor"),
    [
        ("cif2016", 72, None, (14.59, 1.256)),
        ("nn5", 111, 7, (26.47, 1.011)),
        ("tourism", 366, 12, (21.67, 1.631)),
        ("m4_hourly", 414, 24, (13.91, 1.193)),
    ],
)
def test_a_naive_forecast_scores_as_published(
    krr_data: Path, name: str, count: int, season: int | None, floor: tuple[float, float]
) -> None:
    task = tasks.load_task(name)
    assert len(task.ids) == count == task.test["unique_id"].nunique()

    def repeat(history: np.ndarray, horizon: int) -> np.ndarray:
        return seasonal_naive(history, horizon, season) if season else naive(history, horizon)

    scores = tasks.score_forecast(task, tasks.forecast_by(task, repeat))
    assert (round(scores["smape"], 2), round(scores["mase"], 3)) == floor


def test_nothing_of_the_test_part_is_handed_out(krr_data: Path, tmp_path: Path) -> None:
    task = tasks.load_task("cif2016")
    steps = task.test.groupby("unique_id").size()
    assert sorted(steps.unique()) == [6, 12] and (steps == 12).sum() == 57
    tasks.write_task(task, tmp_path)
    lines = (krr_data / "forecasting/cif2016/cif-dataset.txt").read_text().split()
    published = {line.split(";")[0]: line.split(";")[3:] for line in lines}
    with np.load(tmp_path / "known.npz") as known:
        series = np.split(known["values"], np.cumsum(known["lengths"])[:-1])
    for name, values in zip(task.ids, series, strict=True):
        assert values.tolist() == [float(value) for value in published[name]]


def test_a_forecast_that_is_no_number_is_not_scored(krr_data: Path) -> None:
    task = tasks.load_task("cif2016")
    forecast = tasks.forecast_by(task, naive)
    forecast[3, 0] = np.nan
    with pytest.raises(ValueError, match="1 of 72 series"):
        tasks.score_forecast(task, forecast)
    with pytest.raises(ValueError, match="shape"):
        tasks.score_forecast(task, forecast[:, :6])


def test_everyone_named_takes_part_with_defaults_and_networks_at_equal_size() -> None:
    names = {contender.name for contender in all_contenders()}
    for model in ("LSTM", "GRU", "DeepAR", "NHITS"):
        assert {f"neuralforecast/{model}/{v}" for v in ("defaults", "equal")} <= names
    for model in ("RNNModel", "BlockRNNModel"):
        assert {f"darts/{model}/{v}" for v in ("defaults", "equal")} <= names
    assert {f"statsforecast/{model}/defaults" for model in ("AutoETS", "AutoTheta")} <= names
    assert {f"keras_rnn_recipes/LSTM/{v}" for v in ("recipe", "defaults", "quick")} <= names


@pytest.mark.parametrize("name", ["LSTM", "GRU", "DeepAR", "NHITS"])
def test_equal_networks_have_our_width_depth_steps_and_batch(name: str) -> None:
    told = settings_of(Contender("neuralforecast", name, "equal"), SHAPE, SIZE)
    assert (told["max_steps"], told["batch_size"]) == (600, 32)
    widths = {key: value for key, value in told.items() if "hidden" in key or "units" in key}
    assert set(np.ravel(list(widths.values()))) == {50}
    assert name == "NHITS" or 2 in (told.get("encoder_n_layers"), told.get("lstm_n_layers"))


def test_series_too_short_for_a_library_are_provided_for() -> None:
    short = Shape(horizon=12, season_length=12, shortest=22)
    for name, expected in (("LSTM", {}), ("NHITS", {"input_size": 24})):
        contender = Contender("neuralforecast", name, "defaults")
        assert settings_of(contender, SHAPE, None) == expected
        padded = expected | {"start_padding_enabled": True}
        assert settings_of(contender, short, None) == padded
    model = settings_of(Contender("darts", "RNNModel", "defaults"), short, None)
    assert model == {"input_chunk_length": 22, "training_length": 34}


def recipe(**fit: int) -> dict[str, Any]:
    return {
        "data": {"source": "tourism"},
        "model": {"preset": "lstm", "strategy": "seq2seq", "horizon": 24},
        "fit": fit,
    }


def test_the_size_of_a_recipe_is_the_networks() -> None:
    import keras

    import keras_rnn_recipes as krr

    config = config_from_dict(recipe(epochs=10, steps_per_epoch=40, batch_size=16))
    assert run.size_of(config) == Size(width=48, depth=1, steps=400, batch=16)
    ensemble = recipe(epochs=10, steps_per_epoch=40, batch_size=96)
    ensemble["model"] |= {"members": 3, "units": [64, 64]}
    assert run.size_of(config_from_dict(ensemble)) == Size(64, 2, 400, batch=32, members=3)
    for preset, width in run.PRESET_WIDTH.items():
        model = krr.build_forecaster(preset, "seq2seq", 2)
        layers = [layer for layer in model.layers if isinstance(layer, keras.layers.RNN)]
        assert [layer.units for layer in layers] == [width]
    with pytest.raises(ValueError, match="steps_per_epoch"):
        run.size_of(config_from_dict(recipe(epochs=10)))


def row(contender: str, seed: int = 0, status: str = "ok", **figures: float) -> dict[str, Any]:
    scored = {
        "smape": 10.0,
        "mase": 1.0,
        "seconds": 20.0,
        "cpu_seconds": 30.0,
        "peak_mb": 800.0,
        "parameters": 1000,
    }
    return {
        "contender": contender,
        "task": "tourism",
        "seed": seed,
        "status": status,
        "date": "2024-05-01",
        "machine": "2 threads on 2 cores, Some Processor",
        "python": "3.11.7",
        "limit": 900,
        "versions": {"torch": "2.13.0"},
        **(scored | figures if status in ("ok", "stopped") else {}),
    }


ROWS = [
    *(row("keras_rnn_recipes/LSTM/recipe", s, smape=v) for s, v in enumerate((10.0, 12.0, 11.0))),
    row("darts/RNNModel/defaults", status="stopped", smape=22.0, mase=1.5, seconds=900.0),
    row("statsforecast/AutoETS/defaults", status="timeout"),
]


def test_the_table_has_medians_spreads_and_ratios_to_ours() -> None:
    lines = table.markdown(ROWS).splitlines()
    ours, darts, ets = (cells(table.markdown(ROWS), word) for word in ("keras", "darts", "stats"))
    assert ours[:4] == ["keras_rnn_recipes LSTM", "recipe", "11.00 (10.00 to 12.00)", "1.00"]
    assert darts[2:8] == ["22.00", "2.00", "1.500", "1.50", "900.0", "45.00"]
    assert darts[-1] == "1, stopped at the limit"
    assert ets[2] == "–" and ets[-1] == "1, ended, no forecast"
    assert any("torch 2.13.0" in line for line in lines)


def cells(text: str, first: str) -> list[str]:
    """The cells of the row that begins so, which must be the only one."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {first}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_verdicts_name_who_is_ahead_and_the_closest() -> None:
    peers = {
        "darts/RNNModel/defaults": {"smape": 14.0, "mase": 1.4, "seconds": 100.0},
        "neuralforecast/GRU/equal": {"smape": 12.0, "mase": 1.1, "seconds": 50.0},
        "neuralforecast/NHITS/defaults": {"smape": 10.0, "mase": 1.01, "seconds": 40.0},
        "neuralforecast/NHITS/equal": {"smape": 11.0, "mase": 1.1, "seconds": 5.0},
        "statsforecast/AutoETS/defaults": {"smape": 1.0, "mase": 0.1, "seconds": 1.0},
        "keras_rnn_recipes/LSTM/defaults": {"smape": 10.2, "mase": 1.04, "seconds": 30.0},
    }
    ours = {"keras_rnn_recipes/LSTM/recipe": {"smape": 10.0, "mase": 1.0, "seconds": 20.0}}
    told = cells(verdicts({"nn5": peers | ours}), "nn5")
    assert told[1:6] == ["yes", "GRU (neuralforecast, equal)", "recipe", "0.40", "missed"]
    assert told[6:] == ["met", "recipe", "0.50", "met", "1.020, 1.040", "missed"]
    # The quickest of ours counts that is better than all: not one that is quick and worse.
    quick = {"smape": 11.0, "mase": 1.05, "seconds": 10.0}
    found = peers | ours | {"keras_rnn_recipes/LSTM/quick": quick}
    told = cells(verdicts({"nn5": found}), "nn5")
    assert told[3:6] == ["quick", "0.20", "met"] and told[7:9] == ["recipe", "0.50"]
    found["keras_rnn_recipes/LSTM/quick"] = quick | {"mase": 1.11}
    assert cells(verdicts({"nn5": found}), "nn5")[3:6] == ["recipe", "0.40", "missed"]
    peers["darts/RNNModel/defaults"] = {"smape": 9.9, "mase": 1.4, "seconds": 100.0}
    assert cells(verdicts({"nn5": peers | ours}), "nn5")[1] == "no: RNNModel (darts)"
    assert cells(verdicts({"nn5": ours}), "nn5")[1:] == ["–"] * 11
    assert verdicts({"nn5": peers}) == ""


def test_the_table_is_checked_against_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    assert table.check(path)
    path.write_text("".join(json.dumps(one) + "\n" for one in ROWS))
    assert not table.check(path)
    table.write(path)
    assert table.check(path)
    typed = path.with_suffix(".md").read_text().replace("22.00", "32.00")
    path.with_suffix(".md").write_text(typed)
    assert not table.check(path)


def test_the_committed_table_is_what_the_committed_rows_give() -> None:
    assert table.check()


def test_of_a_trial_run_again_the_last_row_counts(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join(json.dumps(row("a/b/defaults", mase=m)) for m in (2.0, 3.0)))
    assert [one["mase"] for one in table.read_rows(path)] == [3.0]


def options(tmp_path: Path, **changed: Any) -> Namespace:
    given = ["--recipes", str(tmp_path), "--tasks", "tourism", "--results", str(tmp_path / "r")]
    return Namespace(**(vars(run.read_options(given)) | changed))


def test_rows_are_not_run_again_save_failed_ones(tmp_path: Path) -> None:
    asked = options(tmp_path, contenders=["darts/RNNModel/defaults"])

    def seeds(*rows: dict[str, Any]) -> list[int]:
        return [trial.seed for trial in run.to_run(asked, list(rows))]

    name = "darts/RNNModel/defaults"
    assert seeds() == [0, 1, 2]
    assert seeds(row(name, 1)) == [0, 2]
    assert seeds(row(name, 1, "failed")) == [0, 1, 2]
    assert seeds(row(name, 0, "stopped")) == []
    assert seeds(row("darts/RNNModel/equal", 0), row("darts/BlockRNNModel/defaults")) == [0, 1, 2]


def test_what_cannot_be_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    names = {trial.contender.name for trial in run.to_run(options(tmp_path), [])}
    assert "darts/RNNModel/defaults" in names and "darts/RNNModel/equal" not in names
    assert "darts/RNNModel/equal on tourism" in capsys.readouterr().out


def test_a_process_that_fails_or_takes_too_long_gives_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setattr(run, "SPARE_SECONDS", 0)
    asked = Namespace(limit=60, threads=1)
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    assert run._process(command, tmp_path, asked)["message"] == "no such thing"
    asked = Namespace(limit=0.5, threads=1)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert run._process(command, tmp_path, asked) == {"status": "timeout"}
