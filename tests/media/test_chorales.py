"""Chorales from the corpus of music21, against its own reduction to chords."""

from __future__ import annotations

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.chorales import chorales, read_chorale
from keras_rnn_recipes.media.piano_rolls import LOWEST


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bach/bwv66.6", "bach/bwv2.6"])
def test_a_chorale_sounds_as_its_chords(name):
    corpus = pytest.importorskip("music21.corpus")
    score = corpus.parse(name)
    piece = read_chorale(score, name)
    chords = [one for one in score.chordify().flatten().notes if one.quarterLength]
    assert len(chords) > 30
    for chord in chords:
        frame = piece.roll[round(float(chord.offset) * 4)]
        found = {int(key) + LOWEST for key in frame.nonzero()[0]}
        assert found == {pitch.midi for pitch in chord.pitches}


def test_without_music21_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("keras_rnn_recipes.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs music21.*keras-rnn-recipes\[chorales\]"):
        chorales()
