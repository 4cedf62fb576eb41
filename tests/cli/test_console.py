"""The command line under signals, closed pipes and a bare environment, in processes of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# Runs `krr run my.toml`, which sends itself a signal once it has begun, or before.
STOPPED = """
import os, signal, sys
from keras_rnn_recipes.__main__ import main
from keras_rnn_recipes.cli import commands

number, begun, ignored = int(sys.argv[1]), sys.argv[2] == "begun", sys.argv[3] == "ignored"
usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
# Set in both cases: tests that run in the background inherit signals that are ignored.
signal.signal(number, signal.SIG_IGN if ignored else usual)

def run(config, run_dir, **options):
    run_dir.mkdir(parents=True)
    if begun:
        (run_dir / "config.json").write_text("{}")
    os.kill(os.getpid(), number)

commands.run_checked = run
sys.argv[:] = ["krr", "run", "my.toml", "fit.epochs=3", "--smoke"]
main()
"""


def krr(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """`krr` in a process of its own."""
    command = [sys.executable, "-m", "keras_rnn_recipes", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.run(command, **{**pipes, **options})


def stopped(tmp_path: Path, number: int, *how: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "my.toml").write_text('[data]\nsource = "co2"\n[model]\nhorizon = 3\n')
    command = [sys.executable, "-c", STOPPED, str(int(number)), *how]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "Interrupted"),
        (signal.SIGTERM, 143, "Stopped"),
        (signal.SIGHUP, 129, "Stopped"),
    ],
)
def test_a_signal_ends_in_one_line_and_its_status(tmp_path, number, status, said):
    done = stopped(tmp_path, number, "begun", "")
    again = "krr run my.toml fit.epochs=3 --run-dir runs/my --resume --smoke"
    assert done.stderr.strip() == f"{said}. To continue: {again}"
    assert done.returncode == status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_run_began_promises_nothing(tmp_path, number):
    done = stopped(tmp_path, number, "", "")
    assert done.stderr.strip() in ("Interrupted.", "Stopped.")
    assert done.returncode == 128 + number


def test_a_signal_that_nohup_ignores_stays_ignored(tmp_path):
    done = stopped(tmp_path, signal.SIGHUP, "begun", "ignored")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away_is_no_error():
    command = [sys.executable, "-m", "keras_rnn_recipes", "ls"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("descriptor", [1, 2])
def test_a_closed_stream_is_no_error(descriptor):
    code = (
        f"import os, sys; os.close({descriptor}); "
        "os.execv(sys.executable, [sys.executable, '-m', 'keras_rnn_recipes', 'ls'])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_it_needs_neither_home_nor_terminal_nor_a_locale():
    path = [entry for entry in sys.path if entry]
    bare = {"PYTHONPATH": ":".join(path), "LC_ALL": "C"}
    done = krr("ls", "datasets", env=bare)
    assert (done.returncode, done.stderr) == (0, "")
    assert "co2" in done.stdout


def test_a_name_that_the_encoding_lacks_is_escaped(tmp_path):
    (tmp_path / "日.toml").write_text("[")
    env = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = krr("validate", "日.toml", cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert r"Error: \u65e5.toml is not valid TOML" in done.stderr
