"""What every command prints: errors in three parts, how to resume, no log lines of TensorFlow."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from keras_rnn_recipes.errors import UserError

USER_ERROR, INTERRUPTED = 2, 130


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
            typer.echo(_in_three_parts(error), err=True)
            raise typer.Exit(USER_ERROR) from None
        except KeyboardInterrupt:
            typer.echo("\nInterrupted.", err=True)
            raise typer.Exit(INTERRUPTED) from None

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
    except KeyboardInterrupt:
        if not (run_dir / "config.json").exists():
            raise
        options = ["--run-dir", str(run_dir), "--resume", *(["--smoke"] if smoke else [])]
        again = shlex.join(["krr", command, *recipe, *options])
        typer.echo(f"\nInterrupted. To continue: {again}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def import_tensorflow_quietly() -> None:
    """Import TensorFlow without its messages about processors and drivers.

    TensorFlow's C++ code writes them to the file descriptor before it reads any setting, so they
    are captured there. They are shown if the import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" in sys.modules:
        return
    with _captured_stderr() as kept:
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            kept.seek(0)
            sys.stderr.write(kept.read().decode(errors="replace"))
            raise


@contextlib.contextmanager
def _captured_stderr() -> Iterator[Any]:
    """Redirect file descriptor 2 to a temporary file."""
    with tempfile.TemporaryFile() as kept:
        try:
            saved = os.dup(2)
        except OSError:  # closed: there is nothing to capture
            yield kept
            return
        os.dup2(kept.fileno(), 2)
        try:
            yield kept
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _in_three_parts(error: UserError) -> str:
    return f"Error: {error.what}\nExpected: {error.expected}\nFix: {error.fix}"
