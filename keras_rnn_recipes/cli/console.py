"""How the command line speaks: mistakes in three parts, interruptions, TensorFlow kept quiet."""

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


def tells_mistakes(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command tell the user's mistakes, and interruptions, in words and by exit status."""

    @functools.wraps(function)
    def told(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except UserError as error:
            typer.echo(_in_three_parts(error), err=True)
            raise typer.Exit(USER_ERROR) from None
        except KeyboardInterrupt:
            typer.echo("\nInterrupted.", err=True)
            raise typer.Exit(INTERRUPTED) from None

    return told


@contextlib.contextmanager
def told_how_to_resume(
    run_dir: Path, recipe: list[str], smoke: bool, command: str = "run"
) -> Iterator[None]:
    """After an interruption say how to go on, if the run had begun."""
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

    Its C++ side writes them to the file descriptor before any setting of its own is looked at, so
    that is where they are caught; they are shown if the import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" in sys.modules:
        return
    with _standard_error_kept() as kept:
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            kept.seek(0)
            sys.stderr.write(kept.read().decode(errors="replace"))
            raise


@contextlib.contextmanager
def _standard_error_kept() -> Iterator[Any]:
    """Send what is written to file descriptor 2 to a temporary file instead."""
    with tempfile.TemporaryFile() as kept:
        try:
            saved = os.dup(2)
        except OSError:  # closed: nothing to catch
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
