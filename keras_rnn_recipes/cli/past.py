"""The commands that carry a recipe out in the past: ``krr backtest`` and ``krr tune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from keras_rnn_recipes.cli.console import import_tensorflow_quietly, told_how_to_resume
from keras_rnn_recipes.cli.options import MoreBaselines, NewRunDir, Overwrite, Smoke


def backtest(
    source: Annotated[
        str, typer.Argument(metavar="RECIPE|RUN_DIR", help="a recipe, a TOML file, or a run")
    ],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="such as fit.epochs=10")
    ] = None,
    folds: Annotated[int, typer.Option(help="cutoffs to forecast from")] = 5,
    step: Annotated[
        int | None, typer.Option(help="steps between cutoffs; one horizon when left out")
    ] = None,
    refit: Annotated[
        bool,
        typer.Option(
            "--refit/--no-refit",
            help="train anew at every cutoff on what lies before it, or take the one model of "
            "RUN_DIR from many origins in the part that it held out",
        ),
    ] = True,
    baselines: MoreBaselines = None,
    run_dir: NewRunDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="continue an interrupted one")] = False,
    overwrite: Overwrite = False,
    smoke: Smoke = False,
) -> None:
    """Forecast from several cutoffs in the past, and score by cutoff and by step ahead.

    Everything goes to --run-dir (default: runs/NAME-backtest).
    """
    from keras_rnn_recipes.config.sources import check_source
    from keras_rnn_recipes.workflows import backtest as command

    folder = run_dir or Path("runs") / f"{Path(source).stem}-backtest"
    if refit:
        check_source(command.read_source(source, overrides or ())[1])
    else:
        command.check_origins(source, folds, step)
    import_tensorflow_quietly()
    options: dict[str, Any] = {"folds": folds, "step": step, "baselines": baselines}
    if refit:
        again = [source, *(overrides or ()), *_as_given(options)]
        with told_how_to_resume(folder, again, smoke, "backtest"):
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
        str, typer.Argument(metavar="RECIPE", help="a TOML file with a section [tune]")
    ],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="such as fit.epochs=10")
    ] = None,
    trials: Annotated[int | None, typer.Option(help="settings to try (default: 30)")] = None,
    folds: Annotated[
        int | None, typer.Option(help="parts of the past to judge each on (default: 3)")
    ] = None,
    run_dir: NewRunDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with a search")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Search for better settings of a recipe, on parts before its test part.

    What may be changed stands in the recipe's section [tune]; the best is written to best.toml
    in --run-dir (default: runs/NAME-tune).
    """
    from keras_rnn_recipes.config.catalogue import recipe_path
    from keras_rnn_recipes.config.files import load_config
    from keras_rnn_recipes.config.search_space import read_space
    from keras_rnn_recipes.config.sources import check_source
    from keras_rnn_recipes.extras import require_extra

    require_extra("tune", "A search over settings")
    path = recipe_path(recipe)
    config = load_config(path, overrides or ())
    check_source(config)
    read_space(path, config)
    import_tensorflow_quietly()
    from keras_rnn_recipes.workflows import tune as tuning

    folder = run_dir or Path("runs") / f"{path.stem}-tune"
    options: dict[str, Any] = {"trials": trials, "folds": folds}
    again = [recipe, *(overrides or ()), *_as_given(options)]
    options |= {"overrides": overrides or (), "resume": resume, "overwrite": overwrite}
    with told_how_to_resume(folder, again, False, "tune"):
        result = tuning.tune(path, folder, **options)
    typer.echo(tuning.describe(result))


def _as_given(options: dict[str, Any]) -> list[str]:
    """Options as they were typed, to be typed again."""
    given = {name: value for name, value in options.items() if value is not None}
    return [part for name, value in given.items() for part in (f"--{name}", str(value))]
