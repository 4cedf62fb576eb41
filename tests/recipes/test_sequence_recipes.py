"""Every recipe for sequences is short and sound, and runs to the end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.workflows import run as runner

ROOT = Path(__file__).parents[2] / "recipes" / "sequence_classification"
RECIPES = sorted(ROOT.glob("*.toml"))
SHIPPED = ("gestures", "moving_shapes")
ARTEFACTS = {
    *("config.json", "recipe.toml", "model.keras", "saved_model", "history.csv", "gradients.json"),
    *("metrics.json", "classes.json", "predictions.csv", "report.html", "environment.json"),
    *("checkpoints", "tensorboard"),
}


def test_the_glob_found_them():
    assert {path.stem for path in RECIPES} >= {"gestures_gru", "moving_shapes_gru"}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_short_and_valid(path: Path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 25
    assert lines[0].startswith("# ") and lines[0].endswith(".")
    config = load_config(path)
    assert config.family == path.parent.name
    assert path.stem == f"{config.data.source}_{config.model.cell}"


@pytest.mark.slow
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_to_the_end(path: Path, tmp_path: Path, few_examples, request):
    if not path.stem.startswith(SHIPPED):
        request.getfixturevalue("krr_data")
    quicker = ['evaluate.baselines=["majority", "summary_statistics"]']
    result = runner.run(str(path), tmp_path / "r", smoke=True, overrides=quicker)
    folder = result.run_dir
    assert {one.name for one in folder.iterdir()} == ARTEFACTS
    record = json.loads((folder / "metrics.json").read_text())
    assert record["task"] == "sequence_classification" and record["format_version"] == 1
    figures = [record["model"], *record["baselines"].values()]
    assert all(np.isfinite(value) and value >= 0 for row in figures for value in row.values())
    assert set(tf.saved_model.load(str(folder / "saved_model")).signatures) >= {"serving_default"}
    # What was resolved can be run again, and is the same experiment.
    assert load_config(folder / "recipe.toml") == result.config
    assert load_config(folder / "config.json") == result.config
