"""Fresh processes that need not wait for TensorFlow to be imported.

Importing TensorFlow takes seconds, and dozens of tests need a process of their own. A server
imports TensorFlow once and forks for each of them. TensorFlow starts its threads with its first
operation, and the server runs none, so a fork of it is what a new interpreter is after
``import tensorflow``: it knows nothing of the test's models, layers or variables.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

# A guard against hanging below that of pytest, far above what a busy machine needs.
TIMEOUT = 570
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tensorflow"])


class ForkedPopen:
    """Runs Python code in a fork: the few members of ``subprocess.Popen`` that the tests use.

    Args:
        code: what is run as ``__main__``.
        args: what the code finds in ``sys.argv[1:]``.
        cwd, env: of the new process; this process's where None.
        stdout, stderr: files that the process writes to.
    """

    def __init__(
        self,
        code: str,
        args: Sequence[str] = (),
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: str | Path = os.devnull,
        stderr: str | Path = os.devnull,
    ):
        self.process = _CONTEXT.Process(
            target=_execute,
            args=(
                code,
                [str(arg) for arg in args],
                str(cwd or os.getcwd()),
                dict(os.environ if env is None else env),
                str(stdout),
                str(stderr),
            ),
        )
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.is_alive()

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, negative for a signal; ``TimeoutError`` when it still runs."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"the process still ran after {timeout} s")
        return self.process.exitcode


def run_forked(
    code: str,
    *args: str,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a fork to its end, as ``subprocess.run([python, "-c", code, *args])`` does.

    ``env`` adds to the environment. Options of the interpreter among the variables, such as
    PYTHONWARNINGS, have no effect: the interpreter has started already.
    """
    with tempfile.TemporaryDirectory(prefix="krr-fork-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = ForkedPopen(
            code, args, cwd=cwd, env={**os.environ, **(env or {})}, stdout=out, stderr=err
        )
        status = process.wait(timeout)
        texts = [path.read_text(errors="replace") for path in (out, err)]
        return subprocess.CompletedProcess(["fork", *args], status, *texts)


def stand_in_for_subprocess() -> Any:
    """An object to put in place of the module ``subprocess`` where it runs ``python -c CODE``."""

    def run(command: list[str], *, cwd: Any, env: Any, timeout: float, **_: Any) -> Any:
        assert command[:2] == [sys.executable, "-c"]
        return run_forked(*command[2:], cwd=cwd, env=env, timeout=timeout)

    return SimpleNamespace(run=run)


def _execute(
    code: str, args: list[str], cwd: str, env: dict[str, str], stdout: str, stderr: str
) -> None:
    for path, stream in ((stdout, sys.stdout), (stderr, sys.stderr)):
        _redirect(path, stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv[:] = ["-c", *args]
    exec(compile(code, "<code of a test>", "exec"), {"__name__": "__main__"})


def _redirect(path: str, stream: IO[str]) -> None:
    stream.flush()
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, stream.fileno())
    os.close(file)
