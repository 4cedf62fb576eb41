"""The folder of a run: checked before use, written atomically, locked."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.config.files import FORMAT_VERSION, config_to_dict, dump_toml
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.lock import LOCK_NAME, FolderLock, refuse_locked
from keras_rnn_recipes.storage import (
    STAGED_PREFIX,
    STAGED_SUFFIX,
    WriteError,
    clear_staged,
    json_text,
    read_json,
    replacing,
    staged_in,
    write_synced,
    writing,
)

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from keras_rnn_recipes.data.covariates import Covariates


ARTEFACTS = (
    "config.json",
    "recipe.toml",
    "covariates.json",
    "assumptions.json",
    "intervals.json",
    "vocabulary.json",
    "classes.json",
    "music.json",
    "symbols.json",
    "automata.npz",
    "model.keras",
    "saved_model",
    "history.csv",
    "gradients.json",
    "metrics.json",
    "scores.csv",
    "forecasts.csv",
    "predictions.csv",
    "piece.mid",
    "piece.wav",
    "backtest.csv",
    "report.html",
    "environment.json",
    "checkpoints",
    "tensorboard",
    "refit",
    # Written by `krr backtest`, `krr update` and `krr tune`.
    "folds",
    "by_cutoff.csv",
    "by_step.csv",
    "update.json",
    "best.toml",
    "trials.csv",
    "study.log",
)


# The files that `RunDirectory.describe` lists, by their label.
MAIN_FILES = {
    "forecast": "forecasts.csv",
    "answers": "predictions.csv",
    "notes": "piece.mid",
    "sound": "piece.wav",
    "report": "report.html",
    "to serve": "saved_model",
    "to run again": "recipe.toml",
}


@dataclass
class RunDirectory:
    """The folder to which a run writes its files, each of them atomically.

    Nothing is created or removed before the first file is written, so a mistake in the data leaves
    an earlier run untouched and no empty folder. From the first file until `release`, no other
    process may write to the folder.

    Attributes:
        path: the folder.
        resumed: whether an interrupted run is continued.
        replaces: whether the files of an earlier run are removed when the first one is written.
        created: whether this run created the folder.
        started: time of opening, by ``time.perf_counter``.
        watcher: called with ``"epoch"`` and a row of the history after every epoch, and with name
            and content before a JSON file is written; an exception from it ends the run.
        gradient_pool: the `GradientPool` whose processes compute the gradients of this run; None:
            this process does.

    Example:
        >>> import tempfile
        >>> run = RunDirectory.open(Path(tempfile.mkdtemp()) / "first")
        >>> run.write_json("metrics.json", {"mae": 1.5}).name
        'metrics.json'
    """

    path: Path
    resumed: bool = False
    replaces: bool = False
    created: bool = False
    started: float = field(default_factory=time.perf_counter)
    watcher: Callable[[str, Mapping[str, Any]], None] | None = None
    gradient_pool: Any = None
    _lock: FolderLock | None = field(default=None, repr=False, compare=False)

    @classmethod
    def open(
        cls, path: str | Path, *, overwrite: bool = False, resume: bool = False
    ) -> RunDirectory:
        """Check that a run can be written to a folder; nothing is created yet.

        Args:
            path: the folder, which may be missing or empty.
            overwrite: whether to replace an earlier run. Only files that a run writes are removed,
                and only from a folder that holds a run.
            resume: whether to continue an interrupted run, if there is one.

        Raises:
            UserError: the folder holds a run or other files, is not a folder, cannot be written
                to, or another process writes to it.
        """
        path = Path(path)
        if overwrite and resume:
            raise UserError(
                "Both --overwrite and --resume were given.",
                "at most one of them.",
                "give --resume to continue the run, or --overwrite to start again.",
            )
        _check_writable(path)
        refuse_locked(path)
        if _is_empty(path):
            return cls(path)
        if not is_run_directory(path):
            raise UserError(
                f"The folder {path} is not empty and holds no run of this package.",
                "a new or empty folder, or the folder of an earlier run.",
                "choose another --run-dir; nothing in the folder was changed.",
            )
        if not (overwrite or resume):
            raise UserError(
                f"The folder {path} already holds a run.",
                "a new or empty folder.",
                "choose another --run-dir, continue that run with --resume (after `krr forecast`: "
                f"krr run {path / 'recipe.toml'} --run-dir {path} --resume), or replace it with "
                "--overwrite.",
            )
        return cls(path, resumed=resume, replaces=overwrite)

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file in UTF-8, atomically; raises `WriteError`."""
        with self.staged(name) as staged:
            write_synced(staged, text.encode("utf-8"))
        return self.path / name

    def write_json(self, name: str, data: dict[str, Any]) -> Path:
        """Write data as JSON; NaN and infinity, which JSON lacks, become null."""
        if self.watcher is not None:
            self.watcher(name, data)
        return self.write_text(name, json_text(data))

    def write_csv(self, name: str, frame: pd.DataFrame) -> Path:
        """Write a frame as CSV without its index; missing values are empty."""
        return self.write_text(name, frame.to_csv(index=False, lineterminator="\n"))

    def write_config(self, config: Config, covariates: Covariates | None = None) -> None:
        """Write the resolved configuration, as ``config.json`` and as a recipe to run again.

        What the columns beside the target mean, if there are any, goes into ``covariates.json``.
        """
        self.write_json("config.json", config_to_dict(config))
        if covariates:
            self.write_json("covariates.json", covariates.to_dict())
        self.write_text("recipe.toml", "# The recipe of this run, resolved.\n" + dump_toml(config))

    def write_environment(self, seed: int) -> None:
        """Write versions, hardware and the wall time until now."""
        from keras_rnn_recipes.runs.environment import describe_environment

        seconds = time.perf_counter() - self.started
        pool = self.gradient_pool
        workers = {} if pool is None else {"workers": pool.workers}
        self.write_json("environment.json", describe_environment(seed, seconds) | workers)

    def write_model(self, model: keras.Model, name: str = "model.keras") -> Path:
        """Write a Keras model that can be trained further."""
        with self.staged(name) as staged:
            model.save(staged)
        return self.path / name

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Read a JSON file of the run; None if there is none."""
        path = self.path / name
        return read_json(path) if path.exists() else None

    @contextlib.contextmanager
    def staged(self, name: str) -> Iterator[Path]:
        """Yield a temporary path for a file or folder, and rename it to ``name`` at the end.

        If the block fails, the temporary path is removed and ``name`` stays as it was.

        Raises:
            WriteError: the operating system refused, for example because the disk is full.
        """
        with writing(self.path / name):
            self._prepare()
        with replacing(self.path / name) as path:
            yield path

    def describe(self) -> str:
        """The paths of the most important files, one per line."""
        found = {what: self.path / name for what, name in MAIN_FILES.items()}
        return "\n".join(f"{what + ':':<14}{path}" for what, path in found.items() if path.exists())

    def folder(self, name: str) -> Path:
        """A subfolder, created if missing, for files whose writer makes its own writes atomic."""
        with writing(self.path / name):
            self._prepare()
            (self.path / name).mkdir(parents=True, exist_ok=True)
        return self.path / name

    def part(self, name: str) -> RunDirectory:
        """A subfolder for a second training of this run, resumed if this run is.

        It has its own history and checkpoints; the watcher of this run is not called for them.
        """
        part = RunDirectory(self.folder(name), self.resumed, _lock=self._lock)
        part.gradient_pool = self.gradient_pool
        return part

    def discard(self) -> None:
        """Remove the files of this run, and the folder if this run created it."""
        if self.replaces or not self.path.is_dir():
            return  # nothing was written yet, so the files are those of the earlier run
        _remove_artefacts(self.path)
        self.release()
        if self.created and not any(self.path.iterdir()):
            self.path.rmdir()

    def release(self) -> None:
        """Release the lock, so that other processes may write to the folder."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _prepare(self) -> None:
        """Before the first file: create, lock and tidy the folder, remove the run replaced."""
        if not self.path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            self.created = True
        if self._lock is None:
            self._lock = FolderLock(self.path)
            _clear_leftovers(self.path)
        if self.replaces:
            _remove_artefacts(self.path)
            self.replaces = False  # once only


def is_run_directory(path: Path) -> bool:
    """Whether a folder holds a run: a ``config.json`` in the current format."""
    try:
        data = read_json(path / "config.json")
    except UserError:
        return False
    return data.get("format_version") == FORMAT_VERSION and isinstance(data.get("family"), str)


def _is_empty(path: Path) -> bool:
    """Whether nothing is there but what a killed process left: unfinished files, its lock."""
    return not path.exists() or all(
        entry.name == LOCK_NAME or _is_leftover(entry) for entry in path.iterdir()
    )


def _is_leftover(entry: Path) -> bool:
    ours = tuple(f"{STAGED_PREFIX}{name}." for name in ARTEFACTS)
    return entry.name.startswith(ours) and entry.name.endswith(STAGED_SUFFIX)


def _clear_leftovers(path: Path) -> None:
    """Remove what killed processes staged in a run directory and in the folders of the run."""
    folders = [path / name for name in ARTEFACTS if (path / name).is_dir()]
    inside = [Path(inner) for folder in folders for inner, _, _ in os.walk(folder)]
    ours = [entry for entry in staged_in(path) if _is_leftover(entry)]
    for left in [*ours, *(entry for folder in inside for entry in staged_in(folder))]:
        clear_staged(left)


def _remove_artefacts(path: Path) -> None:
    leftovers = [entry.name for entry in path.iterdir() if _is_leftover(entry)]
    # config.json goes last: if this is interrupted, the folder still counts as a run.
    for name in [*leftovers, *ARTEFACTS[1:], ARTEFACTS[0]]:
        target = path / name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)


def _check_writable(path: Path) -> None:
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return
    what = "is not a folder" if not existing.is_dir() else "cannot be written to"
    raise WriteError(
        f"{existing} {what}, so the run directory {path} cannot be used.",
        "a folder that can be written to.",
        "choose another --run-dir.",
    )
