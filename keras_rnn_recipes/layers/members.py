"""An ensemble in one graph: members train on shares of a batch; their median or mean answers."""

from __future__ import annotations

import math

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class MemberShare(layers.Layer):
    """The rows of a batch on which one member of an ensemble trains.

    Args:
        member: number of the member, from 0.
        members: number of members.

    Call arguments:
        values: ``(batch, ...)``.

    Returns:
        While training ``(batch / members, ...)``: the shares of the members differ by at most one
        row. If a batch has fewer rows than members, some members share a row, because recurrent
        layers do not accept a batch without rows. Otherwise all rows.

    Raises:
        ValueError: ``member`` is not between 0 and ``members - 1``.

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
        return self.own_rows(values) if training else values

    def own_rows(self, values):
        """The rows on which the member trains, also when the model does not train."""
        first, end = _share(ops.shape(values)[0], self.member, self.members)
        end = max(end, first + 1) if isinstance(end, int) else ops.maximum(end, first + 1)
        return values[first:end, ...]  # a tuple, as Keras asks of symbolic tensors

    def compute_output_spec(self, values, training=False):
        return KerasTensor((None, *values.shape[1:]), dtype=values.dtype)

    def get_config(self):
        return {**super().get_config(), "member": self.member, "members": self.members}


@registered
class MemberMedian(layers.Layer):
    """The median of the members' outputs; while training, for each row the output of its member.

    Call arguments:
        outputs: one tensor ``(batch, ...)`` per member, in their order; while training each has the
            rows of its `MemberShare`.
        values: the input of `MemberShare`, ``(batch, ...)``. While training it tells which rows two
            members share, so that each row is returned once.

    Returns:
        ``(batch, ...)``.

    Example:
        >>> import numpy as np
        >>> np.array(MemberMedian()([np.array([[9.0]]), np.array([[1.0]]), np.array([[2.0]])]))
        array([[2.]], dtype=float32)
    """

    def call(self, outputs, values=None, training=False):
        if training and values is None:  # a model saved before ``values`` existed
            return ops.concatenate(outputs, axis=0)
        if training:
            return own_rows(outputs, values)
        ranked = ops.sort(ops.stack(outputs, axis=-1), axis=-1)
        low, high = (len(outputs) - 1) // 2, len(outputs) // 2
        return (ranked[..., low] + ranked[..., high]) / 2

    def compute_output_shape(self, outputs_shape, values_shape=None):
        return (None, *outputs_shape[0][1:])


@registered
class MemberMean(layers.Layer):
    """The mean of the probabilities that the members' logits stand for, as log probabilities.

    While training it returns the logits of each row's member, as `MemberMedian` does.

    Call arguments:
        outputs: logits ``(batch, ..., classes)`` of each member, in their order; while training
            each has the rows of its `MemberShare`.
        values: the input of `MemberShare`, ``(batch, ...)``.

    Returns:
        ``(batch, ..., classes)``.

    Example:
        >>> import numpy as np
        >>> logits = [np.log([[0.2, 0.8]]), np.log([[0.6, 0.4]])]
        >>> np.exp(MemberMean()(logits, np.zeros(1))).round(3).tolist()
        [[0.4000000059604645, 0.6000000238418579]]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, outputs, values, training=False):
        if training:
            return own_rows(outputs, values)
        parts = [ops.log_softmax(part, axis=-1) for part in outputs]
        return ops.logsumexp(ops.stack(parts), axis=0) - math.log(len(parts))

    def compute_mask(self, outputs, previous=None):
        return None  # the loss knows padding by the ids

    def compute_output_shape(self, outputs_shape, values_shape=None):
        return (None, *outputs_shape[0][1:])


def own_rows(outputs, values):
    """The output of each row's own member.

    Args:
        outputs: one tensor ``(rows, ...)`` for each member, from the rows of its `MemberShare`.
        values: the input of `MemberShare`, ``(batch, ...)``.

    Returns:
        ``(batch, ...)``.

    Example:
        >>> import numpy as np
        >>> np.array(own_rows([np.zeros(1), np.ones(2)], np.zeros(3))).tolist()
        [0.0, 1.0, 1.0]
    """
    batch, members = ops.shape(values)[0], len(outputs)
    shares = [_share(batch, member, members) for member in range(members)]
    own = [part[: end - first, ...] for part, (first, end) in zip(outputs, shares, strict=True)]
    return ops.concatenate(own, axis=0)


def _share(batch, member, members):
    """The first row of a member's share, and the row after its last."""
    return batch * member // members, batch * (member + 1) // members
