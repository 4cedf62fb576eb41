"""The command line: ``krr``, or ``keras-rnn-recipes``, or ``python -m keras_rnn_recipes``.

Every command imports what it needs when it is called: help and lists answer at once, while
TensorFlow alone takes seconds. A mistake of the user's is one message in three parts on standard
error and exit status 2; anything else that goes wrong is a fault of ours and keeps its traceback.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_rnn_recipes.cli.console import (
    import_tensorflow_quietly,
    tells_mistakes,
    told_how_to_resume,
)
from keras_rnn_recipes.cli.explain import explain
from keras_rnn_recipes.cli.options import Input, MoreBaselines, NewRunDir, Overwrite, RunDir, Smoke
from keras_rnn_recipes.cli.past import backtest, tune

app = typer.Typer(
    help="High-level Keras recipes for recurrent networks: build, run, serve.",
    no_args_is_help=True,
    add_completion=False,
    # Plain text: it is the same in a terminal, in a log and in a bug report.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line (the entry point of ``krr``)."""
    # Wherever standard output goes, a name of a series must not stop the program.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app()


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Register a command."""
    return app.command()(tells_mistakes(function))


@command
def forecast(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV or Parquet")],
    horizon: Annotated[int, typer.Option(help="steps to forecast")],
    id_col: Annotated[str | None, typer.Option(help="column that names the series")] = None,
    time_col: Annotated[str | None, typer.Option(help="column of dates")] = None,
    target_col: Annotated[str | None, typer.Option(help="column to forecast (or a,b)")] = None,
    past_cols: Annotated[
        str | None, typer.Option(help="further columns to learn from: a,b")
    ] = None,
    future_cols: Annotated[
        str | None, typer.Option(help="columns known ahead, in rows to come: a,b")
    ] = None,
    static_cols: Annotated[
        str | None, typer.Option(help="columns constant in each series: a,b")
    ] = None,
    calendar: Annotated[
        str | None, typer.Option(help="derived from the dates: day_of_week,month,hour,...")
    ] = None,
    holidays: Annotated[str | None, typer.Option(help="a country's holidays: US, DE, ...")] = None,
    season_length: Annotated[
        str | None, typer.Option(help="steps in a season, or in several: 24,168")
    ] = None,
    freq: Annotated[str | None, typer.Option(help="pandas alias: D, MS, W-SUN, h, ...")] = None,
    cell: Annotated[
        str, typer.Option(help="lstm, gru, simple_rnn, deep_rnn, dense, conv or linear")
    ] = "lstm",
    strategy: Annotated[str, typer.Option(help="direct, recursive or seq2seq")] = "seq2seq",
    units: Annotated[str | None, typer.Option(help="width of each layer: 64,64")] = None,
    levels: Annotated[
        str | None, typer.Option(help="percent that intervals are to hold: 80,95")
    ] = None,
    baselines: MoreBaselines = None,
    refit: Annotated[
        bool | None,
        typer.Option("--refit/--no-refit", help="forecast with a network trained on all data"),
    ] = None,
    run_dir: NewRunDir = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write the forecasts here as well")
    ] = None,
    seed: Annotated[int, typer.Option(help="of every random draw")] = 0,
    smoke: Smoke = False,
    overwrite: Overwrite = False,
) -> None:
    """Forecast a file of your own: one series or many.

    Columns, frequency and season are inferred and told. What is chosen is left in
    RUN_DIR/recipe.toml (default: runs/FILE-DATE-TIME) and can be run again with `krr run`.
    """
    from keras_rnn_recipes.runs.directory import RunDirectory
    from keras_rnn_recipes.storage import check_output
    from keras_rnn_recipes.workflows.forecast import (
        ForecastOptions,
        default_run_dir,
        plan_forecast,
    )

    given = {name: value for name, value in locals().items() if name in _fields(ForecastOptions)}
    run_dir = run_dir or default_run_dir(file)
    RunDirectory.open(run_dir, overwrite=overwrite)  # a folder in use is told before any work
    check_output(output, file)
    plan = plan_forecast(ForecastOptions(**given))
    typer.echo("\n".join(plan.reasons))
    with told_how_to_resume(run_dir, [str(run_dir / "recipe.toml")], smoke):
        _run(plan.config, run_dir, overwrite=overwrite, smoke=smoke)
    if output is not None:
        _copy_forecasts(run_dir, output)


@command
def run(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="a recipe's name (see krr ls) or a TOML file")
    ],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="such as fit.epochs=10")
    ] = None,
    run_dir: NewRunDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="continue an interrupted run")] = False,
    overwrite: Overwrite = False,
    smoke: Smoke = False,
) -> None:
    """Run a recipe from data to report.

    It is fitted, evaluated beside baselines and saved; without --run-dir in runs/RECIPE.
    """
    from keras_rnn_recipes.config.catalogue import recipe_path
    from keras_rnn_recipes.config.files import load_config
    from keras_rnn_recipes.config.sources import check_source
    from keras_rnn_recipes.runs.directory import RunDirectory

    path = recipe_path(recipe)
    folder = run_dir or Path("runs") / path.stem
    check_source(load_config(path, overrides or ()))
    RunDirectory.open(folder, overwrite=overwrite, resume=resume)
    with told_how_to_resume(folder, [recipe, *(overrides or ())], smoke):
        _run(
            path, folder, overrides=overrides or (), resume=resume, overwrite=overwrite, smoke=smoke
        )


@command
def predict(
    run_dir: RunDir,
    input: Input,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="CSV to write")],
) -> None:
    """Forecast new data, or answer new texts, with a finished run's model.

    The forecast begins after the last date of every series.
    """
    from keras_rnn_recipes.runs.finished import finished_config
    from keras_rnn_recipes.storage import check_output, write_forecasts
    from keras_rnn_recipes.workflows import inference

    check_output(output, input)
    finished_config(run_dir)
    import_tensorflow_quietly()
    answers = inference.predict(run_dir, input)
    write_forecasts(answers, output)
    series = f"{answers['unique_id'].nunique()} series, " if "unique_id" in answers else ""
    typer.echo(f"{series}{len(answers)} rows: {output}")


@command
def complete(
    run_dir: RunDir,
    prompt: Annotated[str, typer.Argument(help="the text to go on from")] = "",
    length: Annotated[int, typer.Option(help="characters or words to draw")] = 300,
    temperature: Annotated[
        float, typer.Option(help="0: always the most probable; above 1: daring")
    ] = 0.8,
    seed: Annotated[int, typer.Option(help="the same one gives the same text")] = 0,
) -> None:
    """Let a finished language model go on from a text, as fast as it draws."""
    from keras_rnn_recipes.families.language_model import inference as language_model

    import_tensorflow_quietly()
    pieces = language_model.complete(run_dir, prompt, length, temperature=temperature, seed=seed)
    typer.echo(prompt, nl=False)
    for piece in pieces:
        typer.echo(piece, nl=False)
    typer.echo()


@command
def evaluate(run_dir: RunDir, input: Input, baselines: MoreBaselines = None) -> None:
    """Judge a finished run's model on new data.

    A forecaster is compared with the baselines, from rolling origins.
    """
    from keras_rnn_recipes.config.choices import added_baselines
    from keras_rnn_recipes.reporting.results import results_table
    from keras_rnn_recipes.runs.finished import finished_config
    from keras_rnn_recipes.workflows import inference

    finished_config(run_dir)
    added_baselines(baselines, ())
    import_tensorflow_quietly()
    result = inference.evaluate(run_dir, input, baselines=baselines)
    for note in result.notes:
        typer.echo(note)
    if result.test_size is not None:
        typer.echo(f"forecast: the last {result.test_size} steps of every series")
    summary = dict(result.summary)
    record = {"model": summary.pop(result.name), "baselines": summary}
    typer.echo(results_table(record, name=result.name, num_series=result.num_series))


@command
def gradients(run_dir: RunDir) -> None:
    """Tell how far errors reach back in time in a finished run's network, and what may help.

    Measured on a batch that it was trained on, with the weights that were kept; drawn in its
    report, and while it trained in TensorBoard.
    """
    from keras_rnn_recipes.reporting.gradients import gradient_lines
    from keras_rnn_recipes.runs.finished import finished_config

    finished_config(run_dir)
    typer.echo("\n".join(gradient_lines(run_dir)))


command(backtest)

command(tune)


@command
def ls(
    kind: Annotated[str | None, typer.Argument(metavar="[recipes|datasets]")] = None,
) -> None:
    """List the recipes and data sets that there are."""
    from keras_rnn_recipes.config.choices import check_choice
    from keras_rnn_recipes.reporting.text_table import text_table

    kinds = ("recipes", "datasets")
    for each in (check_choice(kind, kinds, "What to list"),) if kind else kinds:
        rows = _recipes() if each == "recipes" else _datasets()
        if kind is None:
            typer.echo(f"{each}:")
        lines = text_table(rows, left=2).splitlines()
        typer.echo("\n".join(lines if kind else [f"  {line}" for line in lines]))


@command
def cp(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="a recipe's name (see krr ls)")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="where to put it")],
) -> None:
    """Copy a recipe and its script, to be changed."""
    from keras_rnn_recipes.config.catalogue import copy_recipe

    paths = copy_recipe(recipe, folder)
    for path in paths:
        typer.echo(str(path))
    typer.echo(f"Run it: krr run {paths[0]}")


@command
def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml")],
) -> None:
    """Check a recipe without running it."""
    from keras_rnn_recipes.config.files import load_config
    from keras_rnn_recipes.config.search_space import has_space, read_space
    from keras_rnn_recipes.config.sources import check_source

    config = load_config(file)
    check_source(config)
    if has_space(file):
        read_space(file, config)
    typer.echo(f"{file} is valid: {config.headline}.")


@command
def table(
    run_dirs: Annotated[list[Path], typer.Argument(metavar="RUN_DIR...")],
    check: Annotated[
        Path | None, typer.Option(metavar="README.md", help="fail where its table differs")
    ] = None,
) -> None:
    """Print the results of runs as a Markdown table.

    With --check, the table in a README must agree with them.
    """
    from keras_rnn_recipes.workflows.tables import check_table, results_markdown

    if check is None:
        typer.echo(results_markdown(run_dirs), nl=False)
    else:
        check_table(run_dirs, check)
        typer.echo(f"{check} agrees with the runs.")


@command
def export(
    run_dir: RunDir,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="the folder (or file) to write")],
    format: Annotated[str, typer.Option(help="saved_model or onnx")] = "saved_model",
) -> None:
    """Export a finished run's model, to be served.

    What is written needs TensorFlow, or onnxruntime, and not this package.
    """
    from keras_rnn_recipes.config.choices import check_choice
    from keras_rnn_recipes.extras import require_extra
    from keras_rnn_recipes.runs.finished import finished_config
    from keras_rnn_recipes.workflows.inference import export_run

    if check_choice(format, ("saved_model", "onnx"), "--format") == "onnx":
        require_extra("onnx", "Export to ONNX")
    finished_config(run_dir)
    import_tensorflow_quietly()
    typer.echo(str(export_run(run_dir, to, format=format)))


command(explain)


def _run(config: Any, run_dir: Path, **options: Any) -> None:
    from keras_rnn_recipes.workflows.run import run as run_recipe

    import_tensorflow_quietly()
    run_recipe(config, run_dir, **options)


def _recipes() -> list[tuple[str, str]]:
    from keras_rnn_recipes.config.catalogue import list_recipes

    return [(recipe.name, recipe.title) for recipe in list_recipes()]


def _datasets() -> list[tuple[str, str]]:
    from keras_rnn_recipes.data.catalogue import list_datasets

    return [(card.name, card.title) for card in list_datasets()]


def _copy_forecasts(run_dir: Path, output: Path) -> None:
    from keras_rnn_recipes.storage import replacing

    with replacing(output.resolve()) as staged:  # a link stays one
        staged.write_bytes((run_dir / "forecasts.csv").read_bytes())
    typer.echo(f"forecast:     {output}")


def _fields(options: type) -> set[str]:
    return set(options.__dataclass_fields__)  # type: ignore[attr-defined]
