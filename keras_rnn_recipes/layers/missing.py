"""Fill missing values inside the graph, and mark which values were observed."""

from __future__ import annotations

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.pretrained.arrays import carry_forward


@registered
class FillMissing(layers.Layer):
    """Replace NaN by the last observed value, and mark the observed values.

    Before the first observation of a feature, its first observation is used. Such steps are
    padding: `AlignStart` keeps them from the recurrent layers, and windows give them no weight in
    the loss. A feature without any observation is zero.

    Call arguments:
        history: ``(batch, time, features)``, NaN = missing.

    Returns:
        ``filled`` and ``observed`` (1.0 or 0.0), ``(batch, time, features)`` each.

    Example:
        >>> import numpy as np
        >>> filled, observed = FillMissing()(np.array([[[np.nan], [2.0], [np.nan]]]))
        >>> np.ravel(filled).tolist(), np.ravel(observed).tolist()
        ([2.0, 2.0, 2.0], [0.0, 1.0, 0.0])
    """

    def call(self, history):
        missing = ops.isnan(history)
        # The fill sorts, which is slow, and most batches are complete.
        filled = ops.cond(ops.any(missing), lambda: carry_forward(history), lambda: history)
        return filled, ops.cast(ops.logical_not(missing), filled.dtype)

    def compute_output_spec(self, history):
        # Keras would trace `call` to find these shapes, whenever a model is built or converted.
        return tuple(KerasTensor(history.shape, dtype=self.compute_dtype) for _ in range(2))
