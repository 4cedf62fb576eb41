"""Attention that goes by where a step stands, and not by what is there."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.attention import attend

# Scores must be some ten apart before one step has all the weight. At the pace of other weights
# they stay closer, and what still leaks in from many far steps drowns what is looked for.
_SHARPNESS = 10.0


@registered
class RelativeAttention(layers.Layer):
    """Scores of the distances between the step that asks and the steps of the memory.

    Query ``j`` of a memory of ``n`` real steps sees step ``i`` at the distances ``i - j``, counted
    from the start, and ``(n - 1 - i) - j``, counted from the end. Each distance up to ``reach`` has
    a learned score, all further ones that of the furthest; the score of a step is the sum of both.

    What is asked for by content is learnt at the places, and with the states, of the training
    lengths. Distances are the same in a sequence of any length: for copying, reversing and whatever
    else is a matter of order.

    Args:
        reach: distances that have a score of their own, in both directions; at least 1. Well below
            the lengths of training: what further ones share is learnt only where there are some.

    Call arguments:
        query, memory, mask: as those of `AdditiveAttention`; of the query only the shape counts.
        first: ``(batch, 1)``, the number of the first query, from 0; 0 when left out.

    Returns:
        Context and weights, as `AdditiveAttention`.

    Raises:
        ValueError: a reach below 1.

    Source: relative distances, cut off: Shaw et al. 2018; attention to places for sequences longer
        than those of training: Dubois et al. 2020; from both ends: Ray Chowdhury and Caragea 2023.

    Example:
        >>> import numpy as np
        >>> layer, values = RelativeAttention(1), np.array([[[4.0], [5.0], [6.0]]])
        >>> layer.build((1, 3, 1), (1, 3, 1))
        >>> layer.set_weights([np.zeros(3), np.array([0.0, 9.0, 0.0])])  # distance 0 from the end
        >>> np.array(layer(values, values)[0])[0, :, 0].round(3).tolist()
        [6.0, 5.0, 4.0]
    """

    def __init__(self, reach=4, **kwargs):
        super().__init__(**kwargs)
        if reach < 1:
            raise ValueError(f"reach must be at least 1; received {reach}.")
        self.reach = int(reach)
        self.supports_masking = True  # it has one of its own

    def build(self, query_shape, memory_shape):
        width = (2 * self.reach + 1,)
        self.from_start = self.add_weight(width, initializer="zeros", name="from_start")
        self.from_end = self.add_weight(width, initializer="zeros", name="from_end")

    def call(self, query, memory, mask=None, first=None):
        steps = ops.arange(ops.shape(memory)[1], dtype="int32")[None, None]
        asked = ops.arange(ops.shape(query)[1], dtype="int32")[None, :, None]
        asked = asked if first is None else asked + ops.cast(first, "int32")[:, :, None]
        real = ops.ones_like(memory[:, :, 0]) if mask is None else mask
        length = ops.sum(ops.cast(real, "int32"), axis=1)[:, None, None]
        ahead = self._scores(self.from_start, steps - asked)
        return attend(ahead + self._scores(self.from_end, length - 1 - steps - asked), memory, mask)

    def _scores(self, weights, distances):
        places = ops.clip(distances, -self.reach, self.reach) + self.reach
        return _SHARPNESS * ops.take(ops.convert_to_tensor(weights), places, axis=0)

    def compute_mask(self, *args, **kwargs):
        return None

    def get_config(self):
        return {**super().get_config(), "reach": self.reach}
