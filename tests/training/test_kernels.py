"""Faster ways through the same layers: the same numbers and gradients, and nothing left behind."""

from __future__ import annotations

import contextlib
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st
from profiles import draws, slow_but
from training.toy import HORIZON, LOOKBACK, toy_batches, toy_model, toy_valid

from keras_rnn_recipes.builders import language_model
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.layers import CharacterConvolution
from keras_rnn_recipes.training import kernels
from keras_rnn_recipes.training.adam_operation import adam_operation
from keras_rnn_recipes.training.kernels import training_kernels
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import set_seeds

# As a narrow layer runs, and as a wide one does.
WAYS = pytest.mark.parametrize("most_weights", [10**9, 0], ids=["operation", "way_back_by_hand"])


def outputs_and_gradients(model: keras.Model, x: np.ndarray, how: np.ndarray) -> list[np.ndarray]:
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        outputs = model(inputs, training=True)
        loss = tf.reduce_sum(outputs * how)
    gradients = tape.gradient(loss, [inputs, *model.trainable_variables])
    return [np.array(outputs), *(np.array(g) for g in gradients)]


@WAYS
@draws(15)
@given(
    units=st.integers(1, 7),
    features=st.integers(1, 4),
    time=st.integers(1, 9),
    batch=st.integers(1, 4),
    sequences=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_whole_sequence_equals_keras_own_loop(
    most_weights, units, features, time, batch, sequences, seed
):
    """Output, gradient of the inputs and of every weight, all weights drawn at random."""
    rng = np.random.default_rng(seed)
    model = keras.Sequential(
        [keras.Input((None, features)), keras.layers.LSTM(units, return_sequences=sequences)]
    )
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    x = rng.normal(size=(batch, time, features)).astype("float32")
    how = rng.normal(size=model(x).shape).astype("float32")
    expected = outputs_and_gradients(model, x, how)
    with mock.patch.object(kernels, "MOST_WEIGHTS", most_weights), training_kernels(model):
        found = outputs_and_gradients(model, x, how)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@WAYS
@draws(25)
@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    backwards=st.booleans(),
    sequences=st.booleans(),
    zeroed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_padding_on_the_right_is_passed_over_in_both_directions(
    most_weights, lengths, backwards, sequences, zeroed, seed
):
    """Outputs at every step, states, and gradients, also of rows that are padding alone."""
    rng = np.random.default_rng(seed)
    layer = keras.layers.LSTM(
        3, return_sequences=sequences, return_state=True, go_backwards=backwards
    )
    layer.zero_output_for_mask = zeroed and sequences  # as `Bidirectional` sets it
    inputs, mask = keras.Input((None, 2)), keras.Input((None,), dtype="bool")
    starts = [keras.Input((3,)), keras.Input((3,))]
    found = layer(inputs, mask=mask, initial_state=starts)
    model = keras.Model([inputs, mask, *starts], found)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    time = max(*lengths, 1)
    given = [
        rng.normal(size=(len(lengths), time, 2)).astype("float32"),
        np.arange(time) < np.array(lengths)[:, None],
        *rng.normal(size=(2, len(lengths), 3)).astype("float32"),
    ]

    def all_of_it() -> list[np.ndarray]:
        watched = [tf.constant(given[0]), *map(tf.constant, given[2:])]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            outputs = model([watched[0], tf.constant(given[1]), *watched[1:]], training=True)
            # Every number with a weight of its own, so that none can stand for another.
            parts = [tf.reshape(part, [-1]) for part in outputs]
            loss = sum(tf.reduce_sum(x * tf.linspace(1.0, 2.0, tf.size(x))) for x in parts)
        return [*outputs, *tape.gradient(loss, [*watched, *model.trainable_variables])]

    expected = all_of_it()
    with mock.patch.object(kernels, "MOST_WEIGHTS", most_weights), training_kernels(model):
        for one, other in zip(all_of_it(), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("clip_norm", [1e6, 0.1])
@pytest.mark.parametrize("schedule", ["level", "cosine"])
def test_adam_as_one_operation_goes_keras_own_way(clip_norm, schedule):
    """Weights and both moments after some steps, words that occur and others among them."""
    rng = np.random.default_rng(0)
    batches = [(rng.integers(1, 12, (3, 5)), rng.integers(1, 20, (3, 5))) for _ in range(6)]
    rate = 0.02 if schedule == "level" else keras.optimizers.schedules.CosineDecay(0.02, 6)

    def trained(kernels_of) -> list[np.ndarray]:
        set_seeds(0)
        model = language_model(20, units=6, embedding_size=4, tied=False)
        model.compile(
            keras.optimizers.Adam(rate, global_clipnorm=clip_norm),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        model.optimizer.build(model.trainable_variables)
        with kernels_of(model):
            for x, y in batches:
                model.train_on_batch(x, y)
        assert "update_step" not in vars(model.optimizer)
        return [np.array(v) for v in (*model.trainable_variables, *model.optimizer.variables)]

    expected = trained(lambda model: contextlib.nullcontext())
    for one, other in zip(trained(training_kernels), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_parts_of_a_gradient_are_added_before_they_are_squared():
    """A word that occurs twice, by hand: the squared moment is (1 - 0.999) (1 + 1)^2."""
    variable, adam = tf.Variable([[1.0], [1.0]]), keras.optimizers.Adam()
    adam.build([variable])
    parts = tf.IndexedSlices(tf.constant([[1.0], [1.0]]), tf.constant([1, 1]), tf.constant([2, 1]))
    adam_operation(adam)(parts, variable, 0.1)
    np.testing.assert_allclose(adam._velocities[0], [[0], [0.004]], rtol=1e-4)
    np.testing.assert_allclose(variable, [[1], [0.9]], rtol=1e-4)


@pytest.mark.parametrize(
    "optimizer",
    [keras.optimizers.Adam(amsgrad=True), keras.optimizers.AdamW(), keras.optimizers.SGD()],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_another_optimizer_keeps_its_step(optimizer):
    model = toy_model()
    model.compile(optimizer, "mse")
    with training_kernels(model):
        assert "update_step" not in vars(optimizer)


def operations(model: keras.Model) -> set[str]:
    function = tf.function(lambda x: model(x, training=True))
    graph = function.get_concrete_function(tf.TensorSpec((2, LOOKBACK, 1), tf.float32)).graph
    inner = [op for body in graph._functions.values() for op in body.graph.get_operations()]
    return {op.type for op in [*graph.get_operations(), *inner]}


def test_the_operation_is_used_while_training_and_gone_afterwards():
    model = toy_model()
    with training_kernels(model):
        assert "BlockLSTM" in operations(model)
    assert "BlockLSTM" not in operations(model)
    assert "inner_loop" not in vars(model.layers[1])


@pytest.mark.parametrize(
    "options",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"use_bias": False},
        {"dropout": 0.5},
        {"recurrent_dropout": 0.5},
        {"zero_output_for_mask": True},
        {"dtype": "float64"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_a_layer_that_computes_something_else_keeps_its_loop(options):
    layer = keras.layers.LSTM(**{"units": 3, **options})
    model = keras.Sequential([keras.Input((None, 1)), layer])
    with training_kernels(model):
        assert "inner_loop" not in vars(layer)


def test_both_directions_are_run_so():
    both = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True))
    model = keras.Sequential([keras.Input((None, 1)), both])
    with training_kernels(model):
        assert "inner_loop" in vars(both.forward_layer)
        assert "inner_loop" in vars(both.backward_layer)


def test_a_wide_layer_goes_back_by_hand():
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.LSTM(160)])
    with training_kernels(model):
        assert "inner_loop" in vars(model.layers[0])
        assert "BlockLSTM" not in operations(model)


@pytest.mark.parametrize("tied", [True, False])
def test_bfloat16_rounds_products_alone_and_leaves_the_model_as_it_was(tied):
    """One part in 256 is what its eight bits hold; sums of products are float32's."""
    model = language_model(300, units=192, embedding_size=192, tied=tied)
    tokens = np.random.default_rng(0).integers(1, 300, (4, 12))

    def logits_and_gradients() -> list[np.ndarray]:
        with tf.GradientTape() as tape:
            logits = model(tokens, training=True)
            loss = tf.reduce_mean(tf.nn.log_softmax(logits)[:, :, 7])
        gradients = tape.gradient(loss, model.trainable_variables)
        return [np.array(logits), *(np.array(tf.convert_to_tensor(g)) for g in gradients)]

    expected = logits_and_gradients()
    with training_kernels(model, precision="bfloat16"):
        found = logits_and_gradients()
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == np.float32
        assert 0 < np.abs(one - other).max() <= 0.01 * np.abs(other).max()
    np.testing.assert_array_equal(logits_and_gradients()[0], expected[0])
    with training_kernels(model):
        np.testing.assert_allclose(logits_and_gradients()[0], expected[0], atol=1e-6)


def test_a_masking_layer_gives_the_same_numbers():
    layer = keras.layers.LSTM(3)
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.Masking(0.0), layer])
    x = np.array([[[1.0], [2.0], [0.0]]], "float32")
    expected = np.array(model(x))
    with training_kernels(model):
        np.testing.assert_allclose(np.array(model(x)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("cell", "unroll"), slow_but([("lstm", False)], [("lstm", False), ("gru", True)])
)
def test_training_ends_in_the_weights_of_the_loop(cell, unroll, monkeypatch):
    config = FitConfig(epochs=3, batch_size=10, unroll=unroll)

    def trained() -> keras.Model:
        set_seeds(config.seed)
        model = toy_model(cell)
        fit(model, toy_batches(), toy_valid(), num_windows=50, config=config)
        return model

    fast = trained()
    gpu = [tf.config.PhysicalDevice("/gpu:0", "GPU")]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: gpu)
    for one, other in zip(fast.get_weights(), trained().get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert not any(getattr(layer, "unroll", False) for layer in fast.layers)
    longer = np.zeros((2, 3 * LOOKBACK, 1), "float32")
    assert fast.predict(longer, verbose=0).shape == (2, HORIZON, 1)
    assert '"unroll": true' not in fast.to_json()


def test_unrolling_is_undone_after_a_failure_and_left_out_for_long_windows():
    model = toy_model("gru")
    with pytest.raises(RuntimeError), training_kernels(model, lookback=100, unroll=True):
        assert model.layers[1].unroll
        raise RuntimeError
    assert not model.layers[1].unroll
    with training_kernels(model, lookback=101, unroll=True):
        assert not model.layers[1].unroll
    with training_kernels(model, lookback=100):
        assert not model.layers[1].unroll


@draws(15)
@given(batch=st.integers(1, 3), time=st.integers(1, 5), seed=st.integers(0, 99))
def test_equal_tokens_are_read_once_and_have_the_same_vectors_and_gradients(batch, time, seed):
    """Of five tokens, one of which is padding, drawn with replacement."""
    rng = np.random.default_rng(seed)
    known = np.array([[0, 0, 0], [1, 0, 0], [1, 2, 0], [2, 1, 0], [3, 4, 1]])
    characters = known[rng.integers(5, size=(batch, time))]
    layer = CharacterConvolution(5, 3, 4)
    inputs = keras.Input((None, None), dtype="int32")
    model = keras.Model(inputs, layer(inputs))
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    how = rng.normal(size=(batch, time, 4)).astype("float32")

    def answers():
        with tf.GradientTape() as tape:
            outputs = model(characters, training=True)
            loss = tf.reduce_sum(outputs * how)
        gradients = tape.gradient(loss, model.trainable_variables)
        return [np.array(outputs), *(np.array(tf.convert_to_tensor(g)) for g in gradients)]

    expected, read = answers(), []
    of_tokens = layer.of_tokens
    with (
        mock.patch.object(layer, "of_tokens", lambda ids: read.append(len(ids)) or of_tokens(ids)),
        training_kernels(model),
    ):
        found = answers()
    assert read == [len(np.unique(characters.reshape(-1, 3), axis=0))]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
