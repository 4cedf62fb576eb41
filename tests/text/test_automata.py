import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.text.automata import (
    FORBIDDEN,
    character_ngram,
    weighted,
    word_list,
    word_ngram,
)

A, B, SPACE = 1, 2, 3
SYMBOLS = 4

texts = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=6), min_size=1, max_size=5)


def run(automaton, text):
    state, total = automaton.start, 0.0
    for symbol in text:
        total += float(automaton.scores[state, symbol])
        state = automaton.next[state, symbol]
    return total + float(automaton.final[state])


def witten_bell(rows, context, symbol, choices):
    """The probability of a symbol after a context, by its definition."""
    length = len(context)
    counts = Counter(
        row[place]
        for row in rows
        for place in range(length, len(row))
        if row[place - length : place] == context and place >= row.count(-1)
    )
    shorter = witten_bell(rows, context[1:], symbol, choices) if context else 1 / choices
    if not counts:
        return shorter
    return (counts[symbol] + len(counts) * shorter) / (counts.total() + len(counts))


@draws(30)
@given(texts=texts, order=st.integers(1, 4), text=st.lists(st.integers(1, 3), max_size=5))
def test_a_text_has_the_probability_of_its_definition(texts, order, text):
    # -1 stands for the beginning, 0 for the end.
    rows = [(*[-1] * (order - 1), *one, 0) for one in texts]
    asked = (*[-1] * (order - 1), *text, 0)
    wanted = sum(
        math.log(witten_bell(rows, asked[place - order + 1 : place], asked[place], SYMBOLS))
        for place in range(order - 1, len(asked))
    )
    assert np.isclose(run(character_ngram(texts, SYMBOLS, order=order), text), wanted, atol=1e-3)


@draws(20)
@given(texts=texts, order=st.integers(1, 4))
def test_what_follows_each_state_sums_to_one(texts, order):
    model = character_ngram(texts, SYMBOLS, order=order)
    sums = np.exp(model.scores[:, 1:]).sum(axis=1) + np.exp(model.final)
    assert np.allclose(sums, 1, atol=1e-4)
    assert model.next.max() < len(model.next)


def test_unknown_contexts_fall_back_to_shorter_ones():
    model = character_ngram([[A, B]], SYMBOLS, order=3)
    after = [run(model, [SPACE, A, B]) - run(model, [SPACE, A, SPACE])]
    assert after[0] > 0


WORDS = [[A, SPACE, A, B], [A, B], [A, SPACE, B]]


@pytest.mark.parametrize("order", [1, 2])
def test_texts_of_words_have_the_probability_of_the_words(order):
    model = word_ngram(WORDS, SYMBOLS, space=SPACE, order=order)
    numbers = {(A,): 1, (A, B): 2, (B,): 3}
    rows = [(-1,) * (order - 1) + one for one in ((1, 2, 0), (2, 0), (1, 3, 0))]
    for spoken in itertools.product(numbers, repeat=2):
        text = [*spoken[0], SPACE, *spoken[1]]
        asked = (-1,) * (order - 1) + (numbers[spoken[0]], numbers[spoken[1]], 0)
        wanted = sum(
            math.log(witten_bell(rows, asked[place - order + 1 : place], asked[place], 4))
            for place in range(order - 1, len(asked))
        )
        assert np.isclose(run(model, text), wanted, atol=1e-3)


@pytest.mark.parametrize("order", [1, 2])
def test_only_known_words_are_allowed(order):
    model = word_ngram(WORDS, SYMBOLS, space=SPACE, order=order)
    known = {(A,), (A, B), (B,)}
    for length in range(1, 5):
        for text in itertools.product((A, B, SPACE), repeat=length):
            words = "".join(map(str, text)).split("3")
            allowed = all(tuple(map(int, word)) in known for word in words)
            assert (run(model, text) > FORBIDDEN / 2) == allowed


def test_a_word_list_scores_all_its_texts_alike():
    model = word_list([[A], [A, B]], SYMBOLS, space=SPACE)
    assert run(model, [A, SPACE, A, B]) == run(model, [A]) == 0
    assert run(model, [B]) <= FORBIDDEN


def test_a_weight_and_a_bonus_act_on_every_symbol():
    model = character_ngram(WORDS, SYMBOLS, order=2)
    text = [A, B, SPACE]
    found = run(weighted(model, 0.5, 0.25), text)
    assert np.isclose(found, 0.5 * run(model, text) + 0.25 * 3, atol=1e-4)
    allowed = weighted(word_list([[A]], SYMBOLS, space=SPACE), 0.5, 0.25)
    assert run(allowed, [B]) <= FORBIDDEN


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: character_ngram([[A]], SYMBOLS, order=0), "order"),
        (lambda: word_ngram([[A]], SYMBOLS, space=SPACE, order=3), "order"),
        (lambda: word_ngram([], SYMBOLS, space=SPACE), "at least one word"),
        (lambda: word_ngram([[A]], 50_000_000, space=SPACE), "too many"),
    ],
)
def test_what_cannot_be_made_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
