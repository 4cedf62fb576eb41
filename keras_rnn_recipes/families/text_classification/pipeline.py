"""The served text classifier: raw strings in, labels and probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.serving.saved_text import in_batches, never_empty, text_cases
from keras_rnn_recipes.text.tokenizer import Tokenizer, as_strings

BATCH_SIZE = 256


class Pipeline(tf.Module):
    """A text classifier with its tokenizer.

    Args:
        tokenizer: texts to ids, see `fit_tokenizer`.
        model: ids to logits, see `text_classifier`.
        classes: names of the classes, in the order of the logits.

    Call arguments:
        texts: strings.

    Returns:
        Probabilities, float32 ``(texts, classes)``.

    Example:
        >>> from keras_rnn_recipes.builders import text_classifier
        >>> from keras_rnn_recipes.text.preparation import Preparation
        >>> from keras_rnn_recipes.text.tokenizer import fit_tokenizer
        >>> tokenizer = fit_tokenizer(["so good", "so bad"], Preparation())
        >>> model = text_classifier(len(tokenizer.vocabulary), 2, units=3)
        >>> Pipeline(tokenizer, model, ("bad", "good"))(["good", ""]).shape
        (2, 2)
    """

    def __init__(self, tokenizer: Tokenizer, model: keras.Model, classes: Sequence[str]) -> None:
        super().__init__()
        self.tokenizer, self.model, self.classes = tokenizer, model, tuple(classes)

    def __call__(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """Class probabilities; texts of similar length share a batch."""

        def answer(part: tf.Tensor) -> list[np.ndarray]:
            return list(self._probabilities(self.tokenizer(part)).numpy())

        found = in_batches(texts, answer, batch_size=BATCH_SIZE)
        return np.array(found, "float32").reshape(-1, len(self.classes))

    @tf.function(reduce_retracing=True)
    def _probabilities(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(self.model(ids, training=False))

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(text: tf.Tensor) -> dict[str, tf.Tensor]:
            texts = as_strings(text)
            rows = tf.shape(texts)[0]
            probabilities = self._probabilities(self.tokenizer(never_empty(texts)))[:rows]
            label = tf.gather(tf.constant(self.classes), tf.argmax(probabilities, axis=1))
            return {"probabilities": probabilities, "label": label}

        return {"serve": (serve, [tf.TensorSpec([None], tf.string, name="text")])}

    def cases(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: single texts, and all texts in one batch."""
        return text_cases(texts)
