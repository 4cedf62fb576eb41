"""Register the layers and losses of the package as soon as Keras is imported, and not before.

``keras.models.load_model`` knows the classes of a saved model by their registered names. They are
registered when their modules are imported, which needs Keras and therefore several seconds. After
``import keras_rnn_recipes``, importing Keras is followed by importing these modules; commands that
do not need Keras do not wait for it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# The modules that define registered classes and functions.
MODULES = (
    "keras_rnn_recipes.layers",
    "keras_rnn_recipes.training.losses",
    "keras_rnn_recipes.training.class_loss",
    "keras_rnn_recipes.training.ctc_loss",
    "keras_rnn_recipes.training.frame_loss",
    "keras_rnn_recipes.training.token_loss",
)


def register_with_keras() -> None:
    """Register now if Keras is imported already, otherwise after it is imported.

    Example:
        >>> import keras
        >>> register_with_keras()
        >>> keras.saving.get_registered_object("keras_rnn_recipes>Lags").__name__
        'Lags'
    """
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "saving"):
        _import_modules()
    elif not any(isinstance(finder, _KerasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _KerasFinder())


def _import_modules() -> None:
    layers = sys.modules.get(MODULES[0])
    if layers is not None and not hasattr(layers, "__all__"):
        return  # the layers are being imported; they call `register_with_keras` at their end
    for name in MODULES:
        importlib.import_module(name)


class _KerasFinder:
    """Finds Keras as Python does, and lets its loader import `MODULES` afterwards."""

    def find_spec(  # the name that Python's import system calls
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "keras":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader)  # type: ignore[assignment]
        return spec


class _RegisteringLoader:
    """The loader of Keras, and the registration after it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, _KerasFinder)]
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        _import_modules()
