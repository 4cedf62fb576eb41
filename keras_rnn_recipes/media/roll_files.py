"""Piano rolls in files of MATLAB and NumPy, as published with results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.media.piano_rolls import NUM_KEYS, Piece

KIND = "a MATLAB file of piano rolls"
# The names under which published files hold their parts.
PARTS = {"train": "traindata", "valid": "validdata", "test": "testdata"}
_EXPECTED = (
    f"piano rolls of shape (frames, {NUM_KEYS}) with values 0 and 1, in cell arrays named "
    f"{', '.join(PARTS.values())}."
)


def read_roll_parts(path: str | Path) -> dict[str, tuple[Piece, ...]]:
    """Read the parts of a ``.mat`` file.

    Args:
        path: of a file with the cell arrays ``traindata``, ``validdata`` and ``testdata``, whose
            cells are piano rolls ``(frames, 88)``. The first one must be there.

    Returns:
        Pieces by part: ``train``, ``valid``, ``test``.

    Raises:
        UserError: no such file, or something else in it; the message names the file.

    Example:
        >>> len(read_roll_parts("Nottingham.mat")["train"])  # doctest: +SKIP
        694
    """
    from scipy.io import loadmat

    path = Path(path)
    check_file(path, KIND)
    try:
        content = loadmat(path, appendmat=False)
    # A damaged file makes SciPy fail in many ways, such as a TypeError.
    except Exception as error:
        raise UserError(
            f"{path.name} cannot be read as {KIND}: {error}.",
            _EXPECTED,
            "get the file again, or save it with scipy.io.savemat.",
        ) from error
    found = {
        part: _pieces(np.ravel(content[name]), path, part)
        for part, name in PARTS.items()
        if name in content
    }
    if "train" not in found:
        names = ", ".join(name for name in content if not name.startswith("__")) or "nothing"
        raise UserError(
            f"{path.name} has no traindata, but {names}.", _EXPECTED, "rename its variables."
        )
    return found


def read_roll(path: str | Path) -> Piece:
    """Read a piano roll from an NPY file.

    Args:
        path: of an array ``(frames, 88)`` with values 0 and 1, as ``numpy.save`` writes it.

    Raises:
        UserError: no such file, or something else in it; the message names the file.
    """
    path = Path(path)
    check_file(path, "an NPY file with a piano roll")
    try:
        values: Any = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(
            f"{path.name} cannot be read as an NPY file: {error}.",
            f"an array of shape (frames, {NUM_KEYS}), as numpy.save writes it.",
            "save it again with numpy.save, or leave it out.",
        ) from error
    return Piece(checked_roll(values, path.name), path.name)


def _pieces(cells: Any, path: Path, part: str) -> tuple[Piece, ...]:
    names = [f"{path.name}, {part} {number}" for number in range(1, len(cells) + 1)]
    return tuple(
        Piece(checked_roll(cell, name), name) for cell, name in zip(cells, names, strict=True)
    )


def checked_roll(values: Any, name: str) -> np.ndarray:
    """A piano roll as uint8, if it is one.

    Args:
        values: an array ``(frames, 88)``.
        name: of the roll, for the message.

    Raises:
        UserError: another shape, no frames, or values other than 0 and 1.

    Example:
        >>> checked_roll(np.ones((2, 88)), "ones").dtype
        dtype('uint8')
    """
    roll = np.asarray(values)
    numeric = roll.dtype.kind in "uifb" and roll.ndim == 2 and roll.shape[1] == NUM_KEYS
    if not numeric or not len(roll):
        what = f"the shape {roll.shape} and the type {roll.dtype}"
    elif not np.isin(roll, (0, 1)).all():
        what = f"{counted(int((~np.isin(roll, (0, 1))).sum()), 'value')} other than 0 and 1"
    else:
        return roll.astype("uint8")
    raise UserError(
        f"{name} has {what}.",
        f"a piano roll of shape (frames, {NUM_KEYS}) with values 0 and 1.",
        "correct it, or leave it out.",
    )
