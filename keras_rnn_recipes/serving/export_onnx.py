"""Export a forecaster as an ONNX file, verified with onnxruntime."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.serving.export_common import portable_kernels
from keras_rnn_recipes.serving.export_forecaster import (
    describe_served,
    endpoint_function,
    sample_windows,
)
from keras_rnn_recipes.serving.verify import largest_difference
from keras_rnn_recipes.storage import making_parents, replacing

# Supported by onnxruntime since 1.12 (2022), and by other programs that read ONNX files.
OPSET = 17

DEFAULT_NAME = "model.onnx"

# Names of the free axes; `future` is longer than the history by the horizon.
_AXES = {"history": ("batch", "time"), "past": ("batch", "time"), "future": ("batch", "steps")}


def export_onnx(model: Any, path: str | Path, *, samples: np.ndarray | None = None) -> Path:
    """Write a forecaster as one ONNX file with the inputs and outputs of the SavedModel.

    That is, ``history`` float32 (batch, time), or (batch, time, targets), NaN where a value is
    missing, and ``past`` where there are such columns, to ``forecast`` (batch, horizon[, targets]);
    batch and time are free. The file is written next to ``path``, loaded by onnxruntime, compared
    with the live model on histories of several lengths, with and without gaps, and then renamed.
    So ``path`` is either a file that works or what it was before.

    Args:
        model: as ``export_saved_model`` takes it.
        path: the file to write, which replaces an existing one.
        samples: real inputs (batch, time, features), targets first, to compare on as well.

    Returns:
        ``path``.

    Raises:
        UserError: the extra ``onnx`` is missing, or ``path`` is a folder or cannot be written.
        RuntimeError: onnxruntime rejects the file, or its outputs differ from the model's.
        TypeError: ``model`` is not a forecaster.

    Example:
        >>> export_onnx(model, "forecaster.onnx")  # doctest: +SKIP

    Source: tf2onnx converts TensorFlow's graph.
    """
    require_extra("onnx", "Export to ONNX")
    path = Path(path)
    if path.is_dir():
        raise UserError(
            f"{path} is a folder.", "the name of a file.", f"give {path / DEFAULT_NAME}."
        )
    served = describe_served(model)
    with portable_kernels(served.model), _quietly():
        serve, signature = endpoint_function(served)
        cases = [served.inputs(window) for window in sample_windows(served, samples)]
        expected = [_answers(serve, case) for case in cases]
        content = _converted(serve, signature)
        with making_parents(path), replacing(path) as staged:
            staged.write_bytes(content)
            _compare(staged, cases, expected, served.tolerance)
    return path


def _converted(serve: Any, signature: list[Any]) -> bytes:
    import onnx
    import tensorflow as tf
    import tf2onnx

    graph = tf.function(serve, input_signature=signature)
    proto, _ = tf2onnx.convert.from_function(
        graph,
        input_signature=signature,
        opset=OPSET,
        custom_op_handlers={"SelectV2": (_choose, [])},
    )
    for entry in (*proto.graph.input, *proto.graph.output):
        _name_axes(entry)
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())


def _choose(context: Any, node: Any, name: str, arguments: Any) -> None:
    """Convert ``tf.where`` to the operator ``Where``.

    tf2onnx adds both branches, one of them multiplied by zero, which keeps a NaN.
    """
    node.type = "Where"


def _name_axes(entry: Any) -> None:
    """Name the free axes, which the converter only numbers."""
    names = _AXES.get(entry.name, ("batch",))
    for axis, name in zip(entry.type.tensor_type.shape.dim, names, strict=False):
        if not axis.HasField("dim_value") or axis.dim_value < 1:
            axis.dim_param = name


def _answers(serve: Any, case: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs of the live model on the CPU, which onnxruntime uses as well."""
    import tensorflow as tf

    with tf.device("CPU:0"):
        answered = serve(**{name: tf.constant(array) for name, array in case.items()})
    return {name: np.asarray(value) for name, value in answered.items()}


def _compare(
    file: Path,
    cases: list[dict[str, np.ndarray]],
    expected: list[dict[str, np.ndarray]],
    tolerance: float,
) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    for case, live in zip(cases, expected, strict=True):
        answers = dict(zip(names, session.run(names, case), strict=True))
        if answers.keys() != live.keys():
            raise RuntimeError(f"The ONNX file has outputs {names}, but the model {list(live)}.")
        for name, answer in answers.items():
            difference = largest_difference(live[name], answer)
            if difference > tolerance:
                raise RuntimeError(
                    f"The ONNX file and the live model differ: {name} of shape "
                    f"{live[name].shape} by {difference:.2g} of its magnitude; at most "
                    f"{tolerance:.2g} was expected."
                )


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Hide the converter's log of its passes over the graph."""
    logs = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
