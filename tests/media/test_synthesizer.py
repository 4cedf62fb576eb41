"""Sound of piano rolls: the right tones at the right time, and files that others read."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from keras_rnn_recipes.media.piano_rolls import Note, Piece, roll_of
from keras_rnn_recipes.media.synthesizer import render, wav_bytes, write_wav
from keras_rnn_recipes.media.wav import read_wav


@pytest.mark.parametrize("pitch", [45, 60, 69, 81])
def test_a_note_sounds_at_its_pitch_and_in_its_time(pitch):
    piece = Piece(roll_of([Note(pitch, 4, 8)], 12), "note", tempo=60.0)
    waveform = render(piece, rate=16_000)
    quiet, loud, after = (waveform[at * 16_000 + 1000 :][:8000] for at in (0, 1, 2))
    assert np.abs(quiet).max() == 0 and np.abs(loud).max() > 0.05
    assert np.abs(after[2000:]).max() == 0
    spectrum = np.abs(np.fft.rfft(loud * np.hanning(len(loud)), 2**16))
    found = spectrum.argmax() * 16_000 / 2**16
    assert found == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=0.005)
    assert np.abs(waveform).max() == pytest.approx(0.9, abs=1e-3)


def test_a_silent_piece_is_silent():
    assert not render(Piece(np.zeros((4, 88), "uint8"), "silence")).any()


def test_the_file_is_read_by_pythons_own_reader_and_by_ours(tmp_path):
    waveform = np.sin(np.linspace(0, 50, 500)).astype("float32")
    with wave.open(io.BytesIO(wav_bytes(waveform, 8000))) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, 500, 1)
        frames = np.frombuffer(file.readframes(500), "<i2")
    np.testing.assert_allclose(frames / 32767, waveform, atol=1e-4)
    ours, rate = read_wav(write_wav(tmp_path / "a.wav", waveform, 8000))
    assert rate == 8000
    np.testing.assert_allclose(ours, waveform, atol=1e-3)
