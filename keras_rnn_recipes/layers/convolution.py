"""A convolution over the real steps of padded sequences."""

from __future__ import annotations

from keras import KerasTensor, initializers, layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class ConvolveSteps(layers.Layer):
    """A convolution over time whose output does not depend on padding.

    What lies before and after the real steps counts as zeros, always the same number of them. With
    a stride, Keras' ``padding="same"`` depends on the length of the padded batch.

    Args:
        filters: channels of the output.
        kernel_size: steps that each output reads, at least 1.
        stride: steps between the steps that are kept, at least 1.

    Call arguments:
        values: ``(batch, time, channels)``.
        mask: bool ``(batch, time)``, true for real steps; padding must be on the right.

    Returns:
        ``(batch, ceil(time / stride), filters)`` and its mask, both for every ``stride``-th step.

    Raises:
        ValueError: a number below 1.

    Example:
        >>> import numpy as np
        >>> values, mask = ConvolveSteps(4, stride=2)(np.ones((1, 5, 2)), np.ones((1, 5), bool))
        >>> values.shape, mask.shape
        (TensorShape([1, 3, 4]), TensorShape([1, 3]))
    """

    def __init__(self, filters, kernel_size=3, stride=1, **kwargs):
        super().__init__(**kwargs)
        if min(filters, kernel_size, stride) < 1:
            raise ValueError(
                "filters, kernel_size and stride must be at least 1; received "
                f"{filters}, {kernel_size} and {stride}."
            )
        self.filters, self.kernel_size, self.stride = filters, kernel_size, stride

    def build(self, values_shape, mask_shape=None):
        self.kernel = self.add_weight(
            shape=(self.kernel_size, values_shape[-1], self.filters),
            initializer=initializers.HeUniform(),
            name="kernel",
        )
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, values, mask):
        real = values * ops.cast(mask, values.dtype)[:, :, None]
        before = (self.kernel_size - 1) // 2
        padded = ops.pad(real, [[0, 0], [before, self.kernel_size - 1 - before], [0, 0]])
        output = ops.conv(padded, self.kernel, strides=self.stride, padding="valid") + self.bias
        kept = mask[:, :: self.stride]
        return output * ops.cast(kept, output.dtype)[:, :, None], kept

    def compute_output_spec(self, values, mask):
        time = values.shape[1]
        steps = None if time is None else -(-time // self.stride)
        shape = (values.shape[0], steps)
        return (
            KerasTensor((*shape, self.filters), dtype=self.compute_dtype),
            KerasTensor(shape, dtype="bool"),
        )

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "stride": self.stride,
        }
