"""The training state: saved in one file, from which training resumes exactly."""

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

SHARE_OF_TIME = 0.02  # of the training time that saving may take


@dataclass
class Progress:
    """The progress of training, as plain numbers.

    Attributes:
        plan: settings that must be the same to resume (number of windows, batch size, ...).
        epoch: number of finished epochs.
        rows: one row of the history per epoch.
        best_loss: the lowest validation loss so far; None before the first comparison.
        best_epoch: the epoch of that loss, counted from 1.
        stopped: whether training stopped early.
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

    Attributes:
        progress: plain numbers.
        model: the weights, and the states of random generators, so that dropout continues its
            sequence.
        optimizer: moments and step count.
        best: the weights to keep, of the best epoch or the mean of the last ones; empty before
            the first comparison.
    """

    progress: Progress
    model: Arrays
    optimizer: Arrays
    best: Arrays


class StateFile:
    """Save states in a folder so that a complete one remains if the process is killed.

    Two files alternate. Each is written under a temporary name and renamed, so while one is
    replaced the other still contains the state before. Saving takes at most a fiftieth of the
    training time, so not every short epoch is saved; lost epochs are computed again with the same
    result.

    Args:
        folder: of the two files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saved_at: float | None = None
        self._cost = 0.0

    def due(self) -> bool:
        """Whether enough time has passed since the last save for the next one."""
        if self._saved_at is None:
            return True
        return time.perf_counter() - self._saved_at >= self._cost / SHARE_OF_TIME

    def save(self, state: TrainingState) -> None:
        """Write a state.

        Raises:
            WriteError: the file cannot be written; the state before remains.
        """
        arrays = {"progress": np.frombuffer(json.dumps(asdict(state.progress)).encode(), np.uint8)}
        for part in ("model", "optimizer", "best"):
            arrays |= {f"{part}/{i}": a for i, a in enumerate(getattr(state, part))}
        with replacing(self._folder / self._next_name()) as path, open(path, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Measure the time of a save, which decides when the next one is due."""
        start = time.perf_counter()
        yield
        self._saved_at = time.perf_counter()
        self._cost = self._saved_at - start

    def load(self) -> TrainingState | None:
        """The latest complete state, or None."""
        states = [s for name in NAMES if (s := _read(self._folder / name)) is not None]
        return max(states, key=lambda s: s.progress.epoch, default=None)

    def _next_name(self) -> str:
        """The name of the file that does not contain the latest state."""
        ages = [_modified(self._folder / name) for name in NAMES]
        return NAMES[int(ages[1] < ages[0])]


def check_fits(state: TrainingState, plan: dict[str, Any], model: keras.Model) -> None:
    """Check that a state was saved by the same experiment.

    Args:
        state: the saved state.
        plan: the settings of this experiment.
        model: the model of this experiment.

    Raises:
        UserError: another setting, or weights of another shape.
    """
    saved, now = state.progress.plan, plan
    changed = [f"{k} was {saved.get(k)}, is {v}" for k, v in now.items() if saved.get(k) != v]
    shapes = [a.shape for a in state.model] != [tuple(v.shape) for v in variables_of(model)]
    if changed or shapes:
        raise UserError(
            "The interrupted run was another experiment: "
            + ("; ".join(changed) or "its network has other weights")
            + ".",
            "the same data, the same recipe and the same version of the package.",
            "restore them, or start again with --overwrite.",
        )


def copy_weights(model: keras.Model, run_dir: str) -> None:
    """Give a network the weights of a finished run.

    Args:
        model: the network.
        run_dir: folder of the run.

    Raises:
        UserError: the run has no ``model.keras``, or its network has other weights.
    """
    import keras

    import keras_rnn_recipes.layers  # noqa: F401  registers what the file names

    path = Path(run_dir) / "model.keras"
    try:
        earlier = keras.saving.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise UserError(
            f"The network of {run_dir} cannot be read: {error}.",
            "the folder of a finished run (fit.start_from).",
            "give the folder of a run that is finished.",
        ) from error
    if [tuple(v.shape) for v in earlier.weights] != [tuple(v.shape) for v in model.weights]:
        raise UserError(
            f"The network of {run_dir} has other weights than the one to train.",
            "the same network, covariates, categories and series.",
            "train a new network instead: krr run.",
        )
    assign(model.weights, values_of(earlier.weights))


def variables_of(model: keras.Model) -> list[keras.Variable]:
    """The weights and the states of random generators, without metrics, in a fixed order."""
    return [*model.trainable_variables, *model.non_trainable_variables]


def values_of(variables: list[keras.Variable]) -> Arrays:
    """Copies of the values of variables."""
    return [np.array(v.numpy()) for v in variables]


def assign(variables: list[keras.Variable], values: Arrays) -> None:
    """Assign saved values to variables."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else -1


def _read(path: Path) -> TrainingState | None:
    """Read a state; None if the file is missing or, for example after a power cut, damaged."""
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
    """Seed the random generators of Python, NumPy and Keras (initial weights and dropout).

    On a CPU training is then reproducible bit for bit, without TensorFlow's slower deterministic
    mode (``tf.config.experimental.enable_op_determinism``). The order of windows has its own seed,
    an argument of ``window_dataset``.

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
