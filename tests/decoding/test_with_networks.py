"""Decoding with real networks, beside the same networks run over whole sequences again."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from decoding.test_beam import penalised
from decoding.toys import END, START, every_hypothesis, without_padding

from keras_rnn_recipes.builders import (
    decoding_functions,
    encoder_decoder,
    generating_functions,
    language_model,
)
from keras_rnn_recipes.decoding.beam import beam_search
from keras_rnn_recipes.decoding.greedy import greedy
from keras_rnn_recipes.decoding.sampling import sample

SOURCE = np.array([[4, 5, 6], [6, 0, 0]], "int32")


def random_weights(model):
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.9, w.shape) for w in model.get_weights()])
    return model


def log_softmax(logits):
    logits = np.array(logits, "float64")
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def score_of_whole(model, source, tokens):
    """The log probability of a target, all of it given to the network at once."""
    target = np.array([[START, *tokens[:-1]]], "int32")
    found = log_softmax(model({"source": source, "target": target}))[0]
    return sum(found[place, token] for place, token in enumerate(tokens))


def loop_beam(model, source, *, width, max_length, alpha):
    running, ended = [(0.0, ())], []
    for length in range(1, max_length + 1):
        grown = [
            (score_of_whole(model, source, (*tokens, token)), (*tokens, token))
            for _, tokens in running
            for token in (1, 3, 4, 5)
        ]
        best = sorted(grown, reverse=True)[: 2 * width]
        ended += [(penalised(s, length, alpha), t) for s, t in best[:width] if t[-1] == END]
        ended = sorted(ended, reverse=True)[:width]
        running = [(s, t) for s, t in best if t[-1] != END][:width]
    return [*ended, *((penalised(s, max_length, alpha), t) for s, t in running)][:width]


def test_beam_search_in_a_graph_equals_a_loop_over_the_whole_network():
    model = random_weights(encoder_decoder(7, 6, units=5, embedding_size=4))
    begin, step = decoding_functions(model)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def search(source):
        beams = beam_search(
            step, begin(source), beam_width=2, max_length=3, attention_size=tf.shape(source)[1]
        )
        return beams, greedy(step, begin(source), max_length=3)

    (tokens, scores, attention), (best, _) = search(SOURCE)
    for row, length in enumerate((3, 1)):
        source = SOURCE[row : row + 1, :length]
        expected = loop_beam(model, source, width=2, max_length=3, alpha=0.6)
        assert [without_padding(t) for t in tokens[row]] == [t for _, t in expected]
        np.testing.assert_allclose(scores[row], [s for s, _ in expected], rtol=1e-4)
        alone = loop_beam(model, source, width=1, max_length=3, alpha=0)
        assert without_padding(best[row]) == alone[0][1]
        real = len(without_padding(tokens[row][0]))
        seen = np.array(attention)[row, 0, :real]
        np.testing.assert_allclose(seen.sum(axis=-1), 1, rtol=1e-5)
        assert (seen[:, length:] == 0).all()


def test_beam_search_of_an_ensemble_equals_brute_force():
    """Every text of up to three tokens, by the mean of the probabilities of two networks."""
    model = random_weights(encoder_decoder(7, 6, units=5, embedding_size=4, members=2))
    source, alone = SOURCE[:1], []
    for member in (1, 2):
        alone.append(encoder_decoder(7, 6, units=5, embedding_size=4))
        named = f"_member_{member}"
        alone[-1].set_weights([w.numpy() for w in model.weights if named in w.path.split("/")[0]])
    ended, going_on = every_hypothesis((1, 3, 4, 5), 3)
    every = np.array([(*tokens, *[0] * (3 - len(tokens))) for tokens in [*ended, *going_on]])
    target = np.insert(every[:, :2], 0, START, axis=1)
    given = {"source": np.repeat(source, len(every), axis=0), "target": target}
    mean = np.log(np.mean([np.exp(log_softmax(one(given))) for one in alone], axis=0))
    chosen = np.take_along_axis(mean, every[:, :, None], axis=2)[..., 0]
    lengths = (every != 0).sum(axis=1)
    scores = penalised(np.where(every != 0, chosen, 0).sum(axis=1), lengths, 0.6)[: len(ended)]

    begin, step = decoding_functions(model)
    beams = beam_search(step, begin(source), beam_width=len(every), max_length=3)
    best = np.argsort(-scores)
    np.testing.assert_allclose(beams.scores[0, : len(ended)], scores[best], rtol=1e-4)
    found = [without_padding(tokens) for tokens in beams.tokens[0, : len(ended)]]
    assert found == [ended[number] for number in best]


def test_a_text_goes_on_as_the_whole_network_says():
    model = random_weights(language_model(9, units=(6, 4), embedding_size=5))
    begin, step = generating_functions(model)
    prompts = np.array([[2, 5, 4, 7], [2, 8, 0, 0]], "int32")
    found = tf.function(
        lambda tokens: sample(step, *begin(tokens), length=6, temperature=0, never=()).tokens
    )(prompts)
    for row, length in enumerate((4, 2)):
        text = prompts[row, :length].tolist()
        for _ in range(6):
            text.append(int(np.argmax(np.array(model(np.array([text])))[0, -1])))
        assert np.array(found)[row].tolist() == text[length:]


@pytest.mark.slow
def test_reversing_is_learnt_and_decoded():
    """A toy that must be solved: two digits the other way round."""
    keras.utils.set_random_seed(0)
    pairs = np.array([[a, b] for a in range(4, 8) for b in range(4, 8)], "int32")
    target = np.insert(np.insert(pairs[:, ::-1], 0, START, axis=1), 3, END, axis=1)
    model = encoder_decoder(8, 8, cell="gru", units=16, embedding_size=8)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss, jit_compile=False)
    inputs = {"source": pairs, "target": target[:, :-1]}
    model.fit(inputs, target[:, 1:], batch_size=16, epochs=100, verbose=0)
    begin, step = decoding_functions(model)
    tokens = beam_search(step, begin(pairs), beam_width=3, max_length=3).tokens
    np.testing.assert_array_equal(np.array(tokens)[:, 0], target[:, 1:])
