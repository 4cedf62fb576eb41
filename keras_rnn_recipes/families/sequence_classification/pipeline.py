"""The served classifier: padded sequences or videos in, labels and probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.media.image_tensors import resize_frames
from keras_rnn_recipes.serving.resampling import resample_waveforms
from keras_rnn_recipes.serving.saved_sequences import in_padded_batches, padded_batch


class Pipeline(tf.Module):
    """A classifier of sequences.

    Args:
        model: sequences to logits, see `sequence_classifier`.
        classes: names of the classes, in the order of the logits.
        channels: names of the channels.
        rate: samples per second of waveforms, or frames per second; None for other sequences.

    Call arguments:
        values: sequences ``(time, channels)``, NaN where a value is missing; or videos ``(time,
            height, width, channels)`` of the network's size.

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
        rate: float | None = None,
    ) -> None:
        super().__init__()
        self.model, self.classes, self.channels = model, tuple(classes), tuple(channels)
        self.rate = rate
        self.frames: tuple[int, ...] = tuple(model.input_shape[2:])

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
    def _of_videos(self) -> bool:
        return len(self.frames) == 3

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
        observed = tf.reduce_any(~tf.math.is_nan(padded), axis=range(2, len(padded.shape)))
        places = tf.where(observed, tf.range(tf.shape(padded)[1])[None], 0)
        return tf.reduce_max(places, axis=1)

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""
        length = tf.TensorSpec([None], tf.int32, name="length")
        if self._of_videos:
            frames = tf.TensorSpec([None] * 5, tf.uint8, name="frames")
            return {"serve": (self._serve_frames, [frames, length])}
        if self.rate is None:
            values = tf.TensorSpec([None, None, len(self.channels)], tf.float32, name="values")
            return {"serve": (self._serve, [values, length])}
        waveform = tf.TensorSpec([None, None], tf.float32, name="waveform")
        rate = tf.TensorSpec([], tf.int32, name="rate")
        return {"serve": (self._serve_waveforms, [waveform, length, rate])}

    def _serve(self, values: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.shape(values)[0]
        inside = tf.sequence_mask(length, tf.shape(values)[1])[:, :, None]
        within = tf.reshape(inside, [*tf.unstack(tf.shape(inside)[:2]), *[1] * len(self.frames)])
        real = tf.where(within, values, np.nan)
        # One sequence and one step more, for networks that need some.
        more = [[0, 1], [0, 1], *[[0, 0]] * len(self.frames)]
        padded = tf.pad(real, more, constant_values=np.nan)
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
        at_rate, lengths = resample_waveforms(real, length, rate, int(self.rate or 1))
        return self._serve(at_rate[:, :, None], lengths)

    def _serve_frames(self, frames: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        height, width, channels = self.frames
        shape = tf.shape(frames)
        flat = tf.reshape(frames, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0))
        resized = resize_frames(flat, (height, width, channels))
        return self._serve(tf.reshape(resized, [shape[0], shape[1], *self.frames]), length)

    def cases(self, values: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: single sequences, all in one batch, and unusual ones."""
        if self._of_videos:
            return self._frame_cases(values)
        if self.rate is not None:
            return self._waveform_cases(values)
        width = len(self.channels)
        odd = [np.zeros((1, width)), np.full((4, width), 1e6), np.full((3, width), np.nan)]
        parts = [[one] for one in (*values[:1], *odd)] + [[*values, *odd]]
        cases = [dict(zip(("values", "length"), padded_batch(one), strict=True)) for one in parts]
        # Whatever stands after the length of a sequence is ignored.
        cases.append({**cases[-1], "values": np.nan_to_num(cases[-1]["values"], nan=7.0)})
        return cases

    def _frame_cases(self, values: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Videos of the network's size, one by one and together, and of other sizes and colors."""
        random = np.random.default_rng(0)
        height, width, _ = self.frames
        cases = []
        for part in ([*values[:1]], [*values]):
            if part:
                padded, lengths = padded_batch(part)
                frames = np.nan_to_num(padded, nan=7.0).astype("uint8")
                cases.append({"frames": frames, "length": lengths})
        for shape in ((1, 1, 2 * height, 3 * width, 3), (2, 4, height, width, 4), (1, 3, 5, 7, 1)):
            frames = random.integers(0, 256, shape, "uint8")
            cases.append({"frames": frames, "length": np.arange(1, shape[0] + 1, dtype="int32")})
        return cases

    def _waveform_cases(self, values: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Waveforms at the rate of training and at another one, of a single sample, and none."""
        own = int(self.rate or 1)
        odd = [np.zeros((1, 1), "float32"), np.ones((own // 4, 1), "float32")]
        cases = []
        for part in ([odd[0]], [*values, *odd]):
            padded, lengths = padded_batch(part)
            waveform = np.nan_to_num(padded[:, :, 0], nan=7.0)
            cases += [
                {"waveform": waveform, "length": lengths, "rate": np.int32(rate)}
                for rate in (own, 2 * own, round(0.7 * own))
            ]
        return cases
