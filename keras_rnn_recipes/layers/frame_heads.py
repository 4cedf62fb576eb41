"""The distribution of one frame of a piano roll: keys independent, or one after the other."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class IndependentKeys(layers.Layer):
    """A frame whose keys are independent: a probability for each.

    Call arguments:
        parameters: logits of the keys ``(..., keys)``.
        frames: of no effect; every head has this argument.

    Returns:
        The logits.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, parameters, frames):
        return parameters

    def compute_output_spec(self, parameters, frames):
        return KerasTensor(parameters.shape, dtype=self.compute_dtype)

    def draw(self, parameters, numbers, temperature=1.0):
        """Draw frames; arguments and result as `NADEKeys.draw`."""
        return ops.cast(ops.less(numbers, _tempered(parameters, temperature)), "float32")


@registered
class NADEKeys(layers.Layer):
    """A frame whose keys depend on each other: each key on those below it, in one pass.

    The logit of key ``i`` is ``b_i + V_i · sigmoid(c + sum of W_j over the keys j < i that
    sound)``. The biases ``b`` and ``c`` are the parameters, which may depend on earlier frames; the
    matrices ``W`` and ``V`` are weights of the layer. The probabilities of all frames sum to one.

    The hidden units change only where a key sounds. They are therefore computed once for every
    number of notes below, and not for every key: a frame of four notes costs five steps, not 88,
    and those of all frames are one matrix product.

    Args:
        hidden: number of hidden units.

    Call arguments:
        parameters: ``(batch, time, keys + hidden)``, the biases of the keys, then those of the
            hidden units.
        frames: ``(batch, time, keys)``, 1 for a key that sounds, else 0.

    Returns:
        Logits ``(batch, time, keys)``: of each key, given the keys below it in ``frames``.

    Source: Larochelle and Murray 2011, The neural autoregressive distribution estimator; with
    biases from a recurrent network: Boulanger-Lewandowski et al. 2012.

    Example:
        >>> import numpy as np
        >>> frames = np.array([[[1.0, 0.0, 1.0]]])
        >>> NADEKeys(4)(np.zeros((1, 1, 3 + 4)), frames).shape
        TensorShape([1, 1, 3])
    """

    def __init__(self, hidden=100, **kwargs):
        super().__init__(**kwargs)
        self.hidden = int(hidden)
        self.supports_masking = True

    def build(self, parameters_shape, frames_shape):
        keys = frames_shape[-1]
        make = self.add_weight
        self.notes = make((keys, self.hidden), "glorot_uniform", name="notes")
        self.readout = make((self.hidden, keys), "glorot_uniform", name="readout")
        self.built = True

    def call(self, parameters, frames):
        frames = ops.cast(frames, self.compute_dtype)
        bias, offset = self._biases(parameters)
        below = ops.cumsum(frames, axis=-1) - frames
        ranks = ops.arange(_most_notes(frames) + 1, dtype=self.compute_dtype)[:, None]
        below = below[..., None, :]
        # For every rank, the notes whose number of notes below is smaller.
        heard = frames[..., None, :] * ops.cast(below < ranks, self.compute_dtype)
        hidden = ops.sigmoid(ops.matmul(heard, self.notes) + offset[..., None, :])
        logits = ops.matmul(hidden, self.readout)
        of_key = ops.cast(ops.equal(below, ranks), self.compute_dtype)
        return bias + ops.sum(logits * of_key, axis=-2)

    def compute_output_spec(self, parameters, frames):
        return KerasTensor(frames.shape, dtype=self.compute_dtype)

    def draw(self, parameters, numbers, temperature=1.0):
        """Draw frames from their distributions, key after key from the lowest.

        Key ``i`` sounds if ``numbers[i]`` is below its probability. Between two notes no
        probability changes, so that the next note is found at once.

        Args:
            parameters: ``(batch, keys + hidden)``.
            numbers: uniform random numbers ``(batch, keys)``, at least 0 and below 1.
            temperature: divisor of the logits; 0 takes the more probable value of each key.

        Returns:
            float32 ``(batch, keys)``.
        """
        bias, offset = self._biases(parameters)
        keys = ops.arange(self.notes.shape[0], dtype="int32")[None]
        past = self.notes.shape[0]

        def going_on(frame, hidden, key):
            return ops.any(key < past)

        def next_note(frame, hidden, key):
            logits = bias + ops.matmul(ops.sigmoid(hidden), self.readout)
            chosen = ops.less(numbers, _tempered(logits, temperature))
            chosen = ops.logical_and(chosen, keys >= key[:, None])
            key = ops.min(ops.where(chosen, keys, past), axis=1)
            note = ops.cast(ops.equal(keys, key[:, None]), "float32")
            return frame + note, hidden + ops.matmul(note, self.notes), key + 1

        start = (
            ops.zeros_like(bias),
            ops.cast(offset, "float32"),
            ops.zeros_like(bias[:, 0], dtype="int32"),
        )
        frame, _, _ = ops.while_loop(going_on, next_note, start)
        return frame

    def _biases(self, parameters):
        keys = self.notes.shape[0]
        return parameters[..., :keys], parameters[..., keys:]

    def get_config(self):
        return {**super().get_config(), "hidden": self.hidden}


def _most_notes(frames):
    """The largest number of notes of a frame; where shapes must be known, that of all keys."""
    if keras.backend.backend() != "tensorflow":
        return frames.shape[-1]
    return ops.cast(ops.max(ops.sum(frames, axis=-1), initial=0), "int32")


def _tempered(logits, temperature):
    """Probabilities at a temperature, 0 or 1 at temperature 0."""
    logits = ops.cast(logits, "float32")
    temperature = ops.cast(temperature, "float32")
    greedy = temperature <= 0
    chosen = ops.cast(logits > 0, "float32")
    return ops.where(greedy, chosen, ops.sigmoid(logits / ops.where(greedy, 1.0, temperature)))
