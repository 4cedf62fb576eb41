"""Sequences from files: one file a sequence, in folders named by label or listed in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.data.reading import open_table
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.media.sequence_tables import (
    Tell,
    filled_cells,
    ignore,
    read_one_sequence,
    require_column,
)
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.media.wav import read_wav, resample

WAVEFORM = "waveform"


@dataclass(frozen=True)
class _Sequence:
    """One sequence of a file: its values, the names of its channels, and the rate of a waveform."""

    name: str
    values: np.ndarray
    channels: tuple[str, ...]
    rate: int | None = None


def read_sequence_folder(
    folder: str | Path,
    *,
    labelled: bool = True,
    step_col: str = "step",
    channels: Sequence[str] = (),
    rate: int | None = None,
    tell: Tell = ignore,
) -> LabelledSequences:
    """Read a folder with a file for each sequence, in subfolders named by label.

    Args:
        folder: with CSV files (a row for each step), NPY files ``(time, channels)``, or WAV files.
        labelled: whether the files must lie in subfolders named by label; otherwise the files of
            the folder and of all its subfolders are read, without labels.
        step_col: column of CSV files that orders the rows; not a channel.
        channels: columns of CSV files; none for all columns.
        rate: samples per second of waveforms; None for the most frequent one of the files.
        tell: called with each assumption about the files.

    Raises:
        UserError: no such folder, no files, files of several kinds, or a file that cannot be used;
            the message names the file.
    """
    top = Path(folder)
    if not top.is_dir():
        raise UserError(f"There is no folder {top}.", "a folder of files.", "correct the path.")
    every = [path for path in sorted(top.rglob("*")) if _is_shown(path, top)]
    files = [path for path in every if path.suffix.lower() in _READERS]
    if len(every) > len(files):
        others = sorted({path.suffix.lower() or path.name for path in every} - _READERS.keys())
        left = counted(len(every) - len(files), "file")
        tell(f"{top.name}: {left} left out: {first_names(others, 8)}.")
    loose = [path for path in files if path.parent == top]
    if not files or (labelled and loose):
        what = f"{loose[0].name} in {top} lies" if files else f"No file of {top} lies"
        raise UserError(
            f"{what} {'outside' if files else 'in'} a subfolder that is named by its label.",
            f"subfolders named by label with files that end in {', '.join(_READERS)}.",
            "make a subfolder for each label, or give a table with the columns file and label.",
        )
    labels = tuple(path.relative_to(top).parts[0] for path in files) if labelled else ()
    names = [path.relative_to(top).as_posix() for path in files]
    return _read(files, names, labels, step_col, channels, rate, tell)


def read_listed_files(
    source: Any,
    *,
    file_col: str = "file",
    label_col: str | None = "label",
    step_col: str = "step",
    channels: Sequence[str] = (),
    rate: int | None = None,
    tell: Tell = ignore,
) -> LabelledSequences:
    """Read the files that a table lists, with their labels.

    Args:
        source: path of a table, or a DataFrame. Paths in it are relative to the folder of the
            table, or else to the current folder.
        file_col: column of the paths.
        label_col: column of the labels; None: not read.
        step_col, channels, rate, tell: as in `read_sequence_folder`.

    Raises:
        UserError: a missing column or cell, or a file that cannot be used.
    """
    table = open_table(source)
    columns = {"data.file_col": file_col, **({"data.label_col": label_col} if label_col else {})}
    for option, name in columns.items():
        require_column(table, name, option)
    frame = table.load(list(columns.values()))
    names = filled_cells(frame[file_col], table, "no file").tolist()
    found = filled_cells(frame[label_col], table, "no label").tolist() if label_col else []
    beside = table.path.parent if table.path is not None else Path()
    files = [beside / name if (beside / name).exists() else Path(name) for name in names]
    for row, path in enumerate(files):
        if path.suffix.lower() not in _READERS or not path.is_file():
            missing = "is not there" if path.suffix.lower() in _READERS else "is of another kind"
            raise UserError(
                f"The file {names[row]} in {table.where(frame.index[row])} {missing}.",
                f"an existing file that ends in {', '.join(_READERS)}.",
                "correct the path, which is relative to the folder of the table.",
            )
    return _read(files, names, tuple(found), step_col, channels, rate, tell)


def _is_shown(path: Path, top: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.relative_to(top).parts)
    return path.is_file() and not hidden


def _read(
    files: Sequence[Path],
    names: Sequence[str],
    labels: tuple[str, ...],
    step_col: str,
    channels: Sequence[str],
    rate: int | None,
    tell: Tell,
) -> LabelledSequences:
    kinds = Counter(path.suffix.lower() for path in files)
    if len({_READERS[kind] for kind in kinds}) > 1:
        rare = next(path for path in files if path.suffix.lower() == kinds.most_common()[-1][0])
        raise UserError(
            f"The files are of several kinds, {', '.join(sorted(kinds))}, such as {rare.name}.",
            "files of one kind.",
            "convert them to one kind, or put them in another folder.",
        )
    found = [
        _READERS[path.suffix.lower()](path, name, step_col, channels, tell)
        for path, name in zip(files, names, strict=True)
    ]
    found = _at_one_rate(found, rate, tell)
    usual = tuple(channels) or Counter(one.channels for one in found).most_common(1)[0][0]
    values = tuple(_in_order(one, usual) for one in found)
    return LabelledSequences(values, labels, tuple(names), usual, found[0].rate)


def _in_order(one: _Sequence, channels: tuple[str, ...]) -> np.ndarray:
    """The values with their channels in a common order."""
    if one.channels == channels:
        return one.values
    if sorted(one.channels) != sorted(channels):
        raise UserError(
            f"{one.name} has the channels {first_names(one.channels, 8)}.",
            f"those of the other files: {first_names(channels, 8)}.",
            "correct the file, leave it out, or name the columns of all files by data.channels.",
        )
    return one.values[:, [one.channels.index(name) for name in channels]]


def _at_one_rate(found: list[_Sequence], rate: int | None, tell: Tell) -> list[_Sequence]:
    """Waveforms at one rate; other sequences as they are."""
    rates = Counter(one.rate for one in found)
    to = rate or rates.most_common(1)[0][0]
    if to is None or found[0].rate is None:
        return found
    others = sum(count for one, count in rates.items() if one != to)
    if others:
        resampled = counted(others, "recording", "was", "were")
        tell(f"{resampled} resampled to {to:,} samples a second.")
    at_rate = partial(resample, to=to)
    return [
        replace(one, values=at_rate(one.values[:, 0], one.rate or to)[:, None], rate=to)
        for one in found
    ]


def _read_csv(
    path: Path, name: str, step_col: str, channels: Sequence[str], tell: Tell
) -> _Sequence:
    values, names = read_one_sequence(path, step_col=step_col, channels=channels, tell=tell)
    return _Sequence(name, values, names)


def _read_npy(
    path: Path, name: str, step_col: str, channels: Sequence[str], tell: Tell
) -> _Sequence:
    try:
        values = np.load(path, allow_pickle=False)
        values = values.astype("float32") if values.dtype.kind in "fiub" else None
    except (OSError, ValueError, EOFError):
        values = None
    if values is None or values.ndim not in (1, 2) or not values.size:
        shape = "" if values is None else f" of the shape {values.shape}"
        raise UserError(
            f"{path.name} holds no sequence of vectors{shape}.",
            "an array of numbers of the shape (steps, channels), as numpy.save writes it.",
            "save it again with numpy.save, or leave it out.",
        )
    if np.isinf(values).any():
        raise UserError(
            f"{path.name} holds infinite values.", "finite numbers, or NaN.", "correct the file."
        )
    values = values if values.ndim == 2 else values[:, None]
    wide = values.shape[1]
    return _Sequence(name, values, tuple(f"channel {number}" for number in range(1, wide + 1)))


def _read_waveform(
    path: Path, name: str, step_col: str, channels: Sequence[str], tell: Tell
) -> _Sequence:
    waveform, rate = read_wav(path, tell=tell)
    return _Sequence(name, waveform[:, None], (WAVEFORM,), rate)


_READERS: dict[str, Callable[..., _Sequence]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".npy": _read_npy,
    ".wav": _read_waveform,
}
