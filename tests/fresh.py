"""Fresh processes that need not wait for TensorFlow to be imported.

Importing TensorFlow takes seconds, and dozens of tests need a process of their own. A server
imports TensorFlow once and forks for each of them. TensorFlow starts its threads with its first
operation, and the server runs none, so a fork of it is what a new interpreter is after
``import tensorflow``: it knows nothing of the test's models, layers or variables.
"""

from __future__ import annotations

import io
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
        stdin: file that the process reads from.
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
        stdin: str | Path = os.devnull,
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
                str(stdin),
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
    input: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a fork to its end, as ``subprocess.run([python, "-c", code, *args])`` does.

    ``env`` adds to the environment. Options of the interpreter among the variables, such as
    PYTHONWARNINGS, have no effect: the interpreter has started already.
    """
    with tempfile.TemporaryDirectory(prefix="krr-fork-") as folder:
        out, err, given = (Path(folder, name) for name in ("out", "err", "given"))
        given.write_text(input)
        streams = {"stdout": out, "stderr": err, "stdin": given}
        process = ForkedPopen(code, args, cwd=cwd, env={**os.environ, **(env or {})}, **streams)
        status = process.wait(timeout)
        texts = [path.read_text(errors="replace") for path in (out, err)]
        return subprocess.CompletedProcess(["fork", *args], status, *texts)


class LateFork:
    """Runs ``python -c CODE`` in a fork, from the call of ``communicate`` on.

    The members of ``subprocess.Popen`` that the verification of an export uses.
    """

    def __init__(self, command: Sequence[str], *, cwd: Any, env: Any, **_: Any):
        assert command[:2] == [sys.executable, "-c"]
        self._code, self._args, self._options = command[2], command[3:], {"cwd": cwd, "env": env}
        self.returncode: int | None = None

    def communicate(self, input: str, timeout: float) -> tuple[str, str]:
        """Run it to its end; what it wrote."""
        done = run_forked(self._code, *self._args, input=input, timeout=timeout, **self._options)
        self.returncode = done.returncode
        return done.stdout, done.stderr

    def kill(self) -> None:
        """Nothing runs between two calls."""

    def __enter__(self) -> LateFork:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def stand_in_for_subprocess() -> Any:
    """An object to put in place of the module ``subprocess`` where it runs ``python -c CODE``."""
    return SimpleNamespace(Popen=LateFork, PIPE=subprocess.PIPE, DEVNULL=subprocess.DEVNULL)


def _execute(
    code: str,
    args: list[str],
    cwd: str,
    env: dict[str, str],
    stdout: str,
    stderr: str,
    stdin: str,
) -> None:
    for path, stream in ((stdout, sys.stdout), (stderr, sys.stderr)):
        _redirect(path, stream)
    sys.stdin = io.StringIO(Path(stdin).read_text())
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
