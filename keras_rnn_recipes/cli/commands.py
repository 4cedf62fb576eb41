"""The command line: ``krr``, or ``keras-rnn-recipes``, or ``python -m keras_rnn_recipes``.

Every command imports what it needs when it is called, so help and lists do not wait for
TensorFlow. A `UserError` is printed in three parts on standard error, with exit status 2. Any other
exception is a bug of this package and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_rnn_recipes.cli.backtest_tune import backtest, tune
from keras_rnn_recipes.cli.compose import compose
from keras_rnn_recipes.cli.console import (
    handle_user_errors,
    ignore_broken_pipes,
    print_how_to_resume,
    stopping_at_signals,
)
from keras_rnn_recipes.cli.explain import explain
from keras_rnn_recipes.cli.hierarchy import Hierarchy, HierarchyOptions, Reconcile
from keras_rnn_recipes.cli.options import (
    Aggregate,
    Calendar,
    Cell,
    DateFormat,
    DayFirst,
    Decimal,
    ForecastsFile,
    Freq,
    FutureCols,
    FutureFile,
    Holidays,
    Horizon,
    IdCol,
    Input,
    Levels,
    Model,
    MoreBaselines,
    NewRunDir,
    Overrides,
    Overwrite,
    PastCols,
    Reading,
    Recipe,
    Refit,
    Resume,
    RunDir,
    SeasonLength,
    SectionedCommand,
    Seed,
    Smoke,
    StaticCols,
    Strategy,
    Table,
    TargetCol,
    Thousands,
    TimeCol,
    Units,
    Wide,
)
from keras_rnn_recipes.cli.running import begin_run, fields_of, run_checked, run_plan
from keras_rnn_recipes.cli.scoring import FolderOptions, predict_folder, shard
from keras_rnn_recipes.cli.standard_input import readable
from keras_rnn_recipes.cli.texts import classify, tag, translate, write
from keras_rnn_recipes.cli.update import update
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly

app = typer.Typer(
    help="High-level Keras recipes for recurrent networks: build, run, serve.",
    no_args_is_help=True,
    add_completion=False,
    # Plain text is the same in a terminal, a log and a bug report.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line (the entry point of ``krr``)."""
    ignore_broken_pipes()
    with stopping_at_signals():
        app()


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Register a command."""
    return app.command(cls=SectionedCommand)(handle_user_errors(function))


@command
def forecast(
    file: Table,
    horizon: Horizon,
    id_col: IdCol = None,
    time_col: TimeCol = None,
    target_col: TargetCol = None,
    past_cols: PastCols = None,
    future_cols: FutureCols = None,
    static_cols: StaticCols = None,
    wide: Wide = False,
    date_format: DateFormat = None,
    day_first: DayFirst = None,
    decimal: Decimal = None,
    thousands: Thousands = None,
    aggregate: Aggregate = None,
    future_file: FutureFile = None,
    calendar: Calendar = None,
    holidays: Holidays = None,
    freq: Freq = None,
    season_length: SeasonLength = None,
    model: Model = "auto",
    cell: Cell = None,
    strategy: Strategy = None,
    units: Units = None,
    levels: Levels = None,
    baselines: MoreBaselines = None,
    refit: Refit = None,
    seed: Seed = 0,
    run_dir: NewRunDir = None,
    output: ForecastsFile = None,
    smoke: Smoke = False,
    overwrite: Overwrite = False,
) -> None:
    """Forecast the series in a table of your own.

    Columns, frequency and season are inferred from the table and printed. All choices are written
    to recipe.toml in --run-dir (default: runs/FILE-DATE-TIME), which `krr run` takes.
    """
    from keras_rnn_recipes.storage import check_output
    from keras_rnn_recipes.workflows.forecast import ForecastOptions, plan_forecast

    given = fields_of(ForecastOptions, locals())
    given["file"], run_dir = begin_run(file, run_dir, overwrite=overwrite)
    check_output(output, given["file"])
    plan = plan_forecast(ForecastOptions(**given))
    run_plan(plan, run_dir, overwrite=overwrite, smoke=smoke)
    if output is not None:
        _copy_forecasts(run_dir, output)


command(classify)

command(tag)

command(translate)

command(write)


@command
def run(
    recipe: Recipe,
    overrides: Overrides = None,
    run_dir: NewRunDir = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    smoke: Smoke = False,
    engine: Annotated[
        str,
        typer.Option(help="where a forecaster is trained: local, or ray (extra 'ray')"),
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(help="processes of Ray, which share each batch")
    ] = None,
) -> None:
    """Run a recipe from data to report.

    The model is trained, compared with baselines, and saved to --run-dir (default: runs/RECIPE).
    """
    from keras_rnn_recipes.config.catalogue import recipe_path
    from keras_rnn_recipes.config.files import check_source, load_config
    from keras_rnn_recipes.runs.directory import RunDirectory

    path = recipe_path(recipe)
    folder = run_dir or Path("runs") / path.stem
    config = load_config(path, overrides or ())
    check_source(config)
    RunDirectory.open(folder, overwrite=overwrite, resume=resume)
    options: dict[str, Any] = {"resume": resume, "overwrite": overwrite, "smoke": smoke}
    options |= {"engine": engine, "workers": workers}
    again = ["--engine", engine, "--workers", str(workers)] if engine == "ray" else []
    with print_how_to_resume(folder, [recipe, *(overrides or ()), *again], smoke):
        run_checked(path, folder, checked=config, overrides=overrides or (), **options)


@command
def predict(
    run_dir: RunDir,
    input: Input,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            metavar="FILE",
            help="CSV file to write; for music also .mid; for a folder of Parquet files a folder",
        ),
    ],
    overrides: Reading = None,
    workers: Annotated[
        int | None,
        typer.Option(help="processes for a folder of Parquet files (default: one for each core)"),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="where a folder is forecast: local (default), or ray (extra 'ray')"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="keep the complete files in the folder --output")
    ] = False,
    hierarchy: Hierarchy = None,
    reconcile: Reconcile = None,
) -> None:
    """Apply the model of a finished run to new data.

    A forecaster forecasts each series from its last date on; a text model answers each text, an
    image classifier each picture of a file or folder, and a music model continues each piece.
    A forecaster also takes a folder of Parquet files, as `krr shard` writes it: file by file, in
    several processes, into a folder of Parquet files.
    """
    from keras_rnn_recipes.data.files import is_address
    from keras_rnn_recipes.runs.finished import finished_config
    from keras_rnn_recipes.storage import check_output
    from keras_rnn_recipes.workflows import inference

    config = finished_config(run_dir)
    sums = HierarchyOptions(hierarchy, reconcile)
    sums.check(config, input)
    if config.family == "forecasting" and (input.is_dir() or is_address(input)):
        options = FolderOptions(workers, engine, resume)
        predict_folder(run_dir, input, output, options, overrides=overrides or ())
        return
    FolderOptions(workers, engine, resume).refuse()
    check_output(output, input)
    if config.trains:
        import_tensorflow_quietly()
    with readable(input) as source:
        answers = sums.predict(run_dir, source, overrides or ())
    written = inference.write_answers(run_dir, answers, output)
    for note in answers.attrs.get("notes", ()):
        typer.echo(note)
    series = f"{answers['unique_id'].nunique()} series, " if "unique_id" in answers else ""
    what = counted(len(answers), "row" if written == [output] else "note")
    typer.echo(f"{series}{what}: {', '.join(map(str, written))}")


@command
def complete(
    run_dir: RunDir,
    prompt: Annotated[
        str, typer.Argument(metavar="[PROMPT]", help="text to continue (default: none)")
    ] = "",
    length: Annotated[
        int, typer.Option(help="number of tokens (characters or words) to draw")
    ] = 300,
    temperature: Annotated[
        float,
        typer.Option(
            help="randomness of the draws: 0 takes the most probable token, 1 the model's "
            "own probabilities"
        ),
    ] = 0.8,
    seed: Annotated[int, typer.Option(help="seed of the draws")] = 0,
) -> None:
    """Continue a text with a finished language model."""
    from keras_rnn_recipes.families.language_model import inference as language_model

    import_tensorflow_quietly()
    pieces = language_model.complete(run_dir, prompt, length, temperature=temperature, seed=seed)
    typer.echo(prompt, nl=False)
    for piece in pieces:
        typer.echo(piece, nl=False)
    typer.echo()


command(compose)


@command
def evaluate(
    run_dir: RunDir, input: Input, overrides: Reading = None, baselines: MoreBaselines = None
) -> None:
    """Score the model of a finished run on new data.

    A forecaster is compared with the baselines at rolling origins.
    """
    from keras_rnn_recipes.config.forecasting import added_baselines
    from keras_rnn_recipes.reporting.results import results_table
    from keras_rnn_recipes.runs.finished import finished_config
    from keras_rnn_recipes.workflows import inference

    config = finished_config(run_dir)
    added_baselines(baselines, ())
    if config.trains:
        import_tensorflow_quietly()
    with readable(input) as source:
        result = inference.evaluate(run_dir, source, baselines=baselines, overrides=overrides or ())
    for note in result.notes:
        typer.echo(note)
    if result.test_size is not None:
        typer.echo(f"forecast: the last {counted(result.test_size, 'step')} of every series")
    summary = dict(result.summary)
    record = {"model": summary.pop(result.name), "baselines": summary, "totals": result.totals}
    typer.echo(results_table(record, name=result.name, num_series=result.num_series))


@command
def gradients(run_dir: RunDir) -> None:
    """Show how far gradients reach back in time.

    The norm of the loss gradient with respect to each hidden state, by lag, measured on one
    training batch with the final weights, and what may lengthen it. The report and TensorBoard
    show it as a chart.
    """
    from keras_rnn_recipes.reporting.gradients import gradient_lines
    from keras_rnn_recipes.runs.finished import finished_config

    finished_config(run_dir)
    typer.echo("\n".join(gradient_lines(run_dir)))


command(backtest)

command(tune)

command(update)

command(shard)


@command
def ls(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[recipes|datasets|models]", help="what to list (default: all)"),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            help="recipes of one shape only: one-to-one, one-to-many, many-to-one or many-to-many"
        ),
    ] = None,
) -> None:
    """List the recipes, the data sets and the pretrained models of the package."""
    from keras_rnn_recipes.errors import check_choice
    from keras_rnn_recipes.reporting.text_table import text_table

    if shape is not None:
        typer.echo(text_table(_recipes_of_shape(shape, kind), left=2))
        return
    kinds = {"recipes": _recipes, "datasets": _datasets, "models": _models}
    for each in (check_choice(kind, tuple(kinds), "The kind to list"),) if kind else kinds:
        rows = kinds[each]()
        if kind is None:
            typer.echo(f"{each}:")
        lines = text_table(rows, left=2).splitlines()
        typer.echo("\n".join(lines if kind else [f"  {line}" for line in lines]))


@command
def cp(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="name of a recipe (see `krr ls`)")
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder to copy to")],
) -> None:
    """Copy a recipe and its script, to edit them."""
    from keras_rnn_recipes.config.catalogue import copy_recipe

    paths = copy_recipe(recipe, folder)
    for path in paths:
        typer.echo(str(path))
    typer.echo(f"Run it: krr run {paths[0]}")


@command
def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="recipe to check")],
) -> None:
    """Check a recipe without running it."""
    from keras_rnn_recipes.config.files import check_source, load_config
    from keras_rnn_recipes.config.search_space import has_space, read_space

    config = load_config(file)
    check_source(config)
    if has_space(file):
        read_space(file, config)
    typer.echo(f"{file} is valid: {config.headline}.")


@command
def table(
    run_dirs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN_DIR...", help="finished runs, or folders of recorded runs"),
    ],
    check: Annotated[
        Path | None,
        typer.Option(metavar="README.md", help="file whose table to compare with"),
    ] = None,
) -> None:
    """Print the results of runs as a Markdown table.

    With --check the table is compared with the one in a file; the command fails if they differ.
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
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="folder to write; for ONNX a file or a folder"),
    ],
    format: Annotated[
        str, typer.Option(help="format: saved_model, or onnx (forecasters; extra 'onnx')")
    ] = "saved_model",
) -> None:
    """Export the model of a finished run for serving.

    A SavedModel runs with TensorFlow and an ONNX file with onnxruntime, without this package.
    """
    from keras_rnn_recipes.errors import check_choice
    from keras_rnn_recipes.extras import require_extra
    from keras_rnn_recipes.runs.finished import finished_config
    from keras_rnn_recipes.workflows.inference import export_run

    if check_choice(format, ("saved_model", "onnx"), "--format") == "onnx":
        require_extra("onnx", "Export to ONNX")
    finished_config(run_dir)
    import_tensorflow_quietly()
    typer.echo(str(export_run(run_dir, to, format=format)))


command(explain)


def _recipes() -> list[tuple[str, str]]:
    from keras_rnn_recipes.config.catalogue import list_recipes

    return [(recipe.name, recipe.title) for recipe in list_recipes()]


def _recipes_of_shape(shape: str, kind: str | None) -> list[tuple[str, str]]:
    """The recipes whose task has a shape; only recipes have one."""
    from keras_rnn_recipes.config.catalogue import list_recipes
    from keras_rnn_recipes.config.files import load_config
    from keras_rnn_recipes.config.shapes import shapes_named
    from keras_rnn_recipes.errors import UserError

    wanted = shapes_named(shape)
    if kind not in (None, "recipes"):
        raise UserError(
            f"--shape is {shape!r}, and the kind to list is {kind!r}.",
            "recipes: data sets and models have no shape.",
            "leave --shape out, or list the recipes: krr ls recipes --shape many-to-one.",
        )
    return [
        (recipe.name, recipe.title)
        for recipe in list_recipes()
        if load_config(recipe.path).shape in wanted
    ]


def _datasets() -> list[tuple[str, str]]:
    from keras_rnn_recipes.data.catalogue import list_datasets

    return [(card.name, card.title) for card in list_datasets()]


def _models() -> list[tuple[str, str]]:
    from keras_rnn_recipes.pretrained.card import card_rows, pretrained_card

    return card_rows(pretrained_card())


def _copy_forecasts(run_dir: Path, output: Path) -> None:
    from keras_rnn_recipes.storage import replacing

    with replacing(output.resolve()) as staged:  # a link stays one
        staged.write_bytes((run_dir / "forecasts.csv").read_bytes())
    typer.echo(f"forecast:     {output}")
