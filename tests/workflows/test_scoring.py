"""Forecasts of a panel in files: as in memory, whatever the number of processes, after any end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes import UserError, extras, predict
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.shards.panels import PanelFile, open_panel
from keras_rnn_recipes.shards.writing import write_shards
from keras_rnn_recipes.storage import staged_in
from keras_rnn_recipes.workflows import scoring
from keras_rnn_recipes.workflows.scoring import MANIFEST, Scoring, predict_files
from keras_rnn_recipes.workflows.scoring_worker import Model, Outcome, score_file

SERIES, POINTS, FILES = 36, 40, 12


def panel() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    week = 10 + 3 * np.sin(np.arange(POINTS) * 2 * np.pi / 7)
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{number:02}" for number in range(SERIES)], POINTS),
            "ds": np.tile(pd.date_range("2024-01-01", periods=POINTS), SERIES),
            "y": (week * rng.lognormal(1, 1, (SERIES, 1))).ravel().round(2),
        }
    )


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory) -> Path:
    """A finished run of the pretrained network, which needs no TensorFlow."""
    folder = tmp_path_factory.mktemp("pretrained")
    panel().to_csv(folder / "sales.csv", index=False)
    arguments = ["--horizon", "5", "--model", "pretrained", "--run-dir", str(folder / "run")]
    done = CliRunner().invoke(app, ["forecast", str(folder / "sales.csv"), *arguments])
    assert done.exit_code == 0, done.output
    return folder / "run"


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    panel().sample(frac=1, random_state=0).to_parquet(folder / "all.parquet", index=False)
    rows = SERIES // FILES * POINTS
    write_shards(folder / "all.parquet", folder / "shards", rows_per_file=rows)
    return folder / "shards"


@pytest.fixture(scope="module")
def forecasts(run_dir, shards, tmp_path_factory) -> Path:
    """The forecasts of one process."""
    output = tmp_path_factory.mktemp("forecasts") / "out"
    state = predict_files(run_dir, shards, output, workers=1)
    assert (state.series, state.rows, state.failed) == (SERIES, SERIES * 5, [])
    return output


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, but for what depends on the folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != MANIFEST}


def command(run_dir: Path, shards: Path, output: Path, *options: str) -> list[str]:
    given = ["predict", str(run_dir), "--input", str(shards), "--output", str(output)]
    return [*given, *options]


def test_the_forecasts_are_those_of_one_table_in_memory(run_dir, forecasts):
    files = sorted(forecasts.glob("*.parquet"))
    assert len(files) == FILES
    ours = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    theirs = predict(run_dir, panel())
    assert list(ours.columns) == ["unique_id", "ds", "pretrained"]
    # Products of matrices in float32 round differently for another number of rows.
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=1e-6)


def children_of(process: subprocess.Popen) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(number) for number in text.split()]


def wait_until(condition, process: subprocess.Popen | None = None) -> None:
    for _ in range(50_000):  # a guard against hanging, far above what a busy machine needs
        if condition() or (process is not None and process.poll() is not None):
            return
        time.sleep(0.01)
    raise AssertionError("nothing happened for minutes")


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_a_killed_command_goes_on_where_it_was(run_dir, shards, forecasts, tmp_path):
    """SIGKILL of the parent, with two processes at work: nothing is left out or done twice."""
    output = tmp_path / "out"
    arguments = command(run_dir, shards, output, "--workers", "2")
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_rnn_recipes", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: any(output.glob("*.parquet")), process)
    workers = children_of(process)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert len(workers) >= 2
    wait_until(lambda: not any(map(is_running, workers)))  # they end with their parent
    early = {file.name: file.stat().st_mtime_ns for file in output.glob("*.parquet")}
    assert 0 < len(early) < FILES
    state = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
    assert (state["complete"], state["files"]) == (False, [])
    done = CliRunner().invoke(app, [*arguments, "--resume"])
    assert done.exit_code == 0, done.output
    assert f"{len(early)} files were there already and kept." in done.stdout or len(early) == 1
    assert f"{SERIES} series, {SERIES * 5} rows in {FILES} files" in done.stdout
    assert contents(output) == contents(forecasts)
    assert early == {name: (output / name).stat().st_mtime_ns for name in early}
    assert staged_in(output) == []
    state = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
    assert (state["complete"], len(state["files"])) == (True, FILES)


def in_this_process(model, waiting, state, engine, progress) -> None:
    """What the pool does, without the seconds that its processes take to start."""
    for file in waiting:
        target = scoring._target(state.output, file)
        target.parent.mkdir(parents=True, exist_ok=True)
        state.add(score_file(model, file, target))
        if progress is not None:
            progress(state)


@pytest.fixture
def no_pool(monkeypatch):
    monkeypatch.setattr(scoring, "_score", in_this_process)


def test_damaged_files_are_set_aside_and_made_up_for(run_dir, shards, forecasts, tmp_path, no_pool):
    copy = shutil.copytree(shards, tmp_path / "shards")
    whole = (copy / "part-00003.parquet").read_bytes()
    (copy / "part-00003.parquet").write_bytes(whole[:-9])
    (copy / "part-00005.parquet").unlink()
    pd.read_parquet(copy / "part-00007.parquet").head(10).to_parquet(copy / "part-00007.parquet")
    arguments = command(run_dir, copy, tmp_path / "out")
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["Error", "Expected", "Fix"]
    names = "part-00003.parquet, part-00005.parquet, part-00007.parquet"
    assert f"3 of 12 files could not be forecast and were set aside: {names}." in done.stderr
    assert "27 series" in done.stdout
    state = json.loads((tmp_path / "out" / MANIFEST).read_text(encoding="utf-8"))
    assert (state["complete"], len(state["files"])) == (False, 9)
    whats = [entry["what"] for entry in state["failed"]]
    assert "could not be read" in whats[0]
    assert "is missing" in whats[1]
    assert "has 10 rows, and shards.json says 120" in whats[2]

    for name in names.split(", "):
        shutil.copy2(shards / name, copy / name)
    done = CliRunner().invoke(app, [*arguments, "--resume"])
    assert done.exit_code == 0, done.output
    assert "9 files were there already and kept." in done.stdout
    assert contents(tmp_path / "out") == contents(forecasts)


def test_a_newer_or_incomplete_file_is_forecast_again(run_dir, shards, tmp_path, no_pool):
    copy, output = shutil.copytree(shards, tmp_path / "shards"), tmp_path / "out"
    predict_files(run_dir, copy, output)
    later = time.time() + 60
    os.utime(copy / "part-00002.parquet", (later, later))
    (output / "part-00004.parquet").write_bytes(b"")
    state = predict_files(run_dir, copy, output, resume=True)
    assert state.resumed == FILES - 2
    assert {outcome.name for outcome in state.done[state.resumed :]} == {
        "part-00002.parquet",
        "part-00004.parquet",
    }


def test_nothing_is_resumed_for_another_model_or_input(run_dir, shards, tmp_path, no_pool):
    output = tmp_path / "out"
    predict_files(run_dir, shards, output)
    with pytest.raises(UserError, match="is not empty"):
        predict_files(run_dir, shards, output)
    other = shutil.copytree(run_dir, tmp_path / "run")
    text = (other / "assumptions.json").read_text(encoding="utf-8")
    (other / "assumptions.json").write_text(text.replace("true", "false"), encoding="utf-8")
    with pytest.raises(UserError, match="were made with another model"):
        predict_files(other, shards, output, resume=True)
    copy = shutil.copytree(shards, tmp_path / "shards")
    with pytest.raises(UserError, match="were made with other input"):
        predict_files(run_dir, copy, output, resume=True)
    with pytest.raises(UserError, match="has no scoring.json"):
        predict_files(run_dir, shards, tmp_path, resume=True)


def test_what_a_kill_at_the_very_start_leaves_is_no_obstacle(run_dir, shards, tmp_path, no_pool):
    (tmp_path / "out" / ".scoring.json.abcd.unfinished").mkdir(parents=True)
    (tmp_path / "out" / ".lock").touch()
    assert predict_files(run_dir, shards, tmp_path / "out", resume=True).series == SERIES
    assert staged_in(tmp_path / "out") == []


def test_an_interruption_says_how_to_continue(run_dir, shards, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(scoring, "_score", interrupted)
    done = CliRunner().invoke(app, command(run_dir, shards, tmp_path / "out"))
    assert done.exit_code == 130
    assert "the same command with --resume" in done.stderr


def test_partitions_and_folders_are_kept_in_the_output(run_dir, tmp_path, no_pool):
    for name, rows in panel().groupby("unique_id"):
        folder = tmp_path / "in" / f"half={'first' if name < 's18' else 'second'}"
        folder.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(folder / f"{name}.parquet", index=False)
    state = predict_files(run_dir, tmp_path / "in", tmp_path / "out")
    assert (state.series, len(state.done)) == (SERIES, SERIES)
    assert (
        pd.read_parquet(tmp_path / "out" / "half=second" / "s20.parquet")["unique_id"]
        .eq("s20")
        .all()
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", "0"], "--workers is 0."),
        (["--engine", "rey"], "--engine is 'rey'."),
        (["data.time_col=when"], "could not be forecast and were set aside"),
    ],
)
def test_options_that_cannot_be_are_one_message(run_dir, shards, tmp_path, options, words, no_pool):
    done = CliRunner().invoke(app, command(run_dir, shards, tmp_path / "out", *options))
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_options_of_a_folder_are_refused_for_a_file(run_dir, tmp_path):
    panel().to_csv(tmp_path / "sales.csv", index=False)
    for option in (["--resume"], ["--workers", "2"], ["--engine", "ray"]):
        given = command(run_dir, tmp_path / "sales.csv", tmp_path / "out.csv", *option)
        done = CliRunner().invoke(app, given)
        assert done.exit_code == 2
        assert f"{option[0]} was given" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_without_ray_the_message_names_the_extra(run_dir, shards, tmp_path, monkeypatch):
    there = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "ray" else there(name))
    done = CliRunner().invoke(app, command(run_dir, shards, tmp_path / "out", "--engine", "ray"))
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: --engine ray needs ray, which is not installed.")
    assert "pip install 'keras-rnn-recipes[ray]'" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_ray_writes_the_same_bytes(run_dir, shards, forecasts, tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray: pip install 'keras-rnn-recipes[ray]'")
    arguments = command(run_dir, shards, tmp_path / "out", "--engine", "ray", "--workers", "2")
    done = subprocess.run(
        [sys.executable, "-m", "keras_rnn_recipes", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"{SERIES} series, {SERIES * 5} rows in {FILES} files" in done.stdout
    assert contents(tmp_path / "out") == contents(forecasts)


LOSE_A_NODE = """
import os, sys
from ray.cluster_utils import Cluster
from keras_rnn_recipes.workflows.scoring import predict_files

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
workers = int(sys.argv[1])
nodes = [cluster.add_node(num_cpus=1) for _ in range(workers)]
os.environ["RAY_ADDRESS"] = cluster.address

def lose_a_node(state):
    if len(state.done) == 2 and len(nodes) == workers:
        cluster.remove_node(nodes.pop(), allow_graceful=False)

state = predict_files(*sys.argv[2:], workers=workers, engine="ray", progress=lose_a_node)
print("done", len(state.done), state.series, len(nodes))
"""


@pytest.mark.slow
@pytest.mark.parametrize("nodes", [2, 4])
def test_a_lost_node_of_a_ray_cluster_costs_no_file(run_dir, shards, forecasts, tmp_path, nodes):
    pytest.importorskip("ray", reason="needs the extra ray: pip install 'keras-rnn-recipes[ray]'")
    arguments = [str(nodes), str(run_dir), str(shards), str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", LOSE_A_NODE, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"done {FILES} {SERIES} {nodes - 1}" in done.stdout
    assert contents(tmp_path / "out") == contents(forecasts)


def test_an_output_that_cannot_be_written_ends_the_work(run_dir, shards, tmp_path):
    file = open_panel(shards).files[0]
    (tmp_path / "file").touch()
    outcome = score_file(Model(run_dir, (), "x"), file, tmp_path / "file" / "out.parquet")
    assert outcome.fatal
    assert "could not be written" in outcome.error[0]


def test_progress_names_rate_and_what_was_set_aside(shards):
    from keras_rnn_recipes.cli.scoring import _progress

    state = Scoring(shards, 10)
    state.add(Outcome("a", 50, 10))
    state.resumed = 1
    state.add(Outcome("b", 500, 100))
    state.add(Outcome("c", error=("it broke.", "", "")))
    assert _progress(state, 2.0) == "2 of 10 files, 1 set aside, 50 series a second"


def test_a_file_of_the_wrong_length_is_named(shards):
    file = open_panel(shards).files[0]
    assert isinstance(file, PanelFile)
    assert len(file.read()) == file.rows
