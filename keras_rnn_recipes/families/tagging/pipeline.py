"""The served tagger: raw strings in, tokens and their tags out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.decoding.viterbi import viterbi
from keras_rnn_recipes.serving.saved_text import in_batches, never_empty, text_cases
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tags import to_iob2
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.text.vocabulary import SPECIALS


class Pipeline(tf.Module):
    """A tagger with the tokenizers of its words and their characters.

    Args:
        words: tokenizer from texts to word ids; tokens are separated by white space.
        spelling: tokenizer from a word to character ids; None for a network of words only.
        model: from `sequence_tagger`.
        tags: names of the tags, in the order of the network. Tags of spans in IOBES are converted
            to IOB2.

    Call arguments:
        sentences: tokens of each sentence, without white space in a token.

    Returns:
        A list of tags for each sentence.
    """

    def __init__(
        self,
        words: Tokenizer,
        spelling: Tokenizer | None,
        model: keras.Model,
        tags: Sequence[str],
    ) -> None:
        super().__init__()
        self.words, self.spelling, self.model, self.tags = words, spelling, model, tuple(tags)
        # The tokens as written: lower case and replaced digits only serve the vocabulary.
        plain = Preparation(unit="whitespace", lower=False, normalize="none")
        self.written = Tokenizer(plain, SPECIALS)

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """Tags of each sentence; sentences of similar length share a batch."""

        def answer(part: tf.Tensor) -> list[list[str]]:
            tags = self._serve(part)["tags"].numpy()
            return [[tag.decode("utf-8") for tag in row if tag] for row in tags]

        return in_batches([" ".join(tokens) for tokens in sentences], answer)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def _serve(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self._tag(never_empty(text))
        return {name: rows[: tf.shape(text)[0]] for name, rows in found.items()}

    def _tag(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        tokens = self.written.tokens(text)
        ids = self.words(text)
        inputs = ids if self.spelling is None else [ids, self.characters(tokens, tf.shape(ids)[1])]
        outputs = self.model(inputs, training=False)
        numbers = viterbi(outputs)[0] if len(outputs.shape) == 4 else tf.argmax(outputs, axis=2)
        # For an empty text the network gets one unknown word; the answer has no token.
        shown = tokens.to_tensor("", shape=[None, None])
        shown = tf.pad(shown, [[0, 0], [0, tf.shape(ids)[1] - tf.shape(shown)[1]]])
        tags = tf.gather(tf.constant([to_iob2(tag) for tag in self.tags]), numbers)
        return {"tokens": shown, "tags": tf.where(shown == "", "", tags)}

    def characters(self, tokens: tf.RaggedTensor, time: tf.Tensor) -> tf.Tensor:
        """Character ids of tokens, int32 ``(batch, time, characters)``."""
        assert self.spelling is not None
        flat = self.spelling.ragged(tokens.flat_values)
        nested = tf.RaggedTensor.from_row_splits(flat, tokens.row_splits)
        dense = nested.to_tensor(0, shape=[None, None, None])
        size = tf.shape(dense)
        # At least one step and one character, also without any token.
        missing = [[0, 0], [0, time - size[1]], [0, tf.cast(size[2] == 0, tf.int32)]]
        return tf.pad(dense, missing)

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return self._serve(text)

        return {"serve": (serve, [tf.TensorSpec([None], tf.string, name="text")])}

    def cases(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: single texts, and all texts in one batch."""
        return text_cases(texts)
