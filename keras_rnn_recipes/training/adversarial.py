"""Adversarial training of networks that read embedded tokens, on TensorFlow."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_rnn_recipes.layers import ExtendedEmbedding
from keras_rnn_recipes.layers.overrides import override_methods

_TINY = 1e-12


@contextlib.contextmanager
def adversarial_training(model: keras.Model, size: float) -> Iterator[None]:
    """Train on each batch twice: as it is, and with the embeddings changed for the worse.

    The second loss is that of embedded tokens moved in the direction in which the first loss rises
    fastest. Both losses count alike. A step takes two to three times as long.

    Args:
        model: of which an embedding reads the inputs; it is trained inside of this context, and
            unchanged after it.
        size: length of the change as a share of the length of the embedded text; 0: usual training.

    Raises:
        ValueError: the model has no embedding.

    Source: Miyato et al. 2017, Adversarial training methods for semi-supervised text
    classification, equation 3. There, embeddings are normalized; here, the change is relative.

    Example:
        >>> import numpy as np
        >>> tokens = keras.Input((3,), dtype="int32")
        >>> x = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(tokens))
        >>> model = keras.Model(tokens, keras.layers.Dense(1)(x))
        >>> with adversarial_training(model, 0.1):
        ...     model.compile("adam", "mse")
        ...     history = model.fit(np.ones((4, 3), "int32"), np.ones((4, 1)), verbose=0)
        >>> len(history.history["loss"])
        1
    """
    if not size:
        yield
        return
    kinds = (keras.layers.Embedding, ExtendedEmbedding)
    embeddings = [layer for layer in model.layers if isinstance(layer, kinds)]
    if not embeddings:
        raise ValueError("Adversarial training needs an embedding; the model has none.")
    step = _AdversarialStep(model, size, [layer.call for layer in embeddings])
    calls = {layer: ("call", step.embedding(at)) for at, layer in enumerate(embeddings)}
    with override_methods({**calls, model: ("train_step", step)}):
        yield


class _AdversarialStep:
    """A training step with two passes; the embeddings call `embedding` in both."""

    def __init__(
        self, model: keras.Model, size: float, embed: Sequence[Callable[[Any], Any]]
    ) -> None:
        self._model, self._size, self._embed = model, size, embed
        self._seen: dict[int, tf.Tensor] = {}
        self._changes: dict[int, tf.Tensor] = {}

    def embedding(self, at: int) -> Callable[[Any], Any]:
        """The call of an embedding: recorded, and changed in the second pass."""

        def call(tokens: Any) -> Any:
            self._seen[at] = self._embed[at](tokens)
            return self._seen[at] + self._changes.get(at, 0.0)

        return call

    def __call__(self, data: Any) -> Any:
        model = self._model
        inputs, targets, weights = keras.utils.unpack_x_y_sample_weight(data)

        def loss_of() -> tuple[Any, Any]:
            outputs = model(inputs, training=True)
            loss = model.compute_loss(
                x=inputs, y=targets, y_pred=outputs, sample_weight=weights, training=True
            )
            return outputs, loss

        with tf.GradientTape(persistent=True) as tape:
            outputs, usual = loss_of()
            with tape.stop_recording():
                self._changes = self._worst(tape, usual)
            _, worse = loss_of()
            loss = usual + worse
        self._changes = {}
        gradients = tape.gradient(loss, model.trainable_weights)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        mean = next(metric for metric in model.metrics if metric.name == "loss")
        mean.update_state(usual, sample_weight=tf.shape(outputs)[0])
        return model.compute_metrics(inputs, targets, outputs, sample_weight=weights)

    def _worst(self, tape: tf.GradientTape, loss: tf.Tensor) -> dict[int, tf.Tensor]:
        """Changes of the embedded texts in the direction of the gradient, as long as asked."""
        numbers = sorted(self._seen)
        gradients = tape.gradient(loss, [self._seen[at] for at in numbers])
        return {
            at: self._size * _length(self._seen[at]) * gradient / (_length(gradient) + _TINY)
            for at, gradient in zip(numbers, gradients, strict=True)
        }


def _length(vectors: tf.Tensor) -> tf.Tensor:
    """The length of all vectors of a text together, ``(batch, 1, 1)``."""
    return tf.sqrt(tf.reduce_sum(vectors**2, axis=(1, 2), keepdims=True))
