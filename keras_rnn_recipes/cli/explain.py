"""``krr explain``: a page that shows how a recurrent network learns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keras_rnn_recipes.cli.console import import_tensorflow_quietly


def explain(
    model: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN_DIR]", help="a finished run, or a model.keras; or nothing"),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="the HTML file to write")
    ] = Path("explain.html"),
    input: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="CSV of inputs, a row a step")
    ] = None,
    targets: Annotated[
        Path | None,
        typer.Option("--targets", metavar="FILE", help="CSV of answers, of the last steps"),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="show one gradient step at the end")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the file")] = False,
) -> None:
    """Write a page that steps through an unrolled network, forward and backward.

    Without a model it shows the worked example: three digits read, then answered backwards. A
    forecasting run is shown on the end of its first series; any model.keras of recurrent layers
    under one Dense layer takes --input and --targets.
    """
    from keras_rnn_recipes.errors import UserError

    if model is None:
        from keras_rnn_recipes.explain.page import explain_digits

        if input is not None or targets is not None:
            raise UserError(
                "--input and --targets were given without a model.",
                "a run directory or a model.keras that reads them.",
                "name it before the options, or leave both out to see the worked example.",
            )
        rate = 0.5 if learning_rate is None else learning_rate
        typer.echo(str(explain_digits(output, learning_rate=rate, overwrite=overwrite)))
        return
    from keras_rnn_recipes.explain.inputs import explain_file

    import_tensorflow_quietly()
    page = explain_file(
        model, input, targets, output, learning_rate=learning_rate, overwrite=overwrite
    )
    typer.echo(str(page))
