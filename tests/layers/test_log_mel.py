"""Log-mel spectrograms against tf.signal, one waveform at a time."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.layers import LogMel


def expected(waveform, rate, bands, window, hop):
    """The same by tf.signal, for a waveform that is filled up to a whole number of frames."""
    frames = max(-(-(len(waveform) - window) // hop), 0) + 1
    filled = np.zeros((frames - 1) * hop + window, "float32")
    filled[: len(waveform)] = waveform
    fft = 1 << (window - 1).bit_length()
    spectra = tf.signal.stft(filled, window, hop, fft)
    weights = tf.signal.linear_to_mel_weight_matrix(bands, fft // 2 + 1, rate, 40.0, rate / 2)
    return np.log(np.array(tf.abs(spectra) ** 2 @ weights) + 1e-7)


@pytest.mark.parametrize("rate, bands", [(8000, 40), (16000, 64)])
def test_it_is_what_tf_signal_computes_for_each_waveform_alone(rate, bands):
    random = np.random.default_rng(0)
    window, hop = rate // 40, rate // 100
    lengths = (rate, 3 * window, window, window - 1, window + 1, 7)
    waveforms = [random.normal(0, 0.1, n).astype("float32") for n in lengths]
    padded, mask = np.full((6, rate + 50, 1), 3.0, "float32"), np.zeros((6, rate + 50), bool)
    for row, real, one in zip(padded, mask, waveforms, strict=True):
        row[: len(one), 0], real[: len(one)] = one, True
    values, inside = LogMel(rate, bands)(padded, mask)
    for row, real, one in zip(np.array(values), np.array(inside), waveforms, strict=True):
        wanted = expected(one, rate, bands, window, hop)
        assert real.sum() == len(wanted)
        np.testing.assert_allclose(row[real], wanted, atol=2e-3)
        assert not row[~real].any()


def test_a_batch_without_a_sample_has_no_real_frame():
    values, mask = LogMel(8000)(np.zeros((2, 5, 1), "float32"), np.zeros((2, 5), bool))
    assert not np.any(mask) and not np.any(values)


@pytest.mark.parametrize("options", [{"rate": 0}, {"rate": 8000, "bands": 200}, {"rate": 20}])
def test_impossible_numbers_are_refused(options):
    with pytest.raises(ValueError):
        LogMel(**options)
