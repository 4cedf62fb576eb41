"""Call a SavedModel in a new process that imports TensorFlow only, and compare the outputs.

In the process that wrote it, a SavedModel can use that process' layers, kernels and devices. So it
is loaded by a new interpreter without a GPU, in which this package cannot be imported.

Most of the time of that process is its import of TensorFlow. `started_ahead` starts it before it is
needed, so that it imports on another core while this process imports, trains or traces.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import final

import numpy as np

Inputs = Mapping[str, np.ndarray]

# Run with ``python -c``, since a script's own folder would come first on its import path. It waits
# for one line on its standard input, which ends without a line if the process that started it ends.
_SCRIPT = """
import sys
sys.modules["keras_rnn_recipes"] = None  # any import of it now fails
import json
import numpy as np
import tensorflow as tf
task = sys.stdin.readline()
if not task:
    sys.exit()  # nobody needs an answer any more
folder, endpoint, default_too, given, answers = json.loads(task)
module = tf.saved_model.load(folder)  # a module that nothing refers to loses its variables
with np.load(given) as arrays:
    names = sorted({key.split("|")[0] for key in arrays.files})
    cases = {n: {k.split("|")[1]: arrays[k] for k in arrays.files if k.startswith(n + "|")}
             for n in names}
out = {}
for name, inputs in cases.items():
    tensors = {key: tf.constant(value) for key, value in inputs.items()}
    functions = [getattr(module, endpoint)]
    functions += [module.signatures["serving_default"]] * int(default_too)
    for served in [function(**tensors) for function in functions]:
        for key, value in served.items():
            answer = value.numpy()
            answer = answer.astype("S") if answer.dtype == object else answer  # strings
            same = np.array_equal(out.setdefault(f"{name}|{key}", answer), answer,
                                  equal_nan=answer.dtype.kind == "f")
            if not same:
                sys.exit(f"{endpoint} and serving_default differ in case {name}")
np.savez(answers, **out)
import gc
gc.freeze()  # the last collection would look at everything in TensorFlow, for more than a second
"""

_SECONDS_ALLOWED = 600


@final
class _FreshProcess:
    """A new interpreter that imports TensorFlow, and then serves the cases of one SavedModel."""

    def __init__(self) -> None:
        # It starts in an empty folder, so that it cannot import this package from the current one.
        self._scratch = tempfile.TemporaryDirectory(prefix="krr-fresh-")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT],
            cwd=self._scratch.name,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def serve(
        self, folder: Path, cases: Sequence[Inputs], endpoint: str, default_too: bool
    ) -> list[dict[str, np.ndarray]]:
        """Arguments and result as in `serve_in_fresh_process`."""
        given, answers = (Path(self._scratch.name, f"{name}.npz") for name in ("given", "answers"))
        arrays = {
            f"{i:04d}|{k}": np.asarray(v) for i, case in enumerate(cases) for k, v in case.items()
        }
        np.savez(given, **arrays)  # type: ignore[arg-type]
        task = [str(folder.resolve()), endpoint, default_too, str(given), str(answers)]
        _, errors = self._process.communicate(json.dumps(task) + "\n", timeout=_SECONDS_ALLOWED)
        if self._process.returncode:
            raise RuntimeError(f"The SavedModel does not work in a new process:\n{errors[-2000:]}")
        with np.load(answers) as loaded:
            return [
                {k.split("|")[1]: loaded[k] for k in loaded.files if k.startswith(f"{i:04d}|")}
                for i in range(len(cases))
            ]

    def close(self) -> None:
        """End the process, if it still runs, and remove its folder."""
        with self._process:  # closes its streams and waits for it
            self._process.kill()
        self._scratch.cleanup()


# Processes that were started ahead and that nobody has used yet.
_waiting: list[_FreshProcess] = []


@contextlib.contextmanager
def started_ahead(number: int = 1) -> Iterator[None]:
    """Start the processes of later calls of `serve_in_fresh_process` now.

    Args:
        number: how many calls will follow in the block. Processes that are waiting already count;
            those that no call has used end with the block that started them.
    """
    mine = [_FreshProcess() for _ in range(number - len(_waiting))]
    _waiting.extend(mine)
    try:
        yield
    finally:
        for process in mine:
            if process in _waiting:
                _waiting.remove(process)
                process.close()


def serve_in_fresh_process(
    folder: Path,
    cases: Sequence[Inputs],
    *,
    endpoint: str = "serve",
    default_too: bool = True,
) -> list[dict[str, np.ndarray]]:
    """Load a SavedModel in a new process that imports TensorFlow only, and call it.

    Args:
        folder: the SavedModel.
        cases: for each call, the input arrays by name.
        endpoint: the endpoint to call.
        default_too: whether ``serving_default`` is called as well and must agree.

    Returns:
        For each case, the output arrays by name.

    Raises:
        RuntimeError: the new process failed; the message has the end of its output.
    """
    process = _waiting.pop() if _waiting else _FreshProcess()
    try:
        return process.serve(folder, cases, endpoint, default_too)
    finally:
        process.close()


def largest_difference(expected: np.ndarray, answered: np.ndarray) -> float:
    """Largest difference between two arrays, relative to the magnitude of the expected one.

    Args:
        expected: array of any shape, which may contain NaN.
        answered: array to compare with it.

    Returns:
        ``max |answered - expected| / max(1e-6, max |expected|)``; infinity if the shapes differ or
        if a NaN or an infinity is in one array only.

    Example:
        >>> largest_difference(np.array([2.0, 4.0]), np.array([2.0, 5.0]))
        0.25
        >>> largest_difference(np.array([1.0]), np.array([np.nan]))
        inf
    """
    if expected.shape != answered.shape:
        return float("inf")
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], answered[~finite], equal_nan=True):
        return float("inf")
    if not np.isfinite(answered[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    scale = max(1e-6, float(np.abs(expected[finite]).max()))
    return float(np.abs(answered[finite] - expected[finite]).max()) / scale
