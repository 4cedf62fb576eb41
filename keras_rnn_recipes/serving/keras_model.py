"""Load ``model.keras``, with the layers of this package registered."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.finished import is_untrained
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model

if TYPE_CHECKING:
    import keras


MODEL_NAME = "model.keras"


def load_model(path: str | Path) -> keras.Model:
    """Load a trained model, to inspect it or to train it further.

    ``keras.models.load_model`` loads it too after ``import keras_rnn_recipes``, which registers the
    layers of this package. For serving, `load_saved_model` is faster and does not need them.

    Args:
        path: a ``model.keras`` file, or a run directory that contains one.

    Returns:
        The model in its training form, not compiled; `to_forecaster` makes a forecaster of it.

    Raises:
        UserError: there is no such file, or Keras cannot load it.

    Example:
        >>> import tempfile
        >>> from keras_rnn_recipes.builders import forecaster_info, lstm
        >>> path = tempfile.mkdtemp() + "/model.keras"
        >>> lstm("direct", 3, units=(4,)).save(path)
        >>> forecaster_info(load_model(path)).horizon
        3
    """
    file = _find_file(Path(path))
    if not zipfile.is_zipfile(file):
        raise UserError(
            f"{file} is not a model that can be loaded: Keras 3 did not write it, or it is "
            "incomplete.",
            "a file such as model.keras, which contains the layers and their weights.",
            "give the run directory, or write the file with model.save('model.keras').",
        )
    import keras

    import keras_rnn_recipes.layers  # noqa: F401  registers what the file names

    try:
        return keras.saving.load_model(file, compile=False)
    # Keras checks little itself, so any exception may come from a damaged file.
    except Exception as error:
        raise UserError(
            f"{file} is not a model that can be loaded: {_reason(error)}.",
            "a model of layers of this package and of Keras, saved by this version or an earlier "
            "one.",
            "register your own layers first (keras.saving.register_keras_serializable), or run the "
            "recipe again.",
        ) from error


def _reason(error: Exception) -> str:
    """The missing class, which Keras names far down in its message; else the first line."""
    unknown = re.search(r"Could not locate class '(\w+)'", str(error))
    if unknown:
        return f"it contains a layer {unknown[1]}, which is neither of Keras nor of this package"
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _find_file(path: Path) -> Path:
    fix = "give the --run-dir of a `krr run` or `krr forecast`, or its model.keras."
    wanted = "a run directory, or the model.keras in it."
    if not path.exists():
        raise UserError(f"{path} does not exist.", wanted, fix)
    if is_saved_model(path):
        fix = "load it with load_saved_model, or give the run directory that contains it."
        raise UserError(f"{path} is a SavedModel, which cannot be trained.", wanted, fix)
    file = path if path.is_file() else path / MODEL_NAME
    if is_untrained(path):
        fix = "build the network with krr.pretrained_forecaster, or train it on: fit.epochs=6."
        what = "forecasts with the pretrained network as it is"
        raise UserError(f"The run in {path} {what}: it has no {MODEL_NAME}.", wanted, fix)
    if not file.is_file():
        raise UserError(f"{path} contains no {MODEL_NAME}.", wanted, fix)
    if file.suffix != ".keras":
        raise UserError(f"{file} is not a file whose name ends in .keras.", wanted, fix)
    return file
