"""High-level Keras recipes for recurrent networks: build, run, serve.

Every public name is an attribute of this package, as in
``keras_rnn_recipes.lstm("direct", horizon=12)``. The functions that recipe scripts call are in
``keras_rnn_recipes.families``, one namespace per family. A name is imported when it is first used,
so importing the package, listing recipes and printing help do not wait for TensorFlow.

Example:
    >>> import keras_rnn_recipes
    >>> keras_rnn_recipes.WindowSpec(lookback=24, horizon=12).strategy
    'direct'
"""

from __future__ import annotations

from typing import Any

import lazy_loader

from keras_rnn_recipes.registration import register_with_keras
from keras_rnn_recipes.renamed import RENAMED, find_renamed

__version__ = "0.1.0"

# __init__.pyi lists the names and the modules that define them.
_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

register_with_keras()


def __getattr__(name: str) -> Any:
    return find_renamed(name) if name in RENAMED else _find(name)
