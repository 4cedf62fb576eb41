"""``krr explain``: a page that shows how a recurrent network learns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly


def explain(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RUN_DIR]",
            help="folder of a finished run, or a model.keras file (default: the worked example)",
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="HTML file to write")
    ] = Path("explain.html"),
    input: Annotated[
        Path | None,
        typer.Option("--input", metavar="FILE", help="CSV of inputs, one row per time step"),
    ] = None,
    targets: Annotated[
        Path | None,
        typer.Option("--targets", metavar="FILE", help="CSV of targets, for the last time steps"),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="end with one gradient step at this rate (default: none; 0.5 without a model)"
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the file that --output names")
    ] = False,
) -> None:
    """Write a page that shows how a network learns, step by step.

    The page unrolls the network over time and steps through the forward and the backward pass.
    Without a model it shows the worked example: a network reads three digits, then gives them in
    reverse order. A forecasting run is shown on the end of its first series. For any other
    model.keras (recurrent layers, then one Dense layer) give --input and --targets.
    """
    from keras_rnn_recipes.errors import UserError

    if model is None:
        from keras_rnn_recipes.explain.page import explain_digits

        if input is not None or targets is not None:
            raise UserError(
                "--input or --targets was given without a model.",
                "a run directory or a model.keras file, to which the inputs are given.",
                "add the model (krr explain RUN_DIR ...), or leave --input and --targets out for "
                "the worked example.",
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
