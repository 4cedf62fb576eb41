"""What is known about a panel after one pass over its sorted rows, in memory of a fixed size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_rnn_recipes.data.frequency import infer_freq, ordinals
from keras_rnn_recipes.data.regular import shown
from keras_rnn_recipes.data.season import season_of
from keras_rnn_recipes.errors import UserError, counted


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of a panel that is sorted by series and time.

    Attributes:
        names: name of each series in the piece, in order; the first may have begun earlier.
        starts: first row of each of these series.
        ds: datetime64 or int64 (rows,).
        values: float64 (rows, targets), NaN where missing.
        goes_on: whether the first series began in an earlier piece.
    """

    names: list[str]
    starts: np.ndarray
    ds: np.ndarray
    values: np.ndarray
    goes_on: bool

    @property
    def bounds(self) -> np.ndarray:
        """First row of each series, and the number of rows."""
        return np.append(self.starts, len(self.ds))


@dataclass
class _Target:
    """The values of one column, so far."""

    low: float = np.inf
    high: float = -np.inf
    total: float = 0.0
    observed: int = 0
    negative: int = 0

    def add(self, values: np.ndarray) -> None:
        known = values[~np.isnan(values)]
        if len(known):
            self.low, self.high = min(self.low, known.min()), max(self.high, known.max())
            self.total += float(known.sum())
            self.observed += len(known)
            self.negative += int((known < 0).sum())


@dataclass
class Sketch:
    """Counts, ranges, frequency and problems of a panel, from its rows piece by piece.

    Frequency and season are those of the series in the first piece. Gaps are counted in steps of
    that frequency.

    Args:
        targets: names of the columns of values.
    """

    targets: tuple[str, ...]
    rows: int = 0
    series: int = 0
    freq: str | None = None
    season_length: int | None = None
    shortest: int = 0
    longest: int = 0
    first: Any = None
    last: Any = None
    duplicates: int = 0
    first_duplicate: str = ""
    gap_steps: int = 0
    gap_series: int = 0
    first_gap: str = ""
    values: dict[str, _Target] = field(default_factory=dict)
    _length: int = 0
    _last_ds: Any = None
    _has_gap: bool = False

    def add(self, piece: Piece) -> None:
        """Add the next rows, in order."""
        if not len(piece.ds):
            return
        if not self.rows:
            self._find_frequency(piece)
        self.rows += len(piece.ds)
        self._add_lengths(piece)
        low, high = piece.ds.min(), piece.ds.max()
        self.first = low if self.first is None else min(self.first, low)
        self.last = high if self.last is None else max(self.last, high)
        for name, column in zip(self.targets, piece.values.T, strict=True):
            self.values.setdefault(name, _Target()).add(column)
        self._add_steps(piece)
        self._last_ds = piece.ds[-1]

    def to_dict(self) -> dict[str, Any]:
        """The content of the manifest."""
        self._close_series()
        mean = self.rows / self.series if self.series else 0
        return {
            "rows": self.rows,
            "series": self.series,
            "freq": self.freq,
            "season_length": self.season_length,
            "time": {"first": _plain(self.first), "last": _plain(self.last)},
            "rows_per_series": {"min": self.shortest, "mean": mean, "max": self.longest},
            "values": {name: self._of_target(found) for name, found in self.values.items()},
            "duplicates": {"rows": self.duplicates, "first": self.first_duplicate},
            "gaps": {
                "steps": self.gap_steps,
                "series": self.gap_series,
                "first": self.first_gap,
            },
        }

    def problems(self) -> list[str]:
        """A sentence for each problem that was found."""
        found = []
        if self.duplicates:
            rows = counted(self.duplicates, "row", "has", "have")
            found.append(
                f"{rows} the series and the time of another row, the first for "
                f"{self.first_duplicate}; such series cannot be read as they are "
                "(data.aggregate=sum summarizes them)."
            )
        if self.gap_steps:
            steps = counted(self.gap_steps, "step", "has", "have")
            found.append(
                f"{steps} no row in {self.gap_series:,} series (steps of {self.freq}); the first "
                f"gap is in series {self.first_gap!r}."
            )
        for name, target in self.values.items():
            missing = self.rows - target.observed
            if missing:
                rows = counted(missing, "row", "has", "have")
                found.append(f"{rows} no value in column {name!r}.")
        if self.rows and self.freq is None:
            found.append("The frequency cannot be inferred from the first series.")
        return found

    def _find_frequency(self, piece: Piece) -> None:
        try:
            self.freq = infer_freq(piece.ds, piece.bounds)
            y = piece.values[:, 0] if piece.values.size else np.zeros(len(piece.ds))
            self.season_length = season_of(self.freq, y, piece.bounds)
        except UserError:
            self.freq = None

    def _add_lengths(self, piece: Piece) -> None:
        lengths = np.diff(piece.bounds)
        if piece.goes_on:
            self._length += int(lengths[0])
            lengths = lengths[1:]
        if not len(lengths):
            return
        self._close_series()
        self.series += len(lengths)
        if len(lengths) > 1:
            done = lengths[:-1]
            self._note_lengths(int(done.min()), int(done.max()))
        self._length = int(lengths[-1])

    def _close_series(self) -> None:
        if self._length:
            self._note_lengths(self._length, self._length)

    def _note_lengths(self, low: int, high: int) -> None:
        self.shortest = low if not self.shortest else min(self.shortest, low)
        self.longest = max(self.longest, high)

    def _add_steps(self, piece: Piece) -> None:
        """Count rows of the same time, and steps without a row."""
        ds, begins = piece.ds, np.zeros(len(piece.ds), bool)
        begins[piece.starts] = True
        if piece.goes_on:
            ds = np.concatenate([np.asarray([self._last_ds], dtype=ds.dtype), ds])
            begins = np.append(True, begins)
            begins[1] = False
        within = ~begins[1:]
        same = (ds[1:] == ds[:-1]) & within
        shift = len(ds) - len(piece.ds)
        if same.any():
            row = int(np.argmax(same)) + 1 - shift
            self.first_duplicate = self.first_duplicate or (
                f"series {self._name(piece, row)!r} at {shown(piece.ds[row])}"
            )
            self.duplicates += int(same.sum())
        if self.freq is None:
            self._has_gap = False
            return
        self._add_gaps(piece, np.diff(ordinals(ds, self.freq)) - 1, within, shift)

    def _add_gaps(self, piece: Piece, missing: np.ndarray, within: np.ndarray, shift: int) -> None:
        holes = np.flatnonzero(within & (missing > 0))
        rows = holes + 1 - shift
        series = np.unique(np.searchsorted(piece.starts, rows, side="right") - 1)
        again = piece.goes_on and self._has_gap and len(series) and series[0] == 0
        self.gap_series += len(series) - int(again)
        if len(holes):
            self.gap_steps += int(missing[holes].sum())
            self.first_gap = self.first_gap or self._name(piece, int(rows[0]))
        last = len(piece.starts) - 1
        kept = piece.goes_on and last == 0 and self._has_gap
        self._has_gap = bool(kept or (len(series) and series[-1] == last))

    def _name(self, piece: Piece, row: int) -> str:
        return piece.names[int(np.searchsorted(piece.starts, row, side="right")) - 1]

    def _of_target(self, found: _Target) -> dict[str, Any]:
        if not found.observed:
            return {"min": None, "mean": None, "max": None, "missing": self.rows, "negative": 0}
        return {
            "min": float(found.low),
            "mean": found.total / found.observed,
            "max": float(found.high),
            "missing": self.rows - found.observed,
            "negative": found.negative,
        }


def _plain(moment: Any) -> int | str | None:
    """A time as JSON has it."""
    if moment is None:
        return None
    return int(moment) if isinstance(moment, int | np.integer) else shown(moment)
