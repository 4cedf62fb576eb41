"""Two processes never write into one run directory; one process may, through several objects."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.runs.lock import LOCK_NAME, FolderLock, _release

OTHER_CONFIG = '{"format_version": 1, "family": "forecasting"}'

# Opens a run directory, writes, says so, and stays until its standard input is closed.
OTHER = f"""
import sys
from keras_rnn_recipes.runs.directory import RunDirectory
run = RunDirectory.open(sys.argv[1])
run.write_text("config.json", {OTHER_CONFIG!r})
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
    assert names(tmp_path / "run") == [LOCK_NAME, "config.json"]
    other_process.kill()  # the lock goes with it, however it ends
    other_process.wait(10)
    run = RunDirectory.open(tmp_path / "run", resume=True)
    run.write_text("metrics.json", "{}")
    run.release()
    assert names(tmp_path / "run") == ["config.json", "metrics.json"]


def test_the_lock_file_of_a_killed_process_is_no_content(tmp_path):
    (tmp_path / LOCK_NAME).touch()
    run = RunDirectory.open(tmp_path)
    assert not run.resumed
    run.write_text("metrics.json", "{}")
    run.release()
    assert names(tmp_path) == ["metrics.json"]


def test_overwriting_keeps_the_lock(tmp_path):
    RunDirectory.open(tmp_path).write_text("config.json", OTHER_CONFIG)
    run = RunDirectory.open(tmp_path, overwrite=True)
    run.write_text("config.json", OTHER_CONFIG)
    assert names(tmp_path) == [LOCK_NAME, "config.json"]


@pytest.mark.parametrize("error", [PermissionError(), OSError(errno.ENOLCK, "no locks")])
def test_where_nothing_can_be_locked_nothing_is(tmp_path, monkeypatch, error):
    def refused(*_, **__):
        raise error

    monkeypatch.setattr(FileLock, "acquire", refused)
    run = RunDirectory.open(tmp_path)
    run.write_text("metrics.json", "{}")
    run.release()
    assert names(tmp_path) == ["metrics.json"]


def test_a_fork_does_not_release_the_lock_of_its_parent(tmp_path):
    lock = FolderLock(tmp_path)
    _release(FileLock(tmp_path / LOCK_NAME, thread_local=False, is_singleton=True), os.getpid() + 1)
    assert (tmp_path / LOCK_NAME).exists() and counted(tmp_path) == 1
    lock.release()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def counted(folder: Path) -> int:
    """How often this process holds the lock of a folder."""
    lock = FileLock(folder / LOCK_NAME, thread_local=False, is_singleton=True)
    return lock.lock_counter


def test_one_process_may_use_a_folder_through_several_objects(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert counted(tmp_path) == 2
    first.release()
    first.release()  # once is enough, twice does no harm
    assert counted(tmp_path) == 1
    assert names(tmp_path) == [LOCK_NAME]
    del second  # one that nothing refers to is released
    assert names(tmp_path) == []
    RunDirectory.open(tmp_path).write_text("metrics.json", "{}")
    assert names(tmp_path) == ["metrics.json"] and counted(tmp_path) == 0


def test_a_folder_is_the_same_by_any_of_its_names(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    locks = FolderLock(tmp_path / "run"), FolderLock(tmp_path / "link")
    assert counted(tmp_path / "run") == 2
    for lock in locks:
        lock.release()
