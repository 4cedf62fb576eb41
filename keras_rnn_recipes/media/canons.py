"""Generated canons: rounds of three voices over a repeated sequence of chords."""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.media.piano_rolls import Note, Piece, roll_of

FRAMES_PER_BEAT = 2
SIZES = {"train": 320, "valid": 60, "test": 100}
SEED = 20

_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
# Degrees of the scale on which the chords of a phrase stand, one for each half of a bar.
_PROGRESSIONS = ((0, 4, 5, 3), (0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 0, 4), (0, 0, 3, 4))
# Lengths of the notes on one chord, in frames of half a beat.
_RHYTHMS = ((4,), (2, 2), (2, 1, 1), (1, 1, 2), (3, 1), (1, 1, 1, 1))
_CHORD_FRAMES = 4
_VOICES = 3


def canons() -> dict[str, tuple[Piece, ...]]:
    """The three parts of the data set, always the same.

    A leading voice sings four to six phrases, each over the same chords. The other voices follow
    with the same melody, one phrase later each, an octave below or at the same pitch, while a bass
    holds the root of each chord. Every piece is in C major or A minor and has its own chords,
    rhythms and melody.

    Returns:
        Pieces by part: ``train``, ``valid``, ``test``.

    Example:
        >>> {name: len(pieces) for name, pieces in canons().items()}
        {'train': 320, 'valid': 60, 'test': 100}
    """
    random = np.random.default_rng(SEED)
    return {
        part: tuple(canon(random, f"{part} canon {number}") for number in range(1, size + 1))
        for part, size in SIZES.items()
    }


def canon(random: np.random.Generator, name: str) -> Piece:
    """Compose a canon.

    Args:
        random: from which everything is drawn.
        name: of the piece.

    Example:
        >>> canon(np.random.default_rng(0), "first").roll.shape
        (96, 88)
    """
    # In one key, as collections of pieces usually are when they have been prepared for training.
    scale, tonic = (_MAJOR, 60) if random.random() < 0.6 else (_MINOR, 57)
    chords = _PROGRESSIONS[random.integers(len(_PROGRESSIONS))]
    phrases = [_phrase(random, chords) for _ in range(random.integers(4, 7))]
    melody = [degree for phrase in phrases for degree in phrase]
    length = _CHORD_FRAMES * len(chords)
    drops = (0, *random.permutation([7, 0] if random.random() < 0.5 else [7, 7]))
    notes = []
    for voice, drop in enumerate(drops[:_VOICES]):
        notes += _sing(melody, voice * length, scale, tonic, int(drop))
    total = (len(phrases) + _VOICES - 1) * length
    for at in range(0, total, _CHORD_FRAMES):
        root = chords[at // _CHORD_FRAMES % len(chords)]
        notes.append(Note(_pitch(root, scale, tonic - 24), at, at + _CHORD_FRAMES))
    return Piece(roll_of(notes, total), name, tempo=float(random.integers(84, 133)))


def _phrase(random: np.random.Generator, chords: tuple[int, ...]) -> list[tuple[int, int]]:
    """Degrees of the scale with their lengths: chord tones on the beat, steps between them."""
    found = []
    degree = int(random.choice([0, 2, 4]))
    for root in chords:
        for place, frames in enumerate(_RHYTHMS[random.integers(len(_RHYTHMS))]):
            if place == 0:
                tones = [root + 2 * third + 7 * octave for third in range(3) for octave in (-1, 0)]
                degree = min(tones, key=lambda tone: (abs(tone - degree), tone))
            else:
                degree += int(random.choice([-1, 1]))
            found.append((degree, frames))
    return found


def _sing(
    melody: list[tuple[int, int]], at: int, scale: tuple[int, ...], tonic: int, drop: int
) -> list[Note]:
    notes = []
    for degree, frames in melody:
        # The last frame of a long note is silent, so that repeated notes are heard as two.
        held = frames if frames < 2 else frames - 1
        notes.append(Note(_pitch(degree - drop, scale, tonic), at, at + held))
        at += frames
    return notes


def _pitch(degree: int, scale: tuple[int, ...], tonic: int) -> int:
    octave, step = divmod(degree, 7)
    return tonic + 12 * octave + scale[step]
