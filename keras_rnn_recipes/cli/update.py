"""``krr update``: train a finished forecaster on, with new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keras_rnn_recipes.cli.console import print_how_to_resume
from keras_rnn_recipes.cli.options import (
    NewRunDir,
    Overrides,
    Overwrite,
    Resume,
    RunDir,
    Smoke,
)
from keras_rnn_recipes.cli.standard_input import STANDARD_INPUT, save_standard_input
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly


def update(
    earlier: RunDir,
    input: Annotated[
        Path,
        typer.Option(
            "--input",
            metavar="FILE|DIR",
            help="new rows, in the format that the run was given; - for standard input; a folder "
            "of `krr shard` for a run on such a folder",
        ),
    ],
    overrides: Overrides = None,
    run_dir: NewRunDir = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    smoke: Smoke = False,
) -> None:
    """Train the network of a finished forecaster on, with new rows.

    The updated network is written to --run-dir (default: RUN_DIR-updated), and compared with the
    earlier one on the end of the extended data. RUN_DIR stays as it is.
    """
    from keras_rnn_recipes.runs.directory import RunDirectory
    from keras_rnn_recipes.serving.verify import started_ahead
    from keras_rnn_recipes.workflows import update as command

    folder = run_dir or earlier.with_name(f"{earlier.resolve().name}-updated")
    command.updated_config(earlier, input, overrides or ())  # refuse before anything is written
    RunDirectory.open(folder, overwrite=overwrite, resume=resume)
    if str(input) == STANDARD_INPUT:
        input = save_standard_input(folder)
    config = command.updated_config(earlier, input, overrides or ())
    if config.trains:
        typer.echo(
            f"Training goes on from {earlier} for {counted(config.fit.epochs, 'epoch')} with the "
            f"learning rate {config.fit.learning_rate:g} (fit.epochs=, fit.learning_rate=)."
        )
    else:
        typer.echo("The pretrained network is used as it is, with the new rows as history.")
    again = [str(earlier), "--input", str(input), *(overrides or ())]
    with (
        started_ahead(int(config.trains)),
        print_how_to_resume(folder, again, smoke, "update"),
    ):
        if config.trains:
            import_tensorflow_quietly()
        result = command.update_run(
            earlier,
            input,
            folder,
            overrides=overrides or (),
            resume=resume,
            overwrite=overwrite,
            smoke=smoke,
        )
    typer.echo(command.describe(result))
