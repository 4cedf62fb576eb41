"""High-level Keras recipes for recurrent networks: build, run, serve.

Every public name can be had from here, as in ``keras_rnn_recipes.lstm("direct", horizon=12)``;
the verbs that recipe scripts call are in ``keras_rnn_recipes.families``, a namespace a family.
Names are looked up when first used, so that importing the package, listing recipes or printing
help takes milliseconds: TensorFlow alone takes seconds to import.

Example:
    >>> import keras_rnn_recipes
    >>> keras_rnn_recipes.WindowSpec(lookback=24, horizon=12).strategy
    'direct'
"""

from __future__ import annotations

from typing import Any

import lazy_loader

from keras_rnn_recipes.renamed import RENAMED, find_renamed

__version__ = "0.1.0"

# The names and where they are defined stand in __init__.pyi.
_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    return find_renamed(name) if name in RENAMED else _find(name)
