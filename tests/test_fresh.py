"""The forks in which tests run code are as good as new interpreters."""

from __future__ import annotations

import os
import signal

import pytest
from fresh import TIMEOUT, ForkedPopen, run_forked

STATE = """
import os, sys, threading
print(sys.argv[1:], os.getcwd(), os.environ["KRR_TOLD"], threading.active_count())
print("keras_rnn_recipes" in sys.modules, "tensorflow" in sys.modules)
print("said to nobody", file=sys.stderr)
"""


def test_a_fork_has_imported_tensorflow_and_knows_nothing_of_this_package(tmp_path):
    done = run_forked(STATE, "a", "b c", cwd=tmp_path, env={"KRR_TOLD": "yes"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"['a', 'b c'] {tmp_path} yes 1", "False True"]
    assert done.stderr == "said to nobody\n"
    assert "KRR_TOLD" not in os.environ


def test_it_has_run_no_operation_and_can_run_them():
    code = """
import os, tensorflow as tf
before = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
print(before, float(tf.reduce_sum(tf.function(lambda x: x @ x)(tf.ones((3, 3))))))
"""
    assert run_forked(code).stdout.split() == ["1", "27.0"]


@pytest.mark.parametrize(
    "code, status", [("raise ValueError('no')", 1), ("import sys; sys.exit(3)", 3)]
)
def test_failures_are_told(code, status):
    done = run_forked(code)
    assert done.returncode == status
    assert ("ValueError: no" in done.stderr) == (status == 1)


def test_it_can_be_killed_and_waited_for():
    process = ForkedPopen("import time; time.sleep(60)")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(TIMEOUT) == -signal.SIGKILL
    with pytest.raises(TimeoutError):
        ForkedPopen("import time; time.sleep(60)").wait(0.1)
