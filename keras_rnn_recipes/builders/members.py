"""Ensembles: several networks trained together as one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras_rnn_recipes.layers import MemberMedian, MemberShare


def ensemble(
    network: Callable[..., Any], inputs: Sequence[Any], *, members: int = 1, name: str = "head"
) -> Any:
    """The median of several networks with the same architecture and different initial weights.

    While training, each network reads its own share of every batch, so that the networks stay
    independent while their common preprocessing (scaling, lags) is computed once. In evaluation and
    after export, every network reads all rows, and the output is the median.

    Args:
        network: called as ``network(*inputs, suffix=...)``, returns a tensor ``(batch, ...)``. The
            suffix is part of the names of its layers and empty for a single network.
        inputs: tensors ``(batch, ...)``.
        members: number of networks, at least 1.
        name: prefix of the name of the layer that computes the median.

    Returns:
        A tensor in the shape of one network's output.

    Raises:
        ValueError: ``members`` is below 1.

    Source: the median over initial weights, as in the RNN forecasts of Hewamalage et al. 2021.

    Example:
        >>> import keras
        >>> def network(x, suffix):
        ...     return keras.layers.Dense(4, name=f"dense{suffix}")(x)
        >>> ensemble(network, [keras.Input((3,))], members=5).shape
        (None, 4)
    """
    if members < 1:
        raise ValueError(f"members must be at least 1; received {members}.")
    if members == 1:
        return network(*inputs, suffix="")
    outputs = []
    for member in range(members):
        shares = [
            MemberShare(member, members, name=f"share_{number}_member_{member + 1}")(values)
            for number, values in enumerate(inputs, start=1)
        ]
        outputs.append(network(*shares, suffix=f"_member_{member + 1}"))
    return MemberMedian(name=f"{name}_median")(outputs, inputs[0])
