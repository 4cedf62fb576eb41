"""Tables from standard input: ``cat sales.csv | krr forecast - --horizon 12``."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer

from keras_rnn_recipes.errors import UserError

STANDARD_INPUT = "-"


def save_standard_input(run_dir: Path, ending: str = ".csv") -> Path:
    """Write standard input to a file beside the run's folder, whose recipe then names the file.

    Args:
        run_dir: folder of the run, which need not exist.
        ending: of the file's name.

    Raises:
        UserError: nothing was given, or the file exists.
    """
    path = run_dir.with_name(f"{run_dir.name}-input{ending}")
    if path.exists():
        raise UserError(
            f"{path} exists, and standard input would be saved there.",
            "the name of a new run.",
            "give another --run-dir, or remove the file.",
        )
    content = _content()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    typer.echo(f"Standard input was saved to {path}, which the recipe of this run reads.")
    return path


@contextlib.contextmanager
def readable(source: Path) -> Iterator[Path]:
    """A file as it is, or standard input as a temporary file for as long as it is read.

    Args:
        source: path of a file, or "-".

    Raises:
        UserError: standard input is empty.
    """
    if str(source) != STANDARD_INPUT:
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        path.write_bytes(_content())
        yield path


def _content() -> bytes:
    content = sys.stdin.buffer.read()
    if not content.strip():
        raise UserError("Standard input is empty.", "the content of a file.", "pipe a file in.")
    return content
