"""What comes next: a recurrent network over tokens or characters, and its twin of one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.embedding import token_embedding
from keras_rnn_recipes.builders.stack import as_widths, drop, recurrent_stack
from keras_rnn_recipes.layers.replay import replay_layers
from keras_rnn_recipes.layers.stepping import StepStates


def language_model(
    vocabulary_size: int,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = 256,
    embedding_size: int = 128,
    tied: bool = True,
    dropout: float = 0.0,
    embedding_dropout: float | None = None,
    variational: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    recurrent_skips: Sequence[int] = (),
) -> keras.Model:
    """At every token the logits of the next one.

    Args:
        vocabulary_size: how many ids there are; 0 is padding.
        cell: ``"simple_rnn"``, ``"lstm"`` or ``"gru"``.
        units: widths of the recurrent layers; their number is the depth.
        embedding_size: width of the embedding.
        tied: the embedding is the output layer too, through a linear projection where the last
            recurrent layer has another width.
        dropout: rate after every recurrent layer.
        embedding_dropout: rate on the embedded tokens; as ``dropout`` when left out.
        variational: drop the same channels at all steps of a sequence (Gal and Ghahramani 2016).
        residual, layer_norm, recurrent_skips: as in `recurrent_stack`.

    Returns:
        An uncompiled model, ``tokens (batch, time)`` int32, padded by 0 on the right, to logits
        ``(batch, time, vocabulary_size)``.

    Raises:
        ValueError: for an unknown cell or a size below 1.

    Source: Mikolov et al. 2010; tied weights: Press and Wolf 2017.

    Example:
        >>> language_model(50, cell="gru", units=(16, 16), embedding_size=8).output_shape
        (None, None, 50)
    """
    if min(vocabulary_size, embedding_size) < 1:
        raise ValueError(
            "vocabulary_size and embedding_size must be at least 1; "
            f"received {vocabulary_size} and {embedding_size}."
        )
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = token_embedding(vocabulary_size, embedding_size, tied=tied, name="embedding")
    rate = dropout if embedding_dropout is None else embedding_dropout
    encoded = recurrent_stack(
        drop(embedding(tokens), rate, "embedding_dropout", variational),
        cell=cell,
        units=units,
        residual=residual,
        layer_norm=layer_norm,
        dropout=dropout,
        variational=variational,
        recurrent_skips=recurrent_skips,
    )
    if not tied:
        logits = layers.Dense(vocabulary_size, name="logits")(encoded)
    else:
        if as_widths(units)[-1] != embedding_size:
            encoded = layers.Dense(embedding_size, use_bias=False, name="projection")(encoded)
        logits = embedding(encoded, reverse=True)
    return keras.Model(tokens, logits, name="language_model")


def stateful_copy(model: keras.Model, batch_size: int) -> keras.Model:
    """A model for training on contiguous text: rows go on in the states that they ended in.

    Args:
        model: from `language_model`. All layers but the recurrent ones are shared with it.
        batch_size: rows of every batch.

    Returns:
        ``{"tokens": (batch, time), "keep": (batch, 1)} -> logits (batch, time, vocabulary_size)``:
        where ``keep`` is 1 a row goes on where the same row of the batch before ended, where it is
        0 it begins anew, in states of zeros. Recurrent layers begin with the model's weights;
        `copy_recurrent_weights` hands them over after training.

    Example:
        >>> twin = stateful_copy(language_model(50, units=16, embedding_size=8), batch_size=4)
        >>> twin.output_shape
        (4, None, 50)
    """
    tokens = keras.Input((None,), batch_size, dtype="int32", name="tokens")
    keep = keras.Input((1,), batch_size, name="keep")

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(layer, layers.RNN):
            return layer(*args, **kwargs)
        carrying = type(layer).from_config({**layer.get_config(), "stateful": True})
        carrying.build(args[0].shape)
        carrying.cell.set_weights(layer.cell.get_weights())
        states = [ops.multiply(keep, state) for state in carrying.states]
        return carrying(args[0], initial_state=states)

    return keras.Model({"tokens": tokens, "keep": keep}, replay_layers(model, tokens, call))


def copy_recurrent_weights(twin: keras.Model, model: keras.Model) -> None:
    """Hand the recurrent weights of a `stateful_copy` to the model that it was made of."""
    for layer in model.layers:
        if isinstance(layer, layers.RNN):
            layer.cell.set_weights(twin.get_layer(layer.name).cell.get_weights())


def language_step(model: keras.Model) -> keras.Model:
    """A language model one token at a time, its states passed in and out, with its weights.

    Args:
        model: from `language_model`.

    Returns:
        ``[token (batch,), *states (batch, width)] -> [logits (batch, vocabulary_size), *states]``;
        a text begins in states of zeros.

    Example:
        >>> step = language_step(language_model(50, cell="lstm", units=16, embedding_size=8))
        >>> [tuple(output.shape) for output in step.outputs]
        [(None, 50), (None, 16), (None, 16)]
    """
    token, states = keras.Input((), dtype="int32", name="token"), StepStates()

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, layers.RNN):
            return states.step(layer, args[0])
        return layer(*args, **kwargs)

    logits = replay_layers(model, ops.expand_dims(token, 1), call)
    outputs = [logits[:, 0], *states.outputs]
    return keras.Model([token, *states.inputs], outputs, name="language_step")


def language_reader(model: keras.Model) -> keras.Model:
    """A language model over whole texts, its states passed in and out, with its weights.

    For prompts, and for texts that come piece by piece: the states at the end of one piece are
    those in which the next begins. Padding changes no state.

    Args:
        model: from `language_model`.

    Returns:
        ``[tokens (batch, time), *states (batch, width)] -> [logits (batch, time, vocabulary_size),
        *states]``, states as in `language_step`.

    Example:
        >>> reader = language_reader(language_model(50, cell="gru", units=16, embedding_size=8))
        >>> [tuple(output.shape) for output in reader.outputs]
        [(None, None, 50), (None, 16)]
    """
    tokens, states = keras.Input((None,), dtype="int32", name="tokens"), StepStates()
    mask = ops.not_equal(tokens, 0)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, layers.RNN):
            return states.run(layer, args[0], mask)
        return layer(*args, **kwargs)

    logits = replay_layers(model, tokens, call)
    return keras.Model([tokens, *states.inputs], [logits, *states.outputs], name="language_reader")


def generating_functions(model: keras.Model) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What generation needs of a language model: how to begin, and how to go on by one step.

    Returns:
        ``begin(tokens (n, time)) -> (log probabilities (n, vocabulary_size), states)`` after each
        prompt's last real token, and ``step(tokens (n,), states) -> (log probabilities, states)``.
        A prompt without any token gives the probabilities after id 0, which mean nothing: begin
        every text by the same token.

    Example:
        >>> import numpy as np
        >>> model = language_model(50, cell="gru", units=16, embedding_size=8)
        >>> begin, step = generating_functions(model)
        >>> log_probabilities, states = begin(np.array([[7, 5, 9], [4, 0, 0]]))
        >>> log_probabilities.shape == (2, 50)
        True
    """
    reader, stepper = language_reader(model), language_step(model)
    widths = [state.shape[-1] for state in reader.inputs[1:]]

    def begin(tokens: Any) -> tuple[Any, tuple[Any, ...]]:
        tokens = ops.cast(tokens, "int32")  # from an array too
        rows = ops.shape(tokens)[0]
        zeros = [ops.zeros((rows, width), stepper.compute_dtype) for width in widths]
        logits, *states = reader([tokens, *zeros])
        last = ops.sum(ops.cast(ops.not_equal(tokens, 0), "int32"), axis=1) - 1
        at = ops.maximum(last, 0)[:, None, None]
        return _log_softmax(ops.take_along_axis(logits, at, axis=1)[:, 0]), tuple(states)

    def step(tokens: Any, states: Any) -> tuple[Any, tuple[Any, ...]]:
        logits, *states = stepper([ops.cast(tokens, "int32"), *states])
        return _log_softmax(logits), tuple(states)

    return begin, step


def _log_softmax(logits: Any) -> Any:
    return ops.log_softmax(ops.cast(logits, "float32"))
