"""The frames before each frame of a piano roll: the last one, and those some steps back."""

from __future__ import annotations

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered

# What stands in a history where the piece has not begun; keys are 0 or 1.
BEFORE_START = -1.0


@registered
class FrameHistory(layers.Layer):
    """What is known before each frame of a piano roll.

    Args:
        repeats: numbers of steps back, such as the lengths of the phrases of a tune. The network
            may copy the frames there; none for the last frame alone.

    Call arguments:
        frames: ``(batch, time, keys)``, 1 for a key that sounds, else 0.
        recent: ``(batch, depth, keys)``, the frames before the first one, -1 before the start of
            the piece; None at the start. The depth is ``self.depth``.

    Returns:
        Three tensors, none of which depends on the frame itself or on later ones: the last frame
        ``(batch, time, keys)``, zeros at the start; the frames so many steps back
        ``(batch, time, repeats, keys)``, -1 before the start of the piece; and whether the last
        frame repeats the one so many steps before it, 1 or 0, ``(batch, time, repeats)``.

    Raises:
        ValueError: a step back below 1.

    Example:
        >>> import numpy as np
        >>> frames = np.array([1.0, 0.0, 1.0, 0.0]).reshape(1, 4, 1)
        >>> last, back, same = FrameHistory((2,))(frames)
        >>> np.ravel(last).tolist(), np.ravel(back).tolist(), np.ravel(same).tolist()
        ([0.0, 1.0, 0.0, 1.0], [-1.0, -1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0])
    """

    def __init__(self, repeats=(), **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.repeats = tuple(int(one) for one in repeats)
        if self.repeats and min(self.repeats) < 1:
            raise ValueError(f"repeats must be at least 1 step back; received {repeats!r}.")

    @property
    def depth(self) -> int:
        """Frames before a frame that its history depends on."""
        return 1 + max(self.repeats, default=0)

    def call(self, frames, recent=None):
        frames = ops.cast(frames, self.compute_dtype)
        if recent is None:
            recent = ops.full_like(frames[:, :1], BEFORE_START)
            recent = ops.repeat(recent, self.depth, axis=1)
        time = ops.shape(frames)[1]
        joined = ops.concatenate([recent, frames], axis=1)

        def back(steps):
            start = self.depth - steps
            return joined[:, start : start + time]

        last = back(1)
        if not self.repeats:
            return ops.maximum(last, 0.0), last[:, :, None][:, :, :0], last[:, :, :0]
        earlier = ops.stack([back(steps) for steps in self.repeats], axis=2)
        # The frame before the one that may be copied, next to the last frame.
        before = ops.stack([back(steps + 1) for steps in self.repeats], axis=2)
        same = ops.all(ops.equal(before, last[:, :, None]), axis=3)
        inside = before[..., 0] != BEFORE_START
        same = ops.cast(ops.logical_and(same, inside), self.compute_dtype)
        return ops.maximum(last, 0.0), earlier, same

    def compute_output_spec(self, frames, recent=None):
        batch, time, keys = frames.shape
        count = len(self.repeats)
        shapes = (batch, time, keys), (batch, time, count, keys), (batch, time, count)
        return tuple(KerasTensor(shape, dtype=self.compute_dtype) for shape in shapes)

    def get_config(self):
        return {**super().get_config(), "repeats": list(self.repeats)}


@registered
class CopyFrames(layers.Layer):
    """Evidence that earlier frames are repeated, as an addition to the logits of the keys.

    A learned function of the features weighs each frame that may be copied: one number is added to
    the logits of the keys that sound there, another one is subtracted from those that do not.

    Call arguments:
        features: ``(batch, time, channels)``.
        earlier: ``(batch, time, repeats, keys)`` from `FrameHistory`; -1 adds nothing.

    Returns:
        ``(batch, time, keys)``.

    Example:
        >>> import numpy as np
        >>> CopyFrames()(np.ones((2, 5, 3)), np.zeros((2, 5, 4, 88))).shape
        TensorShape([2, 5, 88])
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, features_shape, earlier_shape):
        self.count = earlier_shape[2]
        self.gates = layers.Dense(2 * self.count, name="gates", dtype=self.dtype_policy)
        self.gates.build(features_shape)
        self.built = True

    def call(self, features, earlier):
        on, off = ops.split(self.gates(features), 2, axis=-1)
        sounding = ops.cast(earlier > 0, self.compute_dtype)
        silent = ops.cast(ops.equal(earlier, 0), self.compute_dtype)
        weigh = "btr,btrk->btk"
        return ops.einsum(weigh, on, sounding) - ops.einsum(weigh, off, silent)

    def compute_output_spec(self, features, earlier):
        batch, time, _, keys = earlier.shape
        return KerasTensor((batch, time, keys), dtype=self.compute_dtype)
