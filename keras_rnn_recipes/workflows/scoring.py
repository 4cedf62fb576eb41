"""Forecast a panel in files with a finished run: a pool of processes, continued after any end."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_rnn_recipes.data.files import is_address
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.families.forecasting.assumptions import read_assumptions
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.runs.lock import FolderLock
from keras_rnn_recipes.shards.object_storage import check_new_place, completing, located
from keras_rnn_recipes.shards.panels import PanelFile, PanelFolder, open_panel
from keras_rnn_recipes.shards.sources import read_footer
from keras_rnn_recipes.storage import (
    json_text,
    read_json,
    unreadable,
    writing,
)
from keras_rnn_recipes.workflows.engines import Engine, Pool, find_engine
from keras_rnn_recipes.workflows.processes import check_workers
from keras_rnn_recipes.workflows.scoring_worker import METADATA, Model, Outcome

MANIFEST, FORMAT_VERSION = "scoring.json", 1

# What a run answers depends on these of its files.
_OF_MODEL = ("config.json", "assumptions.json", "covariates.json", "intervals.json", "saved_model")

# Files that wait for a process, besides those that are worked on.
_WAITING = 2


@dataclass
class Scoring:
    """The state of the work on a panel.

    Attributes:
        output: the folder of the forecasts.
        num_files: files of the panel.
        done: outcomes of the files with forecasts, in order of completion.
        failed: outcomes of the files that were set aside.
        resumed: how many of ``done`` were there at the start.
        notes: sentences about the folder.
    """

    output: Path
    num_files: int
    done: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    resumed: int = 0
    notes: tuple[str, ...] = ()

    @property
    def series(self) -> int:
        """Series with forecasts."""
        return sum(outcome.series for outcome in self.done)

    @property
    def rows(self) -> int:
        """Rows of forecasts."""
        return sum(outcome.rows for outcome in self.done)

    def add(self, outcome: Outcome) -> None:
        """Count a file."""
        (self.done if outcome.error is None else self.failed).append(outcome)

    def failure(self) -> UserError | None:
        """The error for the files that were set aside; None where there are none."""
        if not self.failed:
            return None
        failed = sorted(self.failed, key=lambda outcome: outcome.name)
        assert failed[0].error is not None
        what, expected, fix = failed[0].error
        files = counted(self.num_files, "file")
        return UserError(
            f"{len(failed)} of {files} could not be forecast and "
            f"{'was' if len(failed) == 1 else 'were'} set aside: "
            f"{first_names(outcome.name for outcome in failed)}. The first: {what}",
            expected,
            f"{fix.rstrip('.')}; then forecast what is missing with --resume "
            f"({self.output / MANIFEST} has the message for each file).",
        )


Progress = Callable[[Scoring], None]


def predict_files(
    run_dir: str | Path,
    source: str | Path,
    output: str | Path,
    *,
    workers: int | None = None,
    engine: str = "local",
    resume: bool = False,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Scoring:
    """Forecast every series of a panel in files with a finished forecasting run.

    Each file is the work of one process, whose model computes in one thread. Its forecasts are
    written next to their final name and renamed, so a file of the output is complete or missing,
    and its bytes do not depend on the number of processes. ``scoring.json`` lists what is done.

    The processes are started by spawning: a script that calls this needs the usual
    ``if __name__ == "__main__":``.

    Args:
        run_dir: folder of a finished forecasting run.
        source: folder of Parquet files, each of which holds whole series, see `write_shards`.
        output: folder for one Parquet file of forecasts for each file, with the same name: missing
            or empty, unless ``resume``.
        workers: number of processes; None for one for each core.
        engine: ``"local"`` for processes of this computer, ``"ray"`` for those of a Ray cluster
            (extra ``ray``): of the one in the environment variable ``RAY_ADDRESS``, whose nodes
            must see the same folders, else of a new one on this computer.
        resume: keep the forecasts in ``output`` that are complete and as new as their input, and
            make the others.
        overrides: how the data are read, as in `predict`.
        progress: called at the start and after each file.

    Returns:
        What was done. Files that cannot be read are set aside in ``failed``, and the others go on.

    Raises:
        UserError: the run is not of a forecaster, the panel or the output cannot be used, or a
            process was killed, as when memory runs out.
    """
    config = finished_config(run_dir, overrides)
    fix = "give it a file, as krr predict takes it."
    require_family(config, "forecasting", f"The run in {run_dir}, for a folder,", fix=fix)
    number = _number_of_cores() if workers is None else check_workers(workers)
    pool = find_engine(engine, number)
    output = located(output)
    model = Model(Path(run_dir).absolute(), tuple(overrides), fingerprint(run_dir, overrides))
    panel = open_panel(source, _id_columns(run_dir, config))
    head = _head(model, panel)
    if not resume:
        check_new_place(output, "--output")
    elif output.is_dir():
        _check_same(output, head)
    lock = _locked(output)
    try:
        state = Scoring(output, len(panel.files), notes=panel.notes)
        waiting = _without_done(panel, model, state) if resume else list(panel.files)
        _write_manifest(head, state)
        if progress is not None:
            progress(state)
        _score(model, waiting, state, pool, progress)
        _write_manifest(head, state)
        return state
    finally:
        if lock is not None:
            lock.release()


def _locked(output: Path) -> FolderLock | None:
    """Make the folder and lock it; a storage has neither folders nor locks."""
    if is_address(output):
        return None
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
    return FolderLock(output)


def fingerprint(run_dir: str | Path, overrides: Sequence[str] = ()) -> str:
    """A hash of everything that decides what a run answers.

    Args:
        run_dir: folder of the run.
        overrides: how its new data are read.
    """
    digest = hashlib.sha256(json.dumps(list(overrides)).encode())
    for name in _OF_MODEL:
        path = Path(run_dir) / name
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file.is_file():
                digest.update(file.relative_to(run_dir).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _number_of_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _id_columns(run_dir: str | Path, config: Any) -> list[str]:
    """The columns that name the series in the data of a run."""
    assumed = read_assumptions(run_dir)
    found = config.data.id_col or (assumed.roles.get("id_col") if assumed else None)
    return (found or "unique_id").split(",")


def _head(model: Model, panel: PanelFolder) -> dict[str, Any]:
    """What must be the same when work is resumed."""
    return {
        "format_version": FORMAT_VERSION,
        "run": str(model.run_dir.resolve()),
        "model": model.fingerprint,
        "input": str(panel.path if is_address(panel.path) else panel.path.resolve()),
        "overrides": list(model.overrides),
    }


def _check_same(output: Path, head: dict[str, Any]) -> None:
    """Refuse to go on in a folder whose forecasts were made from something else."""
    path = output / MANIFEST
    if not path.exists():
        # A lock, and what was staged when the command was killed at once, do not count.
        if any(not entry.name.startswith(".") for entry in output.iterdir()):
            raise UserError(
                f"{output} is not empty and has no {MANIFEST}, so there is nothing to resume.",
                "the --output of an earlier krr predict.",
                "give another --output.",
            )
        return
    found = read_json(path)
    if not isinstance(found.get("files"), list):
        raise unreadable(path, KeyError("files"))
    names = {"model": "another model", "input": "other input", "overrides": "other options"}
    for key, what in names.items():
        if found.get(key) != head[key]:
            old = "" if key == "model" else f" ({found.get(key)})"
            raise UserError(
                f"The forecasts in {output} were made with {what}{old}.",
                "the same run, input and options when work is resumed.",
                "give another --output, or the same command as before.",
            )


def _without_done(panel: PanelFolder, model: Model, state: Scoring) -> list[PanelFile]:
    """The files without complete forecasts; the others are counted as done."""
    waiting = []
    for file in panel.files:
        found = _finished(file, _target(state.output, file), model)
        if found is None:
            waiting.append(file)
        else:
            state.add(found)
    state.resumed = len(state.done)
    return waiting


def _finished(file: PanelFile, target: Path, model: Model) -> Outcome | None:
    """The outcome of a file whose forecasts are complete and not older than the file."""
    try:
        if target.stat().st_mtime_ns < file.path.stat().st_mtime_ns:
            return None
        footer = read_footer(target)
        facts = json.loads((footer.metadata or {})[METADATA])
    except (OSError, UserError, KeyError, ValueError):
        return None
    if facts.get("model") != model.fingerprint:
        return None
    return Outcome(file.name, footer.num_rows, int(facts["series"]))


def _target(output: Path, file: PanelFile) -> Path:
    return output / file.name


def _score(
    model: Model,
    waiting: list[PanelFile],
    state: Scoring,
    engine: Engine,
    progress: Progress | None,
) -> None:
    """Score files in the processes of an engine, a few files at hand at a time."""
    if not waiting:
        return
    folders = {_target(state.output, file).parent for file in waiting}
    for folder in () if is_address(state.output) else folders:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    todo = iter(waiting)
    running: dict[Any, PanelFile] = {}
    with engine.started(len(waiting)) as pool:
        while True:
            most = pool.workers + _WAITING
            while len(running) < most and (file := next(todo, None)) is not None:
                running[pool.submit(model, file, _target(state.output, file))] = file
            if not running:
                return
            for job in pool.finished(list(running)):
                _take(pool, job, running, state)
                if progress is not None:
                    progress(state)


def _take(pool: Pool, job: Any, running: dict[Any, PanelFile], state: Scoring) -> None:
    outcome = pool.result(job)
    if outcome is None:
        names = first_names(file.name for file in running.values())
        raise UserError(
            f"A process ended in the middle of its work, on one of: {names}.",
            "processes that run to the end; the system may have ended one when memory ran out.",
            "continue with --resume, with fewer --workers, or with smaller files: krr shard "
            "--rows-per-file 50000.",
        )
    del running[job]
    if outcome.fatal:
        assert outcome.error is not None
        raise UserError(*outcome.error)
    state.add(outcome)


def _write_manifest(head: dict[str, Any], state: Scoring) -> None:
    """Write what is done and what was set aside, in order of name."""
    done = sorted(state.done, key=lambda outcome: outcome.name)
    failed = sorted(state.failed, key=lambda outcome: outcome.name)
    content = {
        **head,
        "complete": len(done) == state.num_files,
        "series": state.series,
        "rows": state.rows,
        "files": [{"name": o.name, "rows": o.rows, "series": o.series} for o in done],
        "failed": [
            {"name": o.name, **dict(zip(("what", "expected", "fix"), o.error, strict=True))}
            for o in failed
            if o.error is not None
        ],
    }
    with completing(state.output / MANIFEST) as staged:
        staged.write_text(json_text(content), encoding="utf-8")
