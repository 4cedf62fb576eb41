"""The loss of the next token over a part of a large vocabulary, while a language model is trained.

The logits of ten thousand words take four fifths of the arithmetic of a small word-level model.
The probability of the right word needs all of them for one sum only, which is estimated here: the
most frequent tokens enter it as they are, the others as a weighted sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.config.base import Precision
from keras_rnn_recipes.layers import MemberShare, TiedEmbedding
from keras_rnn_recipes.layers.members import own_rows
from keras_rnn_recipes.training.lstm_kernel import multiply_all
from keras_rnn_recipes.training.token_loss import token_loss


class SampledLoss:
    """Cross-entropy of ids from hidden states, over the frequent tokens and a sample of the others.

    The sum of the exponentials of all logits has the expectation of the full sum: a drawn token
    counts by one over the number of times that it is expected in the sample, and the right token
    counts as it is and is left out of the sample. The sample is drawn anew for each batch, from the
    numbers of the batch itself, so that a resumed training draws the same.

    Args:
        outputs: the output layer of each network, whose ids are sorted by frequency. Of several
            networks each answers for its share of the rows, see `MemberShare`.
        counts: occurrences of each id in the training text, ``(vocabulary_size,)``.
        size: logits that are computed for each token: half of them of the most frequent tokens,
            half of drawn ones.
        precision: of the product of hidden states and vectors, as in `training_kernels`.
        seed: of the draws.

    Attributes:
        whole: a variable; while it is true the loss is that over all tokens.

    Raises:
        ValueError: ``size`` is below 2, or not below the size of the vocabulary.

    Source: Jean et al. 2015, On using very large target vocabulary for neural machine translation,
        equations 9 and 10; the sum over frequent tokens is exact here.

    Example:
        >>> layer = TiedEmbedding(50, 8)
        >>> layer.build()
        >>> loss = SampledLoss([layer], np.ones(50), size=20)
        >>> loss(tf.constant([[7, 44, 0]]), tf.ones((1, 3, 8))).shape
        TensorShape([1])
    """

    def __init__(
        self,
        outputs: Sequence[TiedEmbedding],
        counts: np.ndarray,
        *,
        size: int,
        precision: Precision = "float32",
        seed: int = 0,
    ) -> None:
        if not 2 <= size < len(counts):
            raise ValueError(
                f"size must be from 2 to {len(counts) - 1}, below the size of the vocabulary; "
                f"received {size}."
            )
        self._precision, self._seed = precision, seed
        self._members = [
            (output, MemberShare(member, len(outputs))) for member, output in enumerate(outputs)
        ]
        self._drawn, self._frequent = size // 2, size - size // 2
        rare = np.asarray(counts, "float64")[self._frequent :] + 1  # so that each can be drawn
        shares = rare / rare.sum()
        self._bounds = tf.constant(np.cumsum(shares), tf.float32)
        self._log_expected = tf.constant(np.log(self._drawn * shares), tf.float32)
        self._loss = token_loss()
        self.whole = tf.Variable(False, trainable=False, name="whole_vocabulary")

    def __call__(self, ids: Any, hidden: Any) -> Any:
        """Losses ``(batch,)`` of ids ``(batch, time)`` and hidden states ``(batch, time, n)``."""
        ids = tf.cast(ids, tf.int32)
        return tf.cond(
            self.whole,
            lambda: self._of_members(self._full, ids, hidden),
            lambda: self._of_members(self._sampled, ids, hidden),
        )

    def _of_members(self, loss: Callable[..., Any], ids: tf.Tensor, hidden: tf.Tensor) -> Any:
        losses = [
            loss(output, share.own_rows(ids), share.own_rows(hidden))
            for output, share in self._members
        ]
        return own_rows(losses, ids)

    def _full(self, output: TiedEmbedding, ids: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        return self._loss(ids, output(hidden, reverse=True))

    def _sampled(self, output: TiedEmbedding, ids: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        vectors, bias = (tf.convert_to_tensor(one) for one in (output.embeddings, output.bias))
        rare, log_expected = self._draw(ids)
        candidates = tf.concat([tf.range(self._frequent), rare], axis=0)
        of_candidates = tf.transpose(tf.gather(vectors, candidates))
        logits = multiply_all(hidden, of_candidates, self._precision) + tf.gather(bias, candidates)
        # The gradient of a split is one concatenation; that of two slices is two padded arrays.
        frequent, drawn = tf.split(logits, [self._frequent, self._drawn], axis=-1)
        drawn = tf.where(rare == ids[..., None], -np.inf, drawn - log_expected)
        right = tf.reduce_sum(tf.gather(vectors, ids) * hidden, axis=-1) + tf.gather(bias, ids)
        is_rare = ids >= self._frequent
        at_end = tf.where(is_rare, right, -np.inf)[..., None]
        places = tf.where(is_rare, self._frequent + self._drawn, ids)
        return self._loss(places, tf.concat([frequent, drawn, at_end], axis=-1))

    def _draw(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Rare ids, each as often as it is drawn, and the log of how often it is expected."""
        flat = tf.reshape(ids, [-1])
        seed = [self._seed, tf.reduce_sum(flat * tf.range(tf.size(flat)))]
        chances = tf.random.stateless_uniform([self._drawn], seed=seed)
        at = tf.minimum(tf.searchsorted(self._bounds, chances), tf.size(self._bounds) - 1)
        return self._frequent + at, tf.gather(self._log_expected, at)


@final
class WholeVocabulary(keras.callbacks.Callback):
    """Compute the loss over all tokens in the last epochs, and whenever the model is validated.

    Args:
        loss: a `SampledLoss`.
        from_epoch: the first epoch, from 0, that is trained over all tokens.
    """

    def __init__(self, loss: SampledLoss, from_epoch: int) -> None:
        super().__init__()
        self._loss, self._from, self._epoch = loss, from_epoch, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Switch to all tokens from the chosen epoch on."""
        self._epoch = epoch
        self._choose()

    def on_test_begin(self, logs: Any = None) -> None:
        """Validate over all tokens."""
        self._loss.whole.assign(True)

    def on_test_end(self, logs: Any = None) -> None:
        """Go back to what the epoch is trained on."""
        self._choose()

    def _choose(self) -> None:
        self._loss.whole.assign(self._epoch >= self._from)
