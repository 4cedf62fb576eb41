"""A tagger as it is served: raw strings in, the tokens of each and their tags out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.data.text.preparation import Preparation
from keras_rnn_recipes.data.text.tags import OUTSIDE, split_tag
from keras_rnn_recipes.data.text.tokenizer import Tokenizer
from keras_rnn_recipes.data.text.vocabulary import SPECIALS
from keras_rnn_recipes.decoding.viterbi import viterbi
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.saved_text import in_batches, text_cases


class Pipeline(tf.Module):
    """Words, their spelling and a network that belong together.

    Args:
        words: texts to ids of their tokens, which stand between white space.
        spelling: a token to ids of its characters; None where the network takes words alone.
        model: from `sequence_tagger`.
        tags: names of the tags, in the order of the network. Tags of spans in IOBES are given back
            in IOB2.

    Call arguments:
        sentences: tokens of each, without white space in them.

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
        # The tokens as they are written: lower case and digits are for looking up alone.
        self.written = Tokenizer(Preparation(unit="whitespace", lower=False), SPECIALS)

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """Tags of sentences, those of like length together."""

        def answer(part: tf.Tensor) -> list[list[str]]:
            tags = self._serve(part)["tags"].numpy()
            return [[tag.decode("utf-8") for tag in row if tag] for row in tags]

        return in_batches([" ".join(tokens) for tokens in sentences], answer)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def _serve(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        tokens = self.written.tokens(text)
        ids = self.words(text)
        inputs = ids if self.spelling is None else [ids, self.characters(tokens, tf.shape(ids)[1])]
        outputs = self.model(inputs, training=False)
        numbers = viterbi(outputs)[0] if len(outputs.shape) == 4 else tf.argmax(outputs, axis=2)
        # An empty text has one unknown word for the network, and no token for its reader.
        shown = tokens.to_tensor("", shape=[None, None])
        shown = tf.pad(shown, [[0, 0], [0, tf.shape(ids)[1] - tf.shape(shown)[1]]])
        tags = tf.gather(tf.constant([to_iob2(tag) for tag in self.tags]), numbers)
        return {"tokens": shown, "tags": tf.where(shown == "", "", tags)}

    def characters(self, tokens: tf.RaggedTensor, time: tf.Tensor) -> tf.Tensor:
        """Ids of the characters of tokens, int32 ``(batch, time, characters)``."""
        assert self.spelling is not None
        flat = self.spelling.ragged(tokens.flat_values)
        nested = tf.RaggedTensor.from_row_splits(flat, tokens.row_splits)
        dense = nested.to_tensor(0, shape=[None, None, None])
        size = tf.shape(dense)
        # At least one step and one character, where there is no token at all.
        missing = [[0, 0], [0, time - size[1]], [0, tf.cast(size[2] == 0, tf.int32)]]
        return tf.pad(dense, missing)

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """What is exported: by name, a function and the specifications of its inputs."""

        def serve(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return self._serve(text)

        return {"serve": (serve, [tf.TensorSpec([None], tf.string, name="text")])}

    def cases(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """One text at a time, and all at once."""
        return text_cases(texts)


def to_iob2(tag: str) -> str:
    """Convert a tag of a span from IOBES to IOB2; return any other tag unchanged.

    Example:
        >>> to_iob2("S-PER"), to_iob2("E-LOC"), to_iob2("NNP"), to_iob2("O")
        ('B-PER', 'I-LOC', 'NNP', 'O')
    """
    try:
        prefix, kind = split_tag(tag)
    except UserError:
        return tag
    if prefix == OUTSIDE:
        return tag
    return f"{ {'S': 'B', 'E': 'I'}.get(prefix, prefix) }-{kind}"
