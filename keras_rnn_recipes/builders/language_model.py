"""Recurrent language models over words or characters, for training and for generation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.embedding import token_embedding
from keras_rnn_recipes.builders.members import count_members, ensemble, member_of
from keras_rnn_recipes.builders.stack import as_widths, drop, recurrent_stack
from keras_rnn_recipes.layers import MemberMean, MemberShare
from keras_rnn_recipes.layers.members import own_rows
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
    members: int = 1,
) -> keras.Model:
    """A recurrent language model: at every token the logits of the next one.

    Args:
        vocabulary_size: number of ids; 0 is padding.
        cell: ``"simple_rnn"``, ``"lstm"``, ``"gru"``, or a name from `register_cell`.
        units: width of the recurrent layer, or one width per layer.
        embedding_size: width of the embedding.
        tied: use the embedding as the output layer too, after a linear projection if the last
            recurrent layer has another width.
        dropout: rate after every recurrent layer.
        embedding_dropout: rate on the embedded tokens; None: as ``dropout``.
        variational: drop the same channels at all steps of a sequence (Gal and Ghahramani 2016).
        residual, layer_norm, recurrent_skips: as in `recurrent_stack`.
        members: number of networks trained together, each on its share of every batch; the mean of
            their probabilities answers at each token, see `ensemble`.

    Returns:
        An uncompiled model from ``tokens (batch, time)``, int32, padded by 0 on the right, to
        logits ``(batch, time, vocabulary_size)``; of several members, log probabilities.

    Raises:
        ValueError: an unknown cell or a size below 1.

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
    rate = dropout if embedding_dropout is None else embedding_dropout

    def network(tokens: Any, suffix: str) -> Any:
        name = f"embedding{suffix}"
        embedding = token_embedding(vocabulary_size, embedding_size, tied=tied, name=name)
        encoded = recurrent_stack(
            drop(embedding(tokens), rate, f"embedding_dropout{suffix}", variational),
            cell=cell,
            units=units,
            residual=residual,
            layer_norm=layer_norm,
            dropout=dropout,
            variational=variational,
            recurrent_skips=recurrent_skips,
            suffix=suffix,
        )
        if not tied:
            return layers.Dense(vocabulary_size, name=f"logits{suffix}")(encoded)
        if as_widths(units)[-1] != embedding_size:
            project = layers.Dense(embedding_size, use_bias=False, name=f"projection{suffix}")
            encoded = project(encoded)
        return embedding(encoded, reverse=True)

    logits = ensemble(network, [tokens], members=members, name="logits", mean=True)
    return keras.Model(tokens, logits, name="language_model")


def stateful_copy(model: keras.Model, batch_size: int, *, hidden: bool = False) -> keras.Model:
    """A stateful copy of a language model, for training on contiguous text.

    Each row of a batch continues in the states in which the same row of the last batch ended.

    Args:
        model: from `language_model`. The copy shares all layers except the recurrent ones.
        batch_size: number of rows of every batch.
        hidden: whether it returns what the output layer reads, in place of the logits.

    Returns:
        ``{"tokens": (batch, time), "keep": (batch, 1)} -> logits (batch, time, vocabulary_size)``.
        A row continues if ``keep`` is 1 and starts from states of zeros if it is 0. The recurrent
        layers start with the weights of the model; after training `copy_recurrent_weights` copies
        them back. Each member of an ensemble reads its share of the rows and keeps their states,
        in evaluation too.

    Example:
        >>> copy = stateful_copy(language_model(50, units=16, embedding_size=8), batch_size=4)
        >>> copy.output_shape
        (4, None, 50)
    """
    tokens = keras.Input((None,), batch_size, dtype="int32", name="tokens")
    keep = keras.Input((1,), batch_size, name="keep")
    read: list[Any] = []
    kept_by = {0: keep}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, MemberShare):
            kept_by[layer.member] = layer.own_rows(keep)
            return layer.own_rows(*args)
        if isinstance(layer, MemberMean):
            return own_rows(*args)
        if not isinstance(layer, layers.RNN):
            read.append(args[0])
            return layer(*args, **kwargs)
        stateful = type(layer).from_config({**layer.get_config(), "stateful": True})
        stateful.build(args[0].shape)
        stateful.cell.set_weights(layer.cell.get_weights())
        kept = kept_by[member_of(layer)]
        states = [ops.multiply(kept, state) for state in stateful.states]
        return stateful(args[0], initial_state=states)

    outputs = replay_layers(model, tokens, call)
    if hidden:  # the output layers are called last
        outputs = own_rows(read[-count_members(model) :], tokens)
    return keras.Model({"tokens": tokens, "keep": keep}, outputs)


def copy_recurrent_weights(source: keras.Model, target: keras.Model) -> None:
    """Copy the weights of all recurrent layers between a language model and a `stateful_copy`.

    Args:
        source: the model to copy from.
        target: the model to copy to; its recurrent layers have the same names.

    Example:
        >>> model = language_model(50, units=16, embedding_size=8)
        >>> copy_recurrent_weights(stateful_copy(model, batch_size=4), model)
    """
    for layer in target.layers:
        if isinstance(layer, layers.RNN):
            layer.cell.set_weights(source.get_layer(layer.name).cell.get_weights())


def language_step(model: keras.Model) -> keras.Model:
    """A language model for one token, with its states as inputs and outputs and shared weights.

    Args:
        model: from `language_model`.

    Returns:
        ``[token (batch,), *states (batch, width)] -> [logits (batch, vocabulary_size), *states]``;
        the states at the start of a text are zeros.

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


def language_reader(model: keras.Model, *, hidden: bool = False) -> keras.Model:
    """A language model over texts, with its states as inputs and outputs and shared weights.

    Use it for prompts and for texts that arrive in parts: the states at the end of one part are the
    initial states of the next. Padding changes no state.

    Args:
        model: from `language_model`.
        hidden: whether it also returns what the output layer reads; of an ensemble what those of
            all members read, next to each other.

    Returns:
        ``[tokens (batch, time), *states (batch, width)] -> [logits (batch, time, vocabulary_size),
        *states]``, with the states of `language_step`; with ``hidden`` its values ``(batch, time,
        width)`` stand after the logits.

    Example:
        >>> reader = language_reader(language_model(50, cell="gru", units=16, embedding_size=8))
        >>> [tuple(output.shape) for output in reader.outputs]
        [(None, None, 50), (None, 16)]
    """
    tokens, states = keras.Input((None,), dtype="int32", name="tokens"), StepStates()
    mask = ops.not_equal(tokens, 0)
    read: list[Any] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, layers.RNN):
            return states.run(layer, args[0], mask)
        if not isinstance(layer, MemberMean):
            read.append(args[0])
        return layer(*args, **kwargs)

    logits = replay_layers(model, tokens, call)
    # The output layers are called last.
    joined = [ops.concatenate(read[-count_members(model) :], axis=-1)] if hidden else []
    outputs = [logits, *joined, *states.outputs]
    return keras.Model([tokens, *states.inputs], outputs, name="language_reader")


def generating_functions(model: keras.Model) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two functions that generation needs of a language model: begin, and one step.

    Returns:
        ``begin(tokens (n, time)) -> (log probabilities (n, vocabulary_size), states)`` after the
        last real token of each prompt, and ``step(tokens (n,), states) -> (log probabilities,
        states)``. An empty prompt gives the meaningless probabilities after id 0, so start every
        text with a start token.

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
        tokens = ops.cast(tokens, "int32")  # they may come as a NumPy array
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
