"""What every command prints: errors in three parts, how to resume, no log lines of TensorFlow."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from inspect import Signature, signature
from pathlib import Path
from types import FrameType
from typing import IO, Any, final

import typer

from keras_rnn_recipes.cli.advice import fitting
from keras_rnn_recipes.errors import UserError

USER_ERROR = 2

# A process that a signal ends has the status 128 + the number of the signal.
_SIGNALLED = 128


class Stopped(KeyboardInterrupt):
    """The system asked the process to end, as when a job runs out of time or a terminal closes.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextlib.contextmanager
def stopping_at_signals() -> Iterator[None]:
    """Raise `Stopped` in the block at SIGTERM and SIGHUP, as `KeyboardInterrupt` at SIGINT.

    Signals that the process ignores, as under ``nohup``, stay ignored.
    """

    def stop(number: int, _: FrameType | None) -> None:
        raise Stopped(number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    kinds = [getattr(signal, name) for name in names]
    changed = [kind for kind in kinds if signal.getsignal(kind) is signal.SIG_DFL]
    for kind in changed:
        signal.signal(kind, stop)
    try:
        yield
    finally:
        for kind in changed:
            signal.signal(kind, signal.SIG_DFL)


def exit_status(error: KeyboardInterrupt) -> int:
    """The exit status after an interruption: 130 for Ctrl-C, 143 for SIGTERM.

    Example:
        >>> exit_status(KeyboardInterrupt()), exit_status(Stopped(signal.SIGTERM))
        (130, 143)
    """
    return _SIGNALLED + int(getattr(error, "number", signal.SIGINT))


def told_interruption(error: KeyboardInterrupt) -> str:
    """What happened, in one word."""
    return "Stopped" if isinstance(error, Stopped) else "Interrupted"


def ignore_broken_pipes() -> None:
    """Let the standard streams lose what nobody reads: a closed pipe must not end a training run.

    A character that the encoding of a stream lacks is written as an escape.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue  # closed, or replaced by a test
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
            raw = _Lossy(stream.buffer)
            lossy = io.TextIOWrapper(
                io.BufferedWriter(raw),
                encoding=stream.encoding,
                errors="backslashreplace",
                line_buffering=stream.isatty() or name == "stderr",
            )
            setattr(sys, name, lossy)


@final
class _Lossy(io.RawIOBase):
    """A binary stream without an error where the reader of a pipe has gone."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream  # kept open: the streams of the interpreter own the descriptor

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, data: Any) -> int:
        size = len(data)
        with contextlib.suppress(BrokenPipeError):
            while len(data):
                data = data[os.write(self.fileno(), data) :]
        return size


def handle_user_errors(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command print a `UserError` or an interruption as text and set the exit status.

    Args:
        function: the command. Any other exception is a bug and keeps its traceback.
    """

    @functools.wraps(function)
    def handled(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except UserError as error:
            typer.echo(_in_three_parts(error, signature(function)), err=True)
            raise typer.Exit(USER_ERROR) from None
        except KeyboardInterrupt as error:
            typer.echo(f"\n{told_interruption(error)}.", err=True)
            raise typer.Exit(exit_status(error)) from None

    return handled


@contextlib.contextmanager
def print_how_to_resume(
    run_dir: Path, recipe: list[str], smoke: bool, command: str = "run"
) -> Iterator[None]:
    """After an interruption print the command that continues the run, if it had begun.

    Args:
        run_dir: folder of the run.
        recipe: the recipe and the options that were given.
        smoke: whether ``--smoke`` was given.
        command: the command that was interrupted.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        if not (run_dir / "config.json").exists():
            raise
        options = ["--run-dir", str(run_dir), "--resume", *(["--smoke"] if smoke else [])]
        again = shlex.join(["krr", command, *recipe, *options])
        typer.echo(f"\n{told_interruption(error)}. To continue: {again}", err=True)
        raise typer.Exit(exit_status(error)) from None


def _in_three_parts(error: UserError, command: Signature) -> str:
    fix = error.fix
    if "overrides" in command.parameters:  # a command that takes keys of a recipe
        options = [f"--{name.replace('_', '-')}" for name in command.parameters]
        # A finished run takes keys for the reading of new data only, unless it is trained on.
        answers = "input" in command.parameters and "smoke" not in command.parameters
        fix = fitting(fix, options, "data." if answers else "")
    return f"Error: {error.what}\nExpected: {error.expected}\nFix: {fix}"
