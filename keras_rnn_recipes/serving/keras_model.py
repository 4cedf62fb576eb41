"""Load ``model.keras``, with the layers of this package known to Keras."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.saved_forecaster import is_saved_model

if TYPE_CHECKING:
    import keras


MODEL_NAME = "model.keras"


def load_model(path: str | Path) -> keras.Model:
    """Load a trained model as it left training, to look at it or to train it on.

    Keras finds the layers of this package by itself only after they were imported; here they are.
    To serve, ``load_saved_model`` is quicker and needs none of them.

    Args:
        path: a run directory with a ``model.keras`` in it, or such a file.

    Returns:
        The model in its training form, not compiled; ``to_forecaster`` makes a forecaster of it.

    Raises:
        UserError: there is no such file, or it is not a model that Keras and this package can load.

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
            f"{file} is not a model that can be loaded: it is not a file that Keras 3 wrote, "
            "or not the whole of one.",
            "a file such as model.keras, which holds the layers and their weights.",
            "give the run directory, or make the file with model.save('model.keras').",
        )
    import keras

    import keras_rnn_recipes.layers  # noqa: F401  registers what the file names

    try:
        return keras.saving.load_model(file, compile=False)
    # Keras checks little itself: what stands in the file meets whatever layer reads it.
    except Exception as error:
        raise UserError(
            f"{file} is not a model that can be loaded: {_reason(error)}.",
            "a model of this package's layers and Keras' own, saved by this version or an earlier "
            "one.",
            "register layers of your own before (keras.saving.register_keras_serializable), or run "
            "the recipe again.",
        ) from error


def _reason(error: Exception) -> str:
    """The class that is missing, which Keras tells far down; else its first line."""
    unknown = re.search(r"Could not locate class '(\w+)'", str(error))
    if unknown:
        return f"it holds a layer {unknown[1]}, which is neither Keras' own nor this package's"
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _find_file(path: Path) -> Path:
    fix = "give the folder that `krr run` or `krr forecast` made, or its model.keras."
    wanted = "a run directory, or the model.keras in it."
    if not path.exists():
        raise UserError(f"{path} does not exist.", wanted, fix)
    if is_saved_model(path):
        fix = "load it with load_saved_model, or give the run directory around it."
        raise UserError(f"{path} is a SavedModel, which serves and is not trained.", wanted, fix)
    file = path if path.is_file() else path / MODEL_NAME
    if not file.is_file():
        raise UserError(f"{path} holds no {MODEL_NAME}.", wanted, fix)
    if file.suffix != ".keras":
        raise UserError(f"{file} is not a file whose name ends in .keras.", wanted, fix)
    return file
