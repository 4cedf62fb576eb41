"""``krr shard``, and ``krr predict`` for a folder of Parquet files."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keras_rnn_recipes.cli.options import (
    DateFormat,
    DayFirst,
    Decimal,
    TargetCol,
    Thousands,
    TimeCol,
)
from keras_rnn_recipes.errors import UserError, counted

if TYPE_CHECKING:
    from keras_rnn_recipes.workflows.scoring import Scoring

# Seconds between two lines about the progress.
_EVERY = 5.0
# Sentences about data that are printed for a whole panel.
_MOST_NOTES = 5


def shard(
    input: Annotated[
        Path, typer.Argument(metavar="INPUT", help="CSV or Parquet file, or a folder of either")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="folder to write, also s3://...")],
    by: Annotated[
        str, typer.Option(help="column with the name of the series, or several: a,b")
    ] = "unique_id",
    time_col: TimeCol = None,
    target_col: TargetCol = None,
    date_format: DateFormat = None,
    day_first: DayFirst = None,
    decimal: Decimal = None,
    thousands: Thousands = None,
    rows_per_file: Annotated[
        int | None, typer.Option(help="rows after which a file is closed (default: 250,000)")
    ] = None,
    memory: Annotated[
        int | None, typer.Option(help="megabytes that the sort may take (default: 1000)")
    ] = None,
) -> None:
    """Write a table of any size as Parquet files that each hold whole series.

    The rows may come in any order, in any number of files. They are sorted by series and time in
    bounded memory (extra 'shards'). `krr predict RUN_DIR --input DIR` takes the folder.
    """
    from keras_rnn_recipes.shards import writing
    from keras_rnn_recipes.shards.object_storage import located

    columns = {"by": by, "time_col": time_col, "target_col": target_col}
    formats = {"date_format": date_format, "day_first": day_first}
    numbers = {"decimal": decimal, "thousands": thousands}
    told = _Lines()
    manifest, notes = writing.write_shards(
        input,
        to,
        rows_per_file=writing.ROWS_PER_FILE if rows_per_file is None else rows_per_file,
        memory_mb=writing.MEMORY_MB if memory is None else memory,
        progress=lambda rows, files: told.say(
            lambda seconds: (
                f"{rows:,} rows in {counted(files, 'file')}, {rows / seconds:,.0f} a second"
            )
        ),
        **columns,
        **formats,
        **numbers,
    )
    for note in (*notes, *manifest.problems):
        typer.echo(note)
    freq = f"steps of {manifest.facts['freq']}, " if manifest.facts["freq"] else ""
    typer.echo(
        f"{counted(manifest.series, 'series')}, {counted(manifest.rows, 'row')}, {freq}"
        f"{counted(len(manifest.files), 'file')}: {located(to)}"
    )


@dataclass(frozen=True)
class FolderOptions:
    """The options of ``krr predict`` for a folder of Parquet files; None where not given."""

    workers: int | None
    engine: str | None
    resume: bool

    def refuse(self) -> None:
        """Refuse them where there is no such folder.

        Raises:
            UserError: one was given.
        """
        given = {"--workers": self.workers, "--engine": self.engine, "--resume": self.resume}
        unset = (None, False)
        option = next((name for name, value in given.items() if value not in unset), None)
        if option is not None:
            raise UserError(
                f"{option} was given, and the input is no folder for a forecaster.",
                "a forecasting run, and a folder of Parquet files as --input.",
                f"leave {option} out, or write the folder with krr shard.",
            )


def predict_folder(
    run_dir: Path,
    source: Path,
    output: Path,
    options: FolderOptions,
    *,
    overrides: Sequence[str],
) -> None:
    """Forecast a folder of Parquet files, with lines about the progress.

    Raises:
        UserError: as `predict_files`; also if files were set aside.
    """
    from keras_rnn_recipes.workflows.scoring import predict_files

    told = _Lines()
    try:
        state = predict_files(
            run_dir,
            source,
            output,
            workers=options.workers,
            engine=options.engine or "local",
            resume=options.resume,
            overrides=overrides,
            progress=lambda state: told.say(lambda seconds: _progress(state, seconds)),
        )
    except KeyboardInterrupt:
        typer.echo("\nTo continue, give the same command with --resume.", err=True)
        raise
    for note in (*state.notes, *_notes(state)):
        typer.echo(note)
    if state.resumed:
        were = ("was", "were")
        typer.echo(f"{counted(state.resumed, 'file', *were)} there already and kept.")
    rate = _made(state) / told.seconds
    typer.echo(
        f"{counted(state.series, 'series')}, {counted(state.rows, 'row')} in "
        f"{counted(len(state.done), 'file')}, {rate:,.0f} series a second: {state.output}"
    )
    failure = state.failure()
    if failure is not None:
        raise failure


class _Lines:
    """Lines on standard error, at most one every few seconds."""

    def __init__(self) -> None:
        self.started = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-9)

    def say(self, line: Callable[[float], str]) -> None:
        """Print the line that a function makes of the seconds since the start, if it is time."""
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            typer.echo(line(self.seconds), err=True)


def _made(state: Scoring) -> int:
    """Series that this command itself has forecast."""
    return sum(outcome.series for outcome in state.done[state.resumed :])


def _progress(state: Scoring, seconds: float) -> str:
    files = f"{len(state.done)} of {counted(state.num_files, 'file')}"
    aside = f", {len(state.failed)} set aside" if state.failed else ""
    return f"{files}{aside}, {_made(state) / seconds:,.0f} series a second"


def _notes(state: Scoring) -> list[str]:
    """The first sentences about the data of single files."""
    told = sorted((outcome.name, note) for outcome in state.done for note in outcome.notes)
    lines = [f"{name}: {note}" for name, note in told[:_MOST_NOTES]]
    more = len(told) - len(lines)
    return [*lines, f"{counted(more, 'more note')} on other files."] if more else lines
