"""The conditional random field beside the enumeration of every sequence of tags."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, strategies as st
from layers.fields import enumerate_scores, random_field
from profiles import draws

from keras_rnn_recipes.decoding.viterbi import viterbi
from keras_rnn_recipes.layers import CRF, crf_loss
from keras_rnn_recipes.layers.crf import FORBIDDEN, log_partition, sequence_score


def log_sum_exp(scores):
    highest = max(scores)
    return highest + np.log(np.sum(np.exp(np.array(scores) - highest)))


@given(
    num_tags=st.integers(1, 4),
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    padding=st.integers(0, 2),
    forbid=st.booleans(),
    seed=st.integers(0, 99),
)
@draws(60)
def test_likelihood_and_best_sequence_equal_enumeration(num_tags, lengths, padding, forbid, seed):
    layer, emissions, mask = random_field(num_tags, lengths, padding, forbid, seed)
    potentials = layer(emissions, mask)
    found_tags, found_score = (np.array(found) for found in viterbi(potentials))
    partition = np.array(log_partition(potentials))
    for row, length in enumerate(lengths):
        scores = enumerate_scores(layer, emissions[row, :length])
        legal = {tags: score for tags, score in scores.items() if score is not None}
        np.testing.assert_allclose(partition[row], log_sum_exp([*legal.values()]), atol=1e-4)
        best = max(legal, key=lambda tags: legal[tags])
        assert tuple(found_tags[row, :length]) == best
        np.testing.assert_allclose(found_score[row], legal[best], atol=1e-4)
        assert set(found_tags[row, length:]) <= {best[-1]}
        gold = np.full(mask.shape, -1)
        gold[row, :length] = best
        likelihood = legal[best] - log_sum_exp([*legal.values()])
        loss = np.array(crf_loss(gold, potentials))[row]
        np.testing.assert_allclose(loss, -likelihood, atol=1e-4)


def test_the_score_of_every_sequence_equals_the_sum_of_its_parts():
    layer, emissions, mask = random_field(3, [4], 1, True, 7)
    potentials = layer(emissions, mask)
    scores = enumerate_scores(layer, emissions[0, :4])
    assert 0 < sum(score is None for score in scores.values()) < len(scores) == 81
    for tags, score in scores.items():
        found = float(np.array(sequence_score(np.array([[*tags, -1]]), potentials))[0])
        if score is None:
            assert found < FORBIDDEN / 2
        else:
            assert found == pytest.approx(score, abs=1e-5)


@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    padding=st.integers(1, 5),
    seed=st.integers(0, 99),
)
@draws(25)
def test_padding_changes_nothing(lengths, padding, seed):
    layer, emissions, mask = random_field(3, lengths, padding, True, seed)
    emissions[~mask] = 1e6  # whatever stands there
    tags = np.where(mask, np.random.default_rng(seed).integers(0, 3, mask.shape), -1)
    potentials = layer(emissions, mask)
    loss, best = np.array(crf_loss(tags, potentials)), np.array(viterbi(potentials)[0])
    for row, length in enumerate(lengths):
        if not length:
            assert loss[row] == 0
            continue
        alone = layer(emissions[row : row + 1, :length])
        expected = np.array(crf_loss(tags[row : row + 1, :length], alone))
        np.testing.assert_allclose(loss[row], expected[0], rtol=1e-5, atol=1e-4)
        np.testing.assert_array_equal(best[row, :length], np.array(viterbi(alone)[0])[0])


def test_the_gradient_is_what_is_expected_less_what_was_observed():
    """Expectations by enumeration: of each tag at each step, of each pair, of start and end."""
    import tensorflow as tf

    layer, emissions, mask = random_field(3, [4], 2, False, 3)
    gold = (2, 0, 0, 1)
    scores = enumerate_scores(layer, emissions[0, :4])
    normaliser = log_sum_exp([*scores.values()])
    at_step, pairs, start, end = np.zeros((6, 3)), np.zeros((3, 3)), np.zeros(3), np.zeros(3)
    for tags, score in [*scores.items(), (gold, None)]:
        weight = -1.0 if score is None else np.exp(score - normaliser)
        start[tags[0]] += weight
        end[tags[-1]] += weight
        for step, tag in enumerate(tags):
            at_step[step, tag] += weight
        for pair in itertools.pairwise(tags):
            pairs[pair] += weight
    inputs = tf.constant(emissions)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = crf_loss(np.array([[*gold, -1, -1]]), layer(inputs, mask))
    weights = [layer.transitions, layer.start, layer.end]
    found = tape.gradient(loss, [inputs, *(weight.value for weight in weights)])
    for gradient, expected in zip(found, (at_step[None], pairs, start, end), strict=True):
        assert np.abs(expected).max() > 0.01
        np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_long_sequences_stay_finite():
    import tensorflow as tf

    layer, emissions, mask = random_field(4, [2000], 0, True, 5)

    @tf.function
    def best_and_gradient(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            potentials = layer(inputs, mask)
            tags, score = viterbi(potentials)
            loss = crf_loss(tags, potentials)
        return score, loss, tape.gradient(loss, inputs)

    score, loss, gradient = best_and_gradient(tf.constant(100 * emissions))
    assert np.isfinite(score).all() and np.isfinite(gradient).all()
    # By far the best sequence: all others together hardly count beside it.
    assert 0 <= float(loss[0]) < 1e-3 * float(score[0])


def test_half_precision_does_not_reach_the_potentials():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer, dense = CRF(2), keras.layers.Dense(2)
    finally:
        keras.config.set_dtype_policy("float32")
    emissions = dense(np.ones((1, 3, 2), "float32"))
    assert emissions.dtype == "float16"
    potentials = layer(emissions, np.array([[True, True, False]]))
    assert potentials.dtype == "float32"
    assert np.isfinite(crf_loss(np.array([[0, 1, -1]]), potentials)).all()


def zigzag(rows, length, rng):
    """Tags 0, 1, 2, 0, ... from a random beginning; the inputs tell nothing."""
    tags = (rng.integers(0, 3, (rows, 1)) + np.arange(length)) % 3
    return np.zeros((rows, length, 2), "float32"), tags


def tagger(allowed=None):
    keras.utils.set_random_seed(1)
    inputs, mask = keras.Input((None, 2)), keras.Input((None,), dtype="bool")
    potentials = CRF(3, allowed)(keras.layers.Dense(3)(inputs), mask)
    model = keras.Model([inputs, mask], potentials)
    model.compile(keras.optimizers.Adam(0.3), crf_loss)
    return model


def test_what_only_transitions_tell_is_learnt():
    inputs, tags = zigzag(32, 6, np.random.default_rng(0))
    model = tagger()
    mask = np.ones(tags.shape, bool)
    before = model.evaluate([inputs, mask], tags, verbose=0)
    assert before == pytest.approx(6 * np.log(3), rel=1e-4)  # every tag as likely as any other
    model.fit([inputs, mask], tags, epochs=40, batch_size=32, verbose=0)
    after = model.evaluate([inputs, mask], tags, verbose=0)
    assert after == pytest.approx(np.log(3), abs=0.1)  # all that is left to guess is the first tag
    best = np.array(viterbi(model([inputs[:1], mask[:1]]))[0])[0]
    assert (np.diff(best) % 3 == 1).all()


def test_saved_and_exported_it_gives_the_same(tmp_path, run_forked):
    inputs, tags = zigzag(8, 5, np.random.default_rng(0))
    inputs = inputs + np.random.default_rng(1).normal(size=inputs.shape).astype("float32")
    mask = np.arange(5) < np.array([[5, 1, 3, 4, 2, 5, 5, 1]]).T
    allowed = np.ones((4, 4), bool)
    allowed[0, 2] = False
    model = tagger(allowed)
    model.fit([inputs, mask], np.where(mask, tags, -1), epochs=2, verbose=0)
    expected = np.array(model([inputs, mask]))
    model.save(tmp_path / "model.keras")
    model.export(tmp_path / "saved", verbose=False)
    np.savez(tmp_path / "x.npz", inputs=inputs, mask=mask, tags=np.where(mask, tags, -1))
    run_forked(
        """
import sys, keras, numpy as np, tensorflow as tf
folder = sys.argv[1]
x = np.load(folder + "/x.npz")
served = tf.saved_model.load(folder + "/saved")
served = np.array(served.serve([x["inputs"], x["mask"]]))
import keras_rnn_recipes.layers
model = keras.models.load_model(folder + "/model.keras")
found = np.array(model([x["inputs"], x["mask"]]))
loss = model.evaluate([x["inputs"], x["mask"]], x["tags"], verbose=0)
np.savez(folder + "/y.npz", served=served, found=found, loss=loss)
""",
        str(tmp_path),
    )
    with np.load(tmp_path / "y.npz") as again:
        np.testing.assert_allclose(again["served"], expected, rtol=1e-6)
        np.testing.assert_array_equal(again["found"], expected)
        loss = model.evaluate([inputs, mask], np.where(mask, tags, -1), verbose=0)
        assert float(again["loss"]) == pytest.approx(loss)


@pytest.mark.parametrize(
    ("num_tags", "allowed", "message"),
    [
        (0, None, "num_tags must be at least 1; received 0"),
        (2, np.ones((2, 2)), r"allowed must have the shape \(3, 3\).*received \(2, 2\)"),
        (2, np.eye(3), "must let a sequence begin and end"),
    ],
)
def test_what_cannot_be_is_refused(num_tags, allowed, message):
    with pytest.raises(ValueError, match=message):
        CRF(num_tags, allowed)


def test_emissions_of_another_width_are_refused():
    with pytest.raises(ValueError, match="num_tags=3 channels; received 2"):
        CRF(3)(np.zeros((1, 4, 2)))
