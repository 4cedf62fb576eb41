"""The distribution of a frame: sums to one, has the right gradient, and is sampled as it says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.layers import IndependentKeys, NADEKeys
from keras_rnn_recipes.training.frame_loss import frame_nats

KEYS, HIDDEN = 6, 4


@pytest.fixture(scope="module")
def head():
    """A NADE over six keys with large weights, so that its keys depend on each other clearly."""
    layer, random = NADEKeys(HIDDEN), np.random.default_rng(0)
    layer.build((None, None, KEYS + HIDDEN), (None, None, KEYS))
    layer.set_weights([2 * random.normal(size=weight.shape) for weight in layer.weights])
    return layer


@pytest.fixture(scope="module")
def parameters():
    return np.random.default_rng(1).normal(size=(1, 1, KEYS + HIDDEN)).astype("float32")


def every_frame() -> np.ndarray:
    return np.array(list(itertools.product((0, 1), repeat=KEYS)), "float32")


def likelihoods(head, parameters) -> np.ndarray:
    """The probability of each of the 64 frames."""
    frames = every_frame()[None]
    given = np.broadcast_to(parameters, (1, frames.shape[1], parameters.shape[-1]))
    return np.exp(-np.array(frame_nats(frames, head(given, frames))))[0]


def logit_by_definition(head, parameters, frame, key) -> float:
    """The formula of the docstring, for one key."""
    notes, readout = (np.array(weight) for weight in head.get_weights())
    bias, offset = parameters[0, 0, :KEYS], parameters[0, 0, KEYS:]
    hidden = 1 / (1 + np.exp(-(offset + frame[:key] @ notes[:key])))
    return bias[key] + hidden @ readout[:, key]


def test_the_probabilities_of_all_frames_sum_to_one(head, parameters):
    found = likelihoods(head, parameters)
    assert found.sum() == pytest.approx(1, abs=1e-5)
    # The keys depend on each other: no product of single probabilities gives the same.
    single = every_frame().T @ found
    product = np.prod(np.where(every_frame() > 0, single, 1 - single), axis=1)
    assert np.abs(found - product).max() > 0.01


def test_each_logit_follows_the_definition(head, parameters):
    frames = every_frame()
    given = np.broadcast_to(parameters, (1, len(frames), KEYS + HIDDEN))
    found = np.array(head(given, frames[None]))[0]
    for frame, logits in zip(frames, found, strict=True):
        by_hand = [logit_by_definition(head, parameters, frame, key) for key in range(KEYS)]
        np.testing.assert_allclose(logits, by_hand, atol=1e-5)


def test_the_gradient_is_that_of_finite_differences(head, parameters):
    frames = every_frame()[None, 37:38]

    def loss(values):
        return float(np.sum(frame_nats(frames, head(values, frames))))

    with tf.GradientTape() as tape:
        values = tf.constant(parameters)
        tape.watch(values)
        total = tf.reduce_sum(frame_nats(frames, head(values, frames)))
    gradients = tape.gradient(total, [values, *head.trainable_weights])
    step = 1e-2
    numeric = np.zeros_like(parameters)
    for place in np.ndindex(parameters.shape):
        up, down = parameters.copy(), parameters.copy()
        up[place] += step
        down[place] -= step
        numeric[place] = (loss(up) - loss(down)) / (2 * step)
    np.testing.assert_allclose(gradients[0], numeric, atol=2e-3)
    before = head.get_weights()
    for number, gradient in enumerate(gradients[1:]):
        place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        found = []
        for sign in (1, -1):
            changed = [weight.copy() for weight in before]
            changed[number][place] += sign * step
            head.set_weights(changed)
            found.append(loss(parameters))
        assert np.array(gradient)[place] == pytest.approx(
            (found[0] - found[1]) / (2 * step), abs=2e-3
        )
    head.set_weights(before)


def test_the_sampler_agrees_with_the_likelihoods(head, parameters):
    draws = 20_000
    numbers = np.random.default_rng(2).random((draws, KEYS)).astype("float32")
    given = np.broadcast_to(parameters[0], (draws, KEYS + HIDDEN))
    frames = np.array(head.draw(given, numbers))
    codes = frames @ 2.0 ** np.arange(KEYS - 1, -1, -1)
    frequency = np.bincount(codes.astype(int), minlength=2**KEYS) / draws
    expected = likelihoods(head, parameters)
    # Five standard errors of each frequency.
    error = 5 * np.sqrt(expected * (1 - expected) / draws) + 1e-4
    assert np.all(np.abs(frequency - expected) < error)


def test_drawing_note_by_note_is_drawing_key_by_key(head, parameters):
    random = np.random.default_rng(3)
    numbers = random.random((50, KEYS)).astype("float32")
    given = np.broadcast_to(parameters[0], (50, KEYS + HIDDEN))
    for temperature in (0.0, 0.5, 1.0, 2.0):
        drawn = np.array(head.draw(given, numbers, temperature))
        for frame, row in zip(drawn, numbers, strict=True):
            by_hand = np.zeros(KEYS)
            for key in range(KEYS):
                logit = logit_by_definition(head, parameters, by_hand, key)
                if temperature:
                    by_hand[key] = row[key] < 1 / (1 + np.exp(-logit / temperature))
                else:
                    by_hand[key] = logit > 0
            np.testing.assert_array_equal(frame, by_hand)


def test_a_row_does_not_depend_on_the_others(head):
    random = np.random.default_rng(4)
    given = random.normal(size=(5, KEYS + HIDDEN)).astype("float32")
    numbers = random.random((5, KEYS)).astype("float32")
    together = np.array(head.draw(given, numbers))
    for row in range(5):
        alone = np.array(head.draw(given[row : row + 1], numbers[row : row + 1]))
        np.testing.assert_array_equal(alone[0], together[row])
    # A frame of many notes next to one of few does not change its logits.
    frames = np.stack([np.zeros(KEYS), np.ones(KEYS)]).astype("float32")[None]
    both = np.array(head(given[None, :2], frames))
    one = np.array(head(given[None, :1], frames[:, :1]))
    np.testing.assert_allclose(both[:, :1], one, atol=1e-6)


def test_independent_keys_are_drawn_by_their_logits():
    layer = IndependentKeys()
    logits = np.array([[0.0, 2.0, -30.0]], "float32")
    numbers = np.array([[0.49, 0.89, 0.0001]], "float32")
    assert np.array(layer.draw(logits, numbers)).tolist() == [[1, 0, 0]]
    assert np.array(layer.draw(logits, numbers, 0.0)).tolist() == [[0, 1, 0]]
    assert np.array(layer(logits, numbers)).tolist() == logits.tolist()


def test_jax_computes_the_same(run_under_backend, head, parameters):
    expected = head(np.repeat(parameters, 2, axis=1), every_frame()[None, 20:22])
    done = run_under_backend(
        "jax",
        f"""
import numpy as np
from keras_rnn_recipes.layers import NADEKeys
layer = NADEKeys({HIDDEN})
layer.build((None, None, {KEYS + HIDDEN}), (None, None, {KEYS}))
layer.set_weights([np.array(w) for w in {[w.tolist() for w in head.get_weights()]!r}])
frames = np.array({every_frame()[None, 20:22].tolist()!r}, "float32")
given = np.array({np.repeat(parameters, 2, axis=1).tolist()!r}, "float32")
print(np.array(layer(given, frames)).tolist())
""",
    )
    found = np.array(eval(done.stdout.strip().splitlines()[-1]))
    np.testing.assert_allclose(found, expected, atol=1e-5)
