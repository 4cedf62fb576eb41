"""One number decides every random choice of a run."""

from __future__ import annotations


def set_seeds(seed: int) -> None:
    """Seed Python, numpy and Keras, from which layers and initialisers draw theirs.

    On a CPU this makes training repeatable to the last bit, so that TensorFlow's slower
    deterministic mode (``tf.config.experimental.enable_op_determinism``) is left alone;
    the order of windows has a seed of its own, given to ``window_dataset``.

    Args:
        seed: at least 0 and below 2**31.

    Example:
        >>> import numpy as np
        >>> set_seeds(7); first = np.random.rand()
        >>> set_seeds(7); bool(first == np.random.rand())
        True
    """
    import keras

    keras.utils.set_random_seed(seed)
