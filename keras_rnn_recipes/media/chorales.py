"""Four-part chorales of Bach from the corpus of the package music21."""

from __future__ import annotations

from typing import Any

from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.media.piano_rolls import LOWEST, NUM_KEYS, Note, Piece, roll_of

FRAMES_PER_BEAT = 4
TEMPO = 80.0
# Every so many chorales one tests, and the one after it validates.
_EVERY = 10


def chorales() -> dict[str, tuple[Piece, ...]]:
    """The chorales in three parts: every tenth for testing, every tenth after those to validate.

    Returns:
        Pieces by part, in frames of a sixteenth note.

    Raises:
        UserError: the extra ``chorales`` is not installed.

    Example:
        >>> len(chorales()["train"])  # doctest: +SKIP
        278
    """
    require_extra("chorales", "The data set chorales")
    from music21 import corpus

    found = corpus.chorales.Iterator(numberingSystem="bwv", returnType="filename")
    parts: dict[str, list[Piece]] = {"train": [], "valid": [], "test": []}
    for number, name in enumerate(found):
        part = {0: "test", 1: "valid"}.get(number % _EVERY, "train")
        parts[part].append(read_chorale(corpus.parse(name), str(name).rpartition("/")[2]))
    return {part: tuple(pieces) for part, pieces in parts.items()}


def read_chorale(score: Any, name: str) -> Piece:
    """The voices of a score together, as a piano roll of sixteenth notes; tied notes are one.

    Args:
        score: a ``music21.stream.Score``.
        name: of the piece.
    """
    notes = []
    for element in score.stripTies().flatten().notes:
        start = round(float(element.offset) * FRAMES_PER_BEAT)
        end = round(float(element.offset + element.quarterLength) * FRAMES_PER_BEAT)
        notes += [
            Note(pitch.midi, start, max(end, start + 1))
            for pitch in element.pitches
            if LOWEST <= pitch.midi < LOWEST + NUM_KEYS
        ]
    return Piece(roll_of(notes), name, TEMPO)
