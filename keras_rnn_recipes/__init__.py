"""High-level Keras recipes for recurrent networks: build, run, serve.

Every public name can be had from here, as in ``keras_rnn_recipes.lstm("direct", horizon=12)``.
Names are looked up when first used, so that importing the package, listing recipes or printing
help takes milliseconds: TensorFlow alone takes seconds to import.

Example:
    >>> import keras_rnn_recipes
    >>> keras_rnn_recipes.WindowSpec(lookback=24, horizon=12).strategy
    'direct'
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"

# The names and where they are defined stand in __init__.pyi.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
