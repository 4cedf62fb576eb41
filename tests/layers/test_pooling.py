"""Pooling beside NumPy, sequence by sequence, with padding that must not matter."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, strategies as st
from layers.arrays import call
from profiles import draws

from keras_rnn_recipes.layers import AttentionPooling, MaskedPooling, PaddingMask

KINDS = {
    "last": lambda rows: rows[-1],
    "ends": lambda rows: np.concatenate([rows[-1, :2], rows[0, 2:]]),
    "max": lambda rows: rows.max(axis=0),
    "mean": lambda rows: rows.mean(axis=0),
}


def batch(lengths, padding=np.nan, time=None):
    """Values (batch, time, 4) with that padding, and their mask."""
    time = time or max(max(lengths), 1)
    values = (
        np.random.default_rng(0).normal(-3, 1, (len(lengths), 9, 4)).astype("float32")[:, :time]
    )
    mask = np.arange(time) < np.array(lengths)[:, None]
    return np.where(mask[..., None], values, np.float32(padding)), mask


def attention(layer, rows):
    kernel, bias, context = (np.array(weight) for weight in layer.weights)
    scores = (np.tanh(rows @ kernel + bias) @ context)[:, 0]
    weights = np.exp(scores - scores.max())
    return weights / weights.sum() @ rows


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 2))
@draws(25)
def test_each_kind_equals_numpy_on_the_real_steps(lengths, extra):
    for padding in (np.nan, 7.0):
        values, mask = batch(lengths, padding, time=max(max(lengths), 1) + extra)
        layer = AttentionPooling(3)
        layer.build(values.shape)
        layer.set_weights([weight + 0.3 for weight in layer.get_weights()])
        found = {kind: call(MaskedPooling(kind), values, mask) for kind in KINDS}
        found["attention"], weights = call(layer, values, mask, return_weights=True)
        np.testing.assert_allclose(weights.sum(axis=1), np.array(lengths) > 0, rtol=1e-5)
        assert not weights[~mask].any()
        kinds = KINDS | {"attention": lambda rows, layer=layer: attention(layer, rows)}
        for kind, reference in kinds.items():
            for row, length in enumerate(lengths):
                expected = reference(values[row, :length]) if length else np.zeros(4)
                np.testing.assert_allclose(found[kind][row], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("kind", [*KINDS, "attention"])
def test_no_gradient_is_lost_or_infinite_where_a_row_is_empty(kind, dtype):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the tape is TensorFlow's")
    values, mask = batch([3, 0, 1], padding=5.0)
    layer = (
        AttentionPooling(dtype=dtype) if kind == "attention" else MaskedPooling(kind, dtype=dtype)
    )
    inputs = tf.constant(values, dtype)
    layer.build(values.shape)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        pooled = layer(inputs, mask)
        total = tf.reduce_sum(pooled**2)
    assert pooled.dtype == dtype and np.isfinite(pooled.numpy()).all()
    weights = [weight.value for weight in layer.trainable_weights]
    gradients = [each.numpy() for each in tape.gradient(total, [inputs, *weights])]
    assert all(np.isfinite(each).all() for each in gradients)
    assert not gradients[0][~mask].any()
    assert gradients[0][0].any() and gradients[0][2, 0].any()


def test_padding_is_what_has_the_id_zero_however_large_the_others_are():
    ids = np.array([[2**24 + 1, 1, 0], [0, 0, 0]], "int32")
    assert call(PaddingMask(), ids).tolist() == [[True, True, False], [False] * 3]


@pytest.mark.parametrize("make", [lambda: MaskedPooling("first"), lambda: AttentionPooling(0)])
def test_what_cannot_be_is_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()
