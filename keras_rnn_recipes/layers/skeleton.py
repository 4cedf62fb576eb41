"""Skeletons of a person: centered on a joint, in units of the person's own size."""

from __future__ import annotations

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered

_LEAST_SIZE = 1e-6


@registered
class CenterSkeleton(layers.Layer):
    """Coordinates relative to a joint, such as the hip, over the size of the whole skeleton.

    At every step the coordinates of the joint are subtracted. The size is the root mean square
    distance of all joints from it over the real steps of the sequence.

    Args:
        joint: number of the joint, from 0.
        coordinates: numbers for each joint, 2 or 3, which stand next to each other.
        travel: whether to add the way of the joint since the first step, over the same size.
            Without it, walking looks like stepping on the spot.

    Call arguments:
        values: ``(batch, time, joints * coordinates)``.
        mask: bool ``(batch, time)``, true for real steps.

    Returns:
        ``(batch, time, numbers)``, zeros as padding: those of ``values``, then ``coordinates`` for
        the travel.

    Raises:
        ValueError: a joint or a number of coordinates out of range.

    Example:
        >>> import numpy as np
        >>> values = np.array([[[1.0, 1.0, 3.0, 1.0]]])
        >>> [round(float(one), 2) for one in CenterSkeleton(0, 2)(values, np.array([[True]]))[0, 0]]
        [0.0, 0.0, 1.41, 0.0]
    """

    def __init__(self, joint=0, coordinates=3, travel=False, **kwargs):
        super().__init__(**kwargs)
        if joint < 0 or coordinates < 1:
            raise ValueError(
                "joint must be at least 0 and coordinates at least 1; received "
                f"{joint} and {coordinates}."
            )
        self.joint, self.coordinates = joint, coordinates
        self.travel = travel

    def build(self, values_shape, mask_shape=None):
        joints, rest = divmod(values_shape[-1], self.coordinates)
        if rest or self.joint >= joints:
            raise ValueError(
                f"{values_shape[-1]} channels are not those of joints with {self.coordinates} "
                f"coordinates each, among them joint {self.joint}."
            )

    def call(self, values, mask):
        size, first = self.coordinates, self.joint * self.coordinates
        joints = values.shape[-1] // size
        center = ops.tile(values[:, :, first : first + size], [1, 1, joints])
        real = ops.cast(mask, values.dtype)[:, :, None]
        relative = (values - center) * real
        count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0) * joints
        squares = ops.sum(relative**2, axis=(1, 2), keepdims=True)
        extent = ops.sqrt(squares / count)
        extent = ops.where(extent < _LEAST_SIZE, ops.ones_like(extent), extent)
        if not self.travel:
            return relative / extent
        place = center[:, :, :size]
        return ops.concatenate([relative, (place - place[:, :1]) * real], axis=2) / extent

    def compute_output_spec(self, values, mask):
        more = self.coordinates * int(self.travel)
        shape = (*values.shape[:2], values.shape[2] + more)
        return KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "joint": self.joint,
            "coordinates": self.coordinates,
            "travel": self.travel,
        }
