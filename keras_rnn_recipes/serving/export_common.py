"""What every export shares: portable kernels, refused folders, TensorFlow's errors and logs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.layers.replay import all_layers
from keras_rnn_recipes.serving.saved_forecaster import (
    is_saved_model,
)


@contextlib.contextmanager
def portable_kernels(model: Any) -> Iterator[None]:
    """Turn cuDNN off in every layer of ``model``, however deeply nested; put it back afterwards.

    Args:
        model: a Keras model. Layers inside wrappers (``Bidirectional``, ``TimeDistributed``),
            inside custom layers and inside models used as layers are found as well.
    """
    before = [
        (layer, layer.use_cudnn) for layer in all_layers(model) if hasattr(layer, "use_cudnn")
    ]
    try:
        for layer, _ in before:
            layer.use_cudnn = False
        yield
    finally:
        for layer, use_cudnn in before:
            layer.use_cudnn = use_cudnn


def refuse_other_things(path: Path) -> None:
    """Raise ``UserError`` where ``path`` holds something that is not a SavedModel."""
    harmless = not path.exists() or is_saved_model(path)
    if not harmless and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(
            f"{path} is there already and is not a SavedModel.",
            "a folder that is missing or empty, or an earlier SavedModel to replace.",
            "choose another folder, or move that one away first.",
        )


def refuse_cudnn(folder: Path) -> None:
    """Read the graph that was written: a layer that hides its kernels is found here."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    found: set[str] = set()
    for meta in saved.meta_graphs:
        nodes = list(meta.graph_def.node)
        nodes += [
            node for function in meta.graph_def.library.function for node in function.node_def
        ]
        found |= {node.op for node in nodes if "Cudnn" in node.op}
    if found:
        raise RuntimeError(
            f"The graph holds {', '.join(sorted(found))}, which runs on a GPU only. A layer "
            "keeps its recurrent layers where Keras does not see them: set use_cudnn=False there."
        )


@contextlib.contextmanager
def os_errors_from_tensorflow() -> Iterator[None]:
    """TensorFlow's file system tells a full disk or a refusal in exceptions of its own."""
    import tensorflow as tf

    errors = tf.errors
    try:
        yield
    except (
        errors.ResourceExhaustedError,
        errors.PermissionDeniedError,
        errors.UnavailableError,
        errors.UnknownError,
        errors.FailedPreconditionError,
    ) as error:
        raise OSError(error.error_code, error.message) from error


@contextlib.contextmanager
def quiet_tensorflow_log() -> Iterator[None]:
    """TensorFlow logs "Assets written to" for a folder that is renamed then, and retracing."""
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def refuse_existing(to: Path, expected: str = "a folder missing or empty.") -> None:
    """Refuse to write where something is already.

    Args:
        to: the folder or file to write; an empty folder is no obstacle.
        expected: for the message.

    Raises:
        UserError: something is there.
    """
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise UserError(f"{to} is there already.", expected, "give another --to.")
