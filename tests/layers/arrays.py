"""What the tests of layers share: panels with holes, and layers called on plain arrays."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

# Quarters are exact in float32, so that a reference in float64 sees the very same numbers.
VALUES = st.one_of(st.just(float("nan")), st.integers(-400, 400).map(lambda quarters: quarters / 4))


def histories(features: int = 2, longest: int = 12) -> st.SearchStrategy[np.ndarray]:
    """``(2, time, features)`` float32, NaN = missing."""
    shapes = st.integers(1, longest).map(lambda time: (2, time, features))
    return shapes.flatmap(lambda shape: hnp.arrays("float32", shape, elements=VALUES))


def call(layer, *arrays, **kwargs):
    """The layer's output, or outputs, as arrays."""
    single = (array.astype("float32") if array.dtype == "float64" else array for array in arrays)
    outputs = layer(*single, **kwargs)
    if isinstance(outputs, tuple | list):
        return tuple(np.array(output) for output in outputs)
    return np.array(outputs)


def series(*values: float) -> np.ndarray:
    """One history of one feature, ``(1, time, 1)``."""
    return np.array(values, "float32").reshape(1, -1, 1)
