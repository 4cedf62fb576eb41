"""The loss of connectionist temporal classification (CTC)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.ctc import BLANK


def ctc_loss() -> Callable[[Any, Any], Any]:
    """A function of symbols and logits: the negative log probability of the symbols, in nats.

    The probability is the sum over all alignments of the symbols with the steps. TensorFlow's
    operation computes it and its gradient; the tests compare it with the sum over every alignment.
    Each utterance is divided by the mean number of symbols in the batch, so that the mean over a
    batch is the nats per symbol, and long utterances count more.

    Returns:
        A loss as ``keras.Model.compile`` takes it: ``symbols`` int32 ``(batch, length)``, at least
        1, padded with 0 on the right, and ``logits`` ``(batch, time, symbols)``, whose symbol 0 is
        the blank and whose padding is certainly blank (`BlankPadding`) -> ``(batch,)``.

    Source: Graves et al. 2006, Connectionist temporal classification.

    Example:
        >>> import numpy as np
        >>> logits = np.log([[[0.4, 0.6], [0.5, 0.5]]]).astype("float32")
        >>> round(float(np.exp(-ctc_loss()(np.array([[1]]), logits))[0]), 3)
        0.8
    """
    return ctc_nats


@registered
def ctc_nats(symbols: Any, logits: Any) -> Any:
    """The function that `ctc_loss` returns; saved models know it by its name."""
    symbols, logits = tf.cast(symbols, tf.int32), tf.convert_to_tensor(logits)
    counts = tf.math.count_nonzero(symbols, axis=1, dtype=tf.int32)
    # TensorFlow 2.21 refuses utterances without symbols; all of their steps are blank.
    some = tf.pad(symbols, [[0, 0], [0, tf.cast(tf.shape(symbols)[1] == 0, tf.int32)]])
    first = tf.where(counts == 0, BLANK + 1, some[:, 0])
    found = tf.nn.ctc_loss(
        labels=tf.sparse.from_dense(tf.concat([first[:, None], some[:, 1:]], axis=1)),
        logits=logits,
        label_length=None,
        logit_length=tf.fill([tf.shape(logits)[0]], tf.shape(logits)[1]),
        logits_time_major=False,
        blank_index=BLANK,
    )
    silent = -tf.reduce_sum(tf.nn.log_softmax(logits)[:, :, BLANK], axis=1)
    mean = tf.reduce_mean(tf.cast(counts, found.dtype))
    return tf.where(counts == 0, silent, found) / tf.maximum(mean, 1.0)


def steps_needed(symbols: Any) -> int:
    """The fewest steps that symbols can be aligned with: one each, and a blank between equal ones.

    Args:
        symbols: ids, in order.

    Example:
        >>> steps_needed([3, 3, 5]), steps_needed([])
        (4, 0)
    """
    ids = list(symbols)
    return len(ids) + sum(one == other for one, other in zip(ids, ids[1:], strict=False))
