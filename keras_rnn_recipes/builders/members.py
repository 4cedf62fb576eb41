"""Ensembles: several networks trained together as one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_rnn_recipes.layers import MemberMean, MemberMedian, MemberShare


def ensemble(
    network: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    members: int = 1,
    name: str = "head",
    mean: bool = False,
) -> Any:
    """The median of several networks with the same architecture and different initial weights.

    While training, each network reads its own share of every batch, so that the networks stay
    independent while their common preprocessing (scaling, lags) is computed once. In evaluation and
    after export, every network reads all rows, and the output is the median, or the mean of the
    probabilities.

    Args:
        network: called as ``network(*inputs, suffix=...)``, returns a tensor ``(batch, ...)``. The
            suffix is part of the names of its layers and empty for a single network.
        inputs: tensors ``(batch, ...)``.
        members: number of networks, at least 1.
        name: prefix of the name of the layer that computes the median or the mean.
        mean: take the mean of the probabilities, for networks that return logits and whose answers
            are drawn or searched token by token; see `MemberMean`.

    Returns:
        A tensor in the shape of one network's output; with ``mean`` log probabilities.

    Raises:
        ValueError: ``members`` is below 1.

    Source: the median over initial weights, as in the RNN forecasts of Hewamalage et al. 2021.

    Example:
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
    if mean:
        return MemberMean(name=f"{name}_mean", dtype="float32")(outputs, inputs[0])
    return MemberMedian(name=f"{name}_median")(outputs, inputs[0])


def count_members(model: keras.Model) -> int:
    """The number of networks in a model.

    Args:
        model: whose networks were joined by `ensemble`, or a single network.

    Example:
        >>> from keras_rnn_recipes.builders import language_model
        >>> count_members(language_model(9, units=4, embedding_size=4, members=2))
        2
    """
    numbers = {layer.member for layer in model.layers if isinstance(layer, MemberShare)}
    return max(len(numbers), 1)


def member_of(layer: keras.layers.Layer) -> int:
    """The number, from 0, of the member of an ensemble that a layer is part of; 0 without one.

    Example:
        >>> member_of(keras.layers.LSTM(2, name="lstm_1_member_3"))
        2
    """
    number = layer.name.rpartition("_member_")[2]
    return int(number) - 1 if number.isdigit() else 0
