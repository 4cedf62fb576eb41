"""Sound of a piano roll: a small additive synthesizer in NumPy."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from keras_rnn_recipes.media.piano_rolls import Note, Piece, notes_of
from keras_rnn_recipes.storage import replacing

RATE = 22_050

_HARMONICS = 8
# Share of the amplitude that is left of each harmonic in comparison with the one before.
_BRIGHTNESS = 0.55
_ATTACK, _RELEASE = 0.008, 0.08  # seconds
# Seconds in which a middle C loses half of its amplitude; higher notes fade sooner.
_HALF_LIFE = 0.6


def render(piece: Piece, *, frames_per_beat: int = 4, rate: int = RATE) -> np.ndarray:
    """The waveform of a piece.

    Each note is a sum of harmonics with a short attack, an exponential decay and a release. Notes
    are added one after the other, so that the memory is that of the waveform.

    Args:
        piece: the roll and its tempo.
        frames_per_beat: frames of a quarter note.
        rate: samples a second.

    Returns:
        float32 ``(samples,)`` from -1 to 1; a silent piece is zeros.

    Example:
        >>> roll = np.zeros((8, 88), "uint8")
        >>> roll[:4, 48] = 1  # A4, 440 Hz, for half a second
        >>> render(Piece(roll, "A4"), rate=8000).shape
        (8640,)
    """
    seconds = 60 / piece.tempo / frames_per_beat
    waveform = np.zeros(math.ceil((len(piece) * seconds + _RELEASE) * rate))
    for note in notes_of(piece.roll):
        first = round(note.start * seconds * rate)
        sound = _note(note, seconds, rate)[: len(waveform) - first]
        waveform[first : first + len(sound)] += sound
    peak = np.abs(waveform).max(initial=0.0)
    return (waveform * (0.9 / peak if peak else 0.0)).astype("float32")


def _note(note: Note, seconds: float, rate: int) -> np.ndarray:
    held = (note.end - note.start) * seconds
    time = np.arange(math.ceil((held + _RELEASE) * rate)) / rate
    pitch = 440 * 2 ** ((note.pitch - 69) / 12)
    # Harmonics beyond half of the rate would sound as other tones.
    numbers = [n for n in range(1, _HARMONICS + 1) if n * pitch < rate / 2]
    tone = np.zeros_like(time)
    half_life = _HALF_LIFE * 2 ** ((60 - note.pitch) / 24)
    for number in numbers:
        fading = 0.5 ** (time * math.sqrt(number) / half_life)
        tone += _BRIGHTNESS ** (number - 1) * fading * np.sin(2 * np.pi * number * pitch * time)
    attack = np.minimum(time / _ATTACK, 1)
    release = np.clip((held + _RELEASE - time) / _RELEASE, 0, 1)
    return tone * attack * release


def wav_bytes(waveform: np.ndarray, rate: int = RATE) -> bytes:
    """A waveform as a WAV file with samples of 16 bits and one channel.

    Args:
        waveform: ``(samples,)`` from -1 to 1; louder samples are clipped.
        rate: samples a second.

    Example:
        >>> wav_bytes(np.zeros(2, "float32"))[:4]
        b'RIFF'
    """
    data = np.round(np.clip(waveform, -1, 1) * 32767).astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    content = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(content)) + content


def write_wav(path: str | Path, waveform: np.ndarray, rate: int = RATE) -> Path:
    """Write a waveform as a WAV file, whole or not at all; see `wav_bytes`.

    Example:
        >>> write_wav("tone.wav", np.zeros(100, "float32"))  # doctest: +SKIP
        PosixPath('tone.wav')
    """
    path = Path(path)
    with replacing(path) as staged:
        staged.write_bytes(wav_bytes(waveform, rate))
    return path
