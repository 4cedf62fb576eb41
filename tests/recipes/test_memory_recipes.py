"""Every recipe of memory is short and sound, and its script runs to the end."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.workflows import run as runner

ROOT = Path(__file__).parents[2] / "recipes" / "memory"
RECIPES = sorted(ROOT.glob("*.toml"))


def test_the_glob_found_them():
    assert len(RECIPES) >= 4


def test_the_script_can_be_read_in_one_sitting():
    lines = (ROOT / "memory.py").read_text().splitlines()
    assert 60 <= len(lines) <= 120


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_short_and_valid(path: Path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 25
    assert lines[0].startswith("# ") and lines[0].endswith(".")
    config = load_config(path)
    assert config.family == "memory" and path.stem.startswith(config.data.problem)


@pytest.mark.slow
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_to_the_end(path: Path, tmp_path: Path):
    result = runner.run(f"memory/{path.stem}", tmp_path / "r", smoke=True)
    trials = pd.read_csv(result.run_dir / "trials.csv")
    assert list(dict.fromkeys(trials["cell"])) == list(result.config.model.cells)
    assert trials["steps"].max() <= 8
    # What was resolved can be run again, and is the same experiment.
    assert load_config(result.run_dir / "recipe.toml") == result.config
    assert load_config(result.run_dir / "config.json") == result.config
