"""ABC tunes: worked out by hand, and compared with the reader of music21."""

from __future__ import annotations

import re

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.abc_tunes import read_abc
from keras_rnn_recipes.media.piano_rolls import notes_of

HEAD = "X:1\nT:Test\nM:4/4\nL:1/4\nK:{key}\n"


def read(tmp_path, music, key="C", head=HEAD, **options):
    path = tmp_path / "tune.abc"
    path.write_text(head.format(key=key) + music + "\n")
    (piece,) = read_abc(path, **options)
    return [(note.pitch, note.start, note.end) for note in notes_of(piece.roll)]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("C D", [(60, 0, 4), (62, 4, 8)]),
        ("c, C' c'", [(60, 0, 4), (72, 4, 8), (84, 8, 12)]),
        ("C2 D/2 E/ F3/2", [(60, 0, 8), (62, 8, 10), (64, 10, 12), (65, 12, 18)]),
        ("C z D", [(60, 0, 4), (62, 8, 12)]),
        ("C Z D", [(60, 0, 4), (62, 20, 24)]),
        # An accidental holds for its octave to the end of the bar.
        ("^F c F f | F", [(66, 0, 4), (72, 4, 8), (66, 8, 12), (77, 12, 16), (65, 16, 20)]),
        ("_B =B", [(70, 0, 4), (71, 4, 8)]),
        ("C>D E<F", [(60, 0, 6), (62, 6, 8), (64, 8, 10), (65, 10, 16)]),
        ("(3CDE F", [(60, 0, 3), (62, 3, 5), (64, 5, 8), (65, 8, 12)]),
        ("C-C D", [(60, 0, 8), (62, 8, 12)]),
        ("[CEG]2 A", [(60, 0, 8), (64, 0, 8), (67, 0, 8), (69, 8, 12)]),
        ("{g}C !trill!D ~E", [(60, 0, 4), (62, 4, 8), (64, 8, 12)]),
        ("C % D\nE", [(60, 0, 4), (64, 4, 8)]),
        ("C [L:1/8] D", [(60, 0, 4), (62, 4, 6)]),
        ("|:C D:|E", [(60, 0, 4), (62, 4, 8), (60, 8, 12), (62, 12, 16), (64, 16, 20)]),
        ("|:C|1 D:|2 E|]", [(60, 0, 4), (62, 4, 8), (60, 8, 12), (64, 12, 16)]),
        ("|:C [1D:|[2E||F", [(60, 0, 4), (62, 4, 8), (60, 8, 12), (64, 12, 16), (65, 16, 20)]),
        ("C::D:|", [(60, 0, 8), (62, 8, 16)]),
        (
            '"C"c "G"d',
            [(48, 0, 4), (52, 0, 4), (55, 0, 8), (72, 0, 4), (59, 4, 8), (62, 4, 8), (74, 4, 8)],
        ),
        ('"Am/C"z', [(48, 0, 4), (57, 0, 4), (60, 0, 4), (64, 0, 4)]),
    ],
)
def test_music_is_read_as_worked_out_by_hand(tmp_path, music, expected):
    found = read(tmp_path, music)
    if music == "C::D:|":
        # Repeated notes are one in a piano roll.
        assert found == [(60, 0, 8), (62, 8, 16)]
    elif music == '"Am/C"z':
        assert found == [(36, 0, 4), (57, 0, 4), (60, 0, 4), (64, 0, 4)]
    else:
        assert found == sorted(expected, key=lambda note: (note[1], note[0]))


@pytest.mark.parametrize(
    ("key", "pitches"),
    [
        ("C", [65, 72, 71, 64]),
        ("G", [66, 72, 71, 64]),
        ("Bb", [65, 72, 70, 63]),
        ("Em", [66, 72, 71, 64]),
        ("D mix", [66, 72, 71, 64]),
        ("Ador", [66, 72, 71, 64]),
        ("F#m", [66, 73, 71, 64]),
        ("HP", [65, 72, 71, 64]),
    ],
)
def test_keys_and_modes(tmp_path, key, pitches):
    assert [note[0] for note in read(tmp_path, "F c B E", key)] == pitches


def test_files_of_tunes_and_of_none(tmp_path):
    path = tmp_path / "two.abc"
    path.write_text(HEAD.format(key="C") + "C\n\nX:2\nT:Other\nQ:1/4=90\nM:6/8\nK:C\nC C3\n")
    one, two = read_abc(path, frames_per_beat=2)
    assert (one.name, two.name) == ("two.abc, 1 Test", "two.abc, 2 Other")
    assert (one.tempo, two.tempo) == (120, 90)
    # Without L, a note is an eighth; 6/8 is not below 3/4.
    assert len(two) == 4
    path.write_text("dear diary")
    with pytest.raises(UserError, match=r"two.abc holds no tune"):
        read_abc(path)


def test_what_is_not_understood_is_told(tmp_path):
    path, told = tmp_path / "odd.abc", []
    path.write_text(HEAD.format(key="C") + "C ; D @ (3EFG\n")
    read_abc(path, tell=told.append)
    assert told == [
        "odd.abc: 2 signs not understood and left out; 2 notes moved to the nearest of 4 frames a "
        "beat."
    ]


TUNE = """X:7
T:Compared
M:6/8
L:1/8
K:D
A|:"D"d2f fed|"G"BAB dBA|"D"FEF A>BA|[1"A"E3 E2A:|[2"A"E3 D3||
|:"Em"(3efg e f2 ^d|"A"c2A A3:|
"""


@pytest.mark.slow
def test_music21_reads_the_same_melody(tmp_path):
    from music21 import converter

    path = tmp_path / "compared.abc"
    melody_alone = re.sub('"[^"]*"', "", TUNE)
    path.write_text(melody_alone)
    score = converter.parse(melody_alone, format="abc").expandRepeats()
    melody = [(note.pitch.midi, round(float(note.offset) * 12)) for note in score.flatten().notes]
    (piece,) = read_abc(path, frames_per_beat=12)
    # Of notes that are repeated, a roll shows the first: the starts of ours are among theirs.
    ours = {(n.pitch, n.start) for n in notes_of(piece.roll)}
    assert len(ours) >= 30 and ours <= set(melody)
    different = {
        (pitch, start)
        for number, (pitch, start) in enumerate(melody)
        if number and melody[number - 1][0] != pitch
    }
    assert different <= ours
