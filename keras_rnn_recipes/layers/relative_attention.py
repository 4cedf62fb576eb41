"""Attention by relative position instead of content."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.attention import attend

# One step has almost all the weight only if its score is about ten above the others. Weights that
# train at the usual rate stay closer together, and many distant steps then outweigh the right one.
_SHARPNESS = 10.0


@registered
class RelativeAttention(layers.Layer):
    """Attention with trained scores of the distances between query and memory steps.

    Query ``j`` sees step ``i`` of a memory of ``n`` real steps at two distances: ``i - j``, counted
    from the start, and ``(n - 1 - i) - j``, counted from the end. Each distance up to ``reach`` has
    a trained score; larger distances share the score of the largest. The score of a step is the sum
    of both.

    Scores by content depend on the states at the sequence lengths of training. Distances are the
    same in a sequence of any length, so this attention generalizes to longer sequences in tasks of
    order, such as copying and reversing.

    Args:
        reach: largest distance with a score of its own, in both directions; at least 1. Choose it
            well below the lengths in training, so that the shared score is trained too.

    Call arguments:
        query, memory, mask: as in `AdditiveAttention`; only the shape of the query is used.
        first: ``(batch, 1)``, the position of the first query, from 0; None: 0.

    Returns:
        Context and weights, as in `AdditiveAttention`.

    Raises:
        ValueError: ``reach`` is below 1.

    Source: clipped relative distances: Shaw et al. 2018; attention by position for sequences longer
        than in training: Dubois et al. 2020; from both ends: Ray Chowdhury and Caragea 2023.

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
        self.supports_masking = True  # the layer receives its mask as an argument

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
