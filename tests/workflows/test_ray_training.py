"""Training on a Ray cluster: the same weights, also when a node is lost, or one message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes import extras
from keras_rnn_recipes.cli.commands import app

RECIPE = """
family = "forecasting"
[data]
source = "sales.csv"
[model]
horizon = 2
"""
UNTRAINED = ["model.preset=pretrained", "fit.epochs=0"]


@pytest.fixture
def recipe(tmp_path) -> Path:
    days = "".join(f"2024-01-{day:02},{day}\n" for day in range(1, 32))
    (tmp_path / "sales.csv").write_text("ds,y\n" + days, encoding="utf-8")
    (tmp_path / "toy.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path / "toy.toml"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--engine", "rey"], "--engine is 'rey'."),
        (["--workers", "2"], "--workers was given without --engine ray."),
        (["--engine", "ray"], "--engine ray was given without --workers."),
        (["--engine", "ray", "--workers", "0"], "--workers is 0."),
        (["--engine", "ray", "--workers", "33"], "a batch has 32 rows."),
        (["--engine", "ray", "--workers", "2", *UNTRAINED], "The recipe trains nothing"),
        (["--engine", "ray", "--workers", "2", "fit.weight_dropout=0.3"], "fit.weight_dropout"),
    ],
)
def test_options_that_cannot_be_are_one_message(recipe, options, words):
    refused(["run", str(recipe), *options], words, recipe.parent / "run")


def refused(arguments: list[str], words: str, run_dir: Path) -> None:
    done = CliRunner().invoke(app, [*arguments, "--run-dir", str(run_dir)])
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["Error", "Expected", "Fix"]
    assert not run_dir.exists()


def test_another_family_is_one_message(tmp_path):
    arguments = ["run", "image_classification/digits_conv", "--engine", "ray", "--workers", "2"]
    refused(arguments, "is of the family image_classification.", tmp_path / "run")


def test_without_ray_the_message_names_the_extra(recipe, monkeypatch):
    there = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "ray" else there(name))
    arguments = ["run", str(recipe), "--engine", "ray", "--workers", "2"]
    refused(arguments, "--engine ray needs ray, which is not installed.", recipe.parent / "run")


LOSE_A_NODE = """
import os, sys
from pathlib import Path
import numpy as np
from ray.cluster_utils import Cluster
from keras_rnn_recipes.workflows.ray_training import ray_gradients
from training.test_data_parallel import train

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
os.environ["RAY_ADDRESS"] = cluster.address

def lose_a_node(what, row):
    if row["epoch"] == 1:
        cluster.remove_node(nodes.pop(), allow_graceful=False)

with ray_gradients(2) as pool:
    weights, history = train(Path(sys.argv[1]), pool, watcher=lose_a_node)
np.savez(sys.argv[2], *weights)
print("epochs", len(history), "nodes", len(nodes))
"""


@pytest.mark.slow
def test_a_lost_node_changes_no_weight(tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray: pip install 'keras-rnn-recipes[ray]'")
    from training.test_data_parallel import PoolHere, train

    arguments = [str(tmp_path / "run"), str(tmp_path / "weights.npz")]
    done = subprocess.run(
        [sys.executable, "-c", LOSE_A_NODE, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "epochs 3 nodes 1" in done.stdout
    assert "A process of the Ray cluster was lost. Training goes on with 1" in done.stderr
    weights, _ = train(tmp_path / "here", PoolHere(2))
    with np.load(tmp_path / "weights.npz") as found:
        assert all(map(np.array_equal, found.values(), weights))
