"""What all exports share: portable kernels, checks of the target, TensorFlow's errors and logs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.layers.replay import all_layers
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model


@contextlib.contextmanager
def portable_kernels(model: Any) -> Iterator[None]:
    """Disable cuDNN in every layer of ``model``, however deeply nested, and restore it at the end.

    Args:
        model: a Keras model. Layers in wrappers (``Bidirectional``, ``TimeDistributed``), in custom
            layers and in models used as layers are included.
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
    """Raise `UserError` if ``path`` exists and is neither a SavedModel nor an empty folder."""
    harmless = not path.exists() or is_saved_model(path)
    if not harmless and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(
            f"{path} already exists and is not a SavedModel.",
            "a folder that is missing or empty, or a SavedModel to replace.",
            "give another folder, or move that one.",
        )


def refuse_cudnn(folder: Path) -> None:
    """Raise `RuntimeError` if a written graph contains cuDNN kernels.

    This finds layers that Keras does not list, which `portable_kernels` cannot change.
    """
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
            f"The graph contains {', '.join(sorted(found))}, which runs on a GPU only. A layer "
            "has recurrent layers that Keras does not list: set use_cudnn=False in them."
        )


@contextlib.contextmanager
def os_errors_from_tensorflow() -> Iterator[None]:
    """Convert the exceptions of TensorFlow's file system, such as a full disk, to `OSError`."""
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
    """Hide TensorFlow's log lines about retracing and about a folder that is then renamed."""
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def refuse_existing(to: Path, expected: str = "a folder that is missing or empty.") -> None:
    """Check that the target of ``krr export`` does not exist, or is an empty folder.

    Args:
        to: the folder or file to write.
        expected: what was expected, for the message.

    Raises:
        UserError: the target exists.
    """
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise UserError(f"{to} already exists.", expected, "give another --to.")


def require_new_saved_model(what: str, to: Path, format: str) -> None:
    """Refuse another format than a SavedModel, and a folder that exists.

    Args:
        what: the kind of model, such as "A captioner".
        to: the folder to write, missing or empty.
        format: as `krr export` takes it.

    Raises:
        UserError: the format is not ``"saved_model"``, or ``to`` is in use.
    """
    if format != "saved_model":
        raise UserError(
            f"{what} cannot be exported to {format.upper()}.",
            "--format saved_model.",
            "remove --format, or set it to saved_model.",
        )
    refuse_existing(to)
