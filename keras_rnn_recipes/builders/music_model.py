"""Recurrent networks over the frames of a piano roll, for training and for generation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.stack import drop, recurrent_stack
from keras_rnn_recipes.layers import CopyFrames, FrameHistory, IndependentKeys, NADEKeys
from keras_rnn_recipes.layers.replay import replay_layers
from keras_rnn_recipes.layers.stepping import StepStates

NUM_KEYS = 88

HEADS = ("nade", "independent")


def music_model(
    num_keys: int = NUM_KEYS,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = 256,
    head: str = "nade",
    hidden: int = 100,
    repeats: Sequence[int] = (),
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    residual: bool = False,
    layer_norm: bool = False,
    l2: float = 0.0,
    recurrent_skips: Sequence[int] = (),
) -> keras.Model:
    """A recurrent network that predicts each frame of a piano roll from the frames before it.

    Args:
        num_keys: keys of a frame; 88 for a piano.
        cell, units, residual, layer_norm, l2, recurrent_skips: as in `recurrent_stack`.
        head: the distribution of a frame. ``"nade"``: each key depends on the keys below it, see
            `NADEKeys`; ``"independent"``: the keys of a frame are independent.
        hidden: hidden units of the head ``"nade"``.
        repeats: numbers of frames back, such as the lengths of the phrases of a tune, from which
            the network may copy a frame; see `CopyFrames`.
        dropout: rate after every recurrent layer.
        input_dropout: rate on the keys of the last frame.

    Returns:
        An uncompiled model from ``frames (batch, time, num_keys)``, 1 for a key that sounds, else
        0, padded on the right, to logits in the same shape. Those of a frame depend on the frames
        before it and, with the head ``"nade"``, on the keys below in the frame itself. The sum of
        the logistic losses of its keys is the negative log-likelihood of a frame.

    Raises:
        ValueError: an unknown head or cell, or a size below 1.

    Source: Boulanger-Lewandowski et al. 2012, Modeling temporal dependencies in high-dimensional
    sequences.

    Example:
        >>> music_model(12, units=16, hidden=8, repeats=(4, 8)).output_shape
        (None, None, 12)
    """
    if head not in HEADS:
        raise ValueError(f"head must be one of {HEADS}; received {head!r}.")
    if min(num_keys, hidden) < 1:
        raise ValueError(
            f"num_keys and hidden must be at least 1; received {num_keys} and {hidden}."
        )
    frames = keras.Input((None, num_keys), name="frames")
    last, earlier, same = FrameHistory(repeats, name="history")(frames)
    given = drop(last, input_dropout, "input_dropout")
    if repeats:
        given = layers.Concatenate(name="given")([given, same])
    encoded = recurrent_stack(
        given,
        cell=cell,
        units=units,
        residual=residual,
        layer_norm=layer_norm,
        dropout=dropout,
        l2=l2,
        recurrent_skips=recurrent_skips,
    )
    if repeats:
        encoded = layers.Concatenate(name="features")([encoded, same])
    keys = NADEKeys(hidden, name="keys") if head == "nade" else IndependentKeys(name="keys")
    # Most keys are silent in most frames, so training begins near there.
    silent = keras.initializers.Constant(-3.0)
    logits = layers.Dense(num_keys, bias_initializer=silent, name="key_biases")(encoded)
    if repeats:
        copied = CopyFrames(name="copied")(encoded, earlier)
        logits = layers.Add(name="with_copied")([logits, copied])
    if head == "nade":
        offsets = layers.Dense(hidden, name="hidden_biases")(encoded)
        logits = layers.Concatenate(name="parameters")([logits, offsets])
    return keras.Model(frames, keys(logits, frames), name="music_model")


def music_reader(model: keras.Model) -> keras.Model:
    """A music model over a part of a piece, with what it keeps as inputs and outputs.

    Use it for the start of a piece and for pieces that arrive in parts. Weights are shared.

    Args:
        model: from `music_model`.

    Returns:
        ``[frames (batch, time, keys), mask (batch, time), recent (batch, depth, keys), *states]``
        to ``[parameters (batch, time, parameters), *states]``. ``recent`` are the last frames
        before ``frames``, -1 before the start of the piece; where the mask is false, on the right,
        is padding, which changes no state.
        The parameters are those of the head `keys_layer`. States are zeros at the start.

    Example:
        >>> reader = music_reader(music_model(12, cell="gru", units=16, hidden=8))
        >>> [tuple(output.shape) for output in reader.outputs]
        [(None, None, 20), (None, 16)]
    """
    frames, recent = _piece_inputs(model, None)
    mask = keras.Input((None,), dtype="bool", name="mask")
    states = StepStates()
    parameters = _parameters(model, frames, recent, partial(states.run, mask=mask))
    inputs = [frames, mask, recent, *states.inputs]
    return keras.Model(inputs, [parameters, *states.outputs], name="music_reader")


def music_step(model: keras.Model) -> keras.Model:
    """A music model for one frame, with what it keeps as inputs and outputs and shared weights.

    Args:
        model: from `music_model`.

    Returns:
        ``[recent (batch, depth, keys), *states] -> [parameters (batch, parameters), *states]``: the
        parameters of the frame after the recent ones.

    Example:
        >>> step = music_step(music_model(12, cell="lstm", units=16, hidden=8))
        >>> [tuple(output.shape) for output in step.outputs]
        [(None, 20), (None, 16), (None, 16)]
    """
    _, recent = _piece_inputs(model, 1)
    # The frame to be predicted, which the parameters do not depend on.
    unknown = ops.zeros_like(recent[:, :1])
    states = StepStates()
    parameters = _parameters(model, unknown, recent, states.step)
    outputs = [parameters[:, 0], *states.outputs]
    return keras.Model([recent, *states.inputs], outputs, name="music_step")


def keys_layer(model: keras.Model) -> Any:
    """The layer of a music model that holds the distribution of a frame.

    Example:
        >>> type(keys_layer(music_model(12, units=8, head="independent"))).__name__
        'IndependentKeys'
    """
    return model.get_layer("keys")


def history_depth(model: keras.Model) -> int:
    """Frames before a frame that a music model needs besides its states.

    Example:
        >>> history_depth(music_model(12, units=8, repeats=(4, 16)))
        17
    """
    depth: int = model.get_layer("history").depth
    return depth


def _piece_inputs(model: keras.Model, time: int | None) -> tuple[Any, Any]:
    keys = model.input.shape[-1]
    frames = keras.Input((time, keys), name="frames")
    return frames, keras.Input((history_depth(model), keys), name="recent")


def _parameters(model: keras.Model, frames: Any, recent: Any, run: Any) -> Any:
    """Replay a model up to the parameters of its head."""

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, FrameHistory):
            return layer(*args, recent=recent, **kwargs)
        if isinstance(layer, layers.RNN):
            return run(layer, args[0])
        if isinstance(layer, (NADEKeys, IndependentKeys)):
            return args[0]
        return layer(*args, **kwargs)

    return replay_layers(model, frames, call)
