"""Viterbi decoding: the best sequence of tags of a conditional random field."""

from __future__ import annotations

from typing import Any

from keras import ops

from keras_rnn_recipes.layers.crf import forward_start


def viterbi(potentials: Any) -> tuple[Any, Any]:
    """Find the sequence of tags with the highest score.

    The cost is ``time * num_tags ** 2`` operations per sequence. No mask is needed: the potentials
    of padded steps repeat the last real tag, which the caller has to cut off.

    Args:
        potentials: ``(batch, time, num_tags, num_tags)``, from `keras_rnn_recipes.layers.CRF`.

    Returns:
        ``tags`` ``(batch, time)`` int32, the lowest of tags with equal scores; and ``score``
        ``(batch,)`` in nats, the sum of their potentials. The log probability of the tags is the
        score minus `keras_rnn_recipes.layers.crf.log_partition`.

    Source: Viterbi 1967; for the tags of a network Collobert et al. 2011, equation 11.

    Example:
        >>> import numpy as np
        >>> from keras_rnn_recipes.layers import CRF
        >>> emissions = np.array([[[1.0, 2.0], [3.0, 1.0], [0.0, 0.0]]])
        >>> tags, score = viterbi(CRF(2)(emissions, np.array([[True, True, False]])))
        >>> np.array(tags).tolist(), np.array(score).tolist()
        ([[1, 0, 0]], [5.0])
    """

    def forward(scores, at_step):
        return ops.max(scores[:, :, None] + at_step, axis=1), scores

    def backward(tag, origins):
        return ops.take_along_axis(origins, tag[:, None], axis=1)[:, 0], tag

    steps = ops.transpose(potentials, (1, 0, 2, 3))
    final, before = ops.scan(forward, forward_start(potentials), steps)
    # For each tag the tag before it on the best path. The backward scan takes one tensor only,
    # because Keras 3.15 on TensorFlow cannot scan several if the number of steps is unknown.
    origins = ops.cast(ops.argmax(before[..., None] + steps, axis=2), "int32")
    last = ops.cast(ops.argmax(final, axis=1), "int32")
    _, tags = ops.scan(backward, last, origins, reverse=True)
    return ops.transpose(tags), ops.max(final, axis=1)
