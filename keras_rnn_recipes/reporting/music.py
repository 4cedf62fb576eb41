"""Pictures and sound of piano rolls for reports."""

from __future__ import annotations

import base64

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from keras_rnn_recipes.media.piano_rolls import LOWEST, Piece, notes_of, pitch_name
from keras_rnn_recipes.media.synthesizer import render, wav_bytes
from keras_rnn_recipes.reporting.style import INK, MODEL, MUTED, new_figure

# Samples a second and seconds of the sound in a report: it is part of the page.
PAGE_RATE, PAGE_SECONDS = 11_025, 20.0


def plot_roll(
    roll: np.ndarray, *, frames_per_beat: int, given: int = 0, description: str = ""
) -> Figure:
    """Draw a piano roll: time to the right in beats, a line for each note at its pitch.

    Args:
        roll: ``(frames, 88)``.
        frames_per_beat: frames of a quarter note.
        given: frames at the start that were not composed, drawn in another color.
        description: for screen readers.
    """
    notes = notes_of(roll)
    with new_figure(2.8) as (figure, axes):
        for part, color in ((True, MUTED), (False, MODEL)):
            some = [note for note in notes if (note.start < given) == part]
            axes.hlines(
                [note.pitch for note in some],
                [note.start / frames_per_beat for note in some],
                [note.end / frames_per_beat for note in some],
                color=color,
                linewidth=2.4,
            )
        if given:
            axes.axvline(given / frames_per_beat, color=INK, linewidth=0.8, linestyle=":")
        low = min((note.pitch for note in notes), default=48) // 12 * 12
        high = max((note.pitch for note in notes), default=72)
        octaves = [pitch for pitch in range(low, high + 12, 12) if pitch >= LOWEST]
        axes.set_yticks(octaves, [pitch_name(pitch) for pitch in octaves])
        axes.set(xlabel="beats", xlim=(0, max(len(roll), 1) / frames_per_beat))
        figure.set_label(description)
    return figure


def audio_player(piece: Piece, *, frames_per_beat: int) -> Markup:
    """An audio player with the beginning of a piece, whose sound is part of the page.

    Args:
        piece: its first 20 seconds are heard.
        frames_per_beat: frames of a quarter note.

    Example:
        >>> piece = Piece(np.ones((4, 88), "uint8"), "cluster")
        >>> audio_player(piece, frames_per_beat=4)[:30]
        Markup('<audio controls preload="metad')
    """
    frames = int(PAGE_SECONDS * piece.tempo / 60 * frames_per_beat)
    heard = Piece(piece.roll[:frames], piece.name, piece.tempo)
    waveform = render(heard, frames_per_beat=frames_per_beat, rate=PAGE_RATE)
    data = base64.b64encode(wav_bytes(waveform, PAGE_RATE)).decode("ascii")
    return Markup(
        '<audio controls preload="metadata" src="data:audio/wav;base64,{}" style="width: 100%" '
        'aria-label="{}"></audio>'
    ).format(data, f"The beginning of the {piece.name}")
