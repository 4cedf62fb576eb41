"""Waveforms from WAV files: every usual width of samples, one channel, one rate."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.errors import UserError, counted

Tell = Callable[[str], None]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_KIND = "a WAV file"


def read_wav(path: str | Path, *, tell: Tell = lambda note: None) -> tuple[np.ndarray, int]:
    """Read a WAV file as one waveform.

    Args:
        path: a RIFF file with samples of 8, 16, 24 or 32 bits, or floats of 32 or 64 bits. Several
            channels are averaged.
        tell: called with a sentence on a file that is cut short.

    Returns:
        float32 ``(samples,)``, from -1 to 1 for whole numbers, and the samples per second.

    Raises:
        UserError: no WAV file, a compressed one, or one without samples; the message names it.

    Example:
        >>> read_wav("hello.wav")  # doctest: +SKIP
        (array([0.  , 0.01, ...], dtype=float32), 16000)
    """
    path = Path(path)
    check_file(path, _KIND)
    content = path.read_bytes()
    if content[:4] not in (b"RIFF", b"RF64") or content[8:12] != b"WAVE":
        raise _no_wav(path, "it does not begin as one")
    chunks, complete = _chunks(content)
    if b"fmt " not in chunks or len(chunks[b"fmt "]) < 16:
        raise _no_wav(path, "it does not say how its samples are written")
    kind, channels, rate, bits = _format(chunks[b"fmt "])
    dtype = _SAMPLES.get((kind, bits))
    if dtype is None or not channels or not rate:
        raise UserError(
            f"{path.name} has samples of the format {kind} with {bits} bits.",
            "whole numbers of 8, 16, 24 or 32 bits, or floats, without compression.",
            "save it as 16-bit PCM, or leave it out.",
        )
    samples = dtype(chunks.get(b"data", b""))
    frames = samples[: len(samples) // channels * channels].reshape(-1, channels)
    if not len(frames):
        raise UserError(
            f"{path.name} has no samples.", f"{_KIND} with sound.", "leave it out, or replace it."
        )
    if not complete:
        tell(f"{path.name} is cut short: {counted(len(frames), 'sample')} were read.")
    waveform = frames.mean(axis=1) if channels > 1 else frames[:, 0]
    if not np.isfinite(waveform).all():
        raise _no_wav(path, "some of its samples are not finite")
    return waveform.astype("float32"), rate


def resample(waveform: np.ndarray, rate: int, to: int) -> np.ndarray:
    """A waveform at another rate, by a polyphase filter of SciPy.

    Args:
        waveform: ``(samples,)``.
        rate: its samples per second.
        to: samples per second of the result.

    Returns:
        float32 ``(ceil(samples * to / rate),)``.

    Example:
        >>> resample(np.zeros(441, "float32"), 44100, 16000).shape
        (160,)
    """
    from scipy.signal import resample_poly

    common = math.gcd(rate, to)
    if rate == to:
        return waveform
    return resample_poly(waveform, to // common, rate // common).astype("float32")


def _chunks(content: bytes) -> tuple[dict[bytes, bytes], bool]:
    """The first chunk of each name, and whether the chunk of samples is complete."""
    chunks: dict[bytes, bytes] = {}
    place, complete = 12, True
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        body = content[place + 8 : place + 8 + size]
        if name == b"data" and name not in chunks:
            # A recorder that streams does not know the size and writes the largest number.
            complete = len(body) == size or size >= 0xFFFFFFF0
        chunks.setdefault(name, body)
        place += 8 + size + size % 2
    return chunks, complete


def _format(chunk: bytes) -> tuple[int, int, int, int]:
    """The kind of samples, channels, rate and bits of a sample."""
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        (kind,) = struct.unpack_from("<H", chunk, 24)
    return kind, channels, rate, bits


def _whole(data: bytes, width: int) -> bytes:
    return data[: len(data) // width * width]


def _of_type(dtype: str, divisor: float) -> Callable[[bytes], np.ndarray]:
    """Samples of a type of NumPy, divided to lie between -1 and 1."""
    kind = np.dtype(dtype)
    return lambda data: np.frombuffer(_whole(data, kind.itemsize), kind).astype("float64") / divisor


def _unsigned(data: bytes) -> np.ndarray:
    return (np.frombuffer(data, "u1").astype("float64") - 128) / 128


def _three_bytes(data: bytes) -> np.ndarray:
    parts = np.frombuffer(_whole(data, 3), "u1").reshape(-1, 3)
    # The three bytes as the upper ones of 32 bits, so that the sign is right.
    wide = np.zeros((len(parts), 4), "u1")
    wide[:, 1:] = parts
    return wide.view("<i4")[:, 0] / 2.0**31


_SAMPLES: dict[tuple[int, int], Callable[[bytes], np.ndarray]] = {
    (_PCM, 8): _unsigned,
    (_PCM, 16): _of_type("<i2", 2.0**15),
    (_PCM, 24): _three_bytes,
    (_PCM, 32): _of_type("<i4", 2.0**31),
    (_FLOAT, 32): _of_type("<f4", 1.0),
    (_FLOAT, 64): _of_type("<f8", 1.0),
}


def _no_wav(path: Path, why: str) -> UserError:
    return UserError(
        f"{path.name} cannot be read as a WAV file: {why}.",
        "a complete WAV file.",
        "save it again as 16-bit PCM, or leave it out.",
    )
