"""Every recipe for music is short and sound, and runs to the end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows import run as runner

ROOT = Path(__file__).parents[2] / "recipes" / "music"
RECIPES = sorted(ROOT.glob("*.toml"))
# The others differ in their data, which have tests of their own, and in the head.
RUN = ("canons_lstm_nade",)
ARTEFACTS = {
    *("config.json", "recipe.toml", "model.keras", "saved_model", "history.csv", "gradients.json"),
    *("metrics.json", "predictions.csv", "report.html", "environment.json", "checkpoints"),
    *("tensorboard", "piece.mid", "piece.wav"),
}


def test_the_glob_found_them():
    assert {path.stem for path in RECIPES} >= {*RUN, "chorales_lstm_nade", "nottingham_lstm_nade"}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_short_and_valid(path: Path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 25
    assert lines[0].startswith("# ") and lines[0].endswith(".")
    config = load_config(path)
    assert config.family == path.parent.name
    assert path.stem == f"{config.data.source}_{config.model.cell}_{config.model.head}"


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_recipe_runs_to_the_end(name: str, tmp_path: Path):
    result = runner.run(str(ROOT / f"{name}.toml"), tmp_path / "r", smoke=True)
    folder = result.run_dir
    assert {one.name for one in folder.iterdir()} == ARTEFACTS
    record = json.loads((folder / "metrics.json").read_text())
    assert record["task"] == "music" and record["format_version"] == 1
    figures = [record["model"], *record["baselines"].values()]
    assert all(np.isfinite(value) and value >= 0 for row in figures for value in row.values())
    served = tf.saved_model.load(str(folder / "saved_model"))
    assert set(served.signatures) >= {"serving_default", "go_on", "score"}
    # What was resolved can be run again, and is the same experiment.
    assert load_config(folder / "recipe.toml") == result.config


def test_chorales_name_the_extra_that_holds_them(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs music21.*keras-rnn-recipes\[chorales\]"):
        runner.run(str(ROOT / "chorales_lstm_nade.toml"), tmp_path / "r")
    assert not (tmp_path / "r").exists()
