"""Sequences of vectors or of frames with labels, and the parts of a data set of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["vectors", "waveforms", "frames"]


@dataclass(frozen=True)
class LabelledSequences:
    """Sequences and their labels.

    Attributes:
        values: float32 ``(time, channels)`` each, NaN where a value is missing. A waveform has one
            channel. Frames of a video are uint8 ``(time, height, width, channels)``.
        labels: of each sequence; none for new data without labels.
        names: of each sequence, as messages and tables name it: an id or a file.
        channels: names of the channels.
        rate: samples or frames per second; None where it is unknown or of no use.

    Example:
        >>> rows = LabelledSequences((np.zeros((3, 2), "float32"),), ("left",), ("a.csv",), "xy")
        >>> len(rows), rows.rows([0]).names
        (1, ('a.csv',))
    """

    values: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    channels: tuple[str, ...]
    rate: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, numbers: Sequence[int] | np.ndarray) -> LabelledSequences:
        """The sequences with these numbers, in this order."""
        return LabelledSequences(
            tuple(self.values[n] for n in numbers),
            tuple(self.labels[n] for n in numbers) if self.labels else (),
            tuple(self.names[n] for n in numbers),
            self.channels,
            self.rate,
        )

    @property
    def kind(self) -> Kind:
        """What a sequence holds.

        Example:
            >>> videos = (np.zeros((3, 8, 8, 1), "uint8"),)
            >>> LabelledSequences(videos, ("left",), ("a.mp4",), ("grey",)).kind
            'frames'
        """
        if self.values and self.values[0].ndim == 4:
            return "frames"
        return "vectors" if self.rate is None else "waveforms"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one step: ``(channels,)``, or height, width and channels of a frame."""
        return self.values[0].shape[1:] if self.values else (len(self.channels),)

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each sequence, int ``(sequences,)``."""
        return np.array([len(one) for one in self.values], int)


@dataclass(frozen=True)
class SequenceParts:
    """A data set of sequences in three parts.

    Attributes:
        name: of the data set.
        train, valid, test: the parts.
        notes: what was assumed while reading.
    """

    name: str
    train: LabelledSequences
    valid: LabelledSequences
    test: LabelledSequences
    notes: tuple[str, ...] = ()
