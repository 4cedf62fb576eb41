"""The process that verifies an export: started ahead or not, it answers once and then is gone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
from fresh import TIMEOUT, ForkedPopen, LateFork

from keras_rnn_recipes.serving import verify
from keras_rnn_recipes.serving.export_forecaster import export_saved_model
from keras_rnn_recipes.serving.verify import serve_in_fresh_process, started_ahead

CASES = [{"history": np.float32([[1, 2, 6]])}, {"history": np.float32([[5], [7]])}]


@pytest.fixture
def started(monkeypatch):
    """The processes that were started, in order."""
    found = []

    class Recorded(LateFork):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            found.append(self)

    monkeypatch.setattr(verify.subprocess, "Popen", Recorded)
    return found


@pytest.fixture(scope="module")
def model():
    """Forecasts the mean of a history at two steps."""
    history = keras.Input((None, 1))
    mean = keras.ops.mean(history, axis=1)
    return keras.Model(history, keras.ops.repeat(mean[:, None, :], 2, axis=1))


@pytest.fixture(scope="module")
def mean_model(model, tmp_path_factory):
    """The SavedModel of it."""
    return export_saved_model(model, tmp_path_factory.mktemp("model") / "sm", verify=False)


def answers(folder):
    return [one["forecast"].tolist() for one in serve_in_fresh_process(folder, CASES)]


def test_a_process_started_ahead_serves_the_next_call_and_only_that(mean_model, started):
    with started_ahead():
        assert len(started) == 1
        assert answers(mean_model) == [[[3, 3]], [[5, 5], [7, 7]]]
        assert len(started) == 1
        assert answers(mean_model) == [[[3, 3]], [[5, 5], [7, 7]]]
    assert [process.returncode for process in started] == [0, 0]


def test_processes_that_wait_already_count(started):
    with started_ahead(), started_ahead(2):
        assert len(started) == 2
        with started_ahead(2), started_ahead(0):
            assert len(started) == 2
    with started_ahead():
        assert len(started) == 3


def test_an_export_takes_the_process_that_waits(tmp_path, model, started):
    with started_ahead():
        export_saved_model(model, tmp_path / "sm")
    assert len(started) == 1


def test_a_process_that_nobody_needed_is_ended_with_its_folder(monkeypatch):
    monkeypatch.setattr(verify, "subprocess", subprocess)
    monkeypatch.setattr(verify, "_SCRIPT", "import time; time.sleep(600)")
    with pytest.raises(KeyError), started_ahead():
        (waiting,) = verify._waiting
        folder = Path(waiting._scratch.name)
        assert waiting._process.poll() is None and folder.is_dir()
        raise KeyError
    assert waiting._process.returncode not in (None, 0)
    assert not folder.exists()
    assert verify._waiting == []


def test_it_ends_by_itself_when_the_process_that_started_it_is_gone(tmp_path):
    nothing = tmp_path / "nothing"
    nothing.write_text("")
    process = ForkedPopen(verify._SCRIPT, stdin=nothing, stderr=tmp_path / "errors")
    assert process.wait(TIMEOUT) == 0
    assert (tmp_path / "errors").read_text() == ""


def test_its_failure_is_told_with_the_end_of_what_it_wrote(tmp_path):
    with pytest.raises(RuntimeError, match=r"(?s)does not work in a new process.*does not exist"):
        serve_in_fresh_process(tmp_path / "none", CASES)
