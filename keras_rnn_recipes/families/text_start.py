"""Begin a network that reads texts with what a language model has learned from more of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.layers import TiedEmbedding
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.keras_model import load_model
from keras_rnn_recipes.serving.vocabulary import read_vocabulary
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.text.vocabulary import SPECIALS


def start_from_language_model(
    model: keras.Model, tokenizer: Tokenizer, run_dir: str | None, *, embedding: str
) -> None:
    """Copy the vectors and the recurrent weights of a language model into a new network.

    Vectors are found by their token. The language model reads from left to right, so of a
    bidirectional layer the forward half gets its weights. What was copied is printed.

    Args:
        model: the network, whose embedding and recurrent layers change in place.
        tokenizer: of its texts.
        run_dir: a finished run of a language model over tokens of the same kind; None: nothing is
            done.
        embedding: name of the embedding layer of ``model``.

    Raises:
        UserError: not a finished run of a language model, or one of several networks; its vectors
            have another width, or it knows none of the tokens.

    Source: Dai and Le 2015, Semi-supervised sequence learning.
    """
    if run_dir is None:
        return
    fix = "give the folder of a finished run, such as krr run language_model/... makes."
    config = finished_config(run_dir)
    require_family(config, "language_model", f"The run in {run_dir}", fix=fix)
    if config.model.members > 1:
        raise UserError(
            f"The language model in {run_dir} is {config.model.members} networks.",
            "one network, whose weights are copied.",
            "train it again with model.members=1.",
        )
    taught = load_model(run_dir)
    known = {token: row for row, token in enumerate(read_vocabulary(run_dir)["vocabulary"])}
    copied = _copy_vectors(model.get_layer(embedding), tokenizer, _vectors(taught), known, run_dir)
    layers = _copy_recurrent(model, taught)
    print(
        f"Started from {Path(run_dir).name}: vectors of {copied:,} of "
        f"{counted(len(tokenizer.vocabulary), 'token')}, "
        f"weights of {counted(layers, 'recurrent layer')}"
        + ("." if layers else ", since the cell or its widths differ.")
    )


def _vectors(taught: keras.Model) -> np.ndarray:
    """The vectors that a language model reads, ``(tokens, width)``."""
    layer = taught.get_layer("embedding")
    matrix = np.array(layer.embeddings)
    return matrix * layer.scale if isinstance(layer, TiedEmbedding) else matrix


def _copy_vectors(
    layer: Any, tokenizer: Tokenizer, vectors: np.ndarray, known: dict[str, int], run_dir: str
) -> int:
    """Copy the vectors of common tokens, and return how many there are."""
    matrix = np.array(layer.embeddings)
    if matrix.shape[1] != vectors.shape[1]:
        raise UserError(
            f"The language model in {run_dir} has vectors of {vectors.shape[1]} numbers, and this "
            f"network of {matrix.shape[1]}.",
            "vectors of one width.",
            f"set model.embedding_size to {vectors.shape[1]}.",
        )
    common = [row for row, token in enumerate(tokenizer.vocabulary) if token in known]
    if len(common) <= len(SPECIALS):  # which are in every vocabulary
        raise UserError(
            f"The language model in {run_dir} knows none of the tokens of these texts.",
            "tokens of the same kind.",
            "set data.unit and data.lower to those of the language model.",
        )
    matrix[common] = vectors[[known[tokenizer.vocabulary[row]] for row in common]]
    layer.embeddings.assign(matrix)
    return len(common)


def _copy_recurrent(model: keras.Model, taught: keras.Model) -> int:
    """Copy the weights of recurrent layers of equal shapes, from the first one on."""
    copied = 0
    for layer, other in zip(_recurrent(model), _recurrent(taught), strict=False):
        shapes = [[weight.shape for weight in one.cell.weights] for one in (layer, other)]
        if type(layer.cell) is not type(other.cell) or shapes[0] != shapes[1]:
            break
        layer.cell.set_weights(other.cell.get_weights())
        copied += 1
    return copied


def _recurrent(model: keras.Model) -> list[Any]:
    """The recurrent layers from the first on; of bidirectional ones the forward half."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Bidirectional):
            found.append(layer.forward_layer)
        elif isinstance(layer, keras.layers.RNN):
            found.append(layer)
    return found
