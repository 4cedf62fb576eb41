"""A linear classifier of word n-grams inside the graph, and its mixture with a network."""

from __future__ import annotations

import keras
from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered

# Odd factors of the hash; products wrap around in 32 bits.
_FACTOR, _OFFSET = 1_000_003, 0x3779_97B1


@registered
class NGramLogits(layers.Layer):
    """Logits that are sums of a weight for each different n-gram of a text.

    The n-grams of token ids are hashed into a table, whose rows hold a weight for each class. A
    text counts each of its n-grams once. The table is not trained by gradients: `fit_ngrams` sets
    it.

    Args:
        num_classes: number of logits.
        buckets: rows of the table; the first is that of padding and stays zero.
        longest, shortest: tokens in the longest and in the shortest n-gram.

    Call arguments:
        tokens: int32 ``(batch, time)``, 0 for padding; or ``(batch, words, characters)``: n-grams
            of characters, none of which crosses the end of a word.

    Returns:
        float32 ``(batch, num_classes)``.

    Source: Weinberger et al. 2009, Feature hashing for large scale multitask learning.

    Example:
        >>> import numpy as np
        >>> layer = NGramLogits(2, buckets=32, longest=2)
        >>> layer(np.array([[3, 4, 0]], "int32")).shape
        TensorShape([1, 2])
    """

    def __init__(self, num_classes, buckets=2**17, longest=2, shortest=1, **kwargs):
        super().__init__(dtype="float32", **{k: v for k, v in kwargs.items() if k != "dtype"})
        self.num_classes, self.buckets = int(num_classes), int(buckets)
        self.longest, self.shortest = int(longest), int(shortest)
        self.trainable = False

    def build(self, shape):
        make = self.add_weight
        self.table = make((self.buckets, self.num_classes), "zeros", trainable=False, name="table")
        self.bias = make((self.num_classes,), "zeros", trainable=False, name="bias")

    def rows(self, tokens):
        """The row of the table of each different n-gram, ``(batch, n-grams)``; 0 where none is."""
        tokens = ops.cast(tokens, "int32")
        found, code = [], ops.zeros_like(tokens)
        whole = tokens > 0
        for size in range(self.longest):
            # Of the n-gram that begins at each step, the next token.
            following = ops.pad(tokens, [*([[0, 0]] * (len(tokens.shape) - 1)), [0, size]])
            following = following[..., size:]
            whole = ops.logical_and(whole, following > 0)
            code = (code + following) * _FACTOR + _OFFSET
            row = 1 + ops.mod(ops.bitwise_xor(code, ops.right_shift(code, 15)), self.buckets - 1)
            if size + 1 >= self.shortest:
                found.append(ops.where(whole, row, ops.zeros_like(row)))
        rows = ops.concatenate(found, axis=-1)
        rows = ops.sort(ops.reshape(rows, (ops.shape(rows)[0], -1)), axis=1)
        before = ops.pad(rows, [[0, 0], [1, 0]])[:, :-1]
        return ops.where(rows == before, ops.zeros_like(rows), rows)

    def call(self, tokens):
        return ops.sum(ops.take(self.table, self.rows(tokens), axis=0), axis=1) + self.bias

    def compute_output_shape(self, shape):
        return (shape[0], self.num_classes)

    def get_config(self):
        config = {"num_classes": self.num_classes, "buckets": self.buckets}
        sizes = {"longest": self.longest, "shortest": self.shortest}
        return {**super().get_config(), **config, **sizes}


@registered
class LogitMixture(layers.Layer):
    """Mix two classifiers: a weighted mean of their logarithms of probabilities.

    Args:
        share: weight of the second classifier, from 0 to 1.

    Call arguments:
        first, second: logits ``(batch, classes)``.

    Returns:
        float32 ``(batch, classes)``, logits of the mixture.

    Source: Hinton 2002, Training products of experts by minimizing contrastive divergence.

    Example:
        >>> import numpy as np
        >>> first, second = np.array([[1.0, 0.0]]), np.array([[0.0, 3.0]])
        >>> int(LogitMixture(0.5)(first, second).numpy().argmax())
        1
    """

    def __init__(self, share=0.5, **kwargs):
        super().__init__(**kwargs)
        self.share = float(share)

    def call(self, first, second):
        one, other = (
            keras.ops.log_softmax(ops.cast(logits, "float32")) for logits in (first, second)
        )
        return (1.0 - self.share) * one + self.share * other

    def compute_output_shape(self, first_shape, second_shape):
        return first_shape

    def get_config(self):
        return {**super().get_config(), "share": self.share}
