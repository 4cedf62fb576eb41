"""Several networks in one graph: each learns from a share of the batch, their median answers."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class MemberShare(layers.Layer):
    """The rows of a batch that one member of an ensemble learns from.

    Args:
        member: number of the member, from 0.
        members: how many there are.

    Call arguments:
        values: ``(batch, ...)``.

    Returns:
        While training ``(batch / members, ...)``, an equal part of the rows up to one; otherwise
        all of them.

    Example:
        >>> import numpy as np
        >>> np.array(MemberShare(1, 2)(np.arange(6.0), training=True)).tolist()
        [3.0, 4.0, 5.0]
    """

    def __init__(self, member, members, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= member < members:
            raise ValueError(
                f"member must be between 0 and members - 1 = {members - 1}; received {member}."
            )
        self.member, self.members = member, members

    def call(self, values, training=False):
        if not training:
            return values
        batch = ops.shape(values)[0]
        first, end = (batch * edge // self.members for edge in (self.member, self.member + 1))
        return values[first:end]

    def compute_output_shape(self, shape):
        return (None, *shape[1:])

    def get_config(self):
        return {**super().get_config(), "member": self.member, "members": self.members}


@registered
class MemberMedian(layers.Layer):
    """The median of the members' outputs; while training each row's own member's output.

    Call arguments:
        outputs: one tensor ``(batch, ...)`` per member; while training each with its
            `MemberShare` of the rows, in the members' order.

    Returns:
        ``(batch, ...)``.

    Example:
        >>> import numpy as np
        >>> np.array(MemberMedian()([np.array([[9.0]]), np.array([[1.0]]), np.array([[2.0]])]))
        array([[2.]], dtype=float32)
    """

    def call(self, outputs, training=False):
        if training:
            return ops.concatenate(outputs, axis=0)
        ranked = ops.sort(ops.stack(outputs, axis=-1), axis=-1)
        low, high = (len(outputs) - 1) // 2, len(outputs) // 2
        return (ranked[..., low] + ranked[..., high]) / 2

    def compute_output_shape(self, shapes):
        return (None, *shapes[0][1:])
