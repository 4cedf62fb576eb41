"""Replace a method of one object of Keras for a while.

Training on a CPU runs the whole sequence of an LSTM as one operation, and the measurement of the
gradient flow adds zeros to every hidden state. Both replace ``inner_loop`` of single recurrent
layers, the method in which ``keras.layers.RNN.call`` runs the cell over the time steps::

    inner_loop(sequences, initial_state, mask, training=False) -> output, outputs, states

with ``sequences (batch, time, channels)``, ``mask (batch, time)`` bool or None, the last ``output
(batch, units)``, the ``outputs (batch, time, units)`` and the list of the last ``states``. Keras
does not document this method: `tests/layers/test_keras_internals.py` fails when a version of Keras
changes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# By object the name of the method and what replaces it.
Overrides = Mapping[Any, tuple[str, Callable[..., Any]]]


@contextlib.contextmanager
def override_methods(overrides: Overrides) -> Iterator[None]:
    """Replace one method of each of some objects, and restore them in the end.

    Overrides nest: leaving the inner block restores the outer override.

    Args:
        overrides: by object the name of the method and the function that is called instead, without
            the object itself as its first argument.

    Example:
        >>> import keras
        >>> layer = keras.layers.Dense(1)
        >>> with override_methods({layer: ("count_params", lambda: 7)}):
        ...     layer.count_params()
        7
        >>> "count_params" in vars(layer)
        False
    """
    before = {owner: vars(owner).get(name) for owner, (name, _) in overrides.items()}
    try:
        for owner, (name, method) in overrides.items():
            # An attribute of the object hides the method of its class. The `__setattr__` of Keras
            # would track the function as a part of the layer, which is then saved with it.
            object.__setattr__(owner, name, method)
        yield
    finally:
        for owner, (name, _) in overrides.items():
            object.__delattr__(owner, name)
            if before[owner] is not None:
                object.__setattr__(owner, name, before[owner])
