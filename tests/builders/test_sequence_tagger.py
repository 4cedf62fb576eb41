"""The tagger: shapes, padding, gradients, what spelling and words tell, saving and serving."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from keras_rnn_recipes.builders import sequence_tagger
from keras_rnn_recipes.decoding.viterbi import viterbi
from keras_rnn_recipes.layers import crf_loss
from keras_rnn_recipes.layers.cells import CELLS

LENGTHS = (6, 1, 4, 3)
SPELLINGS = ("conv", *CELLS)


def tagger(**options):
    keras.utils.set_random_seed(5)
    small = {"units": 6, "embedding_size": 5, "character_units": 4, "character_embedding_size": 3}
    return sequence_tagger(20, 3, **{**small, **options})


def sentences(characters=True, lengths=LENGTHS, seed=0):
    """Ids of tokens, of their characters, and tags; padded on the right."""
    rng = np.random.default_rng(seed)
    real = np.arange(max(lengths)) < np.array(lengths)[:, None]
    tokens = np.where(real, rng.integers(1, 20, real.shape), 0)
    widths = rng.integers(1, 6, real.shape)
    spelled = np.arange(5) < np.where(real, widths, 0)[..., None]
    spelling = np.where(spelled, rng.integers(1, 9, spelled.shape), 0)
    tags = np.where(real, rng.integers(0, 3, real.shape), -1)
    return ([tokens, spelling] if characters else tokens), tags


@pytest.mark.parametrize("crf", [True, False])
@pytest.mark.parametrize("characters", [0, 9])
def test_names_and_shapes(crf, characters):
    model = tagger(num_characters=characters, crf=crf)
    names = ["tokens", "characters"][: 2 if characters else 1]
    assert [tensor.name for tensor in model.inputs] == names
    assert {tensor.dtype for tensor in model.inputs} == {"int32"}
    inputs, _ = sentences(bool(characters))
    found = np.array(model(inputs))
    assert found.shape == ((4, 6, 3, 3) if crf else (4, 6, 3))
    assert model.output.shape == (None, None, *found.shape[2:])
    if characters:
        by_name = model(dict(zip(names, inputs, strict=True)))
        np.testing.assert_array_equal(by_name, found)


@pytest.mark.parametrize("spelling", ["conv", "gru"])
def test_members_answer_by_the_mean_of_their_probabilities(spelling):
    model = tagger(num_characters=9, character_cell=spelling, members=3)
    inputs, _ = sentences()
    layers = [model.get_layer(f"emissions_member_{k}").output for k in (1, 2, 3)]
    scores = [np.array(one) for one in keras.Model(model.inputs, layers)(inputs)]
    assert not np.allclose(scores[0], scores[1])
    mean = np.log(np.mean(scipy.special.softmax(scores, axis=-1), axis=0))
    found = keras.Model(model.inputs, model.get_layer("emissions_mean").output)(inputs)
    np.testing.assert_allclose(found, mean, rtol=1e-5, atol=1e-5)
    potentials = model.get_layer("potentials")(mean, inputs[0] != 0)
    np.testing.assert_allclose(model(inputs), potentials, rtol=1e-5, atol=1e-5)


def test_each_member_learns_from_its_share_of_a_batch():
    model = tagger(members=2, crf=False, dropout=0, units=4)
    tokens, _ = sentences(characters=False)
    with tf.GradientTape() as tape:
        half = tf.reduce_sum(model(tokens, training=True)[:2] ** 2)
    found = tape.gradient(half, model.trainable_variables)
    moved = {
        variable.path: bool(np.any(tf.convert_to_tensor(slope)))
        for variable, slope in zip(model.trainable_variables, found, strict=True)
    }
    assert moved == {path: "member_1" in path for path in moved} and any(moved.values())


@pytest.mark.parametrize("crf", [True, False])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_padding_and_other_sentences_never_change_a_result(spelling, crf):
    """Every sentence alone, without any padding, gives what it gives in a batch that is padded."""
    model = tagger(num_characters=9, character_cell=spelling, crf=crf, units=(6, 4))
    (tokens, characters), _ = sentences()
    wide = [np.pad(tokens, ((0, 0), (0, 3))), np.pad(characters, ((0, 0), (0, 3), (0, 2)))]
    found = np.array(model(wide))
    for row, length in enumerate(LENGTHS):
        letters = characters[row : row + 1, :length]
        letters = letters[..., : (letters > 0).sum(axis=-1).max()]
        alone = np.array(model([tokens[row : row + 1, :length], letters]))
        np.testing.assert_allclose(found[row, :length], alone[0], rtol=1e-4, atol=1e-5)
        if crf:
            best = np.array(viterbi(found[row : row + 1])[0])[0, :length]
            np.testing.assert_array_equal(best, np.array(viterbi(alone)[0])[0])


@pytest.mark.parametrize(
    ("cell", "spelling"), [("lstm", "conv"), ("gru", "lstm"), ("simple_rnn", "gru")]
)
def test_every_weight_receives_a_gradient(cell, spelling):
    model = tagger(
        num_characters=9, cell=cell, character_cell=spelling, units=(6, 6), residual=True
    )
    inputs, tags = sentences()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(crf_loss(tags, model(inputs, training=True)))
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_variables])
    for weight, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, weight.path
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 1e-8, weight.path
    kernels = [weight for weight in model.trainable_variables if "recurrent_kernel" in weight.path]
    assert len(kernels) == 4 + 2 * (spelling != "conv")


def test_a_tag_depends_on_words_before_and_after():
    model = tagger(crf=False)
    tokens, _ = sentences(characters=False, lengths=(6,))
    expected = np.array(model(tokens))[0]
    for step in range(6):
        changed = tokens.copy()
        changed[0, step] = tokens[0, step] % 19 + 1
        assert (np.abs(np.array(model(changed))[0] - expected).max(axis=1) > 1e-7).all()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_character_of_a_token_tells(spelling):
    model = tagger(num_characters=9, character_cell=spelling, character_units=24, crf=False)
    tokens, characters = np.array([[3]]), np.array([[[1, 2, 3, 4, 5]]])
    expected = np.array(model([tokens, characters]))
    for place in range(5):
        changed = characters.copy()
        changed[..., place] = 8
        assert np.abs(np.array(model([tokens, changed])) - expected).max() > 1e-7
    backwards = np.array(model([tokens, characters[..., ::-1]]))
    assert np.abs(backwards - expected).max() > 1e-7


def test_what_the_spelling_tells_of_a_token_is_by_convolution_the_greatest_answer():
    """By a loop over the places, with zero beyond both ends."""
    model = tagger(num_characters=9)
    (tokens, characters), _ = sentences()
    vectors, kernel, bias = model.get_layer("spelling").get_weights()
    joined = model.get_layer("words_and_spelling").output
    found = np.array(keras.Model(model.inputs, joined)([tokens, characters]))[..., 5:]
    assert (found.max(axis=(0, 1)) > 0).any()
    for row, step in itertools.product(range(4), range(6)):
        letters = characters[row, step][characters[row, step] > 0]
        spelled = np.vstack([np.zeros(3), vectors[letters].reshape(-1, 3), np.zeros(3)])
        answers = [np.zeros(4)]
        for place in range(len(letters)):
            seen = spelled[place : place + 3]
            answers.append(bias + np.einsum("kc,kcf->f", seen, kernel))
        np.testing.assert_allclose(found[row, step], np.max(answers, axis=0), atol=1e-5)


def test_words_are_dropped_only_in_training_and_padding_never():
    model = tagger(word_dropout=0.5, dropout=0.0)
    vectors = keras.Model(model.input, model.get_layer("word_vectors").output)
    unknown, padding = vectors.get_layer("word_vectors").get_weights()[0][[1, 0]]
    tokens = np.concatenate([np.full((1, 400), 7), np.zeros((1, 100), int)], axis=1)
    found = np.array(vectors(tokens, training=True))[0]
    dropped = (found[:400] == unknown).all(axis=1)
    assert 0.4 < dropped.mean() < 0.6
    assert (found[400:] == padding).all()
    again = np.array(vectors(tokens))[0]
    assert not (again[:400] == unknown).all(axis=1).any()


@pytest.mark.parametrize("width", [5, 8])
def test_vectors_are_taken_over_with_their_width_and_trained_on(width):
    matrix = np.random.default_rng(0).normal(size=(20, width)).astype("float32")
    model = tagger(embeddings=matrix)
    np.testing.assert_array_equal(model.get_layer("word_vectors").get_weights()[0], matrix)
    inputs, tags = sentences(characters=False)
    model.compile("sgd", crf_loss)
    model.fit(inputs, tags, verbose=0)
    assert np.abs(model.get_layer("word_vectors").get_weights()[0] - matrix).max() > 0


def test_forbidden_transitions_are_never_taken():
    """Tag 2 only after tag 1, and never first: whatever the random weights say."""
    allowed = np.ones((4, 4), bool)
    allowed[[0, 2, 3], 2] = False
    model = tagger(allowed=allowed)
    tokens = np.random.default_rng(0).integers(1, 20, (50, 12))
    best = np.array(viterbi(10 * model(tokens))[0])
    assert (best == 2).any()
    before = np.concatenate([np.zeros((50, 1), int), best[:, :-1]], axis=1)
    assert set(before[best == 2]) == {1}


@pytest.mark.slow
def test_a_toy_that_needs_both_sides_and_the_spelling_is_learnt():
    """The tag: does the token before or after it begin with the letter 1? Words tell nothing."""
    rng = np.random.default_rng(0)
    characters = rng.integers(1, 4, (64, 7, 3))
    begins = np.pad(characters[..., 0] == 1, ((0, 0), (1, 1)))
    tags = (begins[:, :-2] | begins[:, 2:]).astype(int)
    model = tagger(num_characters=4, units=16, dropout=0.0, character_units=12)
    model.compile(keras.optimizers.Adam(0.02), crf_loss)
    inputs = [np.ones((64, 7), int), characters]
    model.fit(inputs, tags, epochs=40, batch_size=32, verbose=0)
    np.testing.assert_array_equal(viterbi(model(inputs))[0], tags)


LOAD = """
import sys, keras, numpy as np, tensorflow as tf
folder = sys.argv[1]
x = np.load(folder + "/x.npz")
inputs = [x["tokens"], x["characters"]]
served = tf.saved_model.load(folder + "/saved")
served = np.array(served.serve([tf.constant(part, tf.int32) for part in inputs]))
import keras_rnn_recipes.layers
model = keras.models.load_model(folder + "/model.keras")
found, loss = np.array(model(inputs)), model.evaluate(inputs, x["tags"], verbose=0)
np.savez(folder + "/y.npz", served=served, found=found, loss=loss)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("spelling", "members"), [("conv", 2), ("lstm", 1)])
def test_saved_and_exported_it_gives_the_same(spelling, members, tmp_path, run_forked):
    model = tagger(num_characters=9, character_cell=spelling, word_dropout=0.2, members=members)
    inputs, tags = sentences()
    model.compile("adam", crf_loss)
    model.fit(inputs, tags, epochs=2, verbose=0)
    expected, loss = np.array(model(inputs)), model.evaluate(inputs, tags, verbose=0)
    model.save(tmp_path / "model.keras")
    model.export(tmp_path / "saved", verbose=False)
    np.savez(tmp_path / "x.npz", tokens=inputs[0], characters=inputs[1], tags=tags)
    run_forked(LOAD, str(tmp_path))
    with np.load(tmp_path / "y.npz") as again:
        np.testing.assert_allclose(again["found"], expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(again["served"], expected, rtol=1e-5, atol=1e-5)
        assert float(again["loss"]) == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"crf": False, "allowed": np.ones((4, 4))}, "allowed needs crf=True"),
        ({"num_characters": 9, "character_cell": "rnn"}, r"character_cell must be one of \('conv'"),
        ({"num_characters": -1}, "num_characters must be at least 1; received -1"),
        ({"cell": "conv"}, r"cell must be one of \('simple_rnn'"),
        ({"embeddings": np.zeros((19, 5))}, r"a row for each of 20 ids; .* \(19, 5\)"),
        ({"num_fixed": 2}, "num_fixed needs embeddings"),
        ({"embedding_size": 0}, "embedding_size must be at least 1; received 0"),
        ({"character_units": 0, "num_characters": 9}, "character_units must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tagger(**options)
