"""Waveforms at another rate inside a TensorFlow graph."""

from __future__ import annotations

import tensorflow as tf

# Zero crossings of the sinc function on either side; more make a sharper filter.
_CROSSINGS = 16


def resample_waveforms(
    waveforms: tf.Tensor, lengths: tf.Tensor, rate: tf.Tensor, to: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Resample waveforms by a windowed sinc function, whatever the rate that they have.

    Args:
        waveforms: float32 ``(batch, samples)``, zeros after the length.
        lengths: int32 ``(batch,)``.
        rate: samples per second, an int32 scalar.
        to: samples per second of the result.

    Returns:
        Waveforms and lengths as above; unchanged where the rate is right already.

    Source: Smith 2002, Digital audio resampling home page, the windowed sinc interpolation.

    Example:
        >>> given = tf.zeros([1, 800]), tf.constant([800])
        >>> resample_waveforms(*given, tf.constant(16000), 8000)[1].numpy().tolist()
        [400]
    """
    return tf.cond(
        tf.equal(rate, to),
        lambda: (waveforms, lengths),
        lambda: _resampled(waveforms, lengths, rate, to),
    )


def _resampled(
    waveforms: tf.Tensor, lengths: tf.Tensor, rate: tf.Tensor, to: int
) -> tuple[tf.Tensor, tf.Tensor]:
    ratio = tf.cast(to / rate, tf.float32)
    # Frequencies above half of the lower rate are removed.
    cutoff = tf.minimum(1.0, ratio)
    reach = tf.cast(tf.math.ceil(_CROSSINGS / cutoff), tf.int32)
    samples = tf.shape(waveforms)[1]
    count = _new_length(samples, rate, to)
    # In float64, since float32 cannot number the samples of minutes with fractions.
    steps = tf.cast(tf.range(count), tf.float64)
    places = steps * tf.cast(rate, tf.float64) / float(to)
    nearest = tf.cast(tf.floor(places), tf.int32)
    padded = tf.pad(waveforms, [[0, 0], [reach, reach + 1]])

    def add(offset: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        at = nearest + offset
        distance = tf.cast(places - tf.cast(at, tf.float64), tf.float32) * cutoff
        taper = tf.square(tf.cos(distance * (3.141592653589793 / (2 * (_CROSSINGS + 1)))))
        weight = cutoff * tf.experimental.numpy.sinc(distance) * taper
        found = tf.gather(padded, tf.clip_by_value(at + reach, 0, samples + 2 * reach), axis=1)
        return offset + 1, total + found * weight

    zeros = tf.zeros([tf.shape(waveforms)[0], count])
    _, result = tf.while_loop(
        lambda offset, total: offset <= reach,
        add,
        (-reach + 1, zeros),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None])),
    )
    lengths = _new_length(lengths, rate, to)
    inside = tf.sequence_mask(lengths, count, tf.float32)
    return result * inside, lengths


def _new_length(samples: tf.Tensor, rate: tf.Tensor, to: int) -> tf.Tensor:
    """The number of samples at the new rate, rounded up."""
    samples, rate = tf.cast(samples, tf.int64), tf.cast(rate, tf.int64)
    return tf.cast((samples * to + rate - 1) // rate, tf.int32)
