"""Small networks that differ in what is done for their memory, to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from keras_rnn_recipes.builders.stack import recurrent_stack

# Of a normal start, the size of the largest eigenvalue: what comes back fades by this each step.
NORMAL_RADIUS = 0.9


class Remedy(NamedTuple):
    """A cell and what is done for its memory.

    Attributes:
        cell: ``"simple_rnn"``, ``"lstm"`` or ``"gru"``.
        skips: connections from further back.
        start: of the recurrent kernel: Keras' own, which is orthogonal; "normal", drawn from a
            normal distribution and scaled to the spectral radius 0.9; or "identity". Of an LSTM
            "closed": its forget gates begin half open, with a bias of 0 instead of Keras' 1.
        clipped: whether large gradients are to be cut.
    """

    cell: str
    skips: tuple[int, ...] = ()
    start: str = "orthogonal"
    clipped: bool = True


REMEDIES: dict[str, Remedy] = {
    "simple_rnn": Remedy("simple_rnn", clipped=False),
    "simple_rnn_clipped": Remedy("simple_rnn"),
    "simple_rnn_normal": Remedy("simple_rnn", start="normal"),
    "simple_rnn_identity": Remedy("simple_rnn", start="identity"),
    "simple_rnn_skips": Remedy("simple_rnn", skips=(2, 3)),
    "lstm": Remedy("lstm"),
    "lstm_closed": Remedy("lstm", start="closed"),
    "lstm_skips": Remedy("lstm", skips=(2, 3)),
    "gru": Remedy("gru"),
    "gru_skips": Remedy("gru", skips=(2, 3)),
}


def memory_network(
    name: str,
    *,
    channels: int,
    width: int,
    asked: int = 1,
    units: int | Sequence[int] = 64,
    seed: int = 0,
) -> keras.Model:
    """Recurrent layers with one remedy for a short memory, and a dense layer on the last steps.

    Args:
        name: a key of `REMEDIES`.
        channels: of the inputs.
        width: numbers given at a step.
        asked: steps at the end that are answered.
        units: of the recurrent layers.
        seed: of a start that is drawn here.

    Returns:
        An uncompiled model, ``(batch, time, channels) -> (batch, asked, width)``.

    Raises:
        ValueError: an unknown name.

    Source: identity start: Le et al. 2015 (there with ReLU, here with tanh); open forget gates:
        Gers et al. 2000; clipping, which is up to whoever trains it: Pascanu et al. 2013.

    Example:
        >>> memory_network("simple_rnn_skips", channels=2, width=1, units=8).output_shape[-1]
        1
    """
    if name not in REMEDIES:
        raise ValueError(f"name must be one of {tuple(REMEDIES)}; received {name!r}.")
    remedy = REMEDIES[name]
    inputs = keras.Input((None, channels), name="inputs")
    states = recurrent_stack(inputs, cell=remedy.cell, units=units, recurrent_skips=remedy.skips)
    answers = layers.Dense(width, name="answers")(states[:, -asked:])
    model = keras.Model(inputs, answers, name=name)
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.RNN) and remedy.start != "orthogonal":
            layer.set_weights(_started(layer.get_weights(), remedy.start, random))
    return model


def _started(weights: list[Any], start: str, random: np.random.Generator) -> list[Any]:
    kernel, recurrent, bias = weights
    units = len(recurrent)
    if start == "identity":
        recurrent = np.eye(units)
    elif start == "normal":
        drawn = random.normal(size=(units, units))
        recurrent = drawn * NORMAL_RADIUS / np.abs(np.linalg.eigvals(drawn)).max()
    else:
        bias = np.zeros_like(bias)
    return [kernel, recurrent, bias]
