"""A family from outside the package: one config file, its modules, a script and a TOML file."""

from __future__ import annotations

import importlib
import json
import sys

import pandas as pd
import pytest
from families.command import krr

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.registry import find_family

CONFIG = """
from typing import Literal
from keras_rnn_recipes.config.base import Experiment, Section, TrainingConfig

class ToyData(Section):
    source: str

class ToyModel(Section):
    cell: Literal["line"] = "line"

class ToyConfig(Experiment):
    family: Literal["toy_line"] = "toy_line"
    data: ToyData
    model: ToyModel = ToyModel()
    fit: TrainingConfig = TrainingConfig(epochs=60, learning_rate=0.3)
    evaluate: Section = Section()
"""
TASK = """
import keras
import numpy as np
import pandas as pd

def load(data):
    return pd.read_csv(data.source)

def build():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

def score(answers, truth):
    return {"mae": float(np.abs(answers - truth).mean())}
"""
PIPELINE = """
from keras_rnn_recipes.serving.keras_model import load_model

class Pipeline:
    def __init__(self, model):
        self.model = model

    def __call__(self, table):
        return self.model(table[["x"]].to_numpy("float32")).numpy()[:, 0]

def load_pipeline(run_dir):
    return Pipeline(load_model(run_dir))
"""
INFERENCE = """
import pandas as pd
from keras_rnn_recipes.families.evaluation import Evaluation
from toy_line.pipeline import load_pipeline
from toy_line.task import score

def predict(run_dir, source):
    table = pd.read_csv(source)
    return table.assign(y=load_pipeline(run_dir)(table))

def evaluate(run_dir, source, *, baselines=None):
    table = pd.read_csv(source)
    return Evaluation("line", {"line": score(load_pipeline(run_dir)(table), table["y"])})

def export(run_dir, to, *, format="saved_model"):
    load_pipeline(run_dir).model.export(to, verbose=False)
    return to
"""
REPORT = """
def markdown_table(named):
    rows = [f"| {recipe} | {records[0]['model']['mae']:.3f} |" for recipe, records in named]
    return "\\n".join(["| Recipe | MAE |", "|---|---|", *rows, ""])

def write_report(run_dir, scores):
    (run_dir / "report.html").write_text(f"<p>MAE {scores['mae']:.3f}</p>")
"""
SCRIPT = """
from toy_line import pipeline, report, task

def main(config, run):
    table = task.load(config.data)
    run.write_config(config)
    model = task.build()
    model.compile("adam", "mse")
    model.optimizer.learning_rate = config.fit.learning_rate
    model.fit(table[["x"]].to_numpy(), table["y"].to_numpy(), epochs=config.fit.epochs, verbose=0)
    run.write_model(model)
    scores = task.score(pipeline.Pipeline(model)(table), table["y"])
    figures = {"model": scores, "baselines": {}, "num_parameters": 2, "fit_seconds": 0.0}
    run.write_json("metrics.json", {"format_version": 1, "task": config.family, **figures})
    model.export(run.path / "saved_model", verbose=False)
    report.write_report(run.path, scores)
"""
FILES = {
    "toy_line/__init__.py": "",
    "toy_line/config.py": CONFIG,
    "toy_line/task.py": TASK,
    "toy_line/pipeline.py": PIPELINE,
    "toy_line/inference.py": INFERENCE,
    "toy_line/report.py": REPORT,
    "toy_line-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: toy-line\nVersion: 0.1\n",
    "toy_line-0.1.dist-info/entry_points.txt": (
        "[keras_rnn_recipes.families]\ntoy_line = toy_line.config:ToyConfig\n"
    ),
    "recipes/line.py": SCRIPT,
    "recipes/line.toml": '# y = 2 x + 1.\nfamily = "toy_line"\n[data]\nsource = "points.csv"\n',
}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The folder of a toy family that is installed for as long as the test runs."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    points = pd.DataFrame({"x": [-1.0, -0.5, 0.0, 0.5, 1.0]})
    points.assign(y=2 * points["x"] + 1).to_csv(tmp_path / "recipes" / "points.csv", index=False)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "toy_line"]:
        del sys.modules[name]


def test_a_toy_family_goes_through_every_command(toy):
    recipe, run = str(toy / "recipes" / "line.toml"), toy / "run"
    assert "is valid" in krr("validate", recipe)
    krr("run", recipe, "--run-dir", str(run))
    assert json.loads((run / "metrics.json").read_text())["model"]["mae"] < 0.2
    assert (run / "report.html").exists() and (run / "environment.json").exists()

    points = str(toy / "recipes" / "points.csv")
    krr("predict", str(run), "--input", points, "--output", str(toy / "answers.csv"))
    answers = pd.read_csv(toy / "answers.csv")
    assert answers["y"].tolist() == pytest.approx([-1, 0, 1, 2, 3], abs=0.5)
    assert "line" in krr("evaluate", str(run), "--input", points)
    krr("export", str(run), "--to", str(toy / "served"))
    assert (toy / "served" / "saved_model.pb").exists()
    assert krr("table", str(run)).startswith("| Recipe | MAE |\n|---|---|\n| points_line |")


def test_a_toy_family_is_found_by_its_entry_point(toy):
    assert find_family("toy_line").package == "toy_line"


def test_a_family_that_is_not_installed_is_a_mistake_in_the_recipe(tmp_path):
    (tmp_path / "line.toml").write_text(FILES["recipes/line.toml"])
    assert "family is 'toy_line'" in krr("validate", str(tmp_path / "line.toml"), status=2)


def test_a_family_without_a_script_says_where_it_was_looked_for(toy):
    (toy / "recipes" / "line.py").unlink()
    with pytest.raises(UserError, match="no script of the family toy_line"):
        importlib.import_module("keras_rnn_recipes.workflows.run").read_recipe(
            toy / "recipes" / "line.toml"
        )
