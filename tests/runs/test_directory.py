"""The run directory: what it refuses, what it replaces, and that nothing is half written."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from keras_rnn_recipes import storage
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs import directory as run_directory
from keras_rnn_recipes.runs.directory import ARTEFACTS, RunDirectory
from keras_rnn_recipes.runs.lock import LOCK_NAME
from keras_rnn_recipes.storage import WriteError, replacing

CONFIG = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})


def a_run(path: Path) -> RunDirectory:
    run = RunDirectory.open(path)
    run.write_config(CONFIG)
    run.write_json("metrics.json", {"mae": 1.0})
    return run


def content(folder: Path) -> dict[str, bytes]:
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != LOCK_NAME]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def full_disk(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_opening_creates_nothing(tmp_path: Path):
    RunDirectory.open(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flags", [{}, {"overwrite": True}, {"resume": True}])
def test_somebody_elses_folder_is_never_touched(tmp_path: Path, flags):
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / "config.json").write_text('{"theme": "dark"}')
    before = content(tmp_path)
    with pytest.raises(UserError, match="holds no run"):
        RunDirectory.open(tmp_path, **flags)
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    "text", ["[]", "not json", '{"format_version": 2, "family": "forecasting"}']
)
def test_a_config_json_of_another_kind_is_not_ours(tmp_path: Path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError, match="holds no run"):
        RunDirectory.open(tmp_path, overwrite=True)


def test_an_earlier_run_needs_a_word(tmp_path: Path):
    a_run(tmp_path / "r")
    with pytest.raises(UserError, match="--resume.*--overwrite"):
        RunDirectory.open(tmp_path / "r")
    with pytest.raises(UserError, match="Both"):
        RunDirectory.open(tmp_path / "r", overwrite=True, resume=True)
    assert RunDirectory.open(tmp_path / "r", resume=True).resumed


def test_overwriting_waits_for_the_first_artefact_and_keeps_foreign_files(tmp_path: Path):
    path = a_run(tmp_path / "r").path
    (path / "notes.txt").write_text("mine")
    (path / "saved_model").mkdir()
    (path / "saved_model" / "saved_model.pb").write_text("old")
    run = RunDirectory.open(path, overwrite=True)
    assert (path / "metrics.json").exists()
    run.write_config(CONFIG)
    assert set(content(path)) == {"config.json", "recipe.toml", "notes.txt"}


def test_discarding_before_anything_was_written_spares_the_earlier_run(tmp_path: Path):
    path = a_run(tmp_path / "r").path
    before = content(path)
    RunDirectory.open(path, overwrite=True).discard()
    assert content(path) == before


def test_discarding_leaves_nothing_behind(tmp_path: Path):
    run = a_run(tmp_path / "new")
    run.folder("checkpoints")
    run.discard()
    assert not run.path.exists()
    given = tmp_path / "given"
    given.mkdir()
    a_run(given).discard()
    assert given.exists() and not content(given)


def test_resuming_where_nothing_is_starts_anew(tmp_path: Path):
    assert not RunDirectory.open(tmp_path / "none", resume=True).resumed


def test_leftovers_of_a_killed_first_write_count_as_nothing(tmp_path: Path):
    (tmp_path / ".config.json.abc123.unfinished").mkdir()
    assert not RunDirectory.open(tmp_path).resumed
    (tmp_path / ".bashrc").write_text("")
    with pytest.raises(UserError):
        RunDirectory.open(tmp_path)


KILLED = """
import os, signal, sys
from pathlib import Path
from keras_rnn_recipes.runs.directory import RunDirectory
run = RunDirectory.open(sys.argv[1], resume=True)
with run.staged(sys.argv[2]) as staged:
    staged.mkdir()
    (staged / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def unfinished(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob("*.unfinished")]


def test_the_next_run_in_a_folder_clears_what_a_killed_one_staged(tmp_path: Path):
    path = a_run(tmp_path / "r").path
    for name in ("saved_model", "model.keras", "checkpoints"):
        done = subprocess.run([sys.executable, "-c", KILLED, str(path), name])
        assert done.returncode == -signal.SIGKILL
    (path / "refit" / "checkpoints" / ".state-0.npz.abc123.unfinished").mkdir(parents=True)
    (path / ".thesis.txt.abc123.unfinished").mkdir()  # somebody else's: not a name of a run
    assert len(unfinished(path)) >= 3
    run = RunDirectory.open(path, resume=True)
    assert len(unfinished(path)) >= 3  # opening changes nothing
    run.write_json("metrics.json", {"mae": 2.0})
    assert unfinished(path) == [".thesis.txt.abc123.unfinished"]
    assert run.read_json("metrics.json") == {"mae": 2.0} and (path / "config.json").exists()


def test_what_a_running_process_stages_is_left_alone(tmp_path: Path):
    target = tmp_path / "forecasts.csv"
    with replacing(target) as first:
        first.write_text("first")
        with replacing(target) as second:
            second.write_text("second")
        assert first.read_text() == "first"
    assert content(tmp_path) == {"forecasts.csv": b"first"}


def test_the_same_output_clears_what_a_killed_process_staged_for_it(tmp_path: Path):
    for name in (".forecasts.csv.abc123.unfinished", ".forecasts.csv.old.abc123.unfinished"):
        (tmp_path / name).mkdir()
    with replacing(tmp_path / "forecasts.csv") as staged:
        staged.write_text("whole")
    assert unfinished(tmp_path) == [".forecasts.csv.old.abc123.unfinished"]


@pytest.mark.parametrize("again", ["resume", "write"])
def test_a_folder_moved_away_by_a_killed_process_is_moved_back(tmp_path: Path, again):
    path = a_run(tmp_path / "r").path
    holder = path / ".saved_model.abc123.unfinished"
    (holder / "replaced").mkdir(parents=True)
    (holder / "replaced" / "graph").write_text("old")
    if again == "resume":
        RunDirectory.open(path, resume=True).write_json("metrics.json", {})
    else:
        with pytest.raises(RuntimeError), replacing(path / "saved_model"):
            raise RuntimeError
    assert (path / "saved_model" / "graph").read_text() == "old"
    assert unfinished(path) == []


@pytest.mark.parametrize("place", ["file", "below a file", "proc"])
def test_where_nothing_can_be_written(tmp_path: Path, place):
    file = tmp_path / "file"
    file.write_text("")
    path = {"file": file, "below a file": file / "run", "proc": Path("/proc/run")}[place]
    fix = "write to another folder" if place == "proc" else "choose another --run-dir"
    with pytest.raises(WriteError, match=fix):
        RunDirectory.open(path).write_json("metrics.json", {})


def test_a_folder_without_permission(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(run_directory.os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(WriteError, match="cannot be written to"):
        RunDirectory.open(tmp_path / "r")


@pytest.mark.parametrize("where", ["write", "fsync", "rename", "mkdtemp"])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch, where):
    run = a_run(tmp_path / "r")
    before = content(run.path)
    target = {
        "write": (run_directory, "write_synced"),
        "fsync": (storage.os, "fsync"),
        "rename": (storage.os, "replace"),
        "mkdtemp": (storage.tempfile, "mkdtemp"),
    }[where]
    with monkeypatch.context() as patch:
        patch.setattr(*target, full_disk)
        with pytest.raises(WriteError, match="No space left"):
            run.write_json("metrics.json", {"mae": 2.0})
    assert content(run.path) == before
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == [LOCK_NAME]
    run.write_json("metrics.json", {"mae": 2.0})
    assert run.read_json("metrics.json") == {"mae": 2.0}


def test_a_file_size_limit_stands_for_a_real_full_disk(tmp_path: Path):
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from keras_rnn_recipes.runs.directory import RunDirectory, WriteError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "run = RunDirectory.open(sys.argv[1])\n"
        "run.write_text('history.csv', 'whole')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    run.write_text('history.csv', 'x' * 5000)\n"
        "except WriteError as error:\n"
        "    print(error)\n"
    )
    assert hasattr(resource, "RLIMIT_FSIZE") and hasattr(signal, "SIGXFSZ")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "could not be written: File too large" in done.stdout
    assert content(tmp_path) == {"history.csv": b"whole"}


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path):
    target = tmp_path / "saved_model"
    for text in ("one", "two"):
        with replacing(target) as staged:
            staged.mkdir()
            (staged / "graph").write_text(text)
        assert content(tmp_path) == {"saved_model/graph": text.encode()}
    with pytest.raises(RuntimeError), replacing(target) as staged:
        staged.mkdir()
        (staged / "half").write_text("")
        raise RuntimeError
    assert content(tmp_path) == {"saved_model/graph": b"two"}


def test_numbers_that_json_lacks_become_null(tmp_path: Path):
    run = RunDirectory.open(tmp_path)
    path = run.write_json("metrics.json", {"a": float("nan"), "b": [float("inf"), 1.5]})
    assert json.loads(path.read_text()) == {"a": None, "b": [None, 1.5]}


def test_frames_are_written_without_index(tmp_path: Path):
    run = RunDirectory.open(tmp_path)
    path = run.write_csv("forecasts.csv", pd.DataFrame({"unique_id": ["a"], "y": [None]}))
    assert path.read_text() == "unique_id,y\na,\n"


def test_config_json_is_the_last_to_go():
    # If removing is interrupted, the folder must still be known as ours.
    assert ARTEFACTS[0] == "config.json"
