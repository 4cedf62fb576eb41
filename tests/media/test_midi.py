"""MIDI files: written and read again, and files with everything that files of others hold."""

from __future__ import annotations

import sys

import mido
import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.midi import DRUMS, read_midi, write_midi
from keras_rnn_recipes.media.piano_rolls import Note, Piece, notes_of, roll_of


def write(path, *tracks, type=1, ticks=480):
    """A MIDI file of tracks, each a list of messages whose times are ticks since the last."""
    file = mido.MidiFile(type=type, ticks_per_beat=ticks)
    for messages in tracks:
        file.tracks.append(mido.MidiTrack(messages))
    file.save(path)
    return path


def on(note, time=0, **options):
    return mido.Message("note_on", note=note, time=time, **options)


def off(note, time=0, **options):
    return mido.Message("note_off", note=note, time=time, **options)


def notes(piece):
    return [(note.pitch, note.start, note.end) for note in notes_of(piece.roll)]


NOTES = st.builds(
    lambda pitch, start, length: Note(pitch, start, start + length),
    st.integers(21, 108),
    st.integers(0, 40),
    st.integers(1, 9),
)


@given(st.lists(NOTES, min_size=1, max_size=20), st.sampled_from([1, 2, 3, 4, 7, 12]))
def test_what_is_written_is_read_again(tmp_path_factory, found, frames_per_beat):
    path = tmp_path_factory.mktemp("midi") / "piece.mid"
    piece = Piece(roll_of(found), "piece", 90.0)
    told: list[str] = []
    write_midi(path, piece, frames_per_beat=frames_per_beat)
    again = read_midi(path, frames_per_beat=frames_per_beat, tell=told.append)
    np.testing.assert_array_equal(again.roll, piece.roll)
    assert again.tempo == pytest.approx(90, rel=1e-4) and not told


def test_times_are_those_that_mido_counts(tmp_path):
    path = write_midi(tmp_path / "a.mid", Piece(roll_of([Note(60, 4, 8)]), "a", 60.0))
    # Four frames of a quarter of a second each.
    sounding = [message for message in mido.MidiFile(path) if message.type.startswith("note")]
    assert [round(message.time, 3) for message in sounding] == [1.0, 1.0]


def test_tracks_and_channels_come_together(tmp_path):
    path = write(
        tmp_path / "two.mid",
        [on(60), off(60, 480), on(62), off(62, 480)],
        [on(48, channel=3), on(48, 960, channel=3, velocity=0)],
    )
    assert notes(read_midi(path)) == [(48, 0, 8), (60, 0, 4), (62, 4, 8)]


def test_what_is_left_out_or_assumed_is_told(tmp_path):
    tempo = [mido.MetaMessage("set_tempo", tempo=t, time=960) for t in (500_000, 300_000)]
    path = write(
        tmp_path / "odd.mid",
        [tempo[0], tempo[1]],
        [on(36, channel=DRUMS), off(36, 100, channel=DRUMS)],
        [
            on(60, 70),
            off(60, 400),
            on(5),
            off(5, 9),
            on(64),
            mido.MetaMessage("end_of_track", time=960),
        ],
    )
    told: list[str] = []
    piece = read_midi(path, tell=told.append)
    (sentence,) = told
    for part in (
        "odd.mid: 1 drum left out",
        "1 note outside of A0 to C8 left out",
        "1 note without an end held to the end of a track",
        "moved to the nearest of 4 frames a beat",
        "the tempo changes, and only the first one is kept",
    ):
        assert part in sentence
    assert piece.tempo == 120
    assert notes(piece) == [(60, 1, 4), (64, 4, 12)]


def test_tempo_changes_do_not_move_notes(tmp_path):
    changes = [mido.MetaMessage("set_tempo", tempo=t, time=240) for t in (5 * 10**5, 9 * 10**5)]
    plain = read_midi(write(tmp_path / "a.mid", [on(60), off(60, 480), on(67), off(67, 960)]))
    changed = read_midi(
        write(tmp_path / "b.mid", changes, [on(60), off(60, 480), on(67), off(67, 960)])
    )
    np.testing.assert_array_equal(plain.roll, changed.roll)


def test_a_note_shorter_than_a_frame_is_one_frame(tmp_path):
    path = write(tmp_path / "short.mid", [on(60), off(60, 5), on(60, 475), off(60, 5)])
    assert notes(read_midi(path)) == [(60, 0, 1), (60, 4, 5)]


def test_the_same_note_in_two_voices_sounds_until_the_last_ends(tmp_path):
    path = write(tmp_path / "both.mid", [on(60), off(60, 480)], [on(60), off(60, 960)])
    assert notes(read_midi(path)) == [(60, 0, 8)]


def broken(tmp_path, name):
    """A file that cannot be used, by its name."""
    path = tmp_path / f"{name}.mid"
    if name == "cut":
        whole = write(tmp_path / "whole.mid", [on(60), off(60, 480), on(62), off(62, 480)])
        path.write_bytes(whole.read_bytes()[:-14])
    elif name == "text":
        path.write_text("this is no music")
    elif name == "empty":
        path.write_bytes(b"")
    elif name == "silent":
        write(path, [mido.MetaMessage("track_name", name="nothing")])
    elif name == "drums":
        write(path, [on(36, channel=DRUMS), off(36, 10, channel=DRUMS)])
    elif name == "independent":
        write(path, [on(60), off(60, 480)], type=2)
    elif name == "endless":
        write(path, [on(60), off(60, 2**27)], ticks=24)
    elif name == "seconds":
        whole = write(tmp_path / "whole.mid", [on(60), off(60, 480)]).read_bytes()
        path.write_bytes(whole[:12] + b"\xe7\x28" + whole[14:])
    return path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cut", "cut.mid cannot be read as a MIDI file"),
        ("text", "text.mid cannot be read as a MIDI file"),
        ("empty", "empty.mid is empty"),
        ("silent", "silent.mid has no notes"),
        ("drums", "drums.mid has no notes but drums"),
        ("independent", "independent.mid has independent tracks"),
        ("endless", "endless.mid lasts 22,369,621 frames"),
        ("seconds", "seconds.mid has times in seconds"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        read_midi(broken(tmp_path, name))


def test_without_mido_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mid", [on(60), off(60, 480)])
    monkeypatch.setitem(sys.modules, "mido", None)
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs mido.*keras-rnn-recipes\[music\]"):
        read_midi(path)
