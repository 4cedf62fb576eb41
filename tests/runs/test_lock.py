"""Two processes never write into one run directory; one process may, through several objects."""

from __future__ import annotations

import subprocess
import sys

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.runs.lock import _HELD, FolderLock

# Opens a run directory, writes, says so, and stays until its standard input is closed.
OTHER = """
import sys
from keras_rnn_recipes.runs.directory import RunDirectory
run = RunDirectory.open(sys.argv[1])
run.write_text("config.json", '{"format_version": 1, "family": "forecasting"}')
print("there", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_process(tmp_path):
    command = [sys.executable, "-c", OTHER, str(tmp_path / "run")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "there\n"
        yield process
        process.kill()


def test_a_folder_in_which_another_process_writes_is_refused_until_it_ends(tmp_path, other_process):
    here = RunDirectory(tmp_path / "run")  # as one that was opened just before the other wrote
    for options in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(UserError, match="Another process is writing"):
            RunDirectory.open(tmp_path / "run", **options)
    with pytest.raises(UserError, match="Another process is writing"):
        here.write_text("metrics.json", "{}")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.json"]
    other_process.kill()  # the lock goes with it, however it ends
    other_process.wait(10)
    run = RunDirectory.open(tmp_path / "run", resume=True)
    run.write_text("metrics.json", "{}")
    run.release()


def test_one_process_may_use_a_folder_through_several_objects(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert list(_HELD.values())[-1][1] == 2
    first.release()
    first.release()  # once is enough, twice does no harm
    assert list(_HELD.values())[-1][1] == 1
    del second  # and one that is forgotten lets go
    RunDirectory.open(tmp_path).write_text("metrics.json", "{}")
    status = tmp_path.stat()
    assert (status.st_dev, status.st_ino) not in _HELD
