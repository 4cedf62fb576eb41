"""Export the pipeline of a family as a SavedModel of raw input, verified in a new process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from keras_rnn_recipes.serving.export_common import (
    os_errors_from_tensorflow,
    portable_kernels,
    quiet_tensorflow_log,
    refuse_cudnn,
    refuse_other_things,
)
from keras_rnn_recipes.serving.verify import (
    largest_difference,
    serve_in_fresh_process,
    started_ahead,
)
from keras_rnn_recipes.storage import making_parents, replacing

TOLERANCE = 1e-4

Case = Mapping[str, np.ndarray]


class Served(Protocol):
    """What an export needs of the pipeline of a family."""

    model: Any

    def endpoints(self) -> dict[str, tuple[Any, list[Any]]]:
        """By name, a function of tensors to a dict of tensors, and its ``tf.TensorSpec``s."""


def export_pipeline(
    served: Served, path: str | Path, *, cases: Sequence[Case], verify: bool = True
) -> Path:
    """Write a pipeline as a SavedModel folder with named inputs and outputs.

    As in `export_saved_model`, the folder is written next to ``path``, loaded in a new process that
    imports TensorFlow only, compared on the cases, and renamed at the end.

    Args:
        served: the pipeline of a family, whose ``serve`` is also ``serving_default``.
        path: the folder to write. A SavedModel already there is replaced.
        cases: inputs of ``serve`` to compare on, unusual ones too.
        verify: whether to load and compare in a new process.

    Returns:
        ``path``.

    Raises:
        UserError: ``path`` exists and is not a SavedModel, or cannot be written.
        RuntimeError: the outputs of the written model differ from those of the live model.
    """
    path = Path(path)
    refuse_other_things(path)
    with started_ahead(int(verify)), portable_kernels(served.model), quiet_tensorflow_log():
        expected = [_answer(served, case) for case in cases] if verify else []
        with making_parents(path), replacing(path) as staged:
            with os_errors_from_tensorflow():
                _write(served, staged)
            refuse_cudnn(staged)
            if verify:
                _compare(expected, serve_in_fresh_process(staged, cases))
    return path


def _write(served: Served, folder: Path) -> None:
    import keras

    archive = keras.export.ExportArchive()
    archive.track(served)
    for name, (function, signature) in served.endpoints().items():
        archive.add_endpoint(name, function, input_signature=signature)
    archive.write_out(str(folder), verbose=False)


def _answer(served: Served, case: Case) -> dict[str, np.ndarray]:
    import tensorflow as tf

    function, _ = served.endpoints()["serve"]
    with tf.device("CPU:0"):
        found = tf.function(function)(**{name: tf.constant(value) for name, value in case.items()})
    return {name: value.numpy() for name, value in found.items()}


def _compare(expected: Sequence[Case], answers: Sequence[Case]) -> None:
    for live, found in zip(expected, answers, strict=True):
        for name, value in live.items():
            if value.dtype == object:
                same = value.astype("S").tolist() == found[name].tolist()
            else:
                same = largest_difference(value, found[name]) <= TOLERANCE
            if not same:
                raise RuntimeError(
                    f"The SavedModel and the live model differ: {name} is "
                    f"{found[name]!r:.200}, but {value!r:.200} was expected."
                )
