"""One run: check the recipe, open the run directory, call the script, read the results."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.base import Experiment
from keras_rnn_recipes.config.catalogue import find_script, recipe_path
from keras_rnn_recipes.config.files import FILE_KEYS, config_from_dict, is_file_name, load_config
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.data.files import is_address
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.runs.records import model_name
from keras_rnn_recipes.training.state import set_seeds
from keras_rnn_recipes.workflows.ray_training import check_engine, ray_gradients

Main = Callable[[Config, RunDirectory], None]

SMOKE_EPOCHS, SMOKE_STEPS, SMOKE_BATCH = 2, 4, 8
# Tokens of an answer: a network that is hardly trained does not know when to stop.
SMOKE_LENGTH = 12


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        run_dir: folder with all files of the run.
        config: the configuration, with all defaults set.
        metrics: content of ``metrics.json``.
        wall_seconds: wall time of this process in seconds, without that of an interrupted one.
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
    engine: str = "local",
    workers: int | None = None,
) -> RunResult:
    """Run one experiment from data to report.

    Args:
        config: name of a recipe, a TOML file, or a configuration.
        run_dir: folder to write to, as in `RunDirectory`.
        overrides: such as ``"fit.epochs=10"``.
        resume: whether to continue the interrupted run in ``run_dir``. Defaults stay as they were
            chosen then. On a CPU the result is the same, bit for bit.
        overwrite: whether to replace the run in ``run_dir``.
        smoke: whether to train for a few steps only, to check that all works.
        engine: ``"local"`` to train in this process; ``"ray"`` to have the processes of a Ray
            cluster compute the gradients (forecasters; extra ``ray``): the cluster in the
            environment variable ``RAY_ADDRESS``, or a new one on this computer.
        workers: number of processes of the cluster, which share each batch.

    Raises:
        UserError: a mistake in the recipe, the data or the folder. A run that fails before it has
            trained leaves no files.

    Example:
        >>> import tempfile
        >>> result = run("forecasting/co2_lstm_direct", tempfile.mkdtemp(), smoke=True)
        ... # doctest: +SKIP
    """
    main, checked = read_recipe(config, overrides)
    options: dict[str, Any] = {"resume": resume, "overwrite": overwrite, "smoke": smoke}
    if check_engine(checked, engine, workers) is None:
        return run_script(main, checked, run_dir, **options)
    with ray_gradients(workers) as pool:
        return run_script(main, checked, run_dir, gradient_pool=pool, **options)


def read_recipe(config: Config | str | Path, overrides: Sequence[str] = ()) -> tuple[Main, Config]:
    """Find the script of a recipe and check its configuration; arguments as in `run`."""
    if isinstance(config, Experiment):
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
    gradient_pool: Any = None,
) -> RunResult:
    """Call a script's ``main(config, run)``; arguments and result as in `run`.

    Args:
        watcher, gradient_pool: as in `RunDirectory`.
    """
    config.require_extras()
    directory = RunDirectory.open(run_dir, overwrite=overwrite, resume=resume)
    directory.watcher, directory.gradient_pool = watcher, gradient_pool
    config = with_absolute_paths(shrink(config) if smoke else config)
    stored = directory.read_json("config.json") if directory.resumed else None
    if stored is not None:
        config = continue_config(config, stored)
    if config.trains:
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
    """The command line of a recipe script: ``python forecast.py --config my.toml``."""
    parser = argparse.ArgumentParser(description=(sys.modules[main.__module__].__doc__ or ""))
    parser.add_argument("--config", required=True, help="TOML file, or name of a recipe")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="key=value",
        help="values that replace the recipe's: fit.epochs=10",
    )
    parser.add_argument("--run-dir", help="folder to write everything to (default: runs/<recipe>)")
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
    """The same experiment with a few training steps and short answers, for ``--smoke``."""
    fit = {"epochs": min(config.fit.epochs, SMOKE_EPOCHS)}
    fit["steps_per_epoch"] = min(config.fit.steps_per_epoch or SMOKE_STEPS, SMOKE_STEPS)
    fit["batch_size"] = min(config.fit.batch_size, SMOKE_BATCH)
    sections: dict[str, Any] = {"fit": config.fit.model_copy(update=fit)}
    longest = getattr(config.evaluate, "max_length", None)
    if longest is not None:
        shorter = {"max_length": min(longest, SMOKE_LENGTH)}
        sections["evaluate"] = config.evaluate.model_copy(update=shorter)
    return config.model_copy(update=sections)


def continue_config(config: Config, stored: dict[str, Any]) -> Config:
    """The configuration of the interrupted run, if it is the same experiment.

    Args:
        config: the recipe as given now. Values that it does not give stay as they were chosen.
        stored: content of the interrupted run's ``config.json``.

    Raises:
        UserError: the two differ; the message names the keys.
    """
    earlier = {key: value for key, value in stored.items() if key != "format_version"}
    started = config_from_dict(earlier, where="config.json of the interrupted run")
    # With the defaults of keys that the version which began the run did not have.
    before = started.model_dump(mode="json")
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
            "the recipe and the overrides that it was started with.",
            "give those, or start again with --overwrite instead of --resume.",
        )
    return started


def with_absolute_paths(config: Config) -> Config:
    """Make the paths of data files absolute, so that they are valid in any folder."""
    given = {name: getattr(config.data, name, None) for name in FILE_KEYS}
    absolute = {
        name: _absolute(files)
        for name, files in given.items()
        if files is not None and (name != "source" or is_file_name(files))
    }
    return config.model_copy(update={"data": config.data.model_copy(update=absolute)})


def _absolute(files: Any) -> Any:
    if isinstance(files, tuple):
        return tuple(map(_absolute, files))
    return str(files if is_address(files) else Path(files).absolute())


def _load_main(script: Path) -> Main:
    spec = importlib.util.spec_from_file_location(f"recipe_{script.stem}", script)
    if spec is None or spec.loader is None:
        raise UserError(f"{script} cannot be loaded.", "a Python file.", "check the file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    main: Main = module.main
    return main


def _result(run: RunDirectory, seconds: float) -> RunResult:
    stored = run.read_json("config.json") or {}
    stored.pop("format_version", None)
    metrics = run.read_json("metrics.json") or {}
    return RunResult(run.path, config_from_dict(stored), metrics, seconds)
