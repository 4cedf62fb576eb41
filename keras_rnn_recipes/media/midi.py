"""MIDI files as piano rolls, and piano rolls as MIDI files, by the package mido."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.media.piano_rolls import (
    LOWEST,
    NUM_KEYS,
    TEMPO,
    Note,
    Piece,
    notes_of,
    roll_of,
)
from keras_rnn_recipes.storage import replacing

Tell = Callable[[str], None]

KIND = "a MIDI file"
DRUMS = 9  # the channel of percussion, counted from 0
TICKS = 480  # of a quarter note in files that are written
VELOCITY = 80
# About nine hours of sixteenth notes at 120 quarter notes a minute: a damaged time is longer.
MOST_FRAMES = 2**18


def read_midi(
    path: str | Path, *, frames_per_beat: int = 4, tell: Tell = lambda note: None
) -> Piece:
    """Read a MIDI file as a piano roll.

    Notes of all tracks and channels come together, without drums. Times are counted in beats, so
    that changes of the tempo do not change the roll. The pedal is not read.

    Args:
        path: a standard MIDI file of type 0 or 1.
        frames_per_beat: frames of a quarter note.
        tell: called with each assumption: drums, notes beyond the 88 keys, notes without an end,
            notes between frames, changes of the tempo.

    Raises:
        UserError: no MIDI file, a damaged one, one without notes, or the extra ``music`` is not
            installed; the message names the file.

    Example:
        >>> read_midi("tune.mid").roll.shape  # doctest: +SKIP
        (256, 88)
    """
    require_extra("music", "Reading MIDI files")
    path = Path(path)
    check_file(path, KIND)
    file = _parsed(path)
    read = _Reading(path.name, file.ticks_per_beat)
    for track in file.tracks:
        _read_track(track, read)
    return _to_piece(read, frames_per_beat, tell)


@dataclass
class _Reading:
    """What has been read of a file; times in ticks."""

    name: str
    ticks_per_beat: int
    notes: list[tuple[int, int, int]] = field(default_factory=list)
    tempos: dict[int, float] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def _parsed(path: Path) -> Any:
    import mido

    try:
        file = mido.MidiFile(path, clip=True)
    # A damaged file makes mido fail in many ways, such as an IndexError.
    except Exception as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise UserError(
            f"{path.name} cannot be read as a MIDI file: {reason}.",
            "a complete standard MIDI file.",
            "export it again from the program that made it, or leave it out.",
        ) from error
    if file.type == 2 or not 0 < file.ticks_per_beat < 0x8000:
        what = "independent tracks (type 2)" if file.type == 2 else "times in seconds, not beats"
        raise UserError(
            f"{path.name} has {what}.",
            "a MIDI file of type 0 or 1 with times in beats.",
            "export it again as type 1, or leave it out.",
        )
    return file


def _read_track(track: Any, read: _Reading) -> None:
    now = 0
    begun: dict[tuple[int, int], list[int]] = defaultdict(list)
    for message in track:
        now += message.time
        if message.type == "set_tempo":
            read.tempos[now] = 6e7 / max(message.tempo, 1)
        elif message.type in ("note_on", "note_off"):
            _read_note(message, now, begun, read)
    for (_, pitch), starts in begun.items():
        read.left_out["without an end"] += len(starts)
        read.notes += [(pitch, start, max(now, start)) for start in starts]


def _read_note(message: Any, now: int, begun: dict[Any, list[int]], read: _Reading) -> None:
    starts = message.type == "note_on" and message.velocity > 0
    if message.channel == DRUMS:
        read.left_out["drums"] += starts
    elif not LOWEST <= message.note < LOWEST + NUM_KEYS:
        read.left_out["beyond"] += starts
    elif starts:
        begun[message.channel, message.note].append(now)
    elif begun[message.channel, message.note]:
        first = begun[message.channel, message.note].pop(0)
        read.notes.append((message.note, first, now))


def _to_piece(read: _Reading, frames_per_beat: int, tell: Tell) -> Piece:
    left, name = read.left_out, read.name
    if not read.notes:
        drums = " but drums" if left["drums"] else ""
        raise UserError(
            f"{name} has no notes{drums}.",
            "a MIDI file with notes.",
            "leave it out, or replace it.",
        )
    step = read.ticks_per_beat / frames_per_beat
    longest = max(end for *_, end in read.notes) / step
    if longest > MOST_FRAMES:
        raise UserError(
            f"{name} lasts {longest:,.0f} frames.",
            f"at most {MOST_FRAMES:,} frames of 1/{frames_per_beat} beat.",
            "check its last notes, whose time may be damaged, or leave it out.",
        )
    starts = np.array([start for _, start, _ in read.notes]) / step
    moved = int((np.abs(starts - np.round(starts)) > 0.05).sum())
    notes = [
        Note(pitch, round(start / step), max(round(end / step), round(start / step) + 1))
        for pitch, start, end in read.notes
    ]
    sentences = (
        (left["drums"], f"{counted(left['drums'], 'drum')} left out"),
        (left["beyond"], f"{counted(left['beyond'], 'note')} outside of A0 to C8 left out"),
        (
            left["without an end"],
            f"{counted(left['without an end'], 'note')} without an end held to the end of a track",
        ),
        (
            moved,
            f"{moved:,} of {counted(len(notes), 'note')} moved to the nearest of "
            f"{frames_per_beat} frames a beat",
        ),
        (
            len(set(read.tempos.values())) > 1,
            "the tempo changes, and only the first one is kept; notes are read by beats",
        ),
    )
    told = [sentence for number, sentence in sentences if number]
    if told:
        tell(f"{name}: {'; '.join(told)}.")
    tempo = read.tempos[min(read.tempos)] if read.tempos else TEMPO
    return Piece(roll_of(notes), name, tempo)


def write_midi(path: str | Path, piece: Piece, *, frames_per_beat: int = 4) -> Path:
    """Write a piano roll as a MIDI file of type 0.

    Args:
        path: the file, written whole or not at all.
        piece: the roll; frames that follow each other are one held note.
        frames_per_beat: frames of a quarter note.

    Returns:
        ``path``.

    Raises:
        UserError: the extra ``music`` is not installed.

    Example:
        >>> write_midi("tune.mid", Piece(np.ones((4, 88)), "all keys"))  # doctest: +SKIP
        PosixPath('tune.mid')
    """
    require_extra("music", "Writing MIDI files")
    import mido

    path = Path(path)
    track = mido.MidiTrack()
    microseconds = min(round(6e7 / piece.tempo), 2**24 - 1)
    track.append(mido.MetaMessage("set_tempo", tempo=microseconds, time=0))
    now = 0
    for frame, kind, pitch in _events(piece):
        tick = round(frame * TICKS / frames_per_beat)
        track.append(mido.Message(kind, note=pitch, velocity=VELOCITY, time=tick - now))
        now = tick
    end = math.ceil(len(piece) * TICKS / frames_per_beat)
    track.append(mido.MetaMessage("end_of_track", time=max(end - now, 0)))
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    file.tracks.append(track)
    with replacing(path) as staged:
        file.save(staged)
    return path


def _events(piece: Piece) -> Iterator[tuple[int, str, int]]:
    """Starts and ends of notes by frame; ends come first, so that a key is free again."""
    events = []
    for note in notes_of(piece.roll):
        events += [(note.start, "note_on", note.pitch), (note.end, "note_off", note.pitch)]
    return iter(sorted(events))
