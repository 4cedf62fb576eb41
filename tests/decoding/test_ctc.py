import functools
import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.decoding.ctc import ctc_beam_search, ctc_greedy
from keras_rnn_recipes.text.automata import character_ngram, weighted, word_list, word_ngram

SYMBOLS, STEPS = 4, 5  # the last symbol is the space
TEXTS = ([1, 2, 1], [1, 3, 2, 2], [2])


def random_log_probabilities(seed, rows=2, steps=STEPS):
    logits = np.random.default_rng(seed).normal(0, 2, (rows, steps, SYMBOLS))
    return (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype("float32")


def collapse(path):
    """The symbols of an alignment."""
    return tuple(one for one, _ in itertools.groupby(path) if one)


def all_probabilities(log_probabilities):
    """The log probability of every text, as a sum over all of its alignments."""
    found = {}
    for path in itertools.product(range(SYMBOLS), repeat=len(log_probabilities)):
        score = sum(log_probabilities[step, symbol] for step, symbol in enumerate(path))
        text = collapse(path)
        found[text] = np.logaddexp(found.get(text, -np.inf), score)
    return found


def run(automaton, text):
    state, total = automaton.start, 0.0
    for symbol in text:
        total += automaton.scores[state, symbol]
        state = automaton.next[state, symbol]
    return total + automaton.final[state]


def symbols_of(row):
    return tuple(int(one) for one in np.array(row) if one)


AUTOMATA = {
    "none": (),
    "characters": (weighted(character_ngram(TEXTS, SYMBOLS, order=3), 0.7, 0.4),),
    "words": (word_ngram(TEXTS, SYMBOLS, space=3, order=2),),
    "both": (
        character_ngram(TEXTS, SYMBOLS, order=2),
        word_list([[1], [1, 2]], SYMBOLS, space=3),
    ),
}


@functools.cache
def search(kind, width):
    """A compiled search, which is many times faster than step by step."""
    return tf.function(
        lambda given: ctc_beam_search(given, beam_width=width, automata=AUTOMATA[kind]),
        reduce_retracing=True,
    )


@pytest.mark.parametrize("kind", AUTOMATA)
@draws(20)
@given(seed=st.integers(0, 10_000))
def test_a_wide_beam_finds_the_best_of_all_texts(kind, seed):
    log_probabilities = random_log_probabilities(seed)
    found = search(kind, 200)(log_probabilities)  # there are fewer texts of five steps
    for row, symbols, score in zip(log_probabilities, found.symbols, found.scores, strict=True):
        totals = {
            text: score + sum(run(one, text) for one in AUTOMATA[kind])
            for text, score in all_probabilities(row).items()
        }
        best = max(totals, key=totals.get)
        assert np.isclose(totals[symbols_of(symbols)], totals[best], atol=1e-4)
        assert np.isclose(float(score), totals[best], atol=1e-3)


@draws(20)
@given(seed=st.integers(0, 10_000))
def test_greedy_decoding_is_the_best_alignment(seed):
    log_probabilities = random_log_probabilities(seed)
    found = ctc_greedy(log_probabilities)
    for row, symbols, steps, score in zip(log_probabilities, *found, strict=True):
        best = max(
            itertools.product(range(SYMBOLS), repeat=STEPS),
            key=lambda path: sum(row[step, symbol] for step, symbol in enumerate(path)),
        )
        assert symbols_of(symbols) == collapse(best)
        assert np.isclose(float(score), sum(row[step, one] for step, one in enumerate(best)))
        begins = [n for n, one in enumerate(best) if one and (n == 0 or best[n - 1] != one)]
        assert np.array(steps)[: len(begins)].tolist() == begins


@draws(20)
@given(seed=st.integers(0, 10_000), width=st.sampled_from([1, 3, 8]))
def test_padding_and_company_change_no_answer(seed, width):
    log_probabilities = random_log_probabilities(seed, rows=2, steps=6)
    padding = np.full((2, 3, SYMBOLS), -1e9, "float32")
    padding[:, :, 0] = 0
    padded = np.concatenate([log_probabilities, padding], axis=1)
    decode = search("characters", width)
    whole = decode(padded)
    for row in range(2):
        alone = decode(log_probabilities[row : row + 1])
        assert symbols_of(alone.symbols[0]) == symbols_of(whole.symbols[row])
        assert np.isclose(float(alone.scores[0]), float(whole.scores[row]), atol=1e-4)
        count = len(symbols_of(alone.symbols[0]))
        assert np.array_equal(alone.steps[0, :count], whole.steps[row, :count])


def peaks(path, sure=0.98):
    """Log probabilities that are almost certain of an alignment."""
    found = np.full((1, len(path), SYMBOLS), (1 - sure) / (SYMBOLS - 1), "float32")
    found[0, np.arange(len(path)), list(path)] = sure
    return np.log(found)


@pytest.mark.parametrize("width", [2, 16])
def test_characters_begin_where_their_peaks_are(width):
    found = ctc_beam_search(peaks([0, 0, 1, 1, 0, 1, 0, 2, 0, 0]), beam_width=width)
    assert symbols_of(found.symbols[0]) == (1, 1, 2)
    assert np.array(found.steps)[0, :3].tolist() == [2, 5, 7]


def test_a_word_list_corrects_a_word_that_it_does_not_hold():
    heard = peaks([1, 0, 1, 0, 2], sure=0.6)
    assert symbols_of(ctc_beam_search(heard).symbols[0]) == (1, 1, 2)
    allowed = word_list([[1, 2], [2, 2]], SYMBOLS, space=3)
    assert symbols_of(ctc_beam_search(heard, automata=[allowed]).symbols[0]) == (1, 2)


def test_a_row_without_allowed_texts_still_has_an_answer():
    allowed = word_list([[1, 1, 1, 1]], SYMBOLS, space=3)  # four equal symbols need seven steps
    found = ctc_beam_search(random_log_probabilities(0), automata=[allowed])
    assert np.isfinite(np.array(found.scores)).all()


def test_hundreds_of_steps_stay_finite():
    found = search("none", 4)(random_log_probabilities(3, rows=1, steps=400))
    assert np.isfinite(np.array(found.scores)).all()
    steps = np.array(found.steps)[0, : len(symbols_of(found.symbols[0]))]
    assert (np.diff(steps) > 0).all()


def test_a_beam_below_one_is_refused():
    with pytest.raises(ValueError, match="beam_width"):
        ctc_beam_search(random_log_probabilities(0), beam_width=0)


JAX = """
import numpy as np
from keras_rnn_recipes.decoding.ctc import ctc_beam_search

half = np.log([[[0.6, 0.4], [0.6, 0.4]]]).astype("float32")
found = ctc_beam_search(half)
assert np.array(found.symbols).tolist() == [[1, 0]]
assert round(float(np.exp(found.scores)[0]), 2) == 0.64
"""


def test_the_search_runs_on_jax(run_under_backend):
    run_under_backend("jax", JAX)
