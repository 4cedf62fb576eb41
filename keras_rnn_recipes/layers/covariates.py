"""Covariates: standardized numbers, embedded categories, and the rows of the steps ahead.

The classes keep the names of the first version: Keras finds the weights in a ``.keras`` file by the
name of the class, so a renamed layer could not load a model that was saved before.
"""

from __future__ import annotations

from keras import initializers, layers, ops

from keras_rnn_recipes.layers._registry import registered

# Vectors of categories start close together, and training separates them.
_INITIAL_STDDEV = 0.1


@registered
class KnownColumns(layers.Layer):
    """Covariates as channels: numbers standardized, category codes embedded.

    Numbers get mean 0 and standard deviation 1 by statistics that are non-trainable weights, as in
    Keras' ``Normalization``; `set_statistics` sets them. A missing number becomes the mean, 0. Each
    category code becomes a trained vector. Code 0 stands for an unseen category and for a missing
    value: its vector is the mean of the other vectors plus a trained offset.

    Args:
        codes: for each column the number of codes, including 0; 0 for a column of numbers.
        widths: for each column the length of its vectors; ignored for a column of numbers.

    Call arguments:
        columns: ``(batch, columns)`` or ``(batch, rows, columns)``, NaN = missing.

    Returns:
        ``(batch, channels)`` or ``(batch, rows, channels)`` without NaN, the numbers first.

    Raises:
        ValueError: ``codes`` and ``widths`` are empty or of different lengths.

    Example:
        >>> import numpy as np
        >>> layer = KnownColumns((0, 3), (0, 2))
        >>> layer(np.array([[4.0, 1.0]])).shape
        TensorShape([1, 3])
        >>> layer.set_statistics([2.0], [4.0])
        >>> float(layer(np.array([[4.0, 1.0]]))[0, 0])
        0.5
    """

    def __init__(self, codes, widths, **kwargs):
        super().__init__(**kwargs)
        if len(codes) != len(widths) or not codes:
            raise ValueError(
                "codes and widths must have one entry for each column; "
                f"received {codes!r} and {widths!r}."
            )
        self.codes, self.widths = tuple(codes), tuple(widths)
        self.numbers = [place for place, size in enumerate(self.codes) if not size]
        self.categories = [place for place, size in enumerate(self.codes) if size]

    def build(self, columns_shape):
        count = (len(self.numbers),)
        self.mean = self.add_weight(shape=count, initializer="zeros", trainable=False, name="mean")
        self.scale = self.add_weight(shape=count, initializer="ones", trainable=False, name="scale")
        self.unknown, self.known = [], []
        for place in self.categories:
            width, rows = self.widths[place], max(self.codes[place] - 1, 1)
            spread = initializers.RandomNormal(stddev=_INITIAL_STDDEV)
            self.unknown.append(
                self.add_weight(shape=(1, width), initializer="zeros", name=f"unknown_{place}")
            )
            self.known.append(
                self.add_weight(shape=(rows, width), initializer=spread, name=f"known_{place}")
            )

    def set_statistics(self, mean, scale):
        """Set the means and standard deviations of the columns of numbers, ``(numbers,)`` each."""
        self.mean.assign(mean)
        self.scale.assign(scale)

    def call(self, columns):
        missing = ops.isnan(columns)
        filled = ops.where(missing, 0.0, columns)
        parts = []
        if self.numbers:
            scaled = (ops.take(filled, self.numbers, axis=-1) - self.mean) / self.scale
            parts.append(ops.where(ops.take(missing, self.numbers, axis=-1), 0.0, scaled))
        for place, unknown, known in zip(self.categories, self.unknown, self.known, strict=True):
            code = ops.cast(filled[..., place], "int32")
            code = ops.where(ops.logical_and(code > 0, code < self.codes[place]), code, 0)
            vectors = ops.concatenate([unknown + ops.mean(known, axis=0, keepdims=True), known], 0)
            parts.append(ops.take(vectors, code, axis=0))
        return ops.concatenate(parts, axis=-1)

    def get_config(self):
        return {**super().get_config(), "codes": list(self.codes), "widths": list(self.widths)}


@registered
class TakeColumns(layers.Layer):
    """Select columns, that is, places of the last axis.

    Args:
        places: indices of the columns, from 0.

    Call arguments:
        columns: ``(..., columns)``.

    Returns:
        ``(..., places)``.

    Example:
        >>> import numpy as np
        >>> np.array(TakeColumns([2, 0])(np.array([[4.0, 5.0, 6.0]]))).tolist()
        [[6.0, 4.0]]
    """

    def __init__(self, places, **kwargs):
        super().__init__(**kwargs)
        self.places = [int(place) for place in places]

    def call(self, columns):
        return ops.take(columns, self.places, axis=-1)

    def get_config(self):
        return {**super().get_config(), "places": self.places}


@registered
class BesideHistory(layers.Layer):
    """The covariates of each time step of a history.

    Call arguments:
        history: ``(batch, time, features)``; only its length is used.
        known: the covariates, ``(batch, at least time, channels)``, of which the first rows belong
            to the history; or ``(batch, channels)``, which are repeated at every step.

    Returns:
        ``(batch, time, channels)``.

    Example:
        >>> import numpy as np
        >>> BesideHistory()(np.zeros((2, 3, 1)), np.zeros((2, 5, 4))).shape
        TensorShape([2, 3, 4])
    """

    def call(self, history, known):
        time = ops.shape(history)[1]
        if len(known.shape) == 3:
            return known[:, :time]
        return ops.repeat(known[:, None], time, axis=1)

    def compute_output_shape(self, history_shape, known_shape):
        return (history_shape[0], history_shape[1], known_shape[-1])


@registered
class KnownAhead(layers.Layer):
    """A correction of the head's outputs from future covariates, for each step ahead.

    One hidden layer reads the encoded state at a time step and the covariates of a step ahead. All
    steps ahead share its weights, so the effect of a covariate is learned once for the whole
    horizon.

    Args:
        steps: number of steps ahead that the head forecasts.
        outputs: number of outputs of the head for each step.
        width: of the hidden layer.

    Call arguments:
        encoded: ``(batch, time or 1, units)``.
        known: future covariates, ``(batch, at least time + steps, channels)``.
        history: ``(batch, time, features)``; only its length is used.
        last_only: compute the last time step only.

    Returns:
        ``(batch, time or 1, steps * outputs)``.

    Example:
        >>> import numpy as np
        >>> layer = KnownAhead(steps=2, outputs=1)
        >>> layer(np.zeros((3, 4, 5)), np.zeros((3, 6, 2)), np.zeros((3, 4, 1))).shape
        TensorShape([3, 4, 2])
    """

    def __init__(self, steps, outputs, width=16, **kwargs):
        super().__init__(**kwargs)
        self.steps, self.outputs, self.width = steps, outputs, width

    def build(self, encoded_shape, known_shape, history_shape):
        self.state_kernel = self.add_weight(shape=(encoded_shape[-1], self.width), name="state")
        self.known_kernel = self.add_weight(shape=(known_shape[-1], self.width), name="known")
        self.bias = self.add_weight(shape=(self.width,), initializer="zeros", name="bias")
        self.kernel = self.add_weight(shape=(self.width, self.outputs), name="kernel")

    def call(self, encoded, known, history, last_only=False):
        time = ops.shape(history)[1]
        hidden = ops.matmul(known, self.known_kernel) + self.bias
        if last_only:
            encoded, ahead = encoded[:, -1:], hidden[:, None, time : time + self.steps]
        else:
            first = ops.arange(time, dtype="int32")[:, None] + 1
            ahead = ops.take(hidden, first + ops.arange(self.steps, dtype="int32"), axis=1)
        joined = ops.relu(ahead + ops.matmul(encoded, self.state_kernel)[:, :, None])
        numbers = ops.matmul(joined, self.kernel)
        batch, time = ops.shape(encoded)[:2]
        return ops.reshape(numbers, (batch, time, self.steps * self.outputs))

    def compute_output_shape(self, encoded_shape, known_shape, history_shape):
        return (encoded_shape[0], encoded_shape[1], self.steps * self.outputs)

    def call_last_step(self, encoded, known, history, last_only=True):
        return self(encoded, known, history, last_only=True)

    def get_config(self):
        config = {"steps": self.steps, "outputs": self.outputs, "width": self.width}
        return {**super().get_config(), **config}
