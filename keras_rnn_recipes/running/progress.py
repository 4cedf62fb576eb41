"""What a person sees, and TensorBoard draws, while a network trains."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, final

import keras
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Row = dict[str, float]


def progress_bar(num_steps: int) -> list[keras.callbacks.Callback]:
    """A bar on standard error when that is a terminal; nothing, at no cost, otherwise."""
    console = Console(stderr=True)
    return [_Bar(console, num_steps)] if console.is_terminal else []


@final
class _Bar(keras.callbacks.Callback):
    """A rich progress bar that counts epochs and moves with every execution."""

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
        """Give the terminal back, also after a failure."""
        self._progress.stop()


class TensorBoardLog:
    """Writes each epoch's figures for TensorBoard, under the names that Keras uses.

    Keras' own callback also hooks into every step, which costs small networks dearly.
    A log is a convenience: if it cannot be written, training goes on without it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}

    def write(self, epoch: int, row: Row) -> None:
        """Log one epoch, counted from 0, of the history."""
        names = {name: f"epoch_{name.removeprefix('val_')}" for name in row}
        valid = {names[name]: value for name, value in row.items() if name.startswith("val_")}
        train = {names[name]: value for name, value in row.items() if not name.startswith("val_")}
        self.write_part("train", epoch, train)
        self.write_part("validation", epoch, valid)

    def write_part(self, part: str, step: int, values: Row) -> None:
        """Log values at a step, in a folder of their own."""
        if self._folder is None or not values:
            return
        try:
            with self._writer(part).as_default():
                for name, value in values.items():
                    tf.summary.scalar(name, value, step=step)
        except tf.errors.OpError as error:
            self._give_up(error)

    def close(self) -> None:
        """Flush what was logged."""
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
