"""Piano rolls: which of the 88 keys of a piano sound in each frame of a piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_rnn_recipes.errors import UserError, did_you_mean

NUM_KEYS = 88
# The MIDI number of the lowest key, A0.
LOWEST = 21
TEMPO = 120.0

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True)
class Piece:
    """A piece of music as a piano roll.

    Attributes:
        roll: uint8 ``(frames, 88)``, 1 where a key sounds. A note that begins where the same key
            sounded in the frame before is not told from one that is held.
        name: of the piece, as messages name it.
        tempo: quarter notes a minute.

    Example:
        >>> len(Piece(np.zeros((8, 88), "uint8"), "silence"))
        8
    """

    roll: np.ndarray
    name: str
    tempo: float = TEMPO

    def __len__(self) -> int:
        return len(self.roll)


@dataclass(frozen=True)
class MusicParts:
    """A data set of pieces in three parts.

    Attributes:
        name: of the data set.
        train, valid, test: the pieces.
        notes: what was left out or assumed while reading.
    """

    name: str
    train: tuple[Piece, ...]
    valid: tuple[Piece, ...]
    test: tuple[Piece, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note:
    """A note of a piano roll: its MIDI number, its first frame, and the frame after its last."""

    pitch: int
    start: int
    end: int


def notes_of(roll: np.ndarray) -> list[Note]:
    """The notes of a piano roll, sorted by start, then pitch.

    Args:
        roll: ``(frames, 88)``.

    Example:
        >>> roll = np.zeros((4, 88), "uint8")
        >>> roll[1:3, 39] = 1
        >>> notes_of(roll)
        [Note(pitch=60, start=1, end=3)]
    """
    sounding = np.pad(np.asarray(roll) > 0, ((1, 1), (0, 0)))
    change = np.diff(sounding.astype("int8"), axis=0)
    # By key, the starts and ends alternate, so that sorting by key and frame pairs them.
    starts, ends = np.argwhere(change.T > 0), np.argwhere(change.T < 0)
    found = [
        Note(int(key) + LOWEST, int(start), int(end))
        for (key, start), (_, end) in zip(starts, ends, strict=True)
    ]
    return sorted(found, key=lambda note: (note.start, note.pitch))


def roll_of(notes: Sequence[Note], frames: int | None = None) -> np.ndarray:
    """The piano roll of notes, whose pitches are those of a piano.

    Args:
        notes: at least one frame long each.
        frames: length of the roll; None: up to the end of the last note.

    Returns:
        uint8 ``(frames, 88)``.

    Example:
        >>> int(roll_of([Note(60, 0, 2), Note(64, 1, 2)]).sum())
        3
    """
    last = max((note.end for note in notes), default=0)
    roll = np.zeros((last if frames is None else frames, NUM_KEYS), "uint8")
    for note in notes:
        roll[note.start : note.end, note.pitch - LOWEST] = 1
    return roll


def pitch_name(pitch: int) -> str:
    """The name of a MIDI number; C4 is the middle C.

    Example:
        >>> pitch_name(60), pitch_name(70)
        ('C4', 'A#4')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def read_pitches(text: str, option: str = "--start") -> list[int]:
    """The MIDI numbers of notes in words, separated by spaces.

    Args:
        text: such as ``"C4 E4 G4"``, ``"Bb3"`` or ``"60 64"``; may be empty.
        option: where it was given, for the message.

    Raises:
        UserError: no note, or one that is not on a piano.

    Example:
        >>> read_pitches("C4 Eb4 67")
        [60, 63, 67]
    """
    found = []
    for word in text.replace(",", " ").split():
        pitch = _pitch(word)
        if pitch is None or not LOWEST <= pitch < LOWEST + NUM_KEYS:
            raise UserError(
                f"{option} names the note {word!r}.",
                "notes from A0 to C8, such as C4, F#3 or Bb5, or their MIDI numbers.",
                did_you_mean(word, map(pitch_name, range(21, 109)), otherwise="correct the note."),
            )
        found.append(pitch)
    return found


def _pitch(word: str) -> int | None:
    if word.isdecimal():
        return int(word)
    letter, rest = word[:1].upper(), word[1:]
    sign, octave = (rest[:1], rest[1:]) if rest[:1] in tuple(_SIGNS)[1:] else ("", rest)
    if letter not in _STEPS or not octave.isdecimal():
        return None
    return 12 * (int(octave) + 1) + _STEPS[letter] + _SIGNS[sign]


def chord_frame(pitches: Sequence[int]) -> np.ndarray:
    """One frame in which these MIDI numbers sound, uint8 ``(1, 88)``; none: no frame, ``(0, 88)``.

    Example:
        >>> np.flatnonzero(chord_frame([21, 23])[0]).tolist()
        [0, 2]
    """
    frame = np.zeros((1 if pitches else 0, NUM_KEYS), "uint8")
    for pitch in pitches:
        frame[0, pitch - LOWEST] = 1
    return frame


def transpose(roll: np.ndarray, semitones: int) -> np.ndarray:
    """A roll moved by semitones; notes beyond the keyboard are lost.

    Example:
        >>> np.flatnonzero(transpose(chord_frame([60]), 2)[0]).tolist()
        [41]
    """
    moved = np.zeros_like(roll)
    if semitones >= 0:
        moved[:, semitones:] = roll[:, : roll.shape[1] - semitones]
    else:
        moved[:, :semitones] = roll[:, -semitones:]
    return moved
