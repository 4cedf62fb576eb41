"""An ensemble trained in one process, as one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras_rnn_recipes.layers import MemberMedian, MemberShare


def ensemble(
    network: Callable[..., Any], inputs: Sequence[Any], *, members: int = 1, name: str = "head"
) -> Any:
    """The median of several networks of one kind, which differ in where they start.

    While training each network sees a share of its own of every batch, so that the networks stay
    independent and what they have in common (scaling, lags) is computed once. Scored or exported,
    all of them see every row, and the median answers.

    Args:
        network: ``network(*inputs, suffix=...)`` gives a tensor ``(batch, ...)``; the suffix
            keeps the names of its layers apart and is empty for a single network.
        inputs: tensors ``(batch, ...)``.
        members: how many networks; at least 1.
        name: of the layer that takes the median.

    Returns:
        A tensor shaped like the network's.

    Raises:
        ValueError: for no members.

    Source: medians over starts are what the RNNs of Hewamalage et al. 2021 forecast with.
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
