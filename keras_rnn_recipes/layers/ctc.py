"""Padding of the output of a network for connectionist temporal classification (CTC)."""

from __future__ import annotations

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered

# The id of the blank, the symbol of CTC that stands for nothing.
BLANK = 0

# The logit of every other symbol at a padded step; its probability is zero in float32.
_NEVER = -1e9


@registered
class BlankPadding(layers.Layer):
    """Make the blank certain at padded steps.

    The loss and every decoding over all steps then equal those over the real steps, so that neither
    needs the lengths of the sequences.

    Call arguments:
        logits: ``(batch, time, symbols)``; symbol 0 is the blank.
        mask: bool ``(batch, time)``, true for real steps.

    Returns:
        In the shape of ``logits``.

    Source: Graves et al. 2006, Connectionist temporal classification.

    Example:
        >>> import numpy as np
        >>> logits, mask = np.zeros((1, 2, 2), "float32"), np.array([[True, False]])
        >>> np.array(ops.softmax(BlankPadding()(logits, mask)))[0].tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, logits, mask):
        symbols = ops.arange(logits.shape[-1], dtype="int32")
        padding = ops.where(symbols == BLANK, 0.0, _NEVER)
        return ops.where(mask[:, :, None], logits, ops.cast(padding, logits.dtype))

    def compute_mask(self, inputs, previous_mask):
        # A loss would apply the mask of the steps to the utterances.
        return None

    def compute_output_spec(self, logits, mask):
        return KerasTensor(logits.shape, dtype=logits.dtype)
