"""How far errors reach back while a network trains: for TensorBoard, and for the report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, final

import keras
import pandas as pd

from keras_rnn_recipes.running.gradient_flow import COLUMNS, GradientFlow
from keras_rnn_recipes.running.gradient_health import judge_flow
from keras_rnn_recipes.running.progress import TensorBoardLog

# A measurement is due when training has gone on for so many times as long as the last one took.
_APART = 20


@final
class GradientWatch(keras.callbacks.Callback):
    """Measures `gradient_flow` on one batch before training and at the end of epochs.

    It takes a twentieth of the time at most: where epochs are short, not every one is measured. For
    TensorBoard it writes of each layer its ``gradient_reach`` (steps), its ``gradient_rate`` (per
    step back), both as `judge_flow` gives them, and its ``gradient_norm`` at lag 0.

    Args:
        batch: ``(x, y)`` or ``(x, y, weights)``, as the model is trained on.
        loss: as `keras.Model.compile` takes it; mean squared error when left out.
        folder: where TensorBoard looks for logs; nothing is written when left out.

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

    def __init__(self, batch: Any, loss: Any = None, *, folder: str | Path | None = None) -> None:
        super().__init__()
        self._batch, self._loss = tuple(batch), loss
        self._log = TensorBoardLog(None if folder is None else Path(folder))
        self._flow: GradientFlow | None = None
        self._first = self._last = pd.DataFrame(columns=["epoch", *COLUMNS])
        self._epochs, self._cost, self._ended = 0, 0.0, 0.0

    @property
    def flows(self) -> pd.DataFrame:
        """Of the first measurement and of the last: ``epoch``, ``layer``, ``lag``, ``norm``.

        ``epoch`` counts the finished ones: it is 0 of a network as it starts.
        """
        once = self._first is self._last
        return self._first if once else pd.concat([self._first, self._last], ignore_index=True)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Measure the network as it starts."""
        if self._flow is None:
            self._flow = GradientFlow(self.model, self._loss)
            self._flow(*self._batch)  # traced, which takes longer than it will
            self.measure(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure, if it is time."""
        self._epochs = epoch + 1
        if time.perf_counter() - self._ended >= _APART * self._cost:
            self.measure(self._epochs)

    def on_train_end(self, logs: Any = None) -> None:
        """Measure the network as it ends, if its last epoch was not."""
        if not (self._last["epoch"] == self._epochs).all():
            self.measure(self._epochs)
        self._log.close()

    def measure(self, epoch: int) -> None:
        """Measure the network as it is, after so many epochs."""
        assert self._flow is not None, "nothing was trained yet"
        started = time.perf_counter()
        self._last = self._flow(*self._batch).assign(epoch=epoch)[["epoch", *COLUMNS]]
        self._ended = time.perf_counter()
        self._cost = self._ended - started
        self._first = self._last if self._first.empty else self._first
        for row in judge_flow(self._last).to_dict("records"):
            figures = {"reach": row["reach"], "rate": row["rate"], "norm": row["norm"]}
            names = {f"gradient_{name}/{row['layer']}": v for name, v in figures.items()}
            self._log.write_part("gradients", epoch, names)
