"""The command ``krr compose``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keras_rnn_recipes.cli.options import RunDir
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly


def compose(
    run_dir: RunDir,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            metavar="FILE",
            help="MIDI file to write, with a WAV file next to it; or CSV",
        ),
    ],
    start: Annotated[
        str, typer.Option(help="notes of the first beat, such as 'C4 E4 G4' (default: none)")
    ] = "",
    input: Annotated[
        Path | None,
        typer.Option("--input", metavar="FILE", help="MIDI file or tune to go on from"),
    ] = None,
    length: Annotated[int, typer.Option(help="number of frames to draw")] = 256,
    temperature: Annotated[
        float,
        typer.Option(
            help="randomness of the draws: 0 takes the more probable value of each key, 1 the "
            "model's own probabilities"
        ),
    ] = 0.9,
    transpose: Annotated[
        int, typer.Option(help="semitones by which the piece is higher than the training pieces")
    ] = 0,
    seed: Annotated[int, typer.Option(help="seed of the draws")] = 0,
) -> None:
    """Compose a piece with a finished music model, as notes and as sound."""
    from keras_rnn_recipes.families.music import inference
    from keras_rnn_recipes.storage import check_output

    if start and input is not None:
        raise UserError(
            "Both --start and --input were given.",
            "at most one of them.",
            "give --start for notes, or --input for a piece to go on from.",
        )
    check_output(output, *([input] if input is not None else []))
    import_tensorflow_quietly()
    answers = inference.compose_piece(
        run_dir,
        input,
        start=start,
        length=length,
        temperature=temperature,
        transpose=transpose,
        seed=seed,
    )
    written = inference.write_answers(answers, output)
    for note in answers.attrs.get("notes", ()):
        typer.echo(note)
    typer.echo(f"{counted(len(answers), 'note')}: {', '.join(map(str, written))}")
