"""Everything training needs to go on as if it had never stopped, in one file."""

from __future__ import annotations

import contextlib
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.storage import replacing

if TYPE_CHECKING:
    import keras


Arrays = list[np.ndarray]

Row = dict[str, float]

NAMES = ("state-0.npz", "state-1.npz")

SHARE_OF_TIME = 0.02


@dataclass
class Progress:
    """How far training is: plain numbers, kept beside the arrays.

    Attributes:
        plan: what must be the same for the state to fit (number of windows, batch size, ...).
        epoch: epochs finished.
        rows: one row of the history per epoch.
        best_loss: the lowest validation loss so far (None: nothing was compared yet).
        best_epoch: the epoch that had it, counted from 1.
        stopped: whether training ended before its last epoch.
    """

    plan: dict[str, Any]
    epoch: int = 0
    rows: list[Row] = field(default_factory=list)
    best_loss: float | None = None
    best_epoch: int = 0
    stopped: bool = False


@dataclass
class TrainingState:
    """The progress, and the values of all variables that training changes.

    ``model`` holds the weights and the states of random generators (dropout goes on with
    the next number, not the first one); ``optimizer`` its moments and step count; ``best``
    the weights of the best epoch, empty when nothing was compared.
    """

    progress: Progress
    model: Arrays
    optimizer: Arrays
    best: Arrays


class StateFile:
    """Saves states under a folder so that a kill at any moment leaves a whole one.

    Two files take turns, each written beside and renamed: while one is replaced the other
    still holds the state before. Saving takes at most a fiftieth of the time, so that for
    a small network not every epoch is saved; the epochs lost are computed again, to the
    same result.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saved_at: float | None = None
        self._cost = 0.0

    def due(self) -> bool:
        """Whether enough time has passed since the last save."""
        if self._saved_at is None:
            return True
        return time.perf_counter() - self._saved_at >= self._cost / SHARE_OF_TIME

    def save(self, state: TrainingState) -> None:
        """Write a state; raises ``WriteError`` and keeps the one before when it cannot."""
        arrays = {"progress": np.frombuffer(json.dumps(asdict(state.progress)).encode(), np.uint8)}
        for part in ("model", "optimizer", "best"):
            arrays |= {f"{part}/{i}": a for i, a in enumerate(getattr(state, part))}
        with replacing(self._folder / self._next_name()) as path, open(path, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Around all that is written at a save: what it takes decides when the next is due."""
        start = time.perf_counter()
        yield
        self._saved_at = time.perf_counter()
        self._cost = self._saved_at - start

    def load(self) -> TrainingState | None:
        """The latest whole state; None when there is none."""
        states = [s for name in NAMES if (s := _read(self._folder / name)) is not None]
        return max(states, key=lambda s: s.progress.epoch, default=None)

    def _next_name(self) -> str:
        """The file that does not hold the latest state."""
        ages = [_modified(self._folder / name) for name in NAMES]
        return NAMES[int(ages[1] < ages[0])]


def check_fits(state: TrainingState, plan: dict[str, Any], model: keras.Model) -> None:
    """Raise ``UserError`` when a state was saved by another experiment than this one."""
    saved, now = state.progress.plan, plan
    changed = [f"{k} was {saved.get(k)}, is {v}" for k, v in now.items() if saved.get(k) != v]
    shapes = [a.shape for a in state.model] != [tuple(v.shape) for v in variables_of(model)]
    if changed or shapes:
        raise UserError(
            "The interrupted run was another experiment: "
            + ("; ".join(changed) or "its network has other weights")
            + ".",
            "the same data, the same recipe and the same version of the package.",
            "restore them, or begin again with --overwrite.",
        )


def variables_of(model: keras.Model) -> list[keras.Variable]:
    """Weights and the states of random generators, without metrics, in a fixed order."""
    return [*model.trainable_variables, *model.non_trainable_variables]


def values_of(variables: list[keras.Variable]) -> Arrays:
    """Copies of the variables' values."""
    return [np.array(v.numpy()) for v in variables]


def assign(variables: list[keras.Variable], values: Arrays) -> None:
    """Put saved values back."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else -1


def _read(path: Path) -> TrainingState | None:
    """A file that is missing, or that a power cut left broken, counts as not there."""
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            progress = Progress(**json.loads(file["progress"].tobytes()))
            parts = {
                part: [file[f"{part}/{i}"] for i in range(_count(file.files, part))]
                for part in ("model", "optimizer", "best")
            }
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
    return TrainingState(progress, **parts)


def _count(names: list[str], part: str) -> int:
    return sum(name.startswith(f"{part}/") for name in names)


def set_seeds(seed: int) -> None:
    """Seed Python, numpy and Keras, from which layers and initialisers draw theirs.

    On a CPU this makes training repeatable to the last bit, so that TensorFlow's slower
    deterministic mode (``tf.config.experimental.enable_op_determinism``) is left alone;
    the order of windows has a seed of its own, given to ``window_dataset``.

    Args:
        seed: at least 0 and below 2**31.

    Example:
        >>> import numpy as np
        >>> set_seeds(7); first = np.random.rand()
        >>> set_seeds(7); bool(first == np.random.rand())
        True
    """
    import keras

    keras.utils.set_random_seed(seed)
