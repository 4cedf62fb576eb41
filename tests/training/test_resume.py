"""A run that was killed at any moment ends where one that was not would have ended."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fresh import TIMEOUT, ForkedPopen
from profiles import slow_but
from training.toy import toy_batches, toy_model, toy_valid

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.storage import WriteError
from keras_rnn_recipes.training import state as training_state
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import set_seeds

CONFIG = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 2}})
# Epochs of five batches while a pass has seven: a resumed run begins in the middle of a pass.
FIT = FitConfig(epochs=9, batch_size=8, steps_per_epoch=5, patience=0, learning_rate=0.02)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def train(path: Path, config: FitConfig = FIT, *, resume: bool = False, **model):
    run = RunDirectory.open(path, resume=resume)
    run.write_config(CONFIG)
    # What is restored must not depend on what the seed draws.
    set_seeds(99 if (path / "checkpoints" / training_state.NAMES[0]).exists() else config.seed)
    network = toy_model(**model)
    history = fit(network, toy_batches(50, 8), toy_valid(), num_windows=50, config=config, run=run)
    return network.get_weights(), history.drop(columns="seconds")


def same(one, other) -> bool:
    equal = [np.array_equal(a, b) for a, b in zip(one[0], other[0], strict=True)]
    pd.testing.assert_frame_equal(one[1], other[1], check_exact=True)
    return all(equal)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole") / "r")


@pytest.fixture
def every_epoch_saved(monkeypatch):
    monkeypatch.setattr(training_state.StateFile, "due", lambda self: True)


@pytest.mark.parametrize(
    ("epoch", "moment"),
    slow_but([(4, "during")], itertools.product((1, 4, 8), ("before", "during", "after"))),
)
def test_killed_around_a_save(tmp_path, monkeypatch, uninterrupted, epoch, moment):
    """Before the state is written, half way through the file, or when it has just been renamed."""
    save = training_state.StateFile.save

    def deadly_save(self, state):
        if state.progress.epoch != epoch:
            return save(self, state)
        if moment == "during":
            monkeypatch.setattr(training_state.np, "savez", half_written)
        if moment != "before":
            save(self, state)
        raise Killed

    def half_written(file, **arrays):
        file.write(b"PK\x03\x04 and no more")
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(training_state.StateFile, "due", lambda self: True)
        patch.setattr(training_state.StateFile, "save", deadly_save)
        with pytest.raises(Killed):
            train(tmp_path / "r")
    monkeypatch.undo()
    assert same(train(tmp_path / "r", resume=True), uninterrupted)


def test_a_finished_run_resumes_to_itself(tmp_path, uninterrupted):
    first = train(tmp_path / "r")
    assert same(first, uninterrupted)
    assert same(train(tmp_path / "r", resume=True), uninterrupted)


def test_a_mean_of_epochs_is_resumed(tmp_path, monkeypatch, every_epoch_saved):
    """Killed between two of the three epochs that the mean is made of."""
    config = FIT.model_copy(update={"average": 3})
    whole = train(tmp_path / "whole", config)
    save, saved = training_state.StateFile.save, itertools.count(1)

    def die(*args):
        save(*args)
        if next(saved) == 8:
            raise Killed

    monkeypatch.setattr(training_state.StateFile, "save", die)
    with pytest.raises(Killed):
        train(tmp_path / "r", config)
    monkeypatch.setattr(training_state.StateFile, "save", save)
    assert same(train(tmp_path / "r", config, resume=True), whole)


def test_a_run_that_stopped_early_stays_stopped(tmp_path):
    config = FIT.model_copy(update={"learning_rate": 0.5, "patience": 2, "epochs": 40})
    first = train(tmp_path / "r", config)
    assert len(first[1]) < 40
    assert same(train(tmp_path / "r", config, resume=True), first)


def test_a_broken_newest_state_falls_back_on_the_one_before(
    tmp_path, uninterrupted, every_epoch_saved
):
    train(tmp_path / "r")
    folder = tmp_path / "r" / "checkpoints"
    epochs = {p: training_state._read(p).progress.epoch for p in folder.iterdir()}
    assert sorted(epochs.values()) in ([8, 9], [9, 9])
    newest = max(epochs, key=lambda p: (epochs[p], p.stat().st_mtime_ns))
    newest.write_bytes(newest.read_bytes()[:-200])
    assert same(train(tmp_path / "r", resume=True), uninterrupted)


def test_another_experiment_is_refused(tmp_path):
    train(tmp_path / "r")
    with pytest.raises(UserError, match="batch_size was 8, is 9"):
        train(tmp_path / "r", FIT.model_copy(update={"batch_size": 9}), resume=True)
    with pytest.raises(UserError, match="other weights"):
        train(tmp_path / "r", resume=True, units=5)


def test_a_full_disk_while_training_keeps_the_last_state(
    tmp_path, monkeypatch, uninterrupted, every_epoch_saved
):
    savez, saves = np.savez, []

    def fails_at_the_fifth(*args, **kwargs):
        saves.append(1)
        if len(saves) == 5:
            raise OSError(28, "No space left on device")
        savez(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(training_state.np, "savez", fails_at_the_fifth)
        with pytest.raises(WriteError, match="No space left on device.*--resume"):
            train(tmp_path / "r")
    names = {p.name for p in (tmp_path / "r" / "checkpoints").iterdir()}
    assert names == set(training_state.NAMES)
    assert same(train(tmp_path / "r", resume=True), uninterrupted)


def test_saving_takes_little_of_the_time(tmp_path, monkeypatch):
    clock = iter(np.arange(0, 1000, 0.5))
    monkeypatch.setattr(training_state.time, "perf_counter", lambda: next(clock))
    file = training_state.StateFile(tmp_path)
    state = training_state.TrainingState(training_state.Progress({}), [], [], [])
    assert file.due()
    with file.timed():  # takes half a second by this clock
        file.save(state)
    waited = 0
    while not file.due():
        waited += 1
    assert waited * 0.5 == pytest.approx(0.5 / training_state.SHARE_OF_TIME, abs=1)


@pytest.mark.slow
def test_kill_9_at_random_moments(tmp_path):
    """The real thing, with processes; the moments are drawn anew every time and printed."""
    assert start(tmp_path, "whole").wait(TIMEOUT) == 0
    kills = 0
    while killed_after(random.uniform(0, 2), tmp_path) and kills < 4:
        kills += 1
    assert kills
    if kills == 4:
        assert not killed_after(60, tmp_path)
    with np.load(tmp_path / "whole.npz") as one, np.load(tmp_path / "killed.npz") as other:
        assert all(np.array_equal(one[name], other[name]) for name in one.files)
        assert len(one.files) == len(other.files) > 0


def killed_after(seconds: float, folder: Path) -> bool:
    """Train, and strike so long after training began; whether it was hit before it ended."""
    process = start(folder, "killed")
    while process.alive() and "training" not in (folder / "killed.out").read_text():
        time.sleep(0.01)
    timer = threading.Timer(seconds, os.kill, (process.pid, signal.SIGKILL))
    timer.start()
    status = process.wait(TIMEOUT)
    timer.cancel()
    print(f"struck after {seconds:.3f} s of training: {status}")
    assert status in (0, -signal.SIGKILL)
    return status != 0


def start(folder: Path, name: str) -> ForkedPopen:
    """Train in a fork: the run in ``folder/name``, its weights in ``name.npz``."""
    script = Path(__file__).with_name("train_toy.py")
    (folder / f"{name}.out").write_text("")
    code = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    args = [str(folder / name), str(folder / f"{name}.npz")]
    return ForkedPopen(code, args, stdout=folder / f"{name}.out")
