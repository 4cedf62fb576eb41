"""The mask of real steps in a batch of padded ids."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class PaddingMask(layers.Layer):
    """True where an id is not 0, the padding.

    Call arguments:
        ids: int32 ``(batch, time)``.

    Returns:
        bool ``(batch, time)``.

    Example:
        >>> import numpy as np
        >>> np.array(PaddingMask()(np.array([[5, 1, 0]]))).tolist()
        [[True, True, False]]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Ids must not be cast to the layer's floating-point type.
        self.autocast = False

    def call(self, ids):
        return ops.not_equal(ids, 0)
