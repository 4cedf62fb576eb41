"""Piano rolls: notes and back, names of pitches, files with rolls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.io import savemat

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.canons import SIZES, canons
from keras_rnn_recipes.media.catalogue import load_media_parts
from keras_rnn_recipes.media.music_files import read_pieces
from keras_rnn_recipes.media.piano_rolls import (
    notes_of,
    pitch_name,
    read_pitches,
    roll_of,
    transpose,
)
from keras_rnn_recipes.media.roll_files import read_roll_parts


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_a_roll_is_the_roll_of_its_notes(seed, share):
    roll = (np.random.default_rng(seed).random((9, 88)) < share).astype("uint8")
    notes = notes_of(roll)
    np.testing.assert_array_equal(roll_of(notes, 9), roll)
    assert [(n.start, n.pitch) for n in notes] == sorted((n.start, n.pitch) for n in notes)


def test_every_key_has_a_name_that_is_read_again():
    pitches = list(range(21, 109))
    assert read_pitches(" ".join(map(pitch_name, pitches))) == pitches
    assert read_pitches("Bb3, c#4 72") == [58, 61, 72] and read_pitches("") == []
    for word in ("H4", "C", "C9", "200", "Cb"):
        with pytest.raises(UserError, match=f"names the note '{word}'"):
            read_pitches(f"C4 {word}")


def test_a_roll_is_moved_by_semitones():
    roll = np.eye(88, dtype="uint8")
    for semitones in (-3, 0, 5):
        np.testing.assert_array_equal(transpose(roll, semitones), np.eye(88, k=semitones))


def cells(*rolls):
    found = np.empty((1, len(rolls)), object)
    found[0, :] = rolls
    return found


def test_published_files_of_matlab_are_read(tmp_path):
    path, one, two = tmp_path / "rolls.mat", np.eye(88)[:5], np.ones((2, 88), "uint8")
    savemat(path, {"traindata": cells(one, two), "testdata": cells(two)})
    parts = read_roll_parts(path)
    assert {name: len(pieces) for name, pieces in parts.items()} == {"train": 2, "test": 1}
    np.testing.assert_array_equal(parts["train"][0].roll, one)
    assert parts["train"][1].name == "rolls.mat, train 2"
    np.save(tmp_path / "roll.npy", one)
    assert [len(piece) for piece in read_pieces(tmp_path / "roll.npy")] == [5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"other": 1}, "odd.mat has no traindata, but other"),
        ({"traindata": cells(np.ones((3, 20)))}, r"odd.mat, train 1 has the shape \(3, 20\)"),
        ({"traindata": cells(np.full((3, 88), 7))}, "train 1 has 264 values other than 0 and 1"),
        (None, "odd.mat cannot be read as a MATLAB file"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path, content, message):
    path = tmp_path / "odd.mat"
    if content is None:
        path.write_bytes(b"not a file of MATLAB")
    else:
        savemat(path, content)
    with pytest.raises(UserError, match=message):
        read_roll_parts(path)


def test_the_canons_are_always_the_same_and_no_piece_is_in_two_parts():
    first, again = canons(), canons()
    assert {name: len(pieces) for name, pieces in first.items()} == SIZES
    every = [piece.roll.tobytes() for pieces in first.values() for piece in pieces]
    assert every == [piece.roll.tobytes() for pieces in again.values() for piece in pieces]
    assert len(set(every)) == len(every)


def test_the_voices_of_a_canon_follow_each_other():
    """Above the bass, what sounds in a phrase sounds again in the next one, moved by octaves."""
    for piece in canons()["test"][:20]:
        lengths = [length for length in (16,) if len(piece) > 2 * length]
        for length in lengths:
            lead, follow = piece.roll[:length], piece.roll[length : 2 * length]
            tones = np.array(
                [[frame[12 * 0 + tone :: 12].any() for tone in range(12)] for frame in lead]
            )
            later = np.array([[frame[tone::12].any() for tone in range(12)] for frame in follow])
            assert (later | ~tones).all()


def test_nottingham_has_its_published_parts(krr_data):
    parts = load_media_parts("nottingham", "music")
    sizes = {name: len(pieces) for name, pieces in parts.items()}
    assert sizes == {"train": 694, "valid": 173, "test": 170}
    assert sum(len(piece) for piece in parts["test"]) == 44_463
