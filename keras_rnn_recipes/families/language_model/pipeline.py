"""The served language model: a prompt in, its continuation out; and the score of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.builders.language_model import generating_functions, language_reader
from keras_rnn_recipes.decoding.sampling import sample
from keras_rnn_recipes.serving.saved_text import never_empty
from keras_rnn_recipes.text.contiguous import pieces_of_text
from keras_rnn_recipes.text.tokenizer import Tokenizer, as_strings
from keras_rnn_recipes.text.vocabulary import END, PADDING, START, UNKNOWN

NEVER = (PADDING, UNKNOWN, START, END)


class Pipeline(tf.Module):
    """A language model with its tokenizer.

    Every text begins with [START], as each row of the training text does.

    Args:
        tokenizer: texts to ids, without ends of its own.
        model: from `language_model`.
        seeds_by_row: draw row ``i`` of a batch with the seed ``seed + i``, as runs of before did,
            whose exported models answer so.
    """

    def __init__(
        self, tokenizer: Tokenizer, model: keras.Model, *, seeds_by_row: bool = False
    ) -> None:
        super().__init__()
        self.seeds_by_row = seeds_by_row
        self.tokenizer, self.model = tokenizer, model
        self.reader = language_reader(model)
        self._begin, self._step = generating_functions(model)
        self.glue = "" if tokenizer.preparation.unit in ("characters", "pieces") else " "

    def generate(
        self, prompt: tf.Tensor, length: tf.Tensor, temperature: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """Prompts with their continuations, string ``(batch,)``.

        Args:
            prompt: string ``(batch,)``; may be empty.
            length: tokens to sample, int32 scalar.
            temperature: float32 scalar; 0 takes the most probable token each time.
            seed: int32 scalar; equal seeds give equal texts. A prompt has the same continuation
                alone and in a batch; where it stands in a batch again, the n-th time with the seed
                ``seed + n``, counted from 0.
        """
        given = as_strings(prompt)
        prompt = never_empty(given)
        first, states = self.read_prompts(prompt)
        drawn = sample(
            self._step,
            first,
            states,
            length=length,
            temperature=temperature,
            seed=seed if self.seeds_by_row else seed + _repetitions(prompt),
            never=NEVER,
        )
        texts = tf.strings.join([prompt, self.tokenizer.continuation(prompt, drawn.tokens)])
        return texts[: tf.shape(given)[0]]

    # As a graph: eagerly, a prompt of 3,000 characters took ten times as long.
    @tf.function(reduce_retracing=True)
    def read_prompts(self, prompts: tf.Tensor) -> Any:
        """Log probabilities of the token after each prompt ``(batch,)``, and the states there."""
        return self._begin(self._started(prompts))

    def score(self, text: tf.Tensor) -> tf.Tensor:
        """The log probability of whole texts, in nats, float32 ``(batch,)``."""
        rows = tf.shape(as_strings(text))[0]
        tokens = self._started(never_empty(as_strings(text)))
        following = tokens[:, 1:]
        errors, _ = self._read(tokens[:, :-1], following, self._start(tf.shape(tokens)[0]))
        return -tf.reduce_sum(tf.where(following == PADDING, 0.0, errors), axis=1)[:rows]

    def nats(self, ids: np.ndarray, *, piece: int = 512) -> np.ndarray:
        """Negative log probability of each token of a text, given the tokens before it.

        Args:
            ids: of the text, ``(tokens,)``; the first one is given.
            piece: tokens per call; the states carry over.

        Returns:
            Nats, float32 (tokens - 1,).
        """
        states = self._start(1)
        found = []
        for given, wanted in pieces_of_text(ids, piece):
            errors, states = self._read(tf.constant(given), tf.constant(wanted), states)
            found.append(errors.numpy()[0])
        return np.concatenate(found)

    @tf.function(reduce_retracing=True)
    def _read(self, tokens: tf.Tensor, following: tf.Tensor, states: Any) -> tuple[Any, Any]:
        logits, *states = self.reader([tokens, *states])
        return tf.nn.sparse_softmax_cross_entropy_with_logits(following, logits), states

    def _start(self, rows: Any) -> list[tf.Tensor]:
        """The initial states of texts."""
        return [tf.zeros([rows, state.shape[-1]]) for state in self.reader.inputs[1:]]

    def _started(self, texts: Any) -> tf.Tensor:
        ids = self.tokenizer(as_strings(texts))
        # Tokenizers give an empty text one unknown token; here [START] is enough.
        empty = tf.strings.length(as_strings(texts)) == 0
        ids = tf.where(empty[:, None], PADDING, ids)
        return tf.concat([tf.fill([tf.shape(ids)[0], 1], START), ids], axis=1)

    def endpoints(self) -> dict[str, tuple[Any, list[tf.TensorSpec]]]:
        """The exported endpoints: a function and its input signature, by name."""

        def serve(prompt: Any, length: Any, temperature: Any, seed: Any) -> dict[str, Any]:
            return {"text": self.generate(prompt, length, temperature, seed)}

        def score(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"log_probability": self.score(text)}

        numbers = [
            tf.TensorSpec([], tf.int32, name="length"),
            tf.TensorSpec([], tf.float32, name="temperature"),
            tf.TensorSpec([], tf.int32, name="seed"),
        ]
        return {
            "serve": (serve, [tf.TensorSpec([None], tf.string, name="prompt"), *numbers]),
            "score": (score, [tf.TensorSpec([None], tf.string, name="text")]),
        }

    def cases(self, texts: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """Inputs for the export check: greedy and sampled, single prompts and a batch."""
        rows = np.array([text[:40].encode("utf-8", "surrogatepass") for text in texts])
        return [
            {
                "prompt": part,
                "length": np.array(12, "int32"),
                "temperature": np.array(temperature, "float32"),
                "seed": np.array(7, "int32"),
            }
            for part in (rows[:1], rows)
            for temperature in (0.0, 0.7)
        ]


def _repetitions(texts: tf.Tensor) -> tf.Tensor:
    """How often each text stands before its place in a batch, int32 ``(batch,)``.

    Example:
        >>> _repetitions(tf.constant(["a", "b", "a", "a"])).numpy().tolist()
        [0, 0, 1, 2]
    """
    _, numbers = tf.unique(texts)
    order = tf.argsort(numbers, stable=True)
    ordered = tf.gather(numbers, order)
    within = tf.range(tf.size(order)) - tf.searchsorted(ordered, ordered)
    return tf.scatter_nd(order[:, None], within, tf.shape(order))


def stream(
    served: Pipeline,
    prompt: str,
    length: int,
    *,
    temperature: float = 0.8,
    seed: int = 0,
    piece: int = 32,
) -> Iterator[str]:
    """Continue a prompt, yielding pieces as they are sampled; joined they equal `generate`.

    Args:
        served: the model.
        prompt: a text; may be empty.
        length: tokens to sample.
        temperature, seed: as in `Pipeline.generate`.
        piece: tokens sampled per piece.
    """
    given = as_strings([prompt])
    first, states = served.read_prompts(given)

    @tf.function(reduce_retracing=True)
    def go_on(first: Any, states: Any, count: Any, position: Any) -> Any:
        return sample(
            served._step,
            first,
            states,
            length=count,
            temperature=temperature,
            seed=seed,
            position=position,
            never=NEVER,
        )

    drawn, shown = tf.zeros([1, 0], tf.int32), ""
    for position in range(0, length, piece):
        count = tf.constant(min(piece, length - position))
        tokens, first, states = go_on(first, states, count, tf.constant(position))
        # Detokenize all tokens at once: the separator of two tokens depends on both.
        drawn = tf.concat([drawn, tokens], axis=1)
        text = served.tokenizer.continuation(given, drawn).numpy()[0].decode("utf-8", "replace")
        yield text[len(shown) :]
        shown = text
