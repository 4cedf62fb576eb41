"""Scripts that ``krr cp`` copied before the families had namespaces still run.

They stand in the users' own folders, in the words of that time, so their text is never changed.
"""

from __future__ import annotations

import ast
import shutil
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

import keras_rnn_recipes as krr
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.renamed import RENAMED

HERE = Path(__file__).parent
# By script: the recipe next to which it stands, shortened to what still takes every step.
RECIPES = {
    "forecast": (
        'data.source="sunspots"',
        "data.start=1940",
        "model.horizon=3",
        "model.units=[4]",
        "evaluate.levels=[80]",
        'evaluate.baselines=["naive"]',
        "fit.refit=true",
    ),
    "classify": (
        'family="text_classification"',
        'data.source="word_order"',
        "model.units=[4]",
        'evaluate.baselines=["majority"]',
    ),
    "tag": ('family="tagging"', 'data.source="people_places"', "model.units=[4]"),
    "complete": (
        'family="language_model"',
        'data.source="language_reference"',
        "model.units=[4]",
        "evaluate.ngrams=[1]",
        "evaluate.samples=1",
        "evaluate.sample_length=5",
    ),
    "translate": (
        'family="encoder_decoder"',
        'data.source="digit_reversal"',
        "model.units=[4]",
        "evaluate.beam_width=2",
        "evaluate.max_length=6",
    ),
    "memory": (
        'family="memory"',
        'data.problem="adding"',
        "data.lags=[5]",
        'model.cells=["lstm", "simple_rnn_skips"]',
        "model.units=[4]",
        "evaluate.size=8",
    ),
}


def test_a_script_of_every_family_is_kept():
    scripts = {path.stem for path in HERE.glob("*.py")} - {Path(__file__).stem}
    assert scripts == set(RECIPES) and len(scripts) == 6


def test_they_call_only_names_that_are_public_or_renamed():
    used = {
        node.attr
        for name in RECIPES
        for node in ast.walk(ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "krr"
    }
    assert used <= {*krr.__all__, *RENAMED}
    assert used & set(RENAMED)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_copied_script_runs_with_deprecation_warnings_only(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / f"{name}.py", tmp_path)
    (tmp_path / "my.toml").write_text("\n".join(RECIPES[name]) + "\n")
    with warnings.catch_warnings(record=True) as caught:
        # Any other warning is an error, as in every test.
        warnings.filterwarnings("always", "keras_rnn_recipes.* is now", DeprecationWarning)
        done = CliRunner().invoke(app, ["run", "my.toml", "--smoke"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = [str(one.message) for one in caught]
    assert told and all("is now keras_rnn_recipes." in one for one in told), told
    assert all(one.category is DeprecationWarning for one in caught)
    assert all(Path(one.filename).parent == tmp_path for one in caught), caught
    folder = tmp_path / "runs" / "my"
    assert {"config.json", "metrics.json", "report.html"} <= {p.name for p in folder.iterdir()}
