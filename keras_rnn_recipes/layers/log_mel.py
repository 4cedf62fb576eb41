"""Logarithmic mel spectrograms of waveforms inside the graph."""

from __future__ import annotations

import numpy as np
from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered

# Added to the energy of a band before the logarithm: that of noise of one unit in 16 bits.
_FLOOR = 1e-7


@registered
class LogMel(layers.Layer):
    """The logarithm of the energy in mel bands, in overlapping frames of a waveform.

    The first frame begins with the waveform; the last one is filled up with zeros, so that every
    sample lies in a frame. Padding does not reach the frames of real samples.

    Args:
        rate: samples per second.
        bands: mel bands, equally spaced on the mel scale from 40 Hz to half the rate.
        window_ms: length of a frame in milliseconds.
        hop_ms: from the start of a frame to that of the next one, in milliseconds.

    Call arguments:
        values: waveforms ``(batch, samples, 1)``, zeros as padding.
        mask: bool ``(batch, samples)``, true for real samples; padding must be on the right.

    Returns:
        ``(batch, frames, bands)``, zeros as padding, and bool ``(batch, frames)``.

    Raises:
        ValueError: a number below 1, or more bands than the frames can resolve.

    Source: the mel scale of HTK (O'Shaughnessy 1987), as `tf.signal.linear_to_mel_weight_matrix`.

    Example:
        >>> values, mask = LogMel(8000)(np.zeros((1, 8000, 1)), np.ones((1, 8000), bool))
        >>> values.shape, int(np.sum(mask))
        (TensorShape([1, 99, 40]), 99)
    """

    def __init__(self, rate, bands=40, window_ms=25.0, hop_ms=10.0, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.bands, self.window_ms, self.hop_ms = rate, bands, window_ms, hop_ms
        self.window, self.hop = (round(rate * ms / 1000) for ms in (window_ms, hop_ms))
        if min(rate, bands, self.window, self.hop) < 1:
            raise ValueError(
                "rate, bands, window_ms and hop_ms must be at least one step; received "
                f"{rate}, {bands}, {window_ms} and {hop_ms}."
            )
        self.fft_length = 1 << (self.window - 1).bit_length()
        self._taper = np.hanning(self.window + 1)[:-1].astype("float32")
        self._weights = mel_weights(rate, bands, self.fft_length)

    def call(self, values, mask):
        lengths = ops.sum(ops.cast(mask, "int32"), axis=1)
        real = values[:, :, 0] * ops.cast(mask, values.dtype)
        frames = self.frame_count(ops.shape(real)[1])
        padded = ops.pad(real, [[0, 0], [0, self.window + self.hop]])
        starts = ops.arange(frames, dtype="int32") * self.hop
        places = starts[:, None] + ops.arange(self.window, dtype="int32")[None]
        parts = ops.take(padded, places, axis=1) * ops.convert_to_tensor(self._taper)
        parts = ops.pad(parts, [[0, 0], [0, 0], [0, self.fft_length - self.window]])
        cosine, sine = ops.rfft(parts)
        energy = ops.matmul(cosine**2 + sine**2, ops.convert_to_tensor(self._weights))
        inside = ops.arange(frames, dtype="int32")[None] < self.frame_count(lengths)[:, None]
        inside = ops.logical_and(inside, lengths[:, None] > 0)
        logarithm = ops.log(energy + _FLOOR) * ops.cast(inside, energy.dtype)[:, :, None]
        return logarithm, inside

    def frame_count(self, samples):
        """The number of frames that hold so many samples, at least one."""
        return ops.maximum(samples - self.window + self.hop - 1, 0) // self.hop + 1

    def compute_output_spec(self, values, mask):
        samples = values.shape[1]
        frames = None if samples is None else int(self.frame_count(np.int32(samples)))
        shape = (values.shape[0], frames)
        return (
            KerasTensor((*shape, self.bands), dtype=self.compute_dtype),
            KerasTensor(shape, dtype="bool"),
        )

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "bands": self.bands,
            "window_ms": self.window_ms,
            "hop_ms": self.hop_ms,
        }


def mel_weights(rate, bands, fft_length):
    """Weights of the frequencies of a Fourier transform in triangular mel bands.

    Args:
        rate: samples per second.
        bands: number of bands.
        fft_length: of the Fourier transform.

    Returns:
        float32 ``(fft_length // 2 + 1, bands)``.

    Raises:
        ValueError: a band would hold no frequency.

    Example:
        >>> mel_weights(8000, 20, 256).shape
        (129, 20)
    """
    hertz = np.linspace(0, rate / 2, fft_length // 2 + 1)
    ends = np.linspace(_mel(40.0), _mel(rate / 2), bands + 2)
    mels = _mel(hertz)[:, None]
    rising = (mels - ends[:-2]) / (ends[1:-1] - ends[:-2])
    falling = (ends[2:] - mels) / (ends[2:] - ends[1:-1])
    weights = np.maximum(np.minimum(rising, falling), 0)
    weights[0] = 0  # the mean of a frame says nothing
    if not weights.any(axis=0).all():
        raise ValueError(f"{bands} mel bands are too many for {fft_length} samples; lower them.")
    return weights.astype("float32")


def _mel(hertz):
    return 1127.0 * np.log1p(hertz / 700.0)
