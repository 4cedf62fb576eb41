"""Sequences from files: one file a sequence, in folders named by label or listed in a table.

A video is one file as well, or a folder with an image file for each frame.
"""

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
from keras_rnn_recipes.media.frame_folders import FRAME_SUFFIXES, frame_files, read_frame_folder
from keras_rnn_recipes.media.mfc import CEPSTRA, read_mfc
from keras_rnn_recipes.media.sequence_tables import (
    Tell,
    filled_cells,
    ignore,
    read_one_sequence,
    require_column,
)
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.media.video import VIDEO_SUFFIXES, frame_rate, read_video
from keras_rnn_recipes.media.wav import read_wav, resample

WAVEFORM = "waveform"
# The kind of a folder of frames, where those of files are their suffixes.
FRAMES = "a folder of frames"
COLORS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class FileOptions:
    """How the files of sequences are read.

    Attributes:
        step_col: column of CSV files that orders the rows; not a channel.
        channels: columns of CSV files; none for all columns.
        rate: samples per second of waveforms; None for the most frequent one of the files.
        frame_rate: frames per second of videos; None for the most frequent one of the files.
        frame_size: height, width and channels (1 or 3) to which frames are brought.
        tell: called with each assumption about the files.
    """

    step_col: str = "step"
    channels: Sequence[str] = ()
    rate: int | None = None
    frame_rate: float | None = None
    frame_size: tuple[int, int, int] = (32, 32, 1)
    tell: Tell = ignore


@dataclass(frozen=True)
class _Sequence:
    """One sequence of a file: its values, the names of its channels, and the rate of a waveform."""

    name: str
    values: np.ndarray
    channels: tuple[str, ...]
    rate: float | None = None


def read_sequence_folder(
    folder: str | Path,
    options: FileOptions = FileOptions(),
    *,
    labelled: bool = True,
) -> LabelledSequences:
    """Read a folder with a file for each sequence, in subfolders named by label.

    Args:
        folder: with CSV files (a row for each step), NPY files ``(time, channels)``, WAV files, or
            videos: files, or folders with an image for each frame.
        options: how the files are read.
        labelled: whether the files must lie in subfolders named by label; otherwise the files of
            the folder and of all its subfolders are read, without labels.

    Raises:
        UserError: no such folder, no files, files of several kinds, or a file that cannot be used;
            the message names the file.
    """
    top = Path(folder)
    if not top.is_dir():
        raise UserError(f"There is no folder {top}.", "a folder of files.", "correct the path.")
    every = [path for path in sorted(top.rglob("*")) if _is_shown(path, top)]
    files = [path for path in every if path.suffix.lower() in _READERS] or _frame_folders(every)
    read = set(files)
    left = [path for path in every if path not in read and path.parent not in read]
    if left:
        others = sorted({path.suffix.lower() or path.name for path in left})
        told = counted(len(left), "file")
        options.tell(f"{top.name}: {told} left out: {first_names(others, 8)}.")
    _require_labels(top, files, labelled)
    labels = tuple(path.relative_to(top).parts[0] for path in files) if labelled else ()
    names = [path.name if path == top else path.relative_to(top).as_posix() for path in files]
    return read_files(files, names, labels, options)


def _frame_folders(paths: Sequence[Path]) -> list[Path]:
    """The folders that hold frames."""
    return sorted({path.parent for path in paths if path.suffix.lower() in FRAME_SUFFIXES})


def _require_labels(top: Path, files: Sequence[Path], labelled: bool) -> None:
    """Check that there are files, and that each lies below the folder of its label."""
    loose = [path for path in files if path == top or path.parent == top]
    if files and not (labelled and loose):
        return
    if not files or loose[0].is_file():
        what = f"{loose[0].name} in {top} lies" if files else f"No file of {top} lies"
        raise UserError(
            f"{what} {'outside' if files else 'in'} a subfolder that is named by its label.",
            f"subfolders named by label with files that end in {_KINDS}, or folders of frames.",
            "make a subfolder for each label, or give a table with the columns file and label.",
        )
    raise UserError(
        f"The images in {loose[0]} lie in no folder of frames below a folder of a label.",
        "for each video a folder of frames, such as wave/video_1/frame_001.png.",
        "make a folder for each video; single images are for the recipes of image_classification.",
    )


def read_listed_files(
    source: Any,
    options: FileOptions = FileOptions(),
    *,
    file_col: str = "file",
    label_col: str | None = "label",
) -> LabelledSequences:
    """Read the files that a table lists, with their labels.

    Args:
        source: path of a table, or a DataFrame. Paths in it are relative to the folder of the
            table, or else to the current folder.
        options: how the files are read.
        file_col: column of the paths.
        label_col: column of the labels; None: not read.

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
        known = path.suffix.lower() in _READERS or (path.is_dir() and frame_files(path))
        if not known or not path.exists():
            missing = "is of another kind" if path.exists() else "is not there"
            raise UserError(
                f"The file {names[row]} in {table.where(frame.index[row])} {missing}.",
                f"an existing file that ends in {_KINDS}, or a folder of frames.",
                "correct the path, which is relative to the folder of the table.",
            )
    return read_files(files, names, tuple(found), options)


def _is_shown(path: Path, top: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.relative_to(top).parts)
    return path.is_file() and not hidden


def read_files(
    files: Sequence[Path], names: Sequence[str], labels: Sequence[str], options: FileOptions
) -> LabelledSequences:
    """Read files of one kind, one sequence each.

    Args:
        files: of a kind that `read_sequence_folder` reads, or .mfc files of cepstra.
        names: of the sequences.
        labels: of the sequences, or none.
        options: how they are read.

    Raises:
        UserError: files of several kinds, or one that cannot be used; the message names the file.
    """
    kinds = Counter(map(_kind, files))
    if len({_READERS[kind] for kind in kinds}) > 1:
        rare = next(path for path in files if _kind(path) == kinds.most_common()[-1][0])
        raise UserError(
            f"The files are of several kinds, {', '.join(sorted(kinds))}, such as {rare.name}.",
            "files of one kind.",
            "convert them to one kind, or put them in another folder.",
        )
    options = _with_frame_rate(files, options)
    found = [
        _READERS[_kind(path)](path, name, options) for path, name in zip(files, names, strict=True)
    ]
    found = _at_one_rate(found, options.rate, options.tell)
    usual = _usual_channels(found, options)
    values = tuple(_in_order(one, usual) for one in found)
    return LabelledSequences(values, tuple(labels), tuple(names), usual, found[0].rate)


def _kind(path: Path) -> str:
    return FRAMES if path.is_dir() else path.suffix.lower()


def _usual_channels(found: Sequence[_Sequence], options: FileOptions) -> tuple[str, ...]:
    if options.channels and found[0].values.ndim == 2:
        return tuple(options.channels)
    return Counter(one.channels for one in found).most_common(1)[0][0]


def _with_frame_rate(files: Sequence[Path], options: FileOptions) -> FileOptions:
    """The options with the frames per second of the videos, the most frequent ones by default."""
    if _kind(files[0]) not in VIDEO_SUFFIXES:
        return options
    rates = Counter(frame_rate(path) for path in files)
    to = options.frame_rate or rates.most_common(1)[0][0]
    others = sum(count for one, count in rates.items() if one != to)
    if others:
        sampled = counted(others, "video", "was", "were")
        options.tell(f"{sampled} sampled at {to:g} frames a second.")
    return replace(options, frame_rate=to)


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
    if found[0].values.ndim > 2:
        return found
    rates = Counter(one.rate for one in found)
    to = rate or rates.most_common(1)[0][0]
    if to is None or found[0].rate is None:
        return found
    others = sum(count for one, count in rates.items() if one != to)
    if others:
        resampled = counted(others, "recording", "was", "were")
        tell(f"{resampled} resampled to {to:,} samples a second.")
    at_rate = partial(resample, to=int(to))
    return [
        replace(one, values=at_rate(one.values[:, 0], int(one.rate or to))[:, None], rate=to)
        for one in found
    ]


def _read_csv(path: Path, name: str, options: FileOptions) -> _Sequence:
    values, names = read_one_sequence(
        path, step_col=options.step_col, channels=options.channels, tell=options.tell
    )
    return _Sequence(name, values, names)


def _read_npy(path: Path, name: str, options: FileOptions) -> _Sequence:
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


def _read_waveform(path: Path, name: str, options: FileOptions) -> _Sequence:
    waveform, rate = read_wav(path, tell=options.tell)
    return _Sequence(name, waveform[:, None], (WAVEFORM,), rate)


def _read_cepstra(path: Path, name: str, options: FileOptions) -> _Sequence:
    names = tuple(f"cepstrum {number}" for number in range(CEPSTRA))
    return _Sequence(name, read_mfc(path), names)


def _read_video(path: Path, name: str, options: FileOptions) -> _Sequence:
    values = read_video(
        path, rate=options.frame_rate, convert=_converter(options), tell=options.tell
    )
    return _Sequence(name, values, COLORS[options.frame_size[2]], options.frame_rate)


def _read_frames(path: Path, name: str, options: FileOptions) -> _Sequence:
    values = read_frame_folder(path, convert=_converter(options), tell=options.tell)
    return _Sequence(name, values, COLORS[options.frame_size[2]], options.frame_rate)


def _converter(options: FileOptions) -> Callable[[list[np.ndarray]], np.ndarray]:
    """Frames of any size as the network sees them; TensorFlow is imported only for these."""
    from keras_rnn_recipes.media.image_tensors import prepared_arrays

    return partial(prepared_arrays, size=options.frame_size)


_READERS: dict[str, Callable[[Path, str, FileOptions], _Sequence]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".npy": _read_npy,
    ".wav": _read_waveform,
    ".mfc": _read_cepstra,
    **dict.fromkeys(VIDEO_SUFFIXES, _read_video),
    FRAMES: _read_frames,
}
_KINDS = ", ".join(kind for kind in _READERS if kind != FRAMES)
