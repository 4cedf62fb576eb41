"""How commands run a recipe: one that exists, or one that was planned for a file of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from keras_rnn_recipes.cli.console import print_how_to_resume
from keras_rnn_recipes.cli.standard_input import STANDARD_INPUT, save_standard_input
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly

if TYPE_CHECKING:
    from keras_rnn_recipes.workflows.planning import Plan


def fields_of(options: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a command that are fields of its class of options."""
    names = options.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: given[name] for name in names if name in given}


def begin_run(
    file: Path, run_dir: Path | None, *, overwrite: bool, ending: str = ".csv"
) -> tuple[Path, Path]:
    """The file to read and the folder of the run, which is refused before any work if it is in use.

    Standard input is saved to a file with this ending first, since the recipe of the run names it.
    """
    from keras_rnn_recipes.runs.directory import RunDirectory
    from keras_rnn_recipes.workflows.planning import default_run_dir

    folder = run_dir or default_run_dir(file)
    file = save_standard_input(folder, ending) if str(file) == STANDARD_INPUT else file
    RunDirectory.open(folder, overwrite=overwrite)
    return file, folder


def run_plan(plan: Plan, run_dir: Path, *, overwrite: bool, smoke: bool) -> None:
    """Print the reasons of a plan and run it."""
    typer.echo("\n".join(plan.reasons))
    with print_how_to_resume(run_dir, [str(run_dir / "recipe.toml")], smoke):
        run_checked(plan.config, run_dir, checked=plan.config, overwrite=overwrite, smoke=smoke)


def run_checked(recipe: Any, run_dir: Path, *, checked: Any, **options: Any) -> None:
    """Run a recipe, whose content is ``checked``."""
    from keras_rnn_recipes.serving.verify import started_ahead

    # The process that will check the export imports TensorFlow while this process does.
    with started_ahead(int(checked.trains and checked.exported)):
        from keras_rnn_recipes.workflows.run import run as run_recipe

        if checked.trains:
            import_tensorflow_quietly()
        run_recipe(recipe, run_dir, **options)
