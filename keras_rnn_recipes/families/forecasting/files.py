"""A panel in files of ``krr shard``: read file by file, with some of its series in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.data.bounds import series_bounds
from keras_rnn_recipes.data.frames import Panel, SeriesInFiles
from keras_rnn_recipes.data.split import without_last
from keras_rnn_recipes.data.stored import StoredSeries
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.families.forecasting.file_updates import FileUpdate, check_update, read_part
from keras_rnn_recipes.shards.manifest import Manifest, read_manifest
from keras_rnn_recipes.shards.panels import PanelFile, open_panel

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.config.forecasting import DataConfig

# Limits of what is in memory, and how many files have their notes shown.
MOST_SERIES, MOST_ROWS, MOST_NOTES = 1000, 2_000_000, 3

# What needs more than the values of one file at a time.
_REFUSED = (
    *("past_cols", "future_cols", "static_cols", "calendar", "holidays", "future_file"),
    *("wide", "start", "end"),
)


def load_files(data: DataConfig, *, scratch: Path | None = None) -> Panel:
    """Read a folder of ``krr shard`` in one pass.

    Args:
        data: the recipe's section, with the folder as its source.
        scratch: folder of the run, next to which the values are stored for training; None: nothing
            is trained.

    Returns:
        A panel whose ``frame`` has at most 1,000 of the series, evenly spaced, and whose ``files``
        has all. It has every series if they are no more than that.

    Raises:
        UserError: a file is damaged or cannot be used, or the recipe asks for covariates or for
            another thing that is not read from files.
    """
    _refuse_options(data)
    manifest = read_manifest(data.source)
    assert manifest is not None
    for update in data.updates:
        check_update(manifest, data.source, update)
    files = _Files(data, manifest, open_panel(data.source).files)
    chosen = _Chosen(_every(manifest))
    frames = (chosen.add(name, panel) for name, panel in files)
    stored = None
    if scratch is None:
        _ = sum(1 for _ in frames)
    else:
        stored = StoredSeries.of(frames, _existing(scratch))
    if chosen.first is None:
        raise UserError(
            f"No series of {data.source} has a step to learn from.",
            "series with values.",
            "give another folder, or a smaller data.drop_last.",
        )
    whole = SeriesInFiles(chosen.num_series, chosen.num_steps, files.panels, stored)
    notes = (*manifest.problems, *_told(data, whole, chosen), *chosen.notes)
    some = replace(chosen.first, frame=chosen.frame(), unobserved=())
    return replace(some, notes=notes, files=whole)


@dataclass(frozen=True)
class _Files:
    """The panels of the files, with the frequency and the season of all."""

    data: DataConfig
    manifest: Manifest
    files: Sequence[PanelFile]

    def __iter__(self) -> Iterator[tuple[str, Panel]]:
        options = self._reading()
        updates = [FileUpdate(folder, options) for folder in self.data.updates]
        # New rows of a series that is in no file go to that with the next name.
        last = [*(shard.last for shard in self.manifest.files[:-1]), None]
        for file, low, high in zip(self.files, [None, *last], last, strict=False):
            panel = read_part(file, options)
            for update in updates:
                panel = update.extend(panel, low, high)
            if panel and np.diff(series_bounds(panel.frame)).max() > self.data.drop_last:
                yield file.name, without_last(panel, self.data.drop_last)

    def panels(self) -> Iterator[Panel]:
        return (panel for _, panel in self)

    def _reading(self) -> dict[str, Any]:
        found = self.manifest
        if not (self.data.freq or found.facts["freq"]):
            raise UserError(
                f"krr shard could not infer the frequency of {self.data.source} from its first "
                "series.",
                "the frequency of all series, such as D, MS or h.",
                "give it: set data.freq in the recipe, or add data.freq=D to the command.",
            )
        return {
            "id_col": ",".join(found.ids),
            "time_col": found.time,
            "target_col": ",".join(found.targets),
            "freq": found.facts["freq"],
            "season_length": found.facts["season_length"],
            **self.data.reading(),
        }


@dataclass
class _Chosen:
    """The series of a panel that are in memory, and counts of all: every k-th one."""

    every: int
    num_series: int = 0
    num_steps: int = 0
    first: Panel | None = None
    _parts: list[pd.DataFrame] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)

    def add(self, name: str, panel: Panel) -> pd.DataFrame:
        """Count the series of a file, keep some, and return the frame of all."""
        self.first = self.first or panel
        lengths = np.diff(series_bounds(panel.frame))
        numbers = self.num_series + np.arange(len(lengths))
        self._parts.append(panel.frame[np.repeat(numbers % self.every == 0, lengths)])
        self._notes += [f"{name}: {note}" for note in panel.notes]
        self.num_series += len(lengths)
        self.num_steps += len(panel.frame)
        return panel.frame

    def frame(self) -> pd.DataFrame:
        """The rows of the series that are kept."""
        import pandas as pd

        return pd.concat(self._parts, ignore_index=True)

    @property
    def notes(self) -> list[str]:
        """The first notes on files, and how many there are more."""
        more = len(self._notes) - MOST_NOTES
        told = [f"There are {more:,} more such notes on files."] if more > 0 else []
        return [*self._notes[:MOST_NOTES], *told]


def _every(manifest: Manifest) -> int:
    return max(-(-manifest.series // MOST_SERIES), -(-manifest.rows // MOST_ROWS), 1)


def _existing(folder: Path) -> Path:
    """The folder, or the next one above it that there is."""
    return next(path for path in (folder, *folder.absolute().parents) if path.is_dir())


def _told(data: DataConfig, files: SeriesInFiles, chosen: _Chosen) -> list[str]:
    if chosen.every == 1:
        return []
    some = counted(-(-files.num_series // chosen.every), "series")
    return [
        f"{some} of {files.num_series:,}, evenly spaced, are in memory. They decide what the "
        "recipe leaves open, fit the baselines and the intervals, and fill forecasts.csv, "
        "backtest.csv, scores.csv and the report. The network learns from all series, and "
        "metrics.json has the means over all.",
        f"Forecasts of all: krr predict RUN_DIR --input {data.source} --output DIR",
    ]


def _refuse_options(data: DataConfig) -> None:
    given = [name for name in _REFUSED if getattr(data, name)]
    if given:
        keys = ", ".join(f"data.{name}" for name in given)
        raise UserError(
            f"{data.source} is a panel in files, and the recipe has {keys}.",
            "the target alone: covariates and parts of the time are not read from such a panel.",
            f"remove {keys}, or give one table that fits into memory.",
        )
