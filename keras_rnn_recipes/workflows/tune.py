"""``krr tune``: search for better settings of a recipe without its test part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.config.catalogue import recipe_path
from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.files import dump_toml
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.config.search_space import (
    Choice,
    Range,
    SearchSpace,
    read_space,
    with_values,
)
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.families import forecasting
from keras_rnn_recipes.reporting.format import deciding_metric, number
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.serving.quiet_import import import_tensorflow_quietly
from keras_rnn_recipes.workflows.fold_score import score_fold
from keras_rnn_recipes.workflows.folds import Fold, plan_folds
from keras_rnn_recipes.workflows.processes import check_workers, run_in_processes
from keras_rnn_recipes.workflows.run import (
    Main,
    continue_config,
    read_recipe,
    with_absolute_paths,
)

if TYPE_CHECKING:
    import optuna
    import pandas as pd


# From this number of series on, a fold has one origin; with fewer it has several.
MANY_SERIES = 20

# Trials before the first one is pruned, and the share of epochs before a trial can be pruned.
SETTINGS_BEFORE_PRUNING, EPOCHS_BEFORE_PRUNING = 5, 0.3

# The processes of a search draw settings from seeds this far apart: more than a search has trials.
SEEDS_OF_A_PROCESS = 100_000

# If one of these keys is searched, the losses of two trials cannot be compared.
LOSS_CHANGING = {"fit.loss", "fit.weights", "model.strategy", "model.distribution"}


@dataclass(frozen=True)
class Tuned:
    """The result of a search.

    Attributes:
        run_dir: folder with ``best.toml``, ``trials.csv``, and ``study.log``, from which a search
            is resumed.
        metric: the metric that decides; its mean over the folds.
        best: the recipe with the best settings.
        value: the metric of the best settings.
        trials: one row per trial, the best first: ``trial, state, value, seconds``, one column per
            key, ``note``.
    """

    run_dir: Path
    metric: str
    best: Config
    value: float
    trials: pd.DataFrame


def tune(
    recipe: str | Path,
    run_dir: str | Path,
    *,
    trials: int | None = None,
    folds: int | None = None,
    overrides: Sequence[str] = (),
    resume: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
) -> Tuned:
    """Search the space of a recipe's section ``[tune]`` for the best settings.

    Each trial is scored on several folds (see `workflows.folds`), all of which end before the test
    part of the recipe. So the test part can still be used to test the result. A trial is pruned
    when its validation loss is worse than the median of the trials before it. The settings of the
    recipe itself are tried first, as far as the space contains them.

    Args:
        recipe: TOML file, or name of a recipe, with a section ``[tune]``.
        run_dir: folder to write to.
        trials: number of settings to try; None for the recipe's number, or 30.
        folds: number of folds; None for the recipe's number, or 3.
        overrides: such as ``"fit.epochs=10"``, for every trial.
        resume: whether to continue the search in ``run_dir`` up to ``trials``.
        overwrite: whether to replace the run in ``run_dir``.
        workers: number of processes of one thread that share the trials; None: one trial after the
            other in this process. A trial has the same value in each; but which settings are
            tried depends on the trials that have ended before, so with several processes another
            search tries others. A script that gives it needs ``if __name__ == "__main__":``.

    Raises:
        UserError: the extra ``tune`` is not installed, the section has a mistake, the series are
            too short, or no trial could be completed.

    Source: Optuna, with its tree-structured Parzen estimator and its median rule.

    Example:
        >>> tune("my.toml", "runs/search", trials=10).best.fit.learning_rate  # doctest: +SKIP
    """
    require_extra("tune", "A search over settings")
    if workers is not None:
        check_workers(workers)
    path = recipe_path(recipe)
    directory = RunDirectory.open(run_dir, overwrite=overwrite, resume=resume)
    search, space = _read_search(path, overrides, folds)
    config = search.config
    stored = directory.read_json("config.json") if directory.resumed else None
    if stored is not None:
        continue_config(config, stored)
    directory.write_config(config)
    try:
        study = _open_study(directory.path, search)
        wanted = (space.trials if trials is None else trials) - _finished(study)
        if wanted > 0 and workers is not None:
            asked, begun = (path, tuple(overrides), folds, directory.path), len(study.trials)
            jobs = [
                (*asked, len(range(first, wanted, workers)), begun + first * SEEDS_OF_A_PROCESS)
                for first in range(min(workers, wanted))
            ]
            run_in_processes([(carry_out_trials, job) for job in jobs])
        elif wanted > 0:
            study.optimize(search, n_trials=wanted, callbacks=[search.print_trial])
        return _finish(directory, search, study)
    finally:
        directory.release()


def carry_out_trials(
    recipe: Path,
    overrides: Sequence[str],
    folds: int | None,
    folder: Path,
    trials: int,
    seed: int,
) -> None:
    """Carry out some trials of a search that has begun: the work of one process.

    Args:
        recipe, overrides, folds: as in `tune`.
        folder: of the search.
        trials: how many to carry out.
        seed: added to that of the recipe, so that no other process draws the same settings.
    """
    import_tensorflow_quietly(threads=1)
    search, _ = _read_search(recipe, overrides, folds)
    study = _study(folder, search)
    study.sampler = _sampler(search, seed)
    study.optimize(search, n_trials=trials, callbacks=[search.print_trial])


def _read_search(
    recipe: Path, overrides: Sequence[str], folds: int | None
) -> tuple[_Search, SearchSpace]:
    main, config = read_recipe(recipe, overrides)
    config = with_absolute_paths(config)
    space = read_space(recipe, config)
    return _Search(main, config, space, folds or space.folds), space


class _Search:
    """What every trial needs: the script, the recipe, the space and the folds."""

    def __init__(self, main: Main, config: Config, space: SearchSpace, folds: int) -> None:
        self.main, self.config, self.space, self.folds = main, config, space, folds
        self.panel = forecasting.load(config.data)
        whole = choose_defaults(config, self.panel)
        self.test_size = whole.data.test_size or whole.model.horizon
        metrics = {str(name): 1.0 for name in config.evaluate.metrics}
        self.metric = space.metric or deciding_metric(metrics, self.panel.num_series)
        self.plan(config)  # series too short for the folds are an error before the first trial

    def plan(self, config: Config) -> list[Fold]:
        """The folds of one trial, scored by one metric and without baselines."""
        alone = config.evaluate.model_copy(update={"baselines": (), "metrics": (self.metric,)})
        config = config.model_copy(update={"evaluate": alone})
        size = None if self.panel.num_series >= MANY_SERIES else self.test_size
        return plan_folds(
            config, self.panel, folds=self.folds, skip=self.test_size, size=size, step=size
        )

    def __call__(self, trial: optuna.Trial) -> float:
        """Run one trial, and return the mean of its metric over the folds."""
        import optuna

        values = {key: _suggest(trial, key, one) for key, one in self.space.keys.items()}
        try:
            config = with_values(self.config, values, f"trial {trial.number}")
            figures = [
                self._figure(fold, trial if fold.number == 1 else None)
                for fold in self.plan(config)
            ]
        except UserError as error:  # these settings are invalid together, or training failed
            trial.set_user_attr("note", error.what)
            raise optuna.TrialPruned from None
        return sum(figures) / len(figures)

    def _figure(self, fold: Fold, pruned: optuna.Trial | None) -> float:
        """Run one fold up to its metric; report its epochs to the trial ``pruned``."""
        watched = pruned is not None and not LOSS_CHANGING & set(self.space.keys)

        def watch(what: str, data: Mapping[str, Any]) -> None:
            if what == "epoch" and watched and "val_loss" in data:
                _report(pruned, int(data["epoch"]), float(data["val_loss"]))

        return score_fold(self.main, fold, self.metric, watcher=watch)

    def print_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Print a line at the end of a trial, since searches are long."""
        took = trial.duration.total_seconds() if trial.duration else 0
        what = f"{self.metric} {number(trial.value)}" if trial.value is not None else "pruned"
        note = trial.user_attrs.get("note", "")
        print(f"trial {trial.number}: {what}, {took:.0f} s {note}".rstrip(), flush=True)


def _report(trial: Any, epoch: int, loss: float) -> None:
    import optuna

    trial.report(loss, epoch)
    if trial.should_prune():
        trial.set_user_attr("note", f"behind the median after epoch {epoch}")
        raise optuna.TrialPruned


def _suggest(trial: optuna.Trial, key: str, values: Choice | Range) -> Any:
    if isinstance(values, Choice):
        return json.loads(trial.suggest_categorical(key, [json.dumps(v) for v in values.values]))
    if values.whole:
        low, high = int(values.low), int(values.high)
        return trial.suggest_int(key, low, high, log=values.log, step=values.step or 1)
    return trial.suggest_float(key, values.low, values.high, log=values.log)


def _study(folder: Path, search: _Search) -> optuna.Study:
    """The study in a folder, which several processes may open."""
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file = str(folder / "study.log")
    backend = JournalFileBackend(file, lock_obj=JournalFileOpenLock(file))
    return optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name="krr",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(
            n_startup_trials=SETTINGS_BEFORE_PRUNING,
            n_warmup_steps=int(EPOCHS_BEFORE_PRUNING * search.config.fit.epochs),
        ),
    )


def _sampler(search: _Search, seed: int) -> optuna.samplers.TPESampler:
    import optuna

    return optuna.samplers.TPESampler(seed=search.config.fit.seed + seed)


def _open_study(folder: Path, search: _Search) -> optuna.Study:
    """Start a study, or continue the one in the folder, which must have the same space."""
    import optuna

    study = _study(folder, search)
    # A resumed search must not draw the same settings again.
    study.sampler = _sampler(search, len(study.trials))
    asked = repr((search.space.keys, search.folds, search.metric))
    before = study.user_attrs.get("asked")
    if before is None:
        study.set_user_attr("asked", asked)
        _try_first(study, search)
    elif before != asked:
        raise UserError(
            f"The search in {folder} had another section [tune] or other --folds.",
            "the keys, values, folds and metric that it was started with.",
            "give those, or start again with --overwrite instead of --resume.",
        )
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # interrupted
        study.enqueue_trial(trial.params)
    return study


def _try_first(study: optuna.Study, search: _Search) -> None:
    """Try the recipe's own settings first, as far as the space contains them."""
    data = search.config.model_dump(mode="json")
    own = {}
    for key, values in search.space.keys.items():
        section, _, name = key.partition(".")
        value = data[section].get(name)
        if isinstance(values, Choice):
            if json.dumps(value) in [json.dumps(one) for one in values.values]:
                own[key] = json.dumps(value)
        elif value is not None and values.low <= value <= values.high:
            own[key] = value
    study.enqueue_trial(own)


def _finished(study: optuna.Study) -> int:
    return sum(trial.state.name in ("COMPLETE", "PRUNED") for trial in study.trials)


def _finish(directory: RunDirectory, search: _Search, study: optuna.Study) -> Tuned:
    table = _table_of(study, search)
    directory.write_csv("trials.csv", table)
    if table.empty or table["state"].iloc[0] != "complete":
        note = next((text for text in table.get("note", ()) if text), "none was started.")
        raise UserError(
            f"No trial could be completed: {note}",
            "at least one setting with which the recipe can be trained.",
            "change the values in the section [tune], or raise --trials.",
        )
    chosen = {
        key: json.loads(value) if isinstance(search.space.keys[key], Choice) else value
        for key, value in study.best_params.items()
    }
    best = with_values(search.config, chosen, "the best trial")
    heading = (
        f"# Found by krr tune: {search.metric} {number(study.best_value)}, the mean over "
        f"{counted(search.folds, 'fold')} before the test part, in "
        f"{counted(_finished(study), 'trial')}.\n"
    )
    directory.write_text("best.toml", heading + dump_toml(best, given_only=True))
    directory.write_environment(search.config.fit.seed)
    return Tuned(directory.path, search.metric, best, study.best_value, table)


def _table_of(study: optuna.Study, search: _Search) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for trial in study.trials:
        if not trial.state.is_finished() or trial.state.name == "FAIL":
            continue
        took = (trial.duration.total_seconds()) if trial.duration else None
        rows.append(
            {
                "trial": trial.number,
                "state": trial.state.name.lower(),
                "value": trial.value if trial.state.name == "COMPLETE" else None,
                "seconds": None if took is None else round(took, 1),
                **{key: trial.params.get(key) for key in search.space.keys},
                "note": trial.user_attrs.get("note", ""),
            }
        )
    if not rows:
        return pd.DataFrame()
    table = pd.DataFrame(rows)
    return table.sort_values(["value", "trial"], na_position="last", ignore_index=True)


def describe(result: Tuned, *, most: int = 15) -> str:
    """Format the trials as a table, the best first, and name the best recipe."""
    from keras_rnn_recipes.workflows.backtest import table_text

    shown = result.trials.rename(columns={"value": result.metric}).head(most)
    if not shown["note"].any():
        shown = shown.drop(columns="note")
    lines = [table_text(shown)]
    if len(result.trials) > most:
        lines.append(f"and {len(result.trials) - most} more, in trials.csv")
    complete = (result.trials["state"] == "complete").sum()
    lines.append(
        f"{counted(len(result.trials), 'trial')}, {complete} of them completed; the best has "
        f"{result.metric} {number(result.value)} on folds before the test part."
    )
    lines.append(f"to run it:    krr run {result.run_dir / 'best.toml'}")
    return "\n".join(lines)
