"""A language model over whole texts, in pieces, token by token: the same logits."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.builders import (
    copy_recurrent_weights,
    generating_functions,
    language_model,
    language_reader,
    language_step,
    stateful_copy,
)

CELLS = ("lstm", "gru", "simple_rnn")
OPTIONS = {
    "deep": {"units": (6, 4), "tied": False},
    "tied": {"units": 5},
    "tied, projected": {"units": (6, 6), "residual": True},
    "everything": {
        "units": (6, 6),
        "residual": True,
        "layer_norm": True,
        "dropout": 0.4,
        "variational": True,
    },
}
TOKENS = np.random.default_rng(0).integers(1, 9, (3, 8)).astype("int32")


def small(**options):
    keras.utils.set_random_seed(0)
    model = language_model(9, **{"units": 6, "embedding_size": 5, **options})
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def zeros(step, rows=3):
    return [tf.zeros((rows, state.shape[-1])) for state in step.inputs[1:]]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("options", [*OPTIONS.values()], ids=[*OPTIONS])
def test_token_by_token_and_in_two_halves_is_the_whole(cell, options):
    model = small(cell=cell, **options)
    expected, step, reader = model(TOKENS), language_step(model), language_reader(model)
    states, found = zeros(step), []
    for tokens in TOKENS.T:
        logits, *states = step([tf.constant(tokens), *states])
        found.append(logits)
    np.testing.assert_allclose(np.stack(found, axis=1), expected, rtol=1e-5, atol=1e-5)
    first, *half = reader([tf.constant(TOKENS[:, :3]), *zeros(step)])
    second, *last = reader([tf.constant(TOKENS[:, 3:]), *half])
    np.testing.assert_allclose(np.concatenate([first, second], 1), expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(last, states, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_stateful_copy_goes_on_where_a_row_ended_unless_it_is_told_to_begin_anew(cell):
    model = small(cell=cell, units=(6, 4))
    twin = stateful_copy(model, 3)
    whole, second = np.array(model(TOKENS)), np.array(model(TOKENS[:, 5:]))
    keep = np.ones((3, 1), "float32")
    for _ in range(2):
        first = twin({"tokens": TOKENS[:, :5], "keep": 0 * keep})
        np.testing.assert_allclose(first, whole[:, :5], rtol=1e-5, atol=1e-5)
        keep[1] = 0  # this row alone forgets
        found = np.array(twin({"tokens": TOKENS[:, 5:], "keep": keep}))
        np.testing.assert_allclose(found[[0, 2]], whole[[0, 2], 5:], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found[1], second[1], rtol=1e-5, atol=1e-5)


def test_what_a_twin_learns_is_given_back():
    model = small(units=(6, 4), dropout=0.2)
    twin = stateful_copy(model, 3)
    twin.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    given = {"tokens": TOKENS[:, :-1], "keep": np.zeros((3, 1), "float32")}
    before = model.get_weights()
    for _ in range(2):
        twin.train_on_batch(given, TOKENS[:, 1:])
    copy_recurrent_weights(twin, model)
    assert all((one != other).any() for one, other in zip(before, model.get_weights(), strict=True))
    np.testing.assert_allclose(model(given["tokens"]), twin(given), rtol=1e-5, atol=1e-6)
    assert [w.shape for w in model.weights] == [w.shape for w in before]


@pytest.mark.parametrize("cell", CELLS)
def test_prompts_of_any_length_stand_side_by_side(cell):
    begin, step = generating_functions(small(cell=cell, units=(6, 4)))
    prompts = TOKENS.copy()
    prompts[1, 3:] = 0
    prompts[2, 1:] = 0
    together, states = begin(prompts)
    following, _ = step(np.array([4, 5, 6]), states)
    for row, length in enumerate((8, 3, 1)):
        alone, state = begin(TOKENS[row : row + 1, :length])
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-4, atol=1e-5)
        after, _ = step(np.array([[4, 5, 6][row]]), state)
        np.testing.assert_allclose(after[0], following[row], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.exp(together).sum(axis=1), 1, rtol=1e-5)


def test_a_token_sees_none_that_comes_later():
    model, changed = small(units=(6, 4)), TOKENS.copy()
    changed[:, 4] = changed[:, 4] % 8 + 1
    one, other = np.array(model(TOKENS)), np.array(model(changed))
    np.testing.assert_array_equal(one[:, :4], other[:, :4])
    assert (one[:, 4:] != other[:, 4:]).any(axis=-1).all()


def test_variational_dropout_drops_the_same_channels_at_every_step():
    for variational in (True, False):
        model = language_model(9, units=64, embedding_size=64, dropout=0.5, variational=variational)
        inner = keras.Model(
            model.input,
            [model.get_layer(name).output for name in ("embedding_dropout", "dropout_1")],
        )
        for output in inner(TOKENS, training=True):
            dropped = np.array(output) == 0
            assert 0.3 < dropped.mean() < 0.7
            assert (dropped == dropped[:, :1]).all() == variational
            assert (dropped[0] != dropped[1]).any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell": "lstn"}, "cell must be one of"),
        ({"embedding_size": 0}, "must be at least 1; received 9 and 0"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        language_model(9, **wrong)
