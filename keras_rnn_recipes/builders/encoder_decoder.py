"""Sequence to sequence: a recurrent encoder, a recurrent decoder, and attention between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.embedding import token_embedding
from keras_rnn_recipes.builders.stack import as_widths, drop, recurrent_stack
from keras_rnn_recipes.layers import (
    AdditiveAttention,
    MultiplicativeAttention,
    RelativeAttention,
)
from keras_rnn_recipes.layers.replay import replay_layers
from keras_rnn_recipes.layers.stepping import StepStates

ATTENTIONS = ("multiplicative", "additive", "relative")


def encoder_decoder(
    source_size: int,
    target_size: int,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = 256,
    encoder_units: int | Sequence[int] | None = None,
    embedding_size: int = 256,
    attention: str = "multiplicative",
    reach: int = 4,
    bidirectional: bool = True,
    tied: bool = True,
    dropout: float = 0.0,
    embedding_dropout: float | None = None,
    variational: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    recurrent_skips: Sequence[int] = (),
) -> keras.Model:
    """A recurrent encoder and a recurrent decoder with attention, for training by teacher forcing.

    The decoder runs over the whole target at once. Attention computes a context for each of its
    outputs, and a dense layer combines both before the output layer. `encode_model` and
    `decode_step` compute the same step by step.

    Args:
        source_size, target_size: number of ids in the two vocabularies; 0 is padding.
        cell: ``"simple_rnn"``, ``"lstm"``, ``"gru"``, or a name from `register_cell`.
        units: width of the decoder's layer, or one width per layer.
        encoder_units: the same for the encoder, in each direction; None: as the decoder.
        embedding_size: width of both embeddings.
        attention: by content, ``"multiplicative"`` (Luong) or ``"additive"`` (Bahdanau); or
            ``"relative"``, by position, which generalizes to longer sequences than in training (see
            `RelativeAttention`).
        reach: of relative attention, the largest distance with a score of its own.
        bidirectional: the encoder reads in both directions.
        tied: use the target's embedding as the output layer too.
        dropout: rate after every recurrent layer and before the output layer.
        embedding_dropout: rate on the embedded tokens; None: as ``dropout``.
        variational: drop the same channels at all steps of a sequence.
        residual, layer_norm, recurrent_skips: as in `recurrent_stack`.

    Returns:
        An uncompiled model from a dict of ``source (batch, source time)`` and ``target (batch,
        target time)``, int32, padded by 0 on the right, where the target begins with its start
        token. Its output is the logits ``(batch, target time, target_size)`` of the next token.

    Raises:
        ValueError: an unknown cell or attention, or a size below 1.

    Source: Sutskever et al. 2014; Bahdanau et al. 2015; Luong et al. 2015.

    Example:
        >>> model = encoder_decoder(40, 30, cell="gru", units=8, embedding_size=6)
        >>> model.output_shape
        (None, None, 30)
    """
    _check(attention, source_size, target_size, embedding_size)
    widths = as_widths(units)
    stack: dict[str, Any] = {"cell": cell, "residual": residual, "layer_norm": layer_norm}
    stack |= {"dropout": dropout, "variational": variational, "recurrent_skips": recurrent_skips}
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    mask = ops.not_equal(source, 0)

    rate = dropout if embedding_dropout is None else embedding_dropout
    embedded = layers.Embedding(source_size, embedding_size, name="source_embedding")(source)
    memory, states = recurrent_stack(
        drop(embedded, rate, "source_dropout", variational),
        units=widths if encoder_units is None else encoder_units,
        mask=mask,
        bidirectional=bidirectional,
        return_states=True,
        suffix="_encoder",
        **stack,
    )
    target_embedding = token_embedding(
        target_size, embedding_size, tied=tied, name="target_embedding"
    )
    decoded = recurrent_stack(
        drop(target_embedding(target), rate, "target_dropout", variational),
        units=widths,
        initial_states=_bridge(states, widths),
        suffix="_decoder",
        **stack,
    )
    context, _ = _attention(attention, widths[-1], reach)(decoded, memory, mask=mask)
    joined = layers.Concatenate(name="decoded_and_context")([decoded, context])
    width = embedding_size if tied else widths[-1]
    combined = layers.Dense(width, activation="tanh", use_bias=False, name="combined")(joined)
    combined = drop(combined, dropout, "combined_dropout", variational)
    if tied:
        logits = target_embedding(combined, reverse=True)
    else:
        logits = layers.Dense(target_size, name="logits")(combined)
    return keras.Model({"source": source, "target": target}, logits, name="encoder_decoder")


def _check(attention, source_size, target_size, embedding_size):
    if attention not in ATTENTIONS:
        raise ValueError(f"attention must be one of {ATTENTIONS}; received {attention!r}.")
    if min(source_size, target_size, embedding_size) < 1:
        raise ValueError(
            "source_size, target_size and embedding_size must be at least 1; "
            f"received {source_size}, {target_size} and {embedding_size}."
        )


def encode_model(model: keras.Model) -> keras.Model:
    """The encoder of an `encoder_decoder`, with shared weights, as a model of its own.

    Returns:
        ``source (batch, time) -> [memory (batch, time, channels), mask (batch, time) bool,
        *states (batch, width)]``, the inputs of `decode_step` at the first step. With relative
        attention the last state is the position of the next token, ``(batch, 1)``.

    Raises:
        ValueError: the model is not from `encoder_decoder`.

    Example:
        >>> model = encoder_decoder(40, 30, cell="gru", units=(8, 4), embedding_size=6)
        >>> [tuple(output.shape) for output in encode_model(model).outputs]
        [(None, None, 8), (None, None), (None, 8), (None, 4)]
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    given: list[Any] = []
    states: list[Any] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        states.extend(kwargs.get("initial_state") or [])
        if layer.name == "attention":
            # The copy drops the mask that Keras attaches to the output of the encoder.
            given.extend([ops.copy(args[1]), kwargs["mask"]])
        return layer(*args, **kwargs)

    replay_layers(_checked(model), {"source": source, "target": target}, call)
    if _attends_by_position(model):
        states.append(ops.zeros_like(given[0][:, 0, :1]))
    return keras.Model(source, [*given, *states], name="encode")


def decode_step(model: keras.Model) -> keras.Model:
    """The decoder of an `encoder_decoder` for one step, with shared weights.

    Returns:
        ``[token (batch,), memory, mask, *states] -> [logits (batch, target_size), attention
        (batch, source time), *states]``; memory, mask and the first states are the outputs of
        `encode_model`.

    Raises:
        ValueError: the model is not from `encoder_decoder`.

    Example:
        >>> model = encoder_decoder(40, 30, cell="lstm", units=8, embedding_size=6)
        >>> [tuple(output.shape) for output in decode_step(model).outputs]
        [(None, 30), (None, None), (None, 8), (None, 8)]
    """
    attention = _checked(model).get_layer("attention")
    channels = encode_model(model).outputs[0].shape[-1]
    token = keras.Input((), dtype="int32", name="token")
    memory = keras.Input((None, channels), name="memory")
    mask = keras.Input((None,), dtype="bool", name="mask")
    states, weights = StepStates(), []

    position = keras.Input((1,), name="place")
    by_position = {"first": position} if _attends_by_position(model) else {}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("initial_state"):
            return states.step(layer, args[0])
        if layer is attention:
            context, found = layer(args[0], memory, mask=mask, **by_position)
            weights.append(found)
            return context, found
        return layer(*args, **kwargs)

    source = keras.Input((None,), dtype="int32", name="source")  # not part of the result
    logits = replay_layers(model, {"source": source, "target": ops.expand_dims(token, 1)}, call)
    if by_position:
        states.inputs.append(position)
        states.outputs.append(ops.add(position, 1))
    outputs = [logits[:, 0], weights[0][:, 0], *states.outputs]
    return keras.Model([token, memory, mask, *states.inputs], outputs, name="decode_step")


def decoding_functions(model: keras.Model) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two functions that decoding needs of an `encoder_decoder`: begin, and one step.

    Returns:
        ``begin(source (n, source time)) -> states`` and ``step(tokens (n,), states) -> (log
        probabilities (n, target_size), states, attention (n, source time))``.

    Raises:
        ValueError: the model is not from `encoder_decoder`.

    Example:
        >>> import numpy as np
        >>> model = encoder_decoder(40, 30, cell="gru", units=8, embedding_size=6)
        >>> begin, step = decoding_functions(model)
        >>> log_probabilities, states, attention = step(np.array([2]), begin(np.array([[7, 5]])))
        >>> log_probabilities.shape == (1, 30), attention.shape == (1, 2)
        (True, True)
    """
    encoder, decoder = encode_model(model), decode_step(model)

    def begin(source: Any) -> tuple[Any, ...]:
        return tuple(encoder(source))

    def step(tokens: Any, states: Any) -> tuple[Any, tuple[Any, ...], Any]:
        memory, mask, *moving = states
        tokens = ops.cast(tokens, "int32")  # they may come as a NumPy array
        logits, weights, *moving = decoder([tokens, memory, mask, *moving])
        return ops.log_softmax(ops.cast(logits, "float32")), (memory, mask, *moving), weights

    return begin, step


def _checked(model: keras.Model) -> keras.Model:
    if "attention" not in [layer.name for layer in model.layers]:
        raise ValueError(
            "The model has no layer named 'attention'. Expected a model from encoder_decoder."
        )
    return model


def _attends_by_position(model: keras.Model) -> bool:
    return isinstance(model.get_layer("attention"), RelativeAttention)


def _attention(kind: str, units: int, reach: int) -> layers.Layer:
    if kind == "relative":
        return RelativeAttention(reach, name="attention")
    if kind == "additive":
        return AdditiveAttention(units, name="attention")
    return MultiplicativeAttention(name="attention")


def _bridge(states: Sequence[Sequence[Any]], widths: Sequence[int]) -> list[list[Any]]:
    """For each decoder layer its initial states, projected to its width if the widths differ."""
    return [
        [
            state
            if state.shape[-1] == width
            else _projected(state, width, f"bridge_{depth}_{number}")
            # If the decoder is deeper, its upper layers start from the encoder's last layer.
            for number, state in enumerate(states[min(depth, len(states)) - 1], start=1)
        ]
        for depth, width in enumerate(widths, start=1)
    ]


def _projected(state: Any, width: int, name: str) -> Any:
    return layers.Dense(width, activation="tanh", name=name)(state)
