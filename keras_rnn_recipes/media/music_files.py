"""Pieces of music from files and folders: MIDI files, ABC tunes and piano rolls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.media.abc_tunes import read_abc
from keras_rnn_recipes.media.midi import read_midi
from keras_rnn_recipes.media.piano_rolls import Piece
from keras_rnn_recipes.media.roll_files import read_roll, read_roll_parts

Tell = Callable[[str], None]

MIDI = (".mid", ".midi", ".kar")
ROLLS = ".mat"
_ENDINGS = (*MIDI, ".abc", ".npy")
_MOST_NAMED = 8


def read_pieces(
    source: str | Path, *, frames_per_beat: int = 4, tell: Tell = lambda note: None
) -> list[Piece]:
    """Read the pieces of a file, or of all files of a folder and of its subfolders.

    Args:
        source: a MIDI file, a file of ABC tunes, an NPY file with a piano roll, or a folder of
            them.
        frames_per_beat: frames of a quarter note.
        tell: called with each assumption, and with the files of a folder that cannot be read; those
            are left out.

    Returns:
        At least one piece, in the order of the names of the files.

    Raises:
        UserError: no such file, or nothing in it can be read.

    Example:
        >>> len(read_pieces("songs"))  # doctest: +SKIP
        50
    """
    path = Path(source)
    if not path.is_dir():
        return _read_file(path, path.name, frames_per_beat, tell)
    every = sorted(one for one in path.rglob("*") if _is_shown(one, path))
    files = [one for one in every if one.suffix.lower() in _ENDINGS]
    if not files:
        raise UserError(
            f"No file in {path} ends in {', '.join(_ENDINGS)}.",
            "a folder of MIDI files, ABC tunes or piano rolls.",
            "correct the path.",
        )
    if len(every) > len(files):
        others = sorted({one.suffix.lower() or one.name for one in every} - set(_ENDINGS))
        left = counted(len(every) - len(files), "file")
        tell(f"{path.name}: {left} of other kinds left out: {first_names(others, _MOST_NAMED)}.")
    return _read_all(files, path, frames_per_beat, tell)


def _read_all(files: list[Path], top: Path, frames_per_beat: int, tell: Tell) -> list[Piece]:
    """The pieces of all files that can be read; a missing package is no fault of a file."""
    if any(one.suffix.lower() in MIDI for one in files):
        require_extra("music", "Reading MIDI files")
    found: list[Piece] = []
    broken: list[UserError] = []
    for one in files:
        try:
            name = one.relative_to(top).as_posix()
            found += _read_file(one, name, frames_per_beat, tell)
        except UserError as error:
            broken.append(error)
    if not found:
        raise broken[0]
    for mistake in broken[:_MOST_NAMED]:
        tell(f"Left out: {mistake.what}")
    if len(broken) > _MOST_NAMED:
        tell(f"{counted(len(broken) - _MOST_NAMED, 'more file')} left out, which cannot be read.")
    return found


def _read_file(path: Path, name: str, frames_per_beat: int, tell: Tell) -> list[Piece]:
    ending = path.suffix.lower()
    if ending in MIDI:
        piece = read_midi(path, frames_per_beat=frames_per_beat, tell=tell)
        return [Piece(piece.roll, name, piece.tempo)]
    if ending == ".abc":
        return read_abc(path, frames_per_beat=frames_per_beat, tell=tell)
    if ending == ".npy":
        return [read_roll(path)]
    if ending == ROLLS:
        return [piece for part in read_roll_parts(path).values() for piece in part]
    raise UserError(
        f"{path} is no file of music that can be read.",
        f"a file that ends in {', '.join((*_ENDINGS, ROLLS))}, or a folder of them.",
        "correct the path, or export the music as MIDI.",
    )


def _is_shown(path: Path, top: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.relative_to(top).parts)
    return path.is_file() and not hidden
