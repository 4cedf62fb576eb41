"""Videos as folders of frames: an image file for each frame."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.media.images import SUFFIXES, read_image
from keras_rnn_recipes.media.sequence_tables import MOST_MISSING, Tell, ignore
from keras_rnn_recipes.media.video import Convert

# An animated GIF is a video.
FRAME_SUFFIXES = SUFFIXES - {".gif"}


def read_frame_folder(
    folder: str | Path, *, convert: Convert = np.stack, tell: Tell = ignore
) -> np.ndarray:
    """Read a folder of frames in the order of the numbers in their names.

    Where a number is missing or a frame is damaged, the frame before is repeated, with a note.

    Args:
        folder: with image files, such as ``frame_0001.png``.
        convert: makes an array ``(frames, ...)`` of some images ``(height, width, 1 or 3)``.
        tell: called with each note on the folder.

    Returns:
        What ``convert`` makes of the frames.

    Raises:
        UserError: the folder holds no frame that can be read.
    """
    folder = Path(folder)
    names: list[str] = []
    frames: list[np.ndarray] = []
    damaged: list[str] = []
    for path in frame_files(folder):
        try:
            frames.append(convert([read_image(path)]))
            names.append(path.stem)
        except UserError:
            damaged.append(path.name)
    if not frames:
        raise UserError(
            f"No frame in the folder {folder} can be read.",
            "image files such as frame_0001.png.",
            "check the files, or leave the folder out.",
        )
    if damaged:
        left = counted(len(damaged), "damaged frame", "was", "were")
        tell(f"{folder.name}: {left} left out: {first_names(damaged, 3)}.")
    copies = frame_counts(names)
    missing = sum(copies) - len(copies)
    if missing:
        after = names[int(np.argmax(np.array(copies) > 1))]
        told = counted(missing, "missing frame", "is", "are")
        tell(f"{folder.name}: {told} filled in by the frame before, the first after {after}.")
    return np.repeat(np.concatenate(frames), copies, axis=0)


def frame_files(folder: Path) -> list[Path]:
    """The frames of a folder; numbers in their names count as numbers."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in FRAME_SUFFIXES]
    return sorted((path for path in found if path.name[0] != "."), key=_natural)


def frame_counts(names: Sequence[str]) -> list[int]:
    """How often each frame is shown: more than once where the numbers after it are missing.

    Names without a number and names whose numbers have large gaps, such as times, are as they are.

    Args:
        names: of the frames in order, without suffixes.

    Example:
        >>> frame_counts(["f1", "f2", "f3", "f5", "f6"])
        [1, 1, 2, 1, 1]
        >>> frame_counts(["t0", "t40", "t83"])
        [1, 1, 1]
    """
    found = [re.search(r"(\d+)\D*$", name) for name in names]
    ones = [1] * len(names)
    steps = np.diff([int(one[1]) for one in found if one])
    if len(steps) < 2 or len(steps) + 1 < len(names):
        return ones
    usual = int(Counter(steps.tolist()).most_common(1)[0][0])
    if usual < 1 or (steps % usual).any() or (steps < 1).any():
        return ones
    missing = int((steps // usual - 1).sum())
    return [*(steps // usual).tolist(), 1] if missing <= MOST_MISSING * len(names) else ones


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
