"""WAV files of every usual kind, against SciPy's reader and hand-made files."""

from __future__ import annotations

import struct
import wave

import numpy as np
import pytest
from scipy.io import wavfile

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.wav import read_wav, resample

RATE = 8000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(800) / RATE)


def write(path, samples, rate=RATE, width=2, channels=1):
    """A file by Python's own module, which takes bytes."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)
    return path


def three_bytes(values):
    return b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)


@pytest.mark.parametrize(
    "dtype, scale, offset",
    [("uint8", 127, 128), ("<i2", 32767, 0), ("<i4", 2**31 - 1, 0), ("<f4", 1, 0), ("<f8", 1, 0)],
)
def test_samples_of_every_width_give_the_same_tone(tmp_path, dtype, scale, offset):
    path = tmp_path / "tone.wav"
    wavfile.write(path, RATE, (TONE * scale + offset).astype(dtype))
    found, rate = read_wav(path)
    assert rate == RATE and found.dtype == np.float32 and len(found) == len(TONE)
    np.testing.assert_allclose(found, TONE, atol=0.02 if dtype == "uint8" else 1e-4)
    _, theirs = wavfile.read(path)
    divisor = {"u": 128, "i": 2.0 ** (8 * theirs.itemsize - 1), "f": 1}[theirs.dtype.kind]
    expected = (theirs.astype("float64") - 128 * (theirs.dtype.kind == "u")) / divisor
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_24_bits_keep_their_sign(tmp_path):
    values = [0, 1, -1, 2**22, -(2**23), 2**23 - 1]
    found, _ = read_wav(write(tmp_path / "deep.wav", three_bytes(values), width=3))
    np.testing.assert_allclose(found, np.array(values) / 2**23)


def test_channels_are_averaged(tmp_path):
    path = tmp_path / "stereo.wav"
    wavfile.write(path, 44100, np.stack([TONE, -TONE / 2], axis=1).astype("<f4"))
    found, rate = read_wav(path)
    np.testing.assert_allclose(found, TONE / 4, atol=1e-6)
    assert rate == 44100


def test_other_chunks_and_the_extensible_format_are_understood(tmp_path):
    samples = (TONE * 32767).astype("<i2").tobytes()
    extensible = struct.pack("<HHIIHH", 0xFFFE, 1, RATE, RATE * 2, 2, 16)
    extensible += struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)
    body = b"".join(
        name + struct.pack("<I", len(chunk)) + chunk + b"\0" * (len(chunk) % 2)
        for name, chunk in ((b"LIST", b"odd"), (b"fmt ", extensible), (b"data", samples))
    )
    (tmp_path / "x.wav").write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)
    np.testing.assert_allclose(read_wav(tmp_path / "x.wav")[0], TONE, atol=1e-4)


def test_a_file_cut_short_is_read_with_a_note(tmp_path):
    path = write(tmp_path / "cut.wav", (TONE * 32767).astype("<i2").tobytes())
    path.write_bytes(path.read_bytes()[: 44 + 301])
    notes = []
    found, _ = read_wav(path, tell=notes.append)
    np.testing.assert_allclose(found, TONE[:150], atol=1e-4)
    assert notes == ["cut.wav is cut short: 150 samples were read."]


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "bad.wav"),
        (b"ID3 this is music in another format", "does not begin as one"),
        (b"RIFF\x04\0\0\0WAVE", "does not say how"),
        (
            b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 6, 1, 8000, 8000, 1, 8),
            "format 6 with 8 bits",
        ),
        (
            b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"
            + struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
            + b"data\0\0\0\0",
            "no samples",
        ),
    ],
)
def test_what_is_no_recording_is_refused_by_name(tmp_path, content, told):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(UserError, match="bad.wav") as error:
        read_wav(path)
    assert told in str(error.value)


@pytest.mark.parametrize("rate, to", [(44100, 8000), (8000, 16000), (22050, 16000), (8000, 8000)])
def test_resampling_keeps_a_tone_below_half_of_both_rates(rate, to):
    seconds = np.arange(rate) / rate
    found = resample(np.sin(2 * np.pi * 440 * seconds).astype("float32"), rate, to)
    assert len(found) == to
    expected = np.sin(2 * np.pi * 440 * np.arange(to) / to)
    middle = slice(to // 10, -to // 10)
    np.testing.assert_allclose(found[middle], expected[middle], atol=5e-3)


@pytest.mark.parametrize("rate, to", [(44100, 8000), (8000, 16000), (11025, 8000)])
def test_the_graph_resamples_like_scipy(rate, to):
    import tensorflow as tf

    from keras_rnn_recipes.serving.resampling import resample_waveforms

    random = np.random.default_rng(0)
    smooth = np.convolve(random.normal(size=rate // 4), np.hanning(60) / 30, mode="same")
    given = np.zeros((2, len(smooth) + 77), "float32")
    given[0, : len(smooth)], given[1, :500] = smooth, smooth[:500]
    lengths = np.array([len(smooth), 500], "int32")
    found, new = resample_waveforms(tf.constant(given), tf.constant(lengths), tf.constant(rate), to)
    for row, old, count in zip(found.numpy(), lengths, new.numpy(), strict=True):
        expected = resample(smooth[:old].astype("float32"), rate, to)
        assert count == len(expected) and not row[count:].any()
        middle = slice(40, count - 40)
        np.testing.assert_allclose(row[middle], expected[middle], atol=0.02)
    same = resample_waveforms(tf.constant(given), tf.constant(lengths), tf.constant(to), to)
    np.testing.assert_array_equal(same[0], given)
