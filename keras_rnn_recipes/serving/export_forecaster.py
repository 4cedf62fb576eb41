"""Export a forecaster as a SavedModel, verified in a process that imports TensorFlow only."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.layers.replay import all_layers
from keras_rnn_recipes.serving.export_common import (
    os_errors_from_tensorflow,
    portable_kernels,
    quiet_tensorflow_log,
    refuse_cudnn,
    refuse_other_things,
)
from keras_rnn_recipes.serving.saved_forecaster import (
    EXACT_ENDPOINT,
    SavedForecaster,
    load_saved_model,
    write_levels,
)
from keras_rnn_recipes.serving.verify import (
    largest_difference,
    serve_in_fresh_process,
    started_ahead,
)
from keras_rnn_recipes.storage import making_parents, replacing

if TYPE_CHECKING:
    import keras


__all__ = ["SavedForecaster", "export_saved_model", "load_saved_model"]

# float32 sums may be in another order; half-precision layers have three digits.
_TOLERANCE = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}


def export_saved_model(
    model: Any,
    path: str | Path,
    *,
    endpoint: str = "serve",
    samples: np.ndarray | Mapping[str, np.ndarray] | None = None,
    verify: bool = True,
) -> Path:
    """Write a forecaster as a SavedModel folder with named inputs and outputs.

    The endpoint, also found as ``serving_default``, takes ``history`` float32 (batch, time), or
    (batch, time, targets) when there are several, NaN where a value is missing; ``past`` float32
    (batch, time, num_past) when the model has more features than targets; ``future`` (batch, time +
    horizon, num_future) and ``static`` (batch, num_static) when it was built with such columns, the
    categories among them as codes. It returns ``{"forecast": (batch, horizon)}``, or (batch,
    horizon, targets), float32, in the units of the history; and, of a model with bounds,
    ``quantiles`` (batch, horizon, 1 + 2 * levels): the forecast, then lower and upper bound of each
    level. Batch and time are free. A model that reads float64 (see `to_forecaster`) has a second
    endpoint, ``serve_float64``: the same in float64, for levels that need more than seven digits.
    The graph holds portable kernels only: an LSTM traced where a
    GPU is visible would otherwise not run without one.

    The folder is written next to ``path``, loaded in a new process that imports TensorFlow only,
    compared with the live model, and renamed at the end. So ``path`` is either a SavedModel that
    works or what it was before.

    Args:
        model: any model of this package's builders, training form or forecaster, or a functional
            Keras model from (batch, time, features) to (batch, horizon[, targets]).
        path: the folder to write. A SavedModel already there is replaced.
        endpoint: the endpoint's name.
        samples: real inputs (batch, time, features), targets first, to compare on as well; or a
            dict of that as ``history``, and ``future`` and ``static``.
        verify: whether to load and compare in a new process, which imports TensorFlow while this
            process writes the model.

    Returns:
        ``path``.

    Raises:
        UserError: ``path`` exists and is not a SavedModel, or cannot be written.
        RuntimeError: the outputs of the written model differ from those of the live model.
        TypeError: ``model`` is not a forecaster.

    Example:
        >>> import keras, tempfile
        >>> history = keras.Input((None, 1))
        >>> model = keras.Model(history, keras.ops.stack([history[:, -1]] * 2, axis=1))
        >>> path = export_saved_model(model, tempfile.mkdtemp() + "/saved_model", verify=False)
        >>> load_saved_model(path)([[1.0, 2.0, 3.0]])
        array([[3., 3.]], dtype=float32)

    Source: keras.export.ExportArchive; for the kernels, keras issue 18504.
    """
    path = Path(path)
    refuse_other_things(path)
    served = describe_served(model)
    processes = 1 + served.exact if verify else 0
    with started_ahead(processes), portable_kernels(served.model), quiet_tensorflow_log():
        cases = [served.inputs(window) for window in sample_windows(served, samples)]
        with making_parents(path), replacing(path) as staged:
            with os_errors_from_tensorflow():
                _write(served, staged, endpoint)
            write_levels(staged, served.levels)
            refuse_cudnn(staged)
            if verify:
                _verify(served, staged, endpoint, cases)
    return path


@dataclass(frozen=True)
class Served:
    """A forecaster and the shapes in which it is served."""

    model: Any  # history (batch, time, features) -> forecast (batch, horizon[, targets])
    horizon: int
    num_features: int
    num_targets: int
    time: int | None  # None: any length
    levels: tuple[float, ...] = ()
    num_future: int = 0
    num_static: int = 0

    @property
    def num_past(self) -> int:
        return self.num_features - self.num_targets

    @property
    def tolerance(self) -> float:
        return max(_TOLERANCE.get(layer.compute_dtype, 1e-4) for layer in self.model.layers)

    @property
    def exact(self) -> bool:
        """Whether the model reads and returns float64."""
        return bool(self.model.inputs[0].dtype == "float64")

    def inputs(self, window: np.ndarray | Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Split windows (batch, time, features), or a dict, into the endpoint's named inputs."""
        given = dict(window) if isinstance(window, Mapping) else {"history": window}
        given = {name: np.asarray(values, dtype=np.float32) for name, values in given.items()}
        features = given.pop("history")
        history = features[:, :, : self.num_targets]
        named = {"history": history[:, :, 0] if self.num_targets == 1 else history}
        return (
            named | ({"past": features[:, :, self.num_targets :]} if self.num_past else {}) | given
        )

    def answer(
        self, history: Any, past: Any = None, dtype: str = "float32", **covariates: Any
    ) -> dict[str, Any]:
        """The endpoint: from named inputs to named outputs, whatever the model's dtype."""
        from keras import ops

        features = history[..., None] if self.num_targets == 1 else history
        features = ops.cast(features, self.model.inputs[0].dtype)
        if past is not None:
            features = ops.concatenate([features, ops.cast(past, features.dtype)], axis=-1)
        inputs = {"history": features, **covariates} if covariates else features
        outputs = ops.cast(self.model(inputs, training=False), dtype)
        if self.levels:
            return {"forecast": outputs[..., 0], "quantiles": outputs}
        ends = (self.horizon,) if self.num_targets == 1 else (self.horizon, self.num_targets)
        return {"forecast": ops.reshape(outputs, (-1, *ends))}

    def call_on_cpu(self, case: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs of the live model on the CPU, which the new process uses as well."""
        import keras

        with keras.device("cpu"):
            tensors = {key: keras.ops.convert_to_tensor(value) for key, value in case.items()}
            answers = self.answer(**tensors)
            return {k: np.asarray(keras.ops.convert_to_numpy(v)) for k, v in answers.items()}


def describe_served(model: Any) -> Served:
    """Find the forecaster in ``model``, and its shapes; raises `TypeError` if there is none."""
    import keras

    from keras_rnn_recipes.builders.intervals import levels_of_model
    from keras_rnn_recipes.builders.to_forecaster import to_forecaster

    if not isinstance(model, keras.Model):
        raise TypeError(f"export_saved_model takes a keras.Model, not {type(model).__name__}.")
    if _is_ours(model):
        model = to_forecaster(model)
    shapes, forecast = _input_shapes(model), model.output_shape
    given = shapes.pop("history", model.input_shape)
    ranks_fit = isinstance(given, tuple) and len(given) == 3 and len(forecast) in (2, 3)
    if (
        not ranks_fit
        or not shapes.keys() <= {"future", "static"}
        or (None in (given[2], *forecast[1:]))
    ):
        raise TypeError(
            "export_saved_model takes a model from (batch, time, features) to (batch, horizon) or "
            f"(batch, horizon, targets); this one goes from {given} to {forecast}."
        )
    levels = levels_of_model(model)
    num_targets = forecast[2] if len(forecast) == 3 and not levels else 1
    columns = [shapes[name][-1] if name in shapes else 0 for name in ("future", "static")]
    return Served(model, forecast[1], given[2], num_targets, given[1], levels, *columns)


def _input_shapes(model: Any) -> dict[str, Any]:
    """The shapes of the inputs by name; a single input is the history."""
    if isinstance(model.input, dict):
        return {name: tuple(tensor.shape) for name, tensor in model.input.items()}
    return {"history": model.input_shape}


def _is_ours(model: Any) -> bool:
    from keras_rnn_recipes.builders.to_forecaster import forecaster_info

    try:
        forecaster_info(model)
    except (TypeError, ValueError):
        return False
    return True


def _write(served: Served, folder: Path, endpoint: str) -> None:
    import keras

    archive = keras.export.ExportArchive()
    serve, signature = _traced(*endpoint_function(served))
    archive.add_endpoint(endpoint, serve, input_signature=signature)
    if served.exact:
        serve, signature = _traced(*endpoint_function(served, dtype="float64"))
        archive.add_endpoint(endpoint + EXACT_ENDPOINT, serve, input_signature=signature)
    # By name and not by `track`, which traces every function of the model once more: half the time.
    for name in ("variables", "trainable_variables", "non_trainable_variables"):
        archive.add_variable_collection(name, getattr(served.model, name))
    archive.write_out(str(folder), verbose=False)


def _traced(serve: Callable[..., Any], signature: list[Any]) -> tuple[Callable[..., Any], list]:
    """The same endpoint as one operation that calls the graph of ``serve``.

    Saving traces an endpoint twice, outside and inside of what TensorFlow calls a save context.
    """
    import tensorflow as tf

    graph = tf.function(serve, autograph=False).get_concrete_function(*signature)

    def call(*values: Any, **named: Any) -> Any:
        return graph(*values, **named)

    call.__signature__ = inspect.signature(serve)  # type: ignore[attr-defined]
    return call, signature


def endpoint_function(
    served: Served, dtype: str = "float32"
) -> tuple[Callable[..., dict[str, Any]], list[Any]]:
    """The function to export, and the ``tf.TensorSpec`` of each of its inputs."""
    import tensorflow as tf

    def spec(name: str, *shape: int | None) -> Any:
        # Covariates have no level that would need more digits.
        exact = dtype if name in ("history", "past") else "float32"
        return tf.TensorSpec((None, *shape), tf.as_dtype(exact), name=name)

    several = (served.num_targets,) if served.num_targets > 1 else ()
    signature = [spec("history", served.time, *several)]
    if served.num_past:
        signature.append(spec("past", served.time, served.num_past))
    if served.num_future:
        signature.append(spec("future", None, served.num_future))
    if served.num_static:
        signature.append(spec("static", served.num_static))
    names = [one.name for one in signature]

    def serve(*values: Any, **named: Any) -> dict[str, Any]:
        return served.answer(**dict(zip(names, values, strict=False)), **named, dtype=dtype)

    # TensorFlow takes the names of the inputs from those of the arguments.
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in names]
    serve.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return serve, signature


def _verify(
    served: Served, folder: Path, endpoint: str, cases: list[dict[str, np.ndarray]]
) -> None:
    """Compare the answers of a new process with those of the live model.

    The live model is called while the other process works.
    """
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(serve_in_fresh_process, folder, cases, endpoint=endpoint)
        expected = [served.call_on_cpu(case) for case in cases]
        answers = asked.result()
    for name in expected[0]:
        live, found = ([case[name] for case in part] for part in (expected, answers))
        _compare(live, found, served.tolerance)
    if served.exact:
        _verify_exact(expected, cases, served, folder, endpoint)


def _verify_exact(
    expected: list[dict[str, np.ndarray]],
    cases: list[dict[str, np.ndarray]],
    served: Served,
    folder: Path,
    endpoint: str,
) -> None:
    """Check that the endpoint in float64 gives the same changes at a level of a hundred million."""
    level = 1e8
    high = [
        {
            name: values.astype("float64") + level * (name == "history")
            if name in ("history", "past")
            else values
            for name, values in case.items()
        }
        for case in cases
    ]
    found = serve_in_fresh_process(
        folder, high, endpoint=endpoint + EXACT_ENDPOINT, default_too=False
    )
    for live, answer in zip(expected, found, strict=True):
        for name, values in live.items():
            _compare([values], [answer[name] - level], served.tolerance)


def _compare(expected: list[np.ndarray], answers: list[np.ndarray], tolerance: float) -> None:
    for live, answer in zip(expected, answers, strict=True):
        difference = largest_difference(live, answer)
        if difference > tolerance:
            raise RuntimeError(
                f"The SavedModel and the live model differ: forecasts of shape {live.shape} by "
                f"{difference:.2g} of their magnitude; at most {tolerance:.2g} was expected."
            )


def sample_windows(
    served: Served, given: np.ndarray | Mapping[str, np.ndarray] | None = None
) -> Iterator[np.ndarray | Mapping[str, np.ndarray]]:
    """Yield windows to compare on: of several lengths, with and without gaps; and those given.

    Those of one length are one batch: each call of the live model runs it step by step.
    """
    rng = np.random.default_rng(0)
    lengths = (3, 24, 61) if served.time is None else (served.time,)
    for batch, time in zip((1, 5, 2), lengths, strict=False):
        steps = rng.normal(0, 1, (batch, time, served.num_features)).cumsum(axis=1)
        windows = 100 + 10 * np.sin(np.arange(time) / 2)[None, :, None] + steps
        if time > 3:
            gaps = np.where(rng.random(windows.shape) < 0.2, np.nan, windows)
            gaps[0, : time // 2] = np.nan
            # A gap that may be as long as the window of the model.
            gaps[-1, 2:, : served.num_targets] = np.nan
            windows = np.concatenate([windows, gaps])
        covariates = sample_covariates(served.model, len(windows), time + served.horizon, rng)
        yield {"history": windows, **covariates} if covariates else windows
    if given is not None:
        yield given


def sample_covariates(
    model: keras.Model, batch: int, rows: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw covariates for some histories: numbers as in training, codes, some unknown.

    Args:
        model: with the layers ``future_columns`` and ``static_columns``, or without.
        batch: how many histories.
        rows: their time and the horizon together.
        rng: what draws.

    Returns:
        ``future`` (batch, rows, columns) and ``static`` (batch, columns), of those there are.
    """
    covariates = {}
    for layer in all_layers(model):
        kind = layer.name.removesuffix("_columns")
        if layer.name == kind or kind not in ("future", "static"):
            continue
        numbers = iter(zip(np.asarray(layer.mean), np.asarray(layer.scale), strict=True))
        shape = (batch, rows) if kind == "future" else (batch,)
        columns = [
            rng.integers(0, size, shape) if size else rng.normal(*next(numbers), shape)
            for size in layer.codes
        ]
        covariates[kind] = np.stack(columns, axis=-1).astype("float32")
    return covariates
