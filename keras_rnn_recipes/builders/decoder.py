"""The decoder that writes token by token, with or without attention: trained whole, used stepwise.

`encoder_decoder` and `captioner` share it: only their encoders differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops, tree

from keras_rnn_recipes.builders.embedding import token_embedding
from keras_rnn_recipes.builders.stack import as_widths, drop, recurrent_stack
from keras_rnn_recipes.layers import (
    AdditiveAttention,
    MultiplicativeAttention,
    RelativeAttention,
)
from keras_rnn_recipes.layers.cells import cell_named
from keras_rnn_recipes.layers.replay import replay_layers
from keras_rnn_recipes.layers.stepping import StepStates, state_widths

ATTENTIONS = ("multiplicative", "additive", "relative")
ATTENTION_LAYERS = (MultiplicativeAttention, AdditiveAttention, RelativeAttention)


def recurrent_decoder(
    target: Any,
    states: Sequence[Sequence[Any]],
    memory: Any = None,
    *,
    mask: Any = None,
    size: int,
    cell: str = "lstm",
    units: int | Sequence[int] = 256,
    embedding_size: int = 256,
    attention: str | None = "multiplicative",
    attention_heads: int = 1,
    reach: int = 4,
    tied: bool = True,
    dropout: float = 0.0,
    embedding_dropout: float | None = None,
    variational: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    recurrent_skips: Sequence[int] = (),
    suffix: str = "",
) -> Any:
    """The logits of the next token at every step of a target, for training by teacher forcing.

    The decoder runs over the whole target at once. Attention computes a context for each of its
    outputs, and a dense layer combines both before the output layer.

    Args:
        target: ids ``(batch, time)``, symbolic.
        states: for each layer its initial states, ``(batch, width)`` each.
        memory: what the encoder gives for each step or place of its input, ``(batch, places,
            channels)``; None without attention.
        mask: ``(batch, places)`` bool, true for real places of the memory; needed with attention.
        size: number of ids in the vocabulary.
        attention: as in `encoder_decoder`, or None: only the states know the input.
        attention_heads: places that each step may look at at once, for attention by content.
        cell, units, embedding_size, reach, tied, dropout, embedding_dropout, variational, residual,
            layer_norm, recurrent_skips: as in `encoder_decoder`.
        suffix: at the end of every layer's name.

    Returns:
        Logits ``(batch, time, size)``.

    Raises:
        ValueError: an unknown cell or attention, or several heads of relative attention.

    Example:
        >>> target, state = keras.Input((None,), dtype="int32"), keras.Input((4,))
        >>> options = {"cell": "gru", "units": 4, "embedding_size": 3, "attention": None}
        >>> recurrent_decoder(target, [[state]], size=9, **options).shape
        (None, None, 9)
    """
    if attention is not None and attention not in ATTENTIONS:
        raise ValueError(f"attention must be one of {ATTENTIONS}; received {attention!r}.")
    widths = as_widths(units)
    rate = dropout if embedding_dropout is None else embedding_dropout
    name = f"target_embedding{suffix}"
    target_embedding = token_embedding(size, embedding_size, tied=tied, name=name)
    decoded = recurrent_stack(
        drop(target_embedding(target), rate, f"target_dropout{suffix}", variational),
        cell=cell,
        units=widths,
        initial_states=states,
        suffix=f"_decoder{suffix}",
        dropout=dropout,
        variational=variational,
        residual=residual,
        layer_norm=layer_norm,
        recurrent_skips=recurrent_skips,
    )
    if attention is not None:
        name = f"attention{suffix}"
        attend = _attention(attention, widths[-1], reach, attention_heads, name)
        context, _ = attend(decoded, memory, mask=mask)
        decoded = layers.Concatenate(name=f"decoded_and_context{suffix}")([decoded, context])
    width = embedding_size if tied else widths[-1]
    combine = layers.Dense(width, activation="tanh", use_bias=False, name=f"combined{suffix}")
    combined = drop(combine(decoded), dropout, f"combined_dropout{suffix}", variational)
    if tied:
        return target_embedding(combined, reverse=True)
    return layers.Dense(size, name=f"logits{suffix}")(combined)


def count_states(cell: str) -> int:
    """The number of states of a cell: two for an LSTM, its output and its cell state.

    Example:
        >>> count_states("lstm"), count_states("gru")
        (2, 1)
    """
    return len(state_widths(cell_named(cell).build(1, {})))


def encode_model(model: keras.Model) -> keras.Model:
    """The encoder of a model with `recurrent_decoder`, with shared weights, as a model of its own.

    Args:
        model: from `encoder_decoder` or `captioner`, whose inputs are the target and one other.

    Returns:
        That other input, such as ``source (batch, time)``, to ``[memory (batch, places, channels),
        mask (batch, places) bool, *states (batch, width)]``, the inputs of `decode_step` at the
        first step; without attention there are only states. With relative attention the last state
        is the position of the next token, ``(batch, 1)``. An ensemble has the memory and the mask
        of each member, then the states of all.

    Raises:
        ValueError: the model is of another kind.

    Example:
        >>> from keras_rnn_recipes.builders import encoder_decoder
        >>> model = encoder_decoder(40, 30, cell="gru", units=(8, 4), embedding_size=6)
        >>> [tuple(output.shape) for output in encode_model(model).outputs]
        [(None, None, 8), (None, None), (None, 8), (None, 4)]
    """
    encoded, target = _new_encoder_input(model), keras.Input((None,), dtype="int32", name="target")
    given: list[Any] = []
    states: list[Any] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        states.extend(kwargs.get("initial_state") or [])
        if isinstance(layer, ATTENTION_LAYERS):
            # The copy drops the mask that Keras attaches to the output of the encoder.
            given.extend([ops.copy(args[1]), kwargs["mask"]])
        return layer(*args, **kwargs)

    replay_layers(model, {encoded.name: encoded, "target": target}, call)
    if _attends_by_position(model):
        states.append(ops.zeros_like(given[0][:, 0, :1]))
    return keras.Model(encoded, [*given, *states], name="encode")


def decode_step(model: keras.Model) -> keras.Model:
    """The decoder of a model for one step, with shared weights.

    Args:
        model: as in `encode_model`.

    Returns:
        ``[token (batch,), memory, mask, *states] -> [logits (batch, size), attention (batch,
        places), *states]``; memory, mask and the first states are the outputs of `encode_model`.
        Without attention ``[token, *states] -> [logits, *states]``. The attention of an ensemble is
        the mean of its members' weights.

    Raises:
        ValueError: as `encode_model`.

    Example:
        >>> from keras_rnn_recipes.builders import encoder_decoder
        >>> model = encoder_decoder(40, 30, cell="lstm", units=8, embedding_size=6)
        >>> [tuple(output.shape) for output in decode_step(model).outputs]
        [(None, 30), (None, None), (None, 8), (None, 8)]
    """
    encoded = _new_encoder_input(model)  # not part of the result
    token = keras.Input((), dtype="int32", name="token")
    memory = _memory_inputs(model)
    states = StepStates()
    weights: list[Any] = []

    position = keras.Input((1,), name="place")
    by_position = {"first": position} if _attends_by_position(model) else {}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("initial_state"):
            return states.step(layer, args[0])
        if isinstance(layer, ATTENTION_LAYERS):
            at = 2 * len(weights)
            context, found = layer(args[0], memory[at], mask=memory[at + 1], **by_position)
            weights.append(found[:, 0])
            return context, found
        return layer(*args, **kwargs)

    target = ops.expand_dims(token, 1)
    logits = replay_layers(model, {encoded.name: encoded, "target": target}, call)
    if by_position:
        states.inputs.append(position)
        states.outputs.append(ops.add(position, 1))
    if len(weights) > 1:
        weights = [layers.Average(name="attention_mean")(weights)]
    outputs = [logits[:, 0], *weights, *states.outputs]
    return keras.Model([token, *memory, *states.inputs], outputs, name="decode_step")


def decoding_functions(model: keras.Model) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two functions that decoding needs of a model: begin, and one step.

    Args:
        model: as in `encode_model`.

    Returns:
        ``begin(source (n, ...)) -> states`` and ``step(tokens (n,), states) -> (log probabilities
        (n, size), states, attention (n, places))``, without attention a pair.

    Raises:
        ValueError: as `encode_model`.

    Example:
        >>> import numpy as np
        >>> from keras_rnn_recipes.builders import encoder_decoder
        >>> model = encoder_decoder(40, 30, cell="gru", units=8, embedding_size=6)
        >>> begin, step = decoding_functions(model)
        >>> log_probabilities, states, attention = step(np.array([2]), begin(np.array([[7, 5]])))
        >>> log_probabilities.shape == (1, 30), attention.shape == (1, 2)
        (True, True)
    """
    encoder, decoder = encode_model(model), decode_step(model)
    attends = has_attention(model)
    fixed = 2 * count_attention_layers(model)  # memories and masks, which no step changes

    def begin(source: Any) -> tuple[Any, ...]:
        return tuple(tree.flatten(encoder(source)))

    def step(tokens: Any, states: Any) -> tuple[Any, ...]:
        memory, moving = states[:fixed], states[fixed:]
        tokens = ops.cast(tokens, "int32")  # they may come as a NumPy array
        logits, *found = decoder([tokens, *memory, *moving])
        weights, moving = found[:attends], found[attends:]
        log_probabilities = ops.log_softmax(ops.cast(logits, "float32"))
        return log_probabilities, (*memory, *moving), *weights

    return begin, step


def has_attention(model: keras.Model) -> bool:
    """Whether the decoder of a model attends to places of its input.

    Args:
        model: as in `encode_model`.
    """
    return count_attention_layers(model) > 0


def count_attention_layers(model: keras.Model) -> int:
    """The number of attention layers of a model: one for each member.

    Args:
        model: as in `encode_model`.
    """
    return sum(isinstance(layer, ATTENTION_LAYERS) for layer in model.layers)


def _new_encoder_input(model: keras.Model) -> Any:
    """A new input in the shape of the model's own one beside the target."""
    inputs = model.input if isinstance(model.input, dict) else {}
    found = [tensor for name, tensor in inputs.items() if name != "target"]
    if len(found) != 1 or len(inputs) != 2:
        raise ValueError(
            f"The model has the inputs {sorted(inputs)}. Expected a model from encoder_decoder or "
            "captioner, with 'target' and one other."
        )
    return keras.Input(found[0].shape[1:], dtype=found[0].dtype, name=found[0].name)


def _memory_inputs(model: keras.Model) -> list[Any]:
    """Inputs for the memory and the mask of each attention layer."""
    count = count_attention_layers(model)
    if not count:
        return []
    channels = encode_model(model).outputs[0].shape[-1]
    pairs = [
        (keras.Input((None, channels)), keras.Input((None,), dtype="bool")) for _ in range(count)
    ]
    return [tensor for pair in pairs for tensor in pair]


def _attends_by_position(model: keras.Model) -> bool:
    return any(isinstance(layer, RelativeAttention) for layer in model.layers)


def _attention(kind: str, units: int, reach: int, heads: int, name: str) -> layers.Layer:
    if kind == "relative":
        if heads > 1:
            raise ValueError(f"Relative attention has one head; received {heads}.")
        return RelativeAttention(reach, name=name)
    if kind == "additive":
        return AdditiveAttention(units, heads, name=name)
    return MultiplicativeAttention(heads, name=name)
