"""Small networks to compare remedies for vanishing and exploding gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from keras_rnn_recipes.builders.stack import recurrent_stack

# The spectral radius of recurrent weights drawn from a normal distribution: states decay by this
# factor at each step.
NORMAL_RADIUS = 0.9


class Remedy(NamedTuple):
    """A cell and the remedy that it gets.

    Attributes:
        cell: ``"simple_rnn"``, ``"lstm"`` or ``"gru"``.
        skips: numbers of steps back of recurrent skips.
        start: initialization of the recurrent kernel: ``"orthogonal"``, as in Keras; ``"normal"``,
            a normal distribution scaled to the spectral radius 0.9; or ``"identity"``. For an LSTM
            ``"closed"``: the bias of the forget gate starts at 0 (half open) instead of 1.
        clipped: whether training clips gradients by their norm.
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
    """Recurrent layers with one remedy, and a dense layer on the last steps.

    Args:
        name: a key of `REMEDIES`.
        channels: of the inputs.
        width: number of outputs at a step.
        asked: number of steps at the end with an output.
        units: width of the recurrent layer, or one width per layer.
        seed: of the ``"normal"`` initialization.

    Returns:
        An uncompiled model, ``(batch, time, channels) -> (batch, asked, width)``.

    Raises:
        ValueError: an unknown name.

    Source: identity: Le et al. 2015 (with ReLU; here with tanh); bias of forget gates: Gers et al.
        2000; clipping, which the training loop does: Pascanu et al. 2013.

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
