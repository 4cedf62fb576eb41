"""Data-parallel training: processes compute the gradients of their rows of each batch.

The process that runs `fit` keeps the weights and the optimizer. For each step it sends the weights
and some rows of the batch to each worker, averages the gradients that come back, and updates the
weights. A worker has no state that matters: any other one computes the same gradients.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.layers.overrides import override_methods
from keras_rnn_recipes.training.kernels import training_kernels
from keras_rnn_recipes.training.state import Arrays, assign, values_of


@dataclass(frozen=True)
class Network:
    """What a worker needs to compute gradients, but for the weights.

    Attributes:
        config: of the model, from ``get_config``.
        loss: as `keras.Model.compile` takes it.
        batch: specifications of the tensors of a batch, from ``element_spec``.
        kernels: the options of `training_kernels`.
    """

    config: dict[str, Any]
    loss: Any
    batch: Any
    kernels: dict[str, Any]


@dataclass(frozen=True)
class Weights:
    """The variables of a model before a step.

    Attributes:
        trainable: the values of all trainable variables, one after the other, float32.
        others: the values of each other variable: states of random generators, and statistics that
            training does not change.
    """

    trainable: np.ndarray
    others: Arrays


@dataclass(frozen=True)
class Share:
    """Some rows of a batch.

    Attributes:
        number: of the share, from 0.
        rows: number of rows, at least 1.
        batch: the rows of each array, in the structure of the batch.
    """

    number: int
    rows: int
    batch: Any


@dataclass(frozen=True)
class Gradients:
    """What a worker answers.

    Attributes:
        trainable: gradient of the mean loss of the rows, in the order of `Weights.trainable`.
        loss: that mean.
        others: the other variables after the step.
    """

    trainable: np.ndarray
    loss: float
    others: Arrays


class GradientPool(Protocol):
    """Processes that compute gradients.

    Attributes:
        workers: number of shares of each batch.
    """

    workers: int

    def open(self, network: Network) -> None:
        """Prepare the processes for a network."""
        ...

    def gradients(self, weights: Weights, shares: Sequence[Share]) -> list[Gradients]:
        """The gradients of each share, in order."""
        ...


class GradientWorker:
    """Computes gradients; each process has one.

    Args:
        network: the model is built anew from it.

    Example:
        >>> inputs = keras.Input((1,))
        >>> model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
        >>> x = np.array([[1.0], [2.0]], "float32")
        >>> spec = tf.TensorSpec([None, 1])
        >>> worker = GradientWorker(Network(model.get_config(), "mse", (spec, spec), {}))
        >>> found = worker.gradients(Weights(np.float32([3.0]), []), Share(0, 2, (x, 2 * x)))
        >>> found.loss, found.trainable.tolist()  # the mean of 1 and 4, and of 2 and 8
        (2.5, [5.0])
    """

    def __init__(self, network: Network) -> None:
        # Keras takes the configuration apart while it reads it.
        self._model = keras.Model.from_config(copy.deepcopy(network.config))
        self._model.compile(loss=network.loss, jit_compile=False)
        contextlib.ExitStack().enter_context(training_kernels(self._model, **network.kernels))
        size = sum(map(_size, self._model.trainable_variables))
        signature = [tf.TensorSpec([size]), network.batch]
        self._compute = tf.function(self._computed, input_signature=signature)

    def gradients(self, weights: Weights, share: Share) -> Gradients:
        """The gradients of a share of a batch."""
        others = self._model.non_trainable_variables
        assign(others, [_for_share(values, share.number) for values in weights.others])
        gradient, loss = self._compute(tf.constant(weights.trainable), share.batch)
        return Gradients(gradient.numpy(), float(loss), values_of(others))

    def _computed(self, trainable: tf.Tensor, batch: Any) -> tuple[tf.Tensor, tf.Tensor]:
        model = self._model
        variables = model.trainable_variables
        for variable, values in zip(variables, _divided(trainable, variables), strict=True):
            variable.assign(values)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = model.compute_loss(
                x=x, y=y, y_pred=outputs, sample_weight=sample_weight, training=True
            )
        found = tape.gradient(loss, variables, unconnected_gradients="zero")
        return _joined(found), loss


@contextlib.contextmanager
def data_parallel(
    model: keras.Model,
    loss: Any,
    batches: tf.data.Dataset,
    pool: GradientPool | None,
    **kernels: Any,
) -> Iterator[None]:
    """Let ``model.fit`` take its gradients from the processes of a pool.

    Each step is that of one process up to rounding: worker k of n has the rows k, k + n, k + 2 n
    and so on of the batch, and the means of the shares are averaged by their numbers of rows. This
    order gives the members of an ensemble the rows that one process gives them, if the members and
    the workers divide the batch evenly. Dropout draws other units in each share.

    Args:
        model: compiled, with a loss that is a mean over rows and no other metric.
        loss: that loss.
        batches: what ``model.fit`` trains on.
        pool: the processes; None: ``model.fit`` stays as it is.
        kernels: options of `training_kernels` in the processes.
    """
    if pool is None:
        yield
        return
    pool.open(Network(model.get_config(), loss, batches.element_spec, kernels))
    step = _Step(model, pool)

    def make_train_function(force: bool = False) -> None:
        model.train_function = step.run

    with override_methods({model: ("make_train_function", make_train_function)}):
        yield


class _Step:
    """The training step of the process that keeps the weights."""

    def __init__(self, model: keras.Model, pool: GradientPool) -> None:
        self._model, self._pool = model, pool
        self._join = tf.function(lambda: _joined(model.trainable_variables))
        self._update = tf.function(self._updated)

    def run(self, iterator: Iterator[Any]) -> dict[str, Any]:
        """Train on as many batches as Keras asks for at once."""
        for _ in range(self._model.steps_per_execution):
            self._train(next(iterator))
        metrics: dict[str, Any] = self._model.get_metrics_result()
        return metrics

    def _train(self, batch: Any) -> None:
        others = self._model.non_trainable_variables
        shares = divide(batch, self._pool.workers)
        weights = Weights(self._join().numpy(), values_of(others))
        found = self._pool.gradients(weights, shares)
        total = sum(share.rows for share in shares)
        parts = [share.rows / total for share in shares]
        gradient = sum(
            np.float32(part) * one.trainable for part, one in zip(parts, found, strict=True)
        )
        loss = sum(part * one.loss for part, one in zip(parts, found, strict=True))
        self._update(tf.constant(gradient), tf.constant(loss, tf.float32), tf.constant(total))
        assign(others, found[0].others)

    def _updated(self, gradient: tf.Tensor, loss: tf.Tensor, rows: tf.Tensor) -> None:
        variables = self._model.trainable_variables
        pairs = zip(_divided(gradient, variables), variables, strict=True)
        self._model.optimizer.apply_gradients(pairs)
        mean = next(metric for metric in self._model.metrics if metric.name == "loss")
        mean.update_state(loss, sample_weight=rows)


def divide(batch: Any, workers: int) -> list[Share]:
    """Divide the rows of a batch: worker k of n has the rows k, k + n, k + 2 n, ...

    Args:
        batch: a structure of tensors with the same number of rows.
        workers: n. A batch with fewer rows has as many shares as rows.

    Example:
        >>> [share.batch.tolist() for share in divide(tf.range(5), 2)]
        [[0, 2, 4], [1, 3]]
    """
    arrays = keras.tree.map_structure(np.asarray, batch)
    rows = len(keras.tree.flatten(arrays)[0])
    return [
        Share(k, len(range(k, rows, workers)), _every(arrays, k, workers))
        for k in range(min(workers, rows))
    ]


def _every(arrays: Any, first: int, step: int) -> Any:
    """Every so many rows of the arrays."""
    return keras.tree.map_structure(lambda one: np.ascontiguousarray(one[first::step]), arrays)


def _for_share(values: np.ndarray, number: int) -> np.ndarray:
    """The state of a random generator for a share: its seed, which comes first, is another one."""
    if not np.issubdtype(values.dtype, np.integer):
        return values
    return values + np.array([number, 0], values.dtype)


def _size(variable: keras.Variable) -> int:
    return int(np.prod(variable.shape))


def _joined(tensors: Sequence[Any]) -> tf.Tensor:
    """The values of tensors, one after the other."""
    return tf.concat([tf.reshape(tf.convert_to_tensor(one), [-1]) for one in tensors], axis=0)


def _divided(values: tf.Tensor, variables: Sequence[keras.Variable]) -> list[tf.Tensor]:
    """The inverse of `_joined`, in the shapes of variables."""
    parts = tf.split(values, list(map(_size, variables)))
    return [tf.reshape(part, one.shape) for part, one in zip(parts, variables, strict=True)]
