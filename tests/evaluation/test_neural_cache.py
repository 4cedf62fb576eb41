"""The cache against a loop over all positions, and the weights of a mixture against their peak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.evaluation.neural_cache import (
    cache_probabilities,
    mixed_nats,
    mixture_weights,
)


@given(
    seed=st.integers(0, 100),
    count=st.integers(1, 400),
    size=st.integers(1, 300),
    flatness=st.sampled_from([0.0, 0.3, 2.0]),
)
def test_a_token_has_the_weight_of_the_states_that_it_followed(seed, count, size, flatness):
    random = np.random.default_rng(seed)
    hidden = random.normal(size=(count, 3)).astype("float32")
    ids = random.integers(0, 5, count)
    found = cache_probabilities(hidden, ids, size=size, flatness=flatness)
    for at in random.integers(0, count, 5):
        before = range(max(at - size, 0), at)
        weights = {i: np.exp(flatness * float(hidden[at] @ hidden[i])) for i in before}
        same = sum(weight for i, weight in weights.items() if ids[i] == ids[at])
        expected = same / sum(weights.values()) if weights else 0.0
        assert found[at] == pytest.approx(expected, rel=1e-4)


def test_the_shares_of_all_tokens_add_to_one():
    hidden = np.random.default_rng(0).normal(size=(20, 4))
    ids = np.arange(20) % 3
    totals = 0.0
    for token in range(3):
        last = np.append(ids[:-1], token)
        totals += cache_probabilities(hidden, last, size=8, flatness=1.0)[-1]
    assert totals == pytest.approx(1.0)


def test_the_weights_of_a_mixture_are_those_of_the_highest_likelihood():
    random = np.random.default_rng(3)
    table = {"one": random.uniform(0.1, 1, 500), "two": random.uniform(0, 0.9, 500)}
    weights = mixture_weights(table, steps=2000)
    grid = np.linspace(0.001, 0.999, 999)
    errors = [mixed_nats(table, {"one": w, "two": 1 - w}).mean() for w in grid]
    assert weights["one"] == pytest.approx(grid[int(np.argmin(errors))], abs=2e-3)
    assert sum(weights.values()) == pytest.approx(1.0)
