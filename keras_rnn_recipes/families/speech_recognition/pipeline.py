"""The served speech recognizer: waveforms or features in, texts and times out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.families.speech_recognition.decoder import GREEDY, Decoder
from keras_rnn_recipes.layers import ConvolveSteps, LogMel
from keras_rnn_recipes.serving.resampling import resample_waveforms
from keras_rnn_recipes.serving.saved_sequences import in_padded_batches, padded_batch
from keras_rnn_recipes.serving.saved_speech import Transcript, transcripts_of

WAVEFORM = ("waveform",)

# Seconds on either side of a piece that the network reads as well.
CONTEXT_SECONDS = 3

# Frames per second of features where it is not known.
USUAL_RATE = 100


class Pipeline(tf.Module):
    """A speech recognizer.

    A recording that is longer than a piece is read piece by piece, with some seconds of context on
    either side, so that memory is bounded. The search then runs over the whole recording.

    Args:
        model: sequences to logits, see `speech_recognizer`.
        characters: of the symbols from 1 on.
        channels: names of the channels; ``("waveform",)`` for waveforms.
        rate: samples per second of waveforms, or frames per second of features; None if unknown.
        decoder: the search.
        piece_seconds: length of a piece.

    Call arguments:
        values: recordings ``(time, channels)``.

    Returns:
        A `Transcript` for each.

    Example:
        >>> from keras_rnn_recipes.builders import speech_recognizer
        >>> model = speech_recognizer(2, 3, units=4, scaling="channel")
        >>> isinstance(Pipeline(model, "abc", "xy")([np.ones((5, 2))])[0].text, str)
        True
    """

    def __init__(
        self,
        model: keras.Model,
        characters: Sequence[str],
        channels: Sequence[str],
        rate: int | None = None,
        decoder: Decoder = GREEDY,
        piece_seconds: int = 30,
    ) -> None:
        super().__init__()
        self.model, self.characters, self.channels = model, tuple(characters), tuple(channels)
        self.rate, self.decoder = rate, decoder
        self.hop = input_steps(model)
        per_second = rate or USUAL_RATE
        self.seconds = self.hop / per_second  # of one step of the output
        self.piece = self._whole_hops(piece_seconds * per_second)
        self.context = self._whole_hops(CONTEXT_SECONDS * per_second)

    def _whole_hops(self, steps: int) -> int:
        return -(-steps // self.hop) * self.hop

    def __call__(self, values: Sequence[np.ndarray]) -> list[Transcript]:
        """Transcripts; recordings of similar length share a batch."""

        def answer(padded: np.ndarray, lengths: np.ndarray) -> list[Transcript]:
            return transcripts_of(self._transcribe(tf.constant(padded)))

        return in_padded_batches(values, answer)

    def log_probabilities(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The output of the network, ``(steps, symbols)`` for each recording."""

        def answer(padded: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
            found = self._log_probabilities(tf.constant(padded)).numpy()
            steps = output_steps(lengths, self.model)
            return [row[:count] for row, count in zip(found, steps, strict=True)]

        return in_padded_batches(values, answer)

    @tf.function(reduce_retracing=True)
    def _log_probabilities(self, padded: tf.Tensor) -> tf.Tensor:
        """The output for recordings padded with NaN, ``(batch, steps, symbols)``."""
        return tf.cond(
            tf.shape(padded)[1] <= self.piece + self.context,
            lambda: self._network(padded),
            lambda: self._in_pieces(padded),
        )

    def _network(self, padded: tf.Tensor) -> tf.Tensor:
        return tf.nn.log_softmax(self.model(padded, training=False))

    def _in_pieces(self, padded: tf.Tensor) -> tf.Tensor:
        time, piece = tf.shape(padded)[1], self.piece
        count = (time + piece - 1) // piece
        shape = tf.TensorShape([None, None, len(self.characters) + 1])
        parts = tf.TensorArray(tf.float32, count, element_shape=shape, infer_shape=False)

        def read(number: tf.Tensor, parts: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            begin = tf.maximum(number * piece - self.context, 0)
            end = (number + 1) * piece + self.context
            found = self._network(padded[:, begin:end])
            first = (number * piece - begin) // self.hop
            inner = found[:, first : first + piece // self.hop]
            return number + 1, parts.write(number, tf.transpose(inner, [1, 0, 2]))

        _, parts = tf.while_loop(
            lambda number, parts: number < count, read, (0, parts), parallel_iterations=1
        )
        return tf.transpose(parts.concat(), [1, 0, 2])

    @tf.function(reduce_retracing=True)
    def _transcribe(self, padded: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self.decoder(self._log_probabilities(padded))
        symbols = tf.convert_to_tensor(found.symbols)
        longest = tf.reduce_max(tf.math.count_nonzero(symbols, axis=1, dtype=tf.int32))
        symbols, steps = symbols[:, :longest], tf.convert_to_tensor(found.steps)[:, :longest]
        characters = tf.gather(tf.constant(("", *self.characters)), symbols)
        joined = tf.strings.reduce_join(characters, axis=1)
        times = tf.cast(steps, tf.float32) * self.seconds
        return {
            "text": tf.strings.strip(tf.strings.regex_replace(joined, " +", " ")),
            "score": tf.convert_to_tensor(found.scores),
            "characters": characters,
            "times": tf.where(symbols == 0, -1.0, times),
        }

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""
        length = tf.TensorSpec([None], tf.int32, name="length")
        if self.channels != WAVEFORM:
            values = tf.TensorSpec([None, None, len(self.channels)], tf.float32, name="values")
            return {"serve": (self._serve, [values, length])}
        waveform = tf.TensorSpec([None, None], tf.float32, name="waveform")
        rate = tf.TensorSpec([], tf.int32, name="rate")
        return {"serve": (self._serve_waveforms, [waveform, length, rate])}

    def _serve(self, values: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.shape(values)[0]
        inside = tf.sequence_mask(length, tf.shape(values)[1])[:, :, None]
        real = tf.where(inside, values, np.nan)
        # One recording and one step more, for networks that need some.
        padded = tf.pad(real, [[0, 1], [0, 1], [0, 0]], constant_values=np.nan)
        return {name: value[:rows] for name, value in self._transcribe(padded).items()}

    def _serve_waveforms(
        self, waveform: tf.Tensor, length: tf.Tensor, rate: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        inside = tf.sequence_mask(length, tf.shape(waveform)[1])
        real = tf.where(inside & tf.math.is_finite(waveform), waveform, 0.0)
        at_rate, lengths = resample_waveforms(real, length, rate, self.rate or 1)
        return self._serve(at_rate[:, :, None], lengths)

    def cases(self, values: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: single recordings, all in one batch, and unusual ones."""
        if self.channels == WAVEFORM:
            return self._waveform_cases(values)
        width = len(self.channels)
        odd = [np.zeros((1, width)), np.full((4, width), 1e6), np.full((3, width), np.nan)]
        parts = [[one] for one in (*values[:1], *odd)] + [[*values, *odd]]
        cases = [dict(zip(("values", "length"), padded_batch(one), strict=True)) for one in parts]
        # Whatever stands after the length of a recording is ignored.
        cases.append({**cases[-1], "values": np.nan_to_num(cases[-1]["values"], nan=7.0)})
        return cases

    def _waveform_cases(self, values: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Waveforms at the rate of training and at another one, and of a single sample."""
        rate = self.rate or 1
        odd = [np.zeros((1, 1), "float32"), np.ones((rate // 4, 1), "float32")]
        cases = []
        for part, rates in (([odd[0]], (rate, 2 * rate)), ([*values, *odd], (rate,))):
            padded, lengths = padded_batch(part)
            waveform = np.nan_to_num(padded[:, :, 0], nan=7.0)
            cases += [
                {"waveform": waveform, "length": lengths, "rate": np.int32(one)} for one in rates
            ]
        return cases


def input_steps(model: keras.Model) -> int:
    """Steps of the input from one step of the output to the next.

    Args:
        model: from `speech_recognizer`.

    Example:
        >>> from keras_rnn_recipes.builders import speech_recognizer
        >>> input_steps(speech_recognizer(2, 3, units=4, stride=3, scaling="channel"))
        3
    """
    hop = 1
    for layer in model.layers:
        if isinstance(layer, LogMel):
            hop *= layer.hop
        elif isinstance(layer, ConvolveSteps):
            hop *= layer.stride
    return hop


def output_steps(lengths: np.ndarray, model: keras.Model) -> np.ndarray:
    """Steps of the output for inputs of some lengths.

    Args:
        lengths: steps of the input, ``(recordings,)``.
        model: from `speech_recognizer`.

    Example:
        >>> from keras_rnn_recipes.builders import speech_recognizer
        >>> model = speech_recognizer(2, 3, units=4, stride=3, scaling="channel")
        >>> output_steps(np.array([3, 4]), model).tolist()
        [1, 2]
    """
    steps = np.asarray(lengths, "int32")
    for layer in model.layers:
        if isinstance(layer, LogMel):
            steps = np.array(layer.frame_count(steps))
        elif isinstance(layer, ConvolveSteps):
            steps = -(-steps // layer.stride)
    return steps
