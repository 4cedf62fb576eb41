"""The values of many series in a file, of which memory holds only a part at a time."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from keras_rnn_recipes.data.bounds import series_bounds
from keras_rnn_recipes.storage import writing

# Rows of the frames in which all series are read.
_ROWS_AT_ONCE = 250_000
_ITEM = np.dtype("float64").itemsize


class StoredSeries:
    """The column ``y`` of a frame of whole series, in a file without a name.

    The file is gone when the object is, or the process, however it ends. Memory holds where each
    series begins: 8 bytes a series.

    Args:
        folder: on the disk that is to hold the file.

    Attributes:
        folder: as above.
        bounds: first row of each series, and the number of rows, int64 (series + 1,).

    Example:
        >>> frame = pd.DataFrame({"unique_id": ["a", "a", "b"], "y": [1.0, 2.0, 5.0]})
        >>> stored = StoredSeries.of([frame], tempfile.gettempdir())
        >>> stored.bounds.tolist(), stored.windows(np.array([1]), span=2)[0, :, 0].tolist()
        ([0, 2, 3], [2.0, 5.0])
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.bounds = np.zeros(1, "int64")
        self._lock = threading.Lock()
        with writing(self.folder):
            self._file = tempfile.TemporaryFile(dir=self.folder, buffering=0)  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    @classmethod
    def of(cls, frames: Iterable[pd.DataFrame], folder: str | Path) -> StoredSeries:
        """Store frames of whole series, one after the other.

        Args:
            frames: columns ``unique_id, y``; the rows of a series are together in one frame.
            folder: on the disk that is to hold the file.

        Raises:
            WriteError: the disk is full, or the folder cannot be written to.
        """
        stored, bounds = cls(folder), [np.zeros(1, "int64")]
        for frame in frames:
            bounds.append(bounds[-1][-1] + series_bounds(frame)[1:])
            with writing(stored.folder):
                stored._append(frame["y"].to_numpy("float64"))
        stored.bounds = np.concatenate(bounds)
        return stored

    @property
    def num_series(self) -> int:
        """Number of series."""
        return len(self.bounds) - 1

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Frames of whole series, whose ``unique_id`` is the number of the series."""
        first = 0
        while first < self.num_series:
            end = int(np.searchsorted(self.bounds, self.bounds[first] + _ROWS_AT_ONCE, "right")) - 1
            end = max(end, first + 1)
            yield self._frame(
                np.arange(first, end), self._read(self.bounds[first], self.bounds[end])
            )
            first = end

    def map(self, function: Callable[[pd.DataFrame], pd.DataFrame]) -> StoredSeries:
        """Store what a function makes of the frames."""
        return StoredSeries.of(map(function, self), self.folder)

    def take(self, series: np.ndarray) -> pd.DataFrame:
        """The frame of some series, given by number, in ascending order."""
        parts = [self._read(self.bounds[one], self.bounds[one + 1]) for one in series]
        return self._frame(series, np.concatenate(parts) if parts else np.empty(0))

    def windows(self, first_rows: np.ndarray, span: int) -> np.ndarray:
        """Windows of consecutive rows, float32 (batch, span, 1).

        Args:
            first_rows: int64 (batch,). Rows before the first of the file are zeros.
            span: rows of each window.
        """
        found = np.zeros((len(first_rows), span, 1), "float32")
        for window, first in zip(found, first_rows, strict=True):
            before = max(-int(first), 0)
            window[before:, 0] = self._read(first + before, first + span)
        return found

    def _append(self, values: np.ndarray) -> None:
        rest = np.ascontiguousarray(values).view("uint8").data
        while rest:
            rest = rest[self._file.write(rest) :]

    def _read(self, start: int, end: int) -> np.ndarray:
        """The values of rows ``start`` to ``end``."""
        values = np.empty(end - start)
        rest = values.view("uint8").data
        with self._lock:
            self._file.seek(int(start) * _ITEM)
            while rest:
                number = self._file.readinto(rest)
                if not number:
                    raise OSError(f"The stored values end before row {end}.")
                rest = rest[number:]
        return values

    def _frame(self, series: np.ndarray, values: np.ndarray) -> pd.DataFrame:
        lengths = self.bounds[series + 1] - self.bounds[series]
        return pd.DataFrame({"unique_id": np.repeat(series, lengths), "y": values})
