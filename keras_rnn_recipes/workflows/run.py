"""One run: check the recipe, open the run directory, call the script, keep the record."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.catalogue import find_script, recipe_path
from keras_rnn_recipes.config.files import FILE_KEYS, config_from_dict, is_file_name, load_config
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.runs.records import model_name
from keras_rnn_recipes.training.state import set_seeds

Main = Callable[[Config, RunDirectory], None]

SMOKE_EPOCHS, SMOKE_STEPS, SMOKE_BATCH = 2, 4, 8


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        run_dir: the folder with every artefact.
        config: the configuration, with what the recipe left open filled in.
        metrics: the content of ``metrics.json``.
        wall_seconds: how long this process took, without what an interrupted one did before.
    """

    run_dir: Path
    config: Config
    metrics: dict[str, Any]
    wall_seconds: float

    def _repr_html_(self) -> str:
        """The scores beside those of the baselines, as Jupyter shows the result of a cell."""
        from keras_rnn_recipes.reporting.notebook import scores_html  # draws: slow to import

        caption = f"{self.config.headline}, in {self.run_dir} (open its report.html for more)"
        name = model_name(self.config.model_dump())
        return scores_html(name, self.metrics, caption)


def run(
    config: Config | str | Path,
    run_dir: str | Path,
    *,
    overrides: Sequence[str] = (),
    resume: bool = False,
    overwrite: bool = False,
    smoke: bool = False,
) -> RunResult:
    """Run one experiment from data to report.

    Args:
        config: a recipe's name, the path of a TOML file, or a configuration.
        run_dir: where everything goes; see `RunDirectory`.
        overrides: such as ``"fit.epochs=10"``.
        resume: continue the interrupted run in ``run_dir``. On a CPU the result is the very
            same, bit for bit. What the recipe leaves open stays as it was chosen then.
        overwrite: replace the run in ``run_dir``.
        smoke: the same code with a handful of training steps, to see that it works.

    Raises:
        UserError: a mistake in the recipe, the data or the folder. A run that fails before
            it has trained leaves nothing behind.

    Example:
        >>> import tempfile
        >>> result = run("forecasting/co2_lstm_direct", tempfile.mkdtemp(), smoke=True)
        ... # doctest: +SKIP
    """
    main, checked = read_recipe(config, overrides)
    return run_script(main, checked, run_dir, resume=resume, overwrite=overwrite, smoke=smoke)


def read_recipe(config: Config | str | Path, overrides: Sequence[str] = ()) -> tuple[Main, Config]:
    """Find the script of a recipe and check its configuration; arguments as in `run`."""
    if isinstance(config, Config):
        path, checked = None, config_from_dict(config.model_dump(mode="json"), overrides)
    else:
        path = recipe_path(config)
        checked = load_config(path, overrides)
    return _load_main(find_script(checked.family, beside=path)), checked


def run_script(
    main: Main,
    config: Config,
    run_dir: str | Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    smoke: bool = False,
    watcher: Callable[[str, Mapping[str, Any]], None] | None = None,
) -> RunResult:
    """Run a script's ``main(config, run)``; arguments and result as in `run`.

    ``watcher`` is that of the `RunDirectory`.
    """
    config.require_extras()
    directory = RunDirectory.open(run_dir, overwrite=overwrite, resume=resume)
    directory.watcher = watcher
    config = with_whole_path(shrink(config) if smoke else config)
    stored = directory.read_json("config.json") if directory.resumed else None
    if stored is not None:
        config = continue_config(config, stored)
    set_seeds(config.fit.seed)
    try:
        main(config, directory)
        directory.write_environment(config.fit.seed)
    except UserError:
        if not directory.resumed and not (directory.path / "checkpoints").exists():
            directory.discard()
        raise
    finally:
        directory.release()
    return _result(directory, time.perf_counter() - directory.started)


def run_from_command_line(main: Main, arguments: Sequence[str] | None = None) -> None:
    """Let a recipe script be run by itself: ``python forecast.py --config my.toml``."""
    parser = argparse.ArgumentParser(description=(sys.modules[main.__module__].__doc__ or ""))
    parser.add_argument("--config", required=True, help="a TOML file, or the name of a recipe")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="such as fit.epochs=10")
    parser.add_argument("--run-dir", help="where everything goes (default: runs/<recipe>)")
    for flag in ("--resume", "--overwrite", "--smoke"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_args(arguments)
    try:
        path = recipe_path(given.config)
        run_script(
            main,
            load_config(path, given.overrides),
            given.run_dir or Path("runs") / path.stem,
            resume=given.resume,
            overwrite=given.overwrite,
            smoke=given.smoke,
        )
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def shrink(config: Config) -> Config:
    """The same experiment with a handful of training steps."""
    fit = {"epochs": min(config.fit.epochs, SMOKE_EPOCHS)}
    fit["steps_per_epoch"] = min(config.fit.steps_per_epoch or SMOKE_STEPS, SMOKE_STEPS)
    fit["batch_size"] = min(config.fit.batch_size, SMOKE_BATCH)
    return config.model_copy(update={"fit": config.fit.model_copy(update=fit)})


def continue_config(config: Config, stored: dict[str, Any]) -> Config:
    """The configuration of the interrupted run, if this one asks for nothing else.

    What ``config`` leaves open may have been chosen from the data, and stays as chosen.

    Raises:
        UserError: the two differ; the message says where.
    """
    before = {key: value for key, value in stored.items() if key != "format_version"}
    changed = [
        f"{section}.{key} was {before.get(section, {}).get(key)!r}, is {value!r}"
        for section, values in config.model_dump(mode="json").items()
        if isinstance(values, dict)
        for key, value in values.items()
        if value is not None and before.get(section, {}).get(key) != value
    ]
    if changed:
        raise UserError(
            f"The interrupted run was another experiment: {'; '.join(changed)}.",
            "the recipe and the overrides it was started with.",
            "give those again, or begin again with --overwrite.",
        )
    return config_from_dict(before, where="config.json of the interrupted run")


def with_whole_path(config: Config) -> Config:
    """A data file is found again from any folder."""
    given = {name: getattr(config.data, name, None) for name in FILE_KEYS}
    whole = {
        name: _whole(files)
        for name, files in given.items()
        if files is not None and (name != "source" or is_file_name(files))
    }
    return config.model_copy(update={"data": config.data.model_copy(update=whole)})


def _whole(files: Any) -> Any:
    if isinstance(files, tuple):
        return tuple(map(_whole, files))
    return str(Path(files).absolute())


def _load_main(script: Path) -> Main:
    spec = importlib.util.spec_from_file_location(f"recipe_{script.stem}", script)
    if spec is None or spec.loader is None:
        raise UserError(f"{script} cannot be loaded.", "a Python file.", "check the path.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    main: Main = module.main
    return main


def _result(run: RunDirectory, seconds: float) -> RunResult:
    stored = run.read_json("config.json") or {}
    stored.pop("format_version", None)
    metrics = run.read_json("metrics.json") or {}
    return RunResult(run.path, config_from_dict(stored), metrics, seconds)
