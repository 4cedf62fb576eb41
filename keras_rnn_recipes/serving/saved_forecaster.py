"""Load a forecaster from a SavedModel of this package, or of any with the same signature."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.runs.finished import is_untrained

_MODEL_FILE = "saved_model.pb"

_LEVELS_FILE = "assets.extra/quantiles.json"

# The end of the name of an endpoint in float64, of a model that reads float64.
EXACT_ENDPOINT = "_float64"

_INPUTS = {"history", "past", "future", "static"}

_HOW_TO_GET_ONE = "give the saved_model folder of a run, or make one with `krr export`."


def is_saved_model(path: str | Path) -> bool:
    """Whether ``path`` looks like a SavedModel folder."""
    return (Path(path) / _MODEL_FILE).is_file()


@dataclass(frozen=True, repr=False)
class SavedForecaster:
    """A forecaster loaded from a SavedModel: raw numbers in, raw forecasts out.

    Attributes:
        path: the folder it came from.
        horizon: steps that it forecasts.
        num_targets: series forecast at once; the first features of a window.
        num_past: further features, known up to now only.
        time: the length of history it takes, or None for any.
        levels: of the intervals that `quantiles` gives, in percent, ascending; none without.
        num_future: columns known ahead.
        num_static: columns constant in each series.
        dtype: of histories and answers: float64 if the model has an endpoint for it, else float32.
    """

    path: Path
    horizon: int
    num_targets: int
    num_past: int
    time: int | None
    levels: tuple[float, ...]
    # TensorFlow deletes the variables of a module that nothing refers to.
    _module: Any = field(compare=False)
    _serve: Any = field(compare=False)
    num_future: int = 0
    num_static: int = 0
    dtype: str = "float32"

    @property
    def num_features(self) -> int:
        """Features of a window: targets and past columns together."""
        return self.num_targets + self.num_past

    def __call__(
        self,
        history: ArrayLike,
        past: ArrayLike | None = None,
        future: ArrayLike | None = None,
        static: ArrayLike | None = None,
    ) -> np.ndarray:
        """Forecast the ``horizon`` steps after each history.

        Args:
            history: (batch, time), or (batch, time, targets); NaN where a value is missing.
            past: (batch, time, num_past), for a model trained with past columns.
            future: (batch, time + horizon, num_future), for one trained with columns known ahead.
            static: (batch, num_static), for one trained with columns constant in each series.
                What the codes of categories mean stands in the run's ``covariates.json``.

        Returns:
            (batch, horizon), or (batch, horizon, targets), in the history's units and `dtype`.

        Raises:
            UserError: an array has the wrong rank or the wrong number of columns, or the two
                differ in batch or time.

        Example:
            As in :func:`~keras_rnn_recipes.serving.export_forecaster.export_saved_model`.
        """
        return self._answer(history, past=past, future=future, static=static)["forecast"]

    def quantiles(
        self,
        history: ArrayLike,
        past: ArrayLike | None = None,
        future: ArrayLike | None = None,
        static: ArrayLike | None = None,
    ) -> np.ndarray:
        """Forecast with intervals.

        Args:
            history, past, future, static: as when called.

        Returns:
            (batch, horizon, 1 + 2 * levels): the forecast, then lower and upper bound of
            each of ``levels``.

        Raises:
            UserError: as when called; also if the model has no intervals.
        """
        if not self.levels:
            raise UserError(
                f"The model in {self.path} has no intervals.",
                "a model that was trained with levels.",
                "train it again with `krr forecast --levels 80,95`, or with evaluate.levels in the "
                "recipe.",
            )
        return self._answer(history, past=past, future=future, static=static)["quantiles"]

    def _answer(self, history: ArrayLike, **given: ArrayLike | None) -> dict[str, np.ndarray]:
        tensors = {"history": self._checked_history(history)}
        batch, time = tensors["history"].shape[:2]
        shapes = {
            "past": (batch, time, self.num_past),
            "future": (batch, time + self.horizon, self.num_future),
            "static": (batch, self.num_static),
        }
        for name, shape in shapes.items():
            if shape[-1] or given[name] is not None:
                tensors[name] = self._checked_covariate(name, given[name], shape)
        import tensorflow as tf

        answer = self._serve(**{name: tf.constant(array) for name, array in tensors.items()})
        return {name: np.asarray(value) for name, value in answer.items()}

    def forecast_windows(
        self, windows: ArrayLike | Mapping[str, ArrayLike], *, batch_size: int = 1024
    ) -> np.ndarray:
        """Forecast from windows as ``window_dataset`` and ``backtest`` give them.

        Args:
            windows: (n, time, num_features), the targets first; or a dict of that as ``history``,
                and ``future`` and ``static``.
            batch_size: windows served at once, which bounds the memory.

        Returns:
            (n, horizon), or (n, horizon, targets); of a model with intervals (n, horizon,
            1 + 2 * levels), as `quantiles`.

        Raises:
            UserError: the windows do not have three axes or ``num_features`` features.
        """
        given = dict(windows) if isinstance(windows, Mapping) else {"history": windows}
        array = _as_floats(given.pop("history"), "windows", self.dtype)
        if array.ndim != 3 or array.shape[2] != self.num_features:
            raise UserError(
                f"The windows have shape {array.shape}.",
                f"(n, time, {self.num_features}) for {self.path}.",
                "give one row per time step and one column per feature, the target first.",
            )
        named = {"history": array[:, :, : self.num_targets]}
        named |= {name: _as_floats(values, name) for name, values in given.items()}
        if self.num_past:
            named["past"] = array[:, :, self.num_targets :]
        ask = self.quantiles if self.levels else self
        chunks = [
            ask(**{name: values[i : i + batch_size] for name, values in named.items()})
            for i in range(0, max(1, len(array)), batch_size)
        ]
        return np.concatenate(chunks)

    def __repr__(self) -> str:
        return (
            f"SavedForecaster({str(self.path)!r}, horizon={self.horizon}, "
            f"num_targets={self.num_targets}, num_past={self.num_past})"
        )

    def _repr_html_(self) -> str:
        """What goes in and what comes out, as Jupyter shows the result of a cell."""
        targets = f", {self.num_targets}" if self.num_targets > 1 else ""
        time = "time" if self.time is None else self.time
        inputs = {
            "history": f"(batch, {time}{targets})",
            "past": f"(batch, {time}, {self.num_past})" if self.num_past else "",
            "future": f"(batch, {time} + {self.horizon}, {self.num_future})"
            if self.num_future
            else "",
            "static": f"(batch, {self.num_static})" if self.num_static else "",
        }
        rows = [(f"input {name}", shape) for name, shape in inputs.items() if shape]
        rows.append(("output forecast", f"(batch, {self.horizon}{targets})"))
        if self.levels:
            listed = ", ".join(f"{level:g}%" for level in self.levels)
            rows.append(("intervals", f"{listed}, from quantiles()"))
        cells = [Markup("<tr><th>{}</th><td>{}</td></tr>").format(*row) for row in rows]
        table = Markup("<table><caption>{}</caption>\n{}</table>")
        caption = f"Forecaster of {counted(self.horizon, 'step')}, from {self.path}"
        return table.format(caption, Markup("\n").join(cells))

    def _checked_history(self, history: ArrayLike) -> np.ndarray:
        array = _as_floats(history, "history", self.dtype)
        if self.num_targets == 1 and array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        wanted = "(batch, time)" if self.num_targets == 1 else f"(batch, time, {self.num_targets})"
        good = array.ndim == (2 if self.num_targets == 1 else 3) and (
            self.num_targets == 1 or array.shape[2] == self.num_targets
        )
        if not good or not array.shape[1]:
            more = " and the rest as past=" if self.num_past else ""
            raise UserError(
                f"The history has shape {array.shape}.",
                f"{wanted} for {self.path}, with at least one time step.",
                f"give one row per series, the oldest value first{more}.",
            )
        if self.time is not None and array.shape[1] != self.time:
            raise UserError(
                f"The history has {counted(array.shape[1], 'time step')}.",
                f"{self.time} for {self.path}, which was built for that length only.",
                "cut it, or pad it with NaN on the left.",
            )
        return array

    def _checked_covariate(
        self, name: str, values: ArrayLike | None, wanted: tuple[int, ...]
    ) -> np.ndarray:
        if values is None or not wanted[-1]:
            has, give = ("needs", "give") if wanted[-1] else ("has no", "leave out")
            raise UserError(
                f"The model in {self.path} {has} {name} columns.",
                f"{wanted[-1]} of them.",
                f"{give} {name}=.",
            )
        array = _as_floats(values, name, self.dtype if name == "past" else "float32")
        if array.shape != wanted:
            rows = {"future": "time and horizon together", "past": "time"}.get(name)
            raise UserError(
                f"{name} has shape {array.shape}.",
                f"{wanted}: the history's batch{f' and {rows}' if rows else ''}, and {wanted[-1]} "
                "columns.",
                "give the columns that the model was trained with, in that order.",
            )
        return array


def write_levels(folder: Path, levels: Sequence[float]) -> None:
    """Write the levels into a SavedModel, in TensorFlow's folder for extra files."""
    if levels:
        (folder / _LEVELS_FILE).parent.mkdir(exist_ok=True)
        text = json.dumps({"levels": list(levels)})
        (folder / _LEVELS_FILE).write_text(text + "\n", encoding="utf-8")


def load_saved_model(path: str | Path, *, endpoint: str = "serve") -> SavedForecaster:
    """Load a SavedModel folder, or that of a run directory.

    Args:
        path: a SavedModel folder, or a run directory with a ``saved_model`` folder in it.
        endpoint: the endpoint to call.

    Returns:
        A forecaster that is called with arrays or lists.

    Raises:
        UserError: there is no such folder, it is not a SavedModel, or not one of a forecaster.

    Example:
        >>> import keras, tempfile
        >>> from keras_rnn_recipes.serving.export_forecaster import export_saved_model
        >>> history = keras.Input((None, 1))
        >>> model = keras.Model(history, keras.layers.Dense(12)(history[:, -1]))
        >>> path = export_saved_model(model, tempfile.mkdtemp() + "/saved_model", verify=False)
        >>> load_saved_model(path).horizon
        12
    """
    folder = _find_folder(Path(path))
    import tensorflow as tf

    try:
        module = tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise UserError(
            f"{folder} is not a SavedModel that can be loaded: {_first_line(error)}.",
            "a complete SavedModel folder.",
            _HOW_TO_GET_ONE,
        ) from error
    return _as_forecaster(module, folder, endpoint)


def _find_folder(path: Path) -> Path:
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise UserError(
            f"{path} {what}.", "a SavedModel folder or a run directory.", _HOW_TO_GET_ONE
        )
    if is_saved_model(path):
        return path
    if is_saved_model(path / "saved_model"):
        return path / "saved_model"
    if is_untrained(path):
        raise UserError(
            f"The run in {path} forecasts with the pretrained network as it is, without a "
            "SavedModel.",
            "a SavedModel folder or a run directory with one.",
            f"make one: krr export {path} --to DIR, and give DIR.",
        )
    raise UserError(
        f"{path} is not a SavedModel: there is no {_MODEL_FILE} in it, "
        f"nor in a folder saved_model inside it.",
        "a SavedModel folder or a run directory with one.",
        _HOW_TO_GET_ONE,
    )


def _as_forecaster(module: Any, folder: Path, endpoint: str) -> SavedForecaster:
    """Read the shapes from the signature, where every SavedModel keeps them."""
    function = getattr(module, "signatures", {}).get(endpoint)
    inputs = function.structured_input_signature[1] if function is not None else {}
    outputs = function.structured_outputs if function is not None else {}
    forecast = outputs.get("forecast")
    if forecast is None or "history" not in inputs or not set(inputs) <= _INPUTS:
        named = ", ".join(sorted(getattr(module, "signatures", {}))) or "none"
        raise UserError(
            f"{folder} is a SavedModel, but not of a forecaster (its endpoints: {named}).",
            f"an endpoint {endpoint!r} with the input history (and optional past, future, static) "
            "and the output forecast.",
            _HOW_TO_GET_ONE,
        )
    exact = module.signatures.get(endpoint + EXACT_ENDPOINT)
    history = inputs["history"].shape
    columns = {name: inputs[name].shape[-1] if name in inputs else 0 for name in _INPUTS}
    return SavedForecaster(
        path=folder,
        horizon=forecast.shape[1],
        num_targets=history[2] if len(history) == 3 else 1,
        num_past=columns["past"],
        num_future=columns["future"],
        num_static=columns["static"],
        time=history[1],
        levels=_read_levels(folder) if "quantiles" in outputs else (),
        _module=module,
        _serve=function if exact is None else exact,
        dtype="float32" if exact is None else "float64",
    )


def _read_levels(folder: Path) -> tuple[float, ...]:
    try:
        text = (folder / _LEVELS_FILE).read_text(encoding="utf-8")
        return tuple(json.loads(text)["levels"])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"The levels of the quantiles of {folder} cannot be read: {_first_line(error)}.",
            f"a file {_LEVELS_FILE} in it.",
            "copy the complete folder, or write it again with `krr export`.",
        ) from error


def _as_floats(values: ArrayLike, name: str, dtype: str = "float32") -> np.ndarray:
    if hasattr(
        values, "columns"
    ):  # a DataFrame has one row per time step as a rule, not per series
        raise UserError(
            f"The {name} was given as a DataFrame.",
            "an array with one row per series, and its time steps from the oldest to the newest.",
            "give frame.to_numpy().T for a table with one column per series; or forecast a long "
            "table with `krr predict` or the function predict.",
        )
    try:
        return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"The {name} cannot be read as numbers: {_first_line(error)}.",
            "a rectangular array or list of numbers, NaN where one is missing.",
            "pad shorter series with NaN on the left.",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
