"""The served classifier of sequences: padded sequences in, labels and probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.serving.resampling import resample_waveforms
from keras_rnn_recipes.serving.saved_sequences import in_padded_batches, padded_batch


class Pipeline(tf.Module):
    """A classifier of sequences.

    Args:
        model: sequences to logits, see `sequence_classifier`.
        classes: names of the classes, in the order of the logits.
        channels: names of the channels.
        rate: samples per second of waveforms; None for other sequences.

    Call arguments:
        values: sequences ``(time, channels)``, NaN where a value is missing.

    Returns:
        Probabilities, float32 ``(sequences, classes)``.

    Example:
        >>> from keras_rnn_recipes.builders import sequence_classifier
        >>> model = sequence_classifier(2, 3, units=4, scaling="sequence")
        >>> Pipeline(model, "abc", "xy")([np.ones((5, 2)), np.ones((3, 2))]).shape
        (2, 3)
    """

    def __init__(
        self,
        model: keras.Model,
        classes: Sequence[str],
        channels: Sequence[str],
        rate: int | None = None,
    ) -> None:
        super().__init__()
        self.model, self.classes, self.channels = model, tuple(classes), tuple(channels)
        self.rate = rate

    def __call__(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Class probabilities; sequences of similar length share a batch."""

        def answer(padded: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
            return list(self._probabilities(tf.constant(padded)).numpy())

        found = in_padded_batches(values, answer)
        return np.array(found, "float32").reshape(-1, len(self.classes))

    def steps(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The probabilities at every step, ``(time, classes)`` for each sequence.

        Raises:
            ValueError: the network answers once for a sequence.
        """
        if not self._every_step:
            raise ValueError("The network does not answer at every step.")

        def answer(padded: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
            found = tf.nn.softmax(self._logits(tf.constant(padded))).numpy()
            return [row[:length] for row, length in zip(found, lengths, strict=True)]

        return in_padded_batches(values, answer)

    @property
    def _every_step(self) -> bool:
        return len(self.model.output_shape) == 3

    @tf.function(reduce_retracing=True)
    def _logits(self, padded: tf.Tensor) -> tf.Tensor:
        return self.model(padded, training=False)

    @tf.function(reduce_retracing=True)
    def _probabilities(self, padded: tf.Tensor) -> tf.Tensor:
        logits = self._logits(padded)
        if self._every_step:
            logits = tf.gather(logits, self._last_step(padded), batch_dims=1)
        return tf.nn.softmax(logits)

    def _last_step(self, padded: tf.Tensor) -> tf.Tensor:
        """The place of the last step with an observed value; 0 for a sequence without any."""
        observed = tf.reduce_any(~tf.math.is_nan(padded), axis=2)
        places = tf.where(observed, tf.range(tf.shape(padded)[1])[None], 0)
        return tf.reduce_max(places, axis=1)

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""
        length = tf.TensorSpec([None], tf.int32, name="length")
        if self.rate is None:
            values = tf.TensorSpec([None, None, len(self.channels)], tf.float32, name="values")
            return {"serve": (self._serve, [values, length])}
        waveform = tf.TensorSpec([None, None], tf.float32, name="waveform")
        rate = tf.TensorSpec([], tf.int32, name="rate")
        return {"serve": (self._serve_waveforms, [waveform, length, rate])}

    def _serve(self, values: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.shape(values)[0]
        inside = tf.sequence_mask(length, tf.shape(values)[1])[:, :, None]
        real = tf.where(inside, values, np.nan)
        # One sequence and one step more, for networks that need some.
        padded = tf.pad(real, [[0, 1], [0, 1], [0, 0]], constant_values=np.nan)
        probabilities = self._probabilities(padded)[:rows]
        label = tf.gather(tf.constant(self.classes), tf.argmax(probabilities, axis=1))
        answer = {"probabilities": probabilities, "label": label}
        if self._every_step:
            at_steps = tf.nn.softmax(self._logits(padded))[:rows, : tf.shape(values)[1]]
            answer["step_probabilities"] = at_steps * tf.cast(inside, tf.float32)
        return answer

    def _serve_waveforms(
        self, waveform: tf.Tensor, length: tf.Tensor, rate: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        inside = tf.sequence_mask(length, tf.shape(waveform)[1])
        real = tf.where(inside & tf.math.is_finite(waveform), waveform, 0.0)
        at_rate, lengths = resample_waveforms(real, length, rate, self.rate or 1)
        return self._serve(at_rate[:, :, None], lengths)

    def cases(self, values: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: single sequences, all in one batch, and unusual ones."""
        if self.rate is not None:
            return self._waveform_cases(values)
        width = len(self.channels)
        odd = [np.zeros((1, width)), np.full((4, width), 1e6), np.full((3, width), np.nan)]
        parts = [[one] for one in (*values[:1], *odd)] + [[*values, *odd]]
        cases = [dict(zip(("values", "length"), padded_batch(one), strict=True)) for one in parts]
        # Whatever stands after the length of a sequence is ignored.
        cases.append({**cases[-1], "values": np.nan_to_num(cases[-1]["values"], nan=7.0)})
        return cases

    def _waveform_cases(self, values: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Waveforms at the rate of training and at another one, of a single sample, and none."""
        assert self.rate is not None
        odd = [np.zeros((1, 1), "float32"), np.ones((self.rate // 4, 1), "float32")]
        cases = []
        for part in ([odd[0]], [*values, *odd]):
            padded, lengths = padded_batch(part)
            waveform = np.nan_to_num(padded[:, :, 0], nan=7.0)
            cases += [
                {"waveform": waveform, "length": lengths, "rate": np.int32(rate)}
                for rate in (self.rate, 2 * self.rate, round(0.7 * self.rate))
            ]
        return cases
