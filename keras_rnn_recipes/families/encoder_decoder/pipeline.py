"""The served encoder-decoder: texts in, texts and their scores out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.builders.decoder import decoding_functions
from keras_rnn_recipes.decoding.beam import Beams, beam_search
from keras_rnn_recipes.serving.saved_text import in_batches, never_empty, text_cases
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.text.vocabulary import PADDING, START, UNKNOWN

NEVER = (PADDING, UNKNOWN, START)


@dataclass(frozen=True)
class Search:
    """Settings of the beam search.

    Args:
        beam_width, length_penalty, max_length: as in `beam_search`.
        words: if given, the answer is the best hypothesis in the beam that is one of these words,
            or the best hypothesis if none is.
    """

    beam_width: int = 5
    length_penalty: float = 0.6
    max_length: int = 60
    words: tuple[str, ...] = ()


class Pipeline(tf.Module):
    """An encoder-decoder with its source and target tokenizers.

    Args:
        source: texts to ids, [START] and [END] around them.
        target: ids to texts.
        model: from `encoder_decoder`.
        search: settings of the beam search.

    Call arguments:
        texts: strings.

    Returns:
        The output texts, as strings.
    """

    def __init__(
        self, source: Tokenizer, target: Tokenizer, model: keras.Model, search: Search
    ) -> None:
        super().__init__()
        self.source, self.target, self.model, self.search = source, target, model, search
        self._begin, self._step = decoding_functions(model)
        words = tf.constant(search.words or ("",))
        ones = tf.lookup.KeyValueTensorInitializer(words, tf.ones([len(words)], tf.int32))
        self.known = tf.lookup.StaticHashTable(ones, default_value=0)

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """The output text of each text; texts of similar length share a batch."""

        def answer(part: tf.Tensor) -> list[str]:
            found = self._serve(part)["text"].numpy()
            return [text.decode("utf-8", "replace") for text in found]

        return in_batches(texts, answer)

    def beams(self, ids: tf.Tensor, *, attention: bool = False) -> Beams:
        """The hypotheses for source ids ``(batch, time)``."""
        return beam_search(
            self._step,
            self._begin(ids),
            beam_width=self.search.beam_width,
            max_length=self.search.max_length,
            length_penalty=self.search.length_penalty,
            never=NEVER,
            attention_size=tf.shape(ids)[1] if attention else None,
        )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def _serve(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.shape(text)[0]
        blank = tf.strings.regex_full_match(text, r"[\p{Z}\p{Cc}]*")
        found = self._decode(never_empty(text))
        return {
            "text": tf.where(blank, "", found["text"][:rows]),
            "score": tf.where(blank, 0.0, found["score"][:rows]),
        }

    def _decode(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        found = self.beams(self.source(text))
        if not self.search.words:
            return {"text": self.target.texts(found.tokens[:, 0]), "score": found.scores[:, 0]}
        shape = tf.shape(found.tokens)
        flat = self.target.texts(tf.reshape(found.tokens, [-1, shape[2]]))
        texts = tf.reshape(flat, shape[:2])
        there = tf.cast(found.scores > -float("inf"), tf.int32)
        best = tf.argmax(self.known.lookup(texts) * there, axis=1)  # of equals the first
        return {
            "text": tf.gather(texts, best, batch_dims=1),
            "score": tf.gather(found.scores, best, batch_dims=1),
        }

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return self._serve(text)

        return {"serve": (serve, [tf.TensorSpec([None], tf.string, name="text")])}

    def cases(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: single texts, and all texts in one batch."""
        return text_cases(texts)
