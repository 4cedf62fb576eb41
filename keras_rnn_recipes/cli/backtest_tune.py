"""The commands that run a recipe on several parts of the past: ``krr backtest``, ``krr tune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from keras_rnn_recipes.cli.console import print_how_to_resume
from keras_rnn_recipes.cli.options import (
    MoreBaselines,
    NewRunDir,
    Overrides,
    Overwrite,
    Resume,
    Smoke,
)
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly

Workers = Annotated[
    int | None,
    typer.Option(help="processes of one thread each (default: all in this one, with all cores)"),
]


def backtest(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE|RUN_DIR", help="name of a recipe, a TOML file, or folder of a run"
        ),
    ],
    overrides: Overrides = None,
    folds: Annotated[int, typer.Option(help="number of cutoffs to forecast from")] = 5,
    step: Annotated[
        int | None, typer.Option(help="time steps between cutoffs (default: the horizon)")
    ] = None,
    refit: Annotated[
        bool,
        typer.Option(
            "--refit/--no-refit",
            help="train a new model at every cutoff, or test the model of RUN_DIR at several "
            "origins in its test part",
        ),
    ] = True,
    baselines: MoreBaselines = None,
    workers: Workers = None,
    run_dir: NewRunDir = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    smoke: Smoke = False,
) -> None:
    """Score a recipe's forecasts from several past cutoffs.

    Scores are given by cutoff and by step ahead. All files are written to --run-dir (default:
    runs/NAME-backtest).
    """
    from keras_rnn_recipes.config.files import check_source
    from keras_rnn_recipes.workflows import backtest as command

    if workers is not None and not refit:
        raise UserError(
            "--workers was given together with --no-refit.",
            "--workers for models that are trained at each cutoff.",
            "leave out one of them.",
        )
    folder = run_dir or Path("runs") / f"{Path(source).stem}-backtest"
    if refit:
        config = command.read_source(source, overrides or ())[1]
        check_source(config)
    else:
        config = command.check_origins(source, folds, step)[0]
    if config.trains and workers is None:
        import_tensorflow_quietly()
    options: dict[str, Any] = {"folds": folds, "step": step, "baselines": baselines}
    if refit:
        options["workers"] = workers
        again = [source, *(overrides or ()), *_as_given(options)]
        with print_how_to_resume(folder, again, smoke, "backtest"):
            result = command.backtest_recipe(
                source,
                folder,
                **options,
                overrides=overrides or (),
                resume=resume,
                overwrite=overwrite,
                smoke=smoke,
            )
    else:
        result = command.backtest_run(source, folder, **options, overwrite=overwrite)
    typer.echo(command.describe(result))
    typer.echo(f"report:       {result.run_dir / 'report.html'}")


def tune(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="TOML file with a section [tune]")
    ],
    overrides: Overrides = None,
    trials: Annotated[
        int | None, typer.Option(help="number of settings to try (default: the recipe's, or 30)")
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(help="parts of the past to score each on (default: the recipe's, or 3)"),
    ] = None,
    workers: Workers = None,
    run_dir: NewRunDir = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Search for better settings of a recipe.

    The recipe's section [tune] lists the keys to change and the values to try. Each setting is
    scored on parts of the past that end before the test part. The best one is written to best.toml
    in --run-dir (default: runs/NAME-tune).
    """
    from keras_rnn_recipes.config.catalogue import recipe_path
    from keras_rnn_recipes.config.files import check_source, load_config
    from keras_rnn_recipes.config.search_space import read_space
    from keras_rnn_recipes.extras import require_extra

    require_extra("tune", "A search over settings")
    path = recipe_path(recipe)
    config = load_config(path, overrides or ())
    check_source(config)
    read_space(path, config)
    if workers is None:
        import_tensorflow_quietly()
    from keras_rnn_recipes.workflows import tune as tuning

    folder = run_dir or Path("runs") / f"{path.stem}-tune"
    options: dict[str, Any] = {"trials": trials, "folds": folds, "workers": workers}
    again = [recipe, *(overrides or ()), *_as_given(options)]
    options |= {"overrides": overrides or (), "resume": resume, "overwrite": overwrite}
    with print_how_to_resume(folder, again, False, "tune"):
        result = tuning.tune(path, folder, **options)
    typer.echo(tuning.describe(result))


def _as_given(options: dict[str, Any]) -> list[str]:
    """The options that were given, as typed on a command line."""
    given = {name: value for name, value in options.items() if value is not None}
    return [part for name, value in given.items() for part in (f"--{name}", str(value))]
