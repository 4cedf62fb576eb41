"""The served text classifier: raw strings in, labels and probabilities or numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.families.text_classification.heads import Head, as_head
from keras_rnn_recipes.serving.saved_text import in_batches, never_empty, text_cases
from keras_rnn_recipes.text.tokenizer import Tokenizer, as_strings

BATCH_SIZE = 256

# Characters of a word that are read, and what stands before the first and after the last.
MOST_CHARACTERS, WORD_END = 24, 1


class Pipeline(tf.Module):
    """A text classifier with its tokenizer.

    Args:
        tokenizer: texts to ids, see `fit_tokenizer`.
        model: ids to logits, see `text_classifier`; or ids and the characters of each word, see
            `network_inputs`.
        head: what the outputs mean, see `fit_head`; or names of classes, in the order of the
            logits.

    Call arguments:
        texts: strings.

    Returns:
        The answers of the head: probabilities, float32 ``(texts, classes)``, or numbers, float32
        ``(texts,)``.

    Example:
        >>> from keras_rnn_recipes.builders import text_classifier
        >>> from keras_rnn_recipes.text.preparation import Preparation
        >>> from keras_rnn_recipes.text.tokenizer import fit_tokenizer
        >>> tokenizer = fit_tokenizer(["so good", "so bad"], Preparation())
        >>> model = text_classifier(len(tokenizer.vocabulary), 2, units=3)
        >>> Pipeline(tokenizer, model, ("bad", "good"))(["good", ""]).shape
        (2, 2)
    """

    def __init__(
        self, tokenizer: Tokenizer, model: keras.Model, head: Head | Sequence[str]
    ) -> None:
        super().__init__()
        self.tokenizer, self.model, self.head = tokenizer, model, as_head(head)
        # One trace for inputs of any size.
        sizes = [tf.TensorSpec(part.shape, tf.int32) for part in model.inputs]
        self._answers = tf.function(self._answered, input_signature=[sizes])

    def __call__(self, texts: Sequence[str | bytes]) -> np.ndarray:
        """The answers; texts of similar length share a batch."""

        def answer(part: tf.Tensor) -> list[np.ndarray]:
            return list(self._answers(self._inputs(part)).numpy())

        if not len(texts):
            return np.array(answer(tf.constant([""])), "float32")[:0]
        return np.array(in_batches(texts, answer, batch_size=BATCH_SIZE), "float32")

    def _inputs(self, texts: tf.Tensor) -> list[tf.Tensor]:
        return network_inputs(self.tokenizer, texts, spelled=len(self.model.inputs) > 1)

    def _answered(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        given = inputs if len(inputs) > 1 else inputs[0]
        return self.head.answers(self.model(given, training=False))

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(text: tf.Tensor) -> dict[str, tf.Tensor]:
            texts = as_strings(text)
            rows = tf.shape(texts)[0]
            return self.head.served(self._answers(self._inputs(never_empty(texts)))[:rows])

        return {"serve": (serve, [tf.TensorSpec([None], tf.string, name="text")])}

    def cases(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: single texts, and all texts in one batch."""
        return text_cases(texts)


def network_inputs(tokenizer: Tokenizer, texts: tf.Tensor, *, spelled: bool) -> list[tf.Tensor]:
    """What a classifier reads of texts.

    Args:
        tokenizer: of the network.
        texts: strings ``(batch,)``.
        spelled: whether it reads the characters of the words too.

    Returns:
        Token ids, int32 ``(batch, time)``; with ``spelled`` also the Unicode code points of the
        first 24 characters of each token, int32 ``(batch, time, characters)``, between two 1, and
        padded with 0.

    Example:
        >>> from keras_rnn_recipes.text.preparation import Preparation
        >>> from keras_rnn_recipes.text.tokenizer import fit_tokenizer
        >>> tokenizer = fit_tokenizer(["ab"], Preparation())
        >>> [part.numpy().tolist() for part in network_inputs(tokenizer, ["ab c"], spelled=True)]
        [[[4, 1]], [[[1, 97, 98, 1], [1, 99, 1, 0]]]]
    """
    ids = tokenizer(texts)
    return [ids, _characters(tokenizer.tokens(texts), tf.shape(ids)[1])] if spelled else [ids]


def _characters(tokens: tf.RaggedTensor, time: tf.Tensor) -> tf.Tensor:
    """The code points of tokens, padded to a number of time steps."""
    points = tf.strings.unicode_decode(tokens.flat_values, "UTF-8")[:, :MOST_CHARACTERS]
    ends = tf.fill([points.nrows(), 1], WORD_END)
    words = tf.concat([ends, points, ends], axis=1)
    dense = tf.RaggedTensor.from_row_splits(words, tokens.row_splits).to_tensor(
        0, shape=[None, None, None]
    )
    size = tf.shape(dense)
    # At least one step and one character, also without any token.
    missing = [[0, 0], [0, time - size[1]], [0, tf.cast(size[2] == 0, tf.int32)]]
    return tf.pad(dense, missing)
