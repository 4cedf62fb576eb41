"""Training callbacks: progress bar, TensorBoard logs, and the gradient flow by epoch."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, final

import keras
import pandas as pd
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from keras_rnn_recipes.diagnostics.gradient_flow import COLUMNS, GradientFlow
from keras_rnn_recipes.diagnostics.gradient_health import judge_flow

Row = dict[str, float]


def progress_bar(num_steps: int) -> list[keras.callbacks.Callback]:
    """A progress bar on standard error if that is a terminal; otherwise no callback.

    Args:
        num_steps: training steps per epoch.
    """
    console = Console(stderr=True)
    return [_Bar(console, num_steps)] if console.is_terminal else []


@final
class _Bar(keras.callbacks.Callback):
    """A rich progress bar that counts epochs and moves with every batch callback."""

    def __init__(self, console: Console, num_steps: int) -> None:
        super().__init__()
        self._num_steps, self._epoch = num_steps, 0
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs, {task.fields[loss]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("training", total=None, loss="compiling")

    def on_train_begin(self, logs: Any = None) -> None:
        self._progress.update(self._task, total=self.params["epochs"])
        self._progress.start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        done = self._epoch + (batch + 1) / self._num_steps
        self._progress.update(self._task, completed=int(done))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        loss = ", ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        self._progress.update(self._task, completed=epoch + 1, loss=loss)

    def on_train_end(self, logs: Any = None) -> None:
        self.close()

    def close(self) -> None:
        """Restore the terminal, also after an error."""
        self._progress.stop()


class TensorBoardLog:
    """Write the metrics of each epoch for TensorBoard, under the names that Keras uses.

    Keras' own callback also runs at every training step, which slows small networks down. If a log
    cannot be written, training continues without it and prints a warning once.

    Args:
        folder: of the logs; None: write nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}

    def write(self, epoch: int, row: Row) -> None:
        """Log the metrics of one epoch, counted from 0."""
        names = {name: f"epoch_{name.removeprefix('val_')}" for name in row}
        valid = {names[name]: value for name, value in row.items() if name.startswith("val_")}
        train = {names[name]: value for name, value in row.items() if not name.startswith("val_")}
        self.write_part("train", epoch, train)
        self.write_part("validation", epoch, valid)

    def write_part(self, part: str, step: int, values: Row) -> None:
        """Log values at a step, in the subfolder ``part``."""
        if self._folder is None or not values:
            return
        try:
            with self._writer(part).as_default():
                for name, value in values.items():
                    tf.summary.scalar(name, value, step=step)
        except tf.errors.OpError as error:
            self._give_up(error)

    def close(self) -> None:
        """Write buffered values to disk."""
        try:
            for writer in self._writers.values():
                writer.close()
        except tf.errors.OpError as error:
            self._give_up(error)
        self._writers = {}

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            self._writers[part] = tf.summary.create_file_writer(str(self._folder / part))  # type: ignore[operator]
        return self._writers[part]

    def _give_up(self, error: Exception) -> None:
        self._folder, self._writers = None, {}
        print(f"TensorBoard logs are no longer written: {error}", file=sys.stderr)


# The time between two measurements, as a multiple of the time of one.
_APART = 20


@final
class GradientWatch(keras.callbacks.Callback):
    """Measure the gradient flow on one batch before training and at the end of epochs.

    It takes at most a twentieth of the training time: if epochs are short, it skips some. For
    TensorBoard it writes for each layer ``gradient_reach`` (steps) and ``gradient_rate`` (per step
    back), both from `judge_flow`, and ``gradient_norm`` at lag 0.

    Args:
        batch: one training batch ``(x, y)`` or ``(x, y, weights)``.
        loss: as `keras.Model.compile` takes it; None: mean squared error.
        folder: of the TensorBoard logs; None: write nothing.
        flow: of this network and loss, from an earlier training; it is compiled for batches of one
            size, so a larger batch is cut. None: it is made.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.layers.GRU(2), keras.layers.Dense(1)])
        >>> x, y = np.ones((4, 5, 1)), np.ones((4, 1))
        >>> model.compile("sgd", "mse")
        >>> watch = GradientWatch((x, y))
        >>> _ = model.fit(x, y, epochs=3, callbacks=[watch], verbose=0)
        >>> watch.flows["epoch"].unique().tolist()
        [0, 3]
    """

    def __init__(
        self,
        batch: Any,
        loss: Any = None,
        *,
        folder: str | Path | None = None,
        flow: GradientFlow | None = None,
    ) -> None:
        super().__init__()
        self._batch, self._loss = tuple(batch), loss
        if flow is not None:
            self._batch = tf.nest.map_structure(lambda part: part[: flow.rows], self._batch)
        self._log = TensorBoardLog(None if folder is None else Path(folder))
        self.flow = flow
        self._first = self._last = pd.DataFrame(columns=["epoch", *COLUMNS])
        self._epochs, self._cost, self._ended = 0, 0.0, 0.0

    @property
    def flows(self) -> pd.DataFrame:
        """The first and the last measurement: ``epoch``, ``layer``, ``lag``, ``norm``.

        ``epoch`` is the number of finished epochs, 0 before training.
        """
        once = self._first is self._last
        return self._first if once else pd.concat([self._first, self._last], ignore_index=True)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Measure the network before its first epoch."""
        if self.flow is None:
            self.flow = GradientFlow(self.model, self._loss)
        if self._first.empty:
            self.flow(*self._batch)  # the first call compiles, and its time does not count
            self.measure(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure the network, if enough time has passed since the last measurement."""
        self._epochs = epoch + 1
        if time.perf_counter() - self._ended >= _APART * self._cost:
            self.measure(self._epochs)

    def on_train_end(self, logs: Any = None) -> None:
        """Measure the network after its last epoch, if that was not done."""
        if not (self._last["epoch"] == self._epochs).all():
            self.measure(self._epochs)
        self._log.close()

    def measure(self, epoch: int) -> None:
        """Measure the current network, and record it under the number of finished epochs."""
        assert self.flow is not None, "measure() needs a network in training"
        started = time.perf_counter()
        self._last = self.flow(*self._batch).assign(epoch=epoch)[["epoch", *COLUMNS]]
        self._ended = time.perf_counter()
        self._cost = self._ended - started
        self._first = self._last if self._first.empty else self._first
        for row in judge_flow(self._last).to_dict("records"):
            figures = {"reach": row["reach"], "rate": row["rate"], "norm": row["norm"]}
            names = {f"gradient_{name}/{row['layer']}": v for name, v in figures.items()}
            self._log.write_part("gradients", epoch, names)
