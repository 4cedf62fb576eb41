"""Dynamic evaluation: a language model that learns from a text while it is scored on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.builders.language_model import language_reader
from keras_rnn_recipes.text.contiguous import pieces_of_text
from keras_rnn_recipes.training.state import values_of


class DynamicEvaluation:
    """Scores of texts by a language model that takes a gradient step after every segment.

    Each segment is scored before the step that it causes, so that no token is predicted by weights
    that have seen it. A gradient is divided by its root mean square over the training text, and
    the weights are drawn back to those of the training.

    Args:
        model: from `language_model`. After each call it has its trained weights again.
        train: ids of the training text, ``(tokens,)``.
        segment: tokens between two steps.
        samples: segments of the training text from which the size of the gradients is measured.

    Source: Krause et al. 2018, Dynamic evaluation of neural sequence models, equation 5, with one
    decay for all weights.

    Example:
        >>> from keras_rnn_recipes.builders.language_model import language_model
        >>> model = language_model(6, units=4, embedding_size=4)
        >>> text = np.array([2, 4, 5] * 30)
        >>> judge = DynamicEvaluation(model, text, segment=10, samples=4)
        >>> bool(judge.nats(text, 0.05).mean() < judge.nats(text, 0.0).mean())
        True
    """

    def __init__(
        self, model: keras.Model, train: np.ndarray, *, segment: int = 20, samples: int = 200
    ) -> None:
        self._reader, self._segment = language_reader(model), segment
        self._weights = model.trainable_variables
        self._trained = [tf.constant(one) for one in values_of(self._weights)]
        self._typical = self._typical_sizes(train, samples)

    def nats(self, ids: np.ndarray, rate: float, *, decay: float = 0.002) -> np.ndarray:
        """Negative log probability of each token, given those before it.

        Args:
            ids: of the text ``(tokens,)``; the first one is given.
            rate: change of a weight, whose gradient has its usual size, by a segment.
            decay: share of the way back to the trained weights that a segment takes.

        Returns:
            Nats, float32 ``(tokens - 1,)``.
        """
        states, found = self._start(), []
        with self._restored():
            for given, wanted in pieces_of_text(ids, self._segment):
                errors, states, gradients = self._read(given, wanted, states)
                self._change(gradients, tf.constant(rate), tf.constant(decay))
                found.append(errors.numpy()[0])
        return np.concatenate(found)

    def _typical_sizes(self, train: np.ndarray, samples: int) -> list[tf.Tensor]:
        """The root mean square of each weight's gradient, and a little more.

        The mean over all weights is added, so that the few weights with hardly any gradient, such
        as those of rare words, are not changed by chance.
        """
        starts = np.linspace(0, max(len(train) - self._segment - 1, 0), samples).astype(int)
        squares = [tf.zeros(weight.shape) for weight in self._weights]
        for start in starts:
            piece = train[start : start + self._segment + 1]
            given, wanted = next(pieces_of_text(piece, self._segment))
            _, _, gradients = self._read(given, wanted, self._start())
            squares = [
                total + gradient**2 for total, gradient in zip(squares, gradients, strict=True)
            ]
        sizes = [tf.sqrt(total / len(starts)) for total in squares]
        count = sum(int(tf.size(size)) for size in sizes)
        mean = tf.add_n([tf.reduce_sum(size) for size in sizes]) / count
        return [size + mean for size in sizes]

    @tf.function(reduce_retracing=True)
    def _read(self, given: tf.Tensor, wanted: tf.Tensor, states: Any) -> tuple[Any, Any, Any]:
        """Errors of the tokens, the states after them, and the gradients of the mean error."""
        with tf.GradientTape() as tape:
            logits, *states = self._reader([given, *states])
            errors = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, logits)
            mean = tf.reduce_mean(errors)
        gradients = tape.gradient(mean, [weight.value for weight in self._weights])
        return errors, states, [tf.convert_to_tensor(gradient) for gradient in gradients]

    @tf.function
    def _change(self, gradients: Any, rate: tf.Tensor, decay: tf.Tensor) -> None:
        parts = zip(self._weights, self._trained, self._typical, gradients, strict=True)
        for weight, trained, typical, gradient in parts:
            back = decay * (trained - weight.value)
            weight.assign_add(back - rate * gradient / typical)

    def _start(self) -> list[tf.Tensor]:
        return [tf.zeros([1, state.shape[-1]]) for state in self._reader.inputs[1:]]

    @contextlib.contextmanager
    def _restored(self) -> Iterator[None]:
        try:
            yield
        finally:
            for weight, trained in zip(self._weights, self._trained, strict=True):
                weight.assign(trained)
