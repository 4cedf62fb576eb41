"""Every recipe that comes with the package is short, sound, and runs to the end."""

from __future__ import annotations

import ast
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from fresh import ForkedPopen

from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.config.schemas import FAMILIES
from keras_rnn_recipes.workflows import run as runner

ROOT = Path(__file__).parents[2] / "recipes"
RECIPES = sorted(ROOT.glob("forecasting/*.toml"))
SCRIPTS = [path for path in sorted(ROOT.glob("*/*.py")) if path.parent.name in FAMILIES]
NAMES = [f"{path.parent.name}/{path.stem}" for path in RECIPES]
NUM_RECIPES = 25
# Sets that are read from $KRR_DATA, by the first part of a recipe's name.
NOT_SHIPPED = ("chicago", "cif2016", "nn5", "tourism", "m4")
# Runs in every profile, the others in the thorough run.
QUICK = {"macrodata_gru_seq2seq"}
KRR = "import runpy; runpy.run_module('keras_rnn_recipes', run_name='__main__')"
ARTEFACTS = {
    "config.json",
    "recipe.toml",
    "model.keras",
    "saved_model",
    "history.csv",
    "assumptions.json",
    "gradients.json",
    "metrics.json",
    "scores.csv",
    "forecasts.csv",
    "backtest.csv",
    "report.html",
    "environment.json",
    "checkpoints",
    "tensorboard",
}


def test_the_glob_found_them():
    assert len(RECIPES) >= NUM_RECIPES
    chicago = {path.stem for path in RECIPES if path.stem.startswith("chicago_")}
    for preset in ("simple_rnn", "deep_rnn", "lstm", "gru"):
        for strategy in ("recursive", "direct", "seq2seq"):
            assert f"chicago_{preset}_{strategy}" in chicago


@pytest.mark.parametrize("path", RECIPES, ids=NAMES)
def test_a_recipe_is_short_and_valid(path: Path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 25
    assert lines[0].startswith("# ") and lines[0].endswith(".")
    config = load_config(path)
    assert config.family == path.parent.name
    if path.stem.startswith("chicago_"):
        assert (config.data.start, config.data.end) == ("2016-01-01", "2019-05-31")
        assert (config.data.valid_size, config.data.test_size) == (56, 95)
    if not path.stem.endswith("next_day"):
        assert path.stem.endswith(f"_{config.model.preset}_{config.model.strategy}")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_script_is_a_story(script: Path):
    text = script.read_text()
    assert 60 <= len(text.splitlines()) <= 120
    tree = ast.parse(text)
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported - {"functools"} == {
        *("__future__", "keras_rnn_recipes", "keras_rnn_recipes.families")
    }
    kinds = (ast.ClassDef, ast.Slice, ast.For, ast.While, ast.Lambda)
    assert not [node for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name.split("/")[1] in QUICK else pytest.mark.slow)
        for name in NAMES
    ],
)
def test_a_recipe_runs_to_the_end(name: str, tmp_path: Path, request):
    if name.split("/")[1].startswith(NOT_SHIPPED):
        request.getfixturevalue("krr_data")
    result = runner.run(name, tmp_path / "r", smoke=True)
    run_dir = result.run_dir
    beside = {"covariates.json"} if result.config.data.past_cols else set()
    assert {path.name for path in run_dir.iterdir()} == ARTEFACTS | beside
    check_metrics(run_dir, result.config.evaluate)
    check_forecasts(run_dir, result.config.model)
    check_saved_model(run_dir, result.config.model)
    # What was resolved can be run again, and is the same experiment.
    assert load_config(run_dir / "recipe.toml") == result.config
    assert load_config(run_dir / "config.json") == result.config


def check_metrics(run_dir: Path, evaluate) -> None:
    record = json.loads((run_dir / "metrics.json").read_text())
    assert set(record) == {
        "format_version",
        "task",
        "totals",
        "model",
        "baselines",
        "num_parameters",
        "fit_seconds",
    }
    assert record["format_version"] == 1
    assert set(record["model"]) == set(evaluate.metrics)
    assert set(record["baselines"]) <= set(evaluate.baselines)
    figures = [record["model"], *record["baselines"].values()]
    assert all(np.isfinite(value) and value > 0 for row in figures for value in row.values())


def check_forecasts(run_dir: Path, model) -> None:
    future = pd.read_csv(run_dir / "forecasts.csv")
    tested = pd.read_csv(run_dir / "backtest.csv")
    assert list(future) == ["unique_id", "ds", model.preset]
    assert list(tested)[:5] == ["unique_id", "ds", "cutoff", "y", model.preset]
    assert (future.groupby("unique_id").size() == model.horizon).all()
    assert future[model.preset].notna().all() and tested[model.preset].notna().all()
    last = tested.groupby("unique_id")["ds"].max()
    assert (future["ds"] > future["unique_id"].map(last)).all()
    assert (tested["ds"] > tested["cutoff"]).all()


def check_saved_model(run_dir: Path, model) -> None:
    """The served model gives the very forecasts that were written."""
    loaded = tf.saved_model.load(str(run_dir / "saved_model"))
    signature = loaded.signatures["serving_default"].structured_input_signature[1]
    assert "history" in signature and signature["history"].dtype == tf.float32
    if set(signature) == {"history"}:
        history = np.random.default_rng(0).normal(100, 5, (2, model.lookback)).astype("float32")
        assert loaded.serve(history)["forecast"].shape == (2, model.horizon)


@pytest.mark.slow
def test_the_literal_command_line(tmp_path: Path):
    """As a user types it, from another folder, the script copied and changed."""
    krr = [sys.executable, "-m", "keras_rnn_recipes"]
    env = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    copied = subprocess.run(
        [*krr, "cp", "macrodata_gru_seq2seq", "mine"], cwd=tmp_path, env=env, capture_output=True
    )
    assert copied.returncode == 0, copied.stderr
    script = tmp_path / "mine" / "forecast.py"
    script.write_text(script.read_text().replace("print(forecasting.describe", 'print("Mine!");('))
    command = [*krr, "run", "mine/macrodata_gru_seq2seq.toml", "fit.epochs=1", "--smoke"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Mine!" in done.stdout and "seasonal_naive" in done.stdout
    assert (tmp_path / "runs" / "macrodata_gru_seq2seq" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_whole_run_killed_at_random_moments_ends_the_same(tmp_path: Path):
    assert run_and_strike(tmp_path / "whole", None) == 0
    for _ in range(3):
        if run_and_strike(tmp_path / "killed", random.uniform(2, 9)) == 0:
            break
    else:
        assert run_and_strike(tmp_path / "killed", None) == 0
    weights = [weights_of(tmp_path / name / "model.keras") for name in ("whole", "killed")]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    for name in ("forecasts.csv", "backtest.csv", "config.json", "recipe.toml"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()


def run_and_strike(run_dir: Path, seconds: float | None) -> int:
    overrides = ["fit.epochs=60", "fit.patience=0", "model.dropout=0.2"]
    command = ["run", "sunspots_lstm_recursive", *overrides, "--run-dir", str(run_dir), "--resume"]
    process = ForkedPopen(KRR, command)
    timer = threading.Timer(seconds or 0, os.kill, (process.pid, signal.SIGKILL))
    if seconds is not None:
        timer.start()
    status = process.wait(400)
    timer.cancel()
    print(f"struck after {seconds} s: {status}")
    assert status in (0, -signal.SIGKILL)
    return status


def weights_of(path: Path) -> list[np.ndarray]:
    import keras

    import keras_rnn_recipes.layers  # noqa: F401  registers what the file names

    return keras.models.load_model(path).get_weights()
