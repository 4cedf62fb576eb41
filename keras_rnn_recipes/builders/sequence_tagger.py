"""Sequence tagger: words and their characters, a bidirectional recurrent network, and a CRF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.embedding import reading_embedding
from keras_rnn_recipes.builders.members import ensemble
from keras_rnn_recipes.builders.stack import recurrent_stack
from keras_rnn_recipes.layers import CRF, CharacterConvolution, FoldTokens, UnfoldTokens
from keras_rnn_recipes.layers.cells import CELLS

_UNKNOWN = 1


def sequence_tagger(
    vocabulary_size: int,
    num_tags: int,
    *,
    num_characters: int = 0,
    cell: str = "lstm",
    units: int | Sequence[int] = 100,
    embedding_size: int = 100,
    character_cell: str = "conv",
    character_units: int = 30,
    character_embedding_size: int = 25,
    embeddings: Any = None,
    num_fixed: int = 0,
    crf: bool = True,
    allowed: Any = None,
    residual: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.5,
    word_dropout: float = 0.0,
    l2: float = 0.0,
    recurrent_skips: Sequence[int] = (),
    members: int = 1,
) -> keras.Model:
    """A network that scores the tags of every token of a sentence.

    Each token is represented by a vector of its word and, with ``num_characters``, by a vector of
    its characters, the only information about words unseen in training. Recurrent layers read the
    tokens in both directions. All ids are padded with 0 on the right; padding changes no result.

    Args:
        vocabulary_size: number of word ids, including padding (0) and unknown words (1).
        num_tags: number of tags.
        num_characters: number of character ids, including padding (0); 0: words only.
        cell, units, residual, layer_norm, l2, recurrent_skips: of the layers over the tokens, as in
            `recurrent_stack`.
        embedding_size: width of a word's vector; ignored if ``embeddings`` are given.
        character_cell: how the characters of a token are read: ``"conv"``, a convolution over three
            characters and the maximum over all positions; or a recurrent cell in both directions.
        character_units: filters of the convolution, or units in each direction.
        character_embedding_size: width of a character's vector.
        embeddings: initial word vectors ``(vocabulary_size, width)``, see `load_vectors`; random
            by default. They are trained.
        num_fixed: number of last word ids whose vectors are never trained, since training does not
            contain the words.
        crf: output potentials for `crf_loss` and `viterbi`; otherwise independent logits.
        allowed: which tag may follow which, as in `CRF`.
        dropout: rate on the vectors of tokens and after each recurrent layer, independent at every
            token.
        word_dropout: rate at which words are replaced by the unknown word while training, so that
            the network learns to use the characters and the context.
        members: number of networks trained together, each on its share of every batch; the mean of
            their probabilities answers at each token, see `ensemble`. A CRF is common to all.

    Returns:
        An uncompiled model of ``tokens`` ``(batch, time)`` and, with ``num_characters``,
        ``characters`` ``(batch, time, length of the longest token)``, both integer ids. Its output
        is ``potentials`` ``(batch, time, num_tags, num_tags)`` or, without a CRF, ``logits``
        ``(batch, time, num_tags)``.

    Raises:
        ValueError: a size below 1, an unknown cell, embeddings of another shape, or ``allowed``
            without ``crf``.

    Source: Huang, Xu and Yu 2015 (BiLSTM-CRF); spelling by a recurrent network: Lample et al. 2016;
        by a convolution: Ma and Hovy 2016.

    Example:
        >>> model = sequence_tagger(1000, 9, num_characters=50, units=16)
        >>> [tensor.name for tensor in model.inputs], model.output.shape
        (['tokens', 'characters'], (None, None, 9, 9))
    """
    if allowed is not None and not crf:
        raise ValueError("allowed needs crf=True; received crf=False.")
    _require_positive(vocabulary_size=vocabulary_size, num_tags=num_tags)
    _require_positive(embedding_size=embedding_size)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    inputs = [tokens]
    if num_characters:
        inputs.append(keras.Input((None, None), dtype="int32", name="characters"))
    name = "emissions" if crf else "logits"
    sizes = (num_characters, character_embedding_size, character_units)

    def network(tokens: Any, *characters: Any, suffix: str) -> Any:
        words = _drop_words(tokens, word_dropout, suffix) if word_dropout else tokens
        x = reading_embedding(
            vocabulary_size,
            embedding_size,
            name=f"word_vectors{suffix}",
            matrix=embeddings,
            num_fixed=num_fixed,
        )(words)
        if characters:
            spelling = _spelling(characters[0], character_cell, *sizes, suffix=suffix)
            x = layers.Concatenate(name=f"words_and_spelling{suffix}")([x, spelling])
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout_tokens{suffix}")(x)
        x = recurrent_stack(
            x,
            cell=cell,
            units=units,
            mask=ops.not_equal(tokens, 0),
            bidirectional=True,
            residual=residual,
            layer_norm=layer_norm,
            dropout=dropout,
            l2=l2,
            recurrent_skips=recurrent_skips,
            suffix=suffix,
        )
        return layers.Dense(num_tags, dtype="float32", name=f"{name}{suffix}")(x)

    outputs = ensemble(network, inputs, members=members, name=name, mean=True)
    # The copy drops the mask that Keras attaches to the logits and would use as loss weights.
    field = CRF(num_tags, allowed, name="potentials") if crf else None
    outputs = ops.copy(outputs) if field is None else field(outputs, ops.not_equal(tokens, 0))
    return keras.Model(inputs if num_characters else tokens, outputs, name="sequence_tagger")


def _spelling(
    characters: Any,
    cell: str,
    num_characters: int,
    embedding_size: int,
    units: int,
    *,
    suffix: str,
) -> Any:
    """The vector of each token's characters, ``(batch, time, channels)``."""
    if cell not in ("conv", *CELLS):
        known = ("conv", *CELLS)
        raise ValueError(f"character_cell must be one of {known}; received {cell!r}.")
    _require_positive(num_characters=num_characters, character_units=units)
    _require_positive(character_embedding_size=embedding_size)
    if cell == "conv":
        name = f"spelling{suffix}"
        return CharacterConvolution(num_characters, embedding_size, units, name=name)(characters)
    embedded = layers.Embedding(num_characters, embedding_size, name=f"character_vectors{suffix}")(
        characters
    )
    return _read_in_both_directions(characters, embedded, cell, units, suffix)


def _read_in_both_directions(
    characters: Any, embedded: Any, cell: str, units: int, suffix: str
) -> Any:
    """The state of each direction after it has read the whole token."""
    ids, vectors = (
        FoldTokens(name=f"{name}{suffix}")(values)
        for name, values in (("fold_ids", characters), ("fold", embedded))
    )
    real = ops.not_equal(ids, 0)
    # Kernels of GPUs accept no empty sequence, so a padded token counts as one character.
    first = ops.concatenate([ops.ones_like(real[:, :1]), real[:, 1:]], axis=1)
    states = recurrent_stack(
        vectors, cell=cell, units=units, mask=first, bidirectional=True, suffix=f"_spelling{suffix}"
    )
    following = ops.concatenate([first[:, 1:], ops.zeros_like(first[:, :1])], axis=1)
    last = ops.cast(ops.logical_and(first, ops.logical_not(following)), states.dtype)
    forward = ops.sum(states[..., :units] * last[..., None], axis=1)
    whole = ops.concatenate([forward, states[:, 0, units:]], axis=-1)
    return UnfoldTokens(name=f"unfold{suffix}")(whole, characters)


def _drop_words(tokens: Any, rate: float, suffix: str) -> Any:
    """Replace real tokens by the unknown word at this rate, while training."""
    ones = ops.cast(ops.ones_like(tokens), "float32")
    kept = ops.greater(layers.Dropout(rate, name=f"word_dropout{suffix}", dtype="float32")(ones), 0)
    return ops.where(kept, tokens, ops.minimum(tokens, _UNKNOWN))


def _require_positive(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1; received {size}.")
