"""Paths: three in the textbook, as many as the closed form says, and their sum the gradient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.bptt.cells import GRUCell, LSTMCell, SimpleRNNCell
from keras_rnn_recipes.bptt.network import Network, Readout, backward, forward
from keras_rnn_recipes.bptt.paths import count_paths, paths
from keras_rnn_recipes.bptt.textbook import two_linear_layers

OPTIONS = {"loss": "squared_error", "reduction": "sum"}


def test_the_textbook_case_has_three_paths_with_the_values_of_the_textbook():
    ws, wx, wz, wu, wv = 0.5, 0.8, 0.6, 0.9, 1.1
    network, x, target = two_linear_layers(ws, wx, wz, wu, wv)
    x1, x2 = x.ravel()
    s1 = wx * x1
    s2 = ws * s1 + wx * x2
    y = wv * (wz * wu * s1 + wu * s2)
    assert forward(network, x).outputs[0, 1, 0] == pytest.approx(y)
    slope = 2 * (y - target.item()) * wv
    by_hand = [slope * wu * x2, slope * wu * ws * x1, slope * wz * wu * x1]
    found = paths(network, x, target, steps=1, **OPTIONS)
    assert [path.gradients[0].item() for path in found] == pytest.approx(by_hand)
    gradient = backward(network, x, target, steps=1, **OPTIONS).cells[0][0].item()
    assert sum(by_hand) == pytest.approx(gradient)


def drawn_network(kinds: list[str], units: int, seed: int) -> tuple[Network, np.random.Generator]:
    random = np.random.default_rng(seed)
    cells, inputs = [], 2
    for kind in kinds:
        gates = {"lstm": 4, "gru": 3}.get(kind, 1) * units
        bias = random.normal(size=(2, gates) if kind == "gru" else gates)
        weights = (random.normal(size=(inputs, gates)), random.normal(size=(units, gates)), bias)
        cells.append({"lstm": LSTMCell, "gru": GRUCell}.get(kind, SimpleRNNCell)(weights))
        inputs = units
    readout = Readout(random.normal(size=(units, 2)), random.normal(size=2), "sigmoid")
    return Network(tuple(cells), readout), random


@draws(40)
@given(
    kinds=st.lists(st.sampled_from(["simple_rnn", "lstm", "gru"]), min_size=1, max_size=3),
    units=st.integers(1, 3),
    total=st.integers(1, 4),
    last=st.integers(1, 4),
    seed=st.integers(0, 999),
    data=st.data(),
)
def test_their_sum_is_the_gradient_and_their_number_the_closed_form(
    kinds, units, total, last, seed, data
):
    network, random = drawn_network(kinds, units, seed)
    layer = data.draw(st.integers(0, len(kinds) - 1))
    steps = min(last, total)
    x, targets = random.normal(size=(2, total, 2)), random.random((2, steps, 2))
    found = paths(network, x, targets, layer=layer, steps=steps, **OPTIONS)
    expected = backward(network, x, targets, steps=steps, **OPTIONS).cells[layer]
    for number, slope in enumerate(expected):
        total_of_paths = sum(path.gradients[number] for path in found)
        np.testing.assert_allclose(total_of_paths, slope, rtol=1e-9, atol=1e-12)
    outputs = range(total - steps, total)
    assert len(found) == sum(count_paths(len(kinds), t, layer) for t in outputs)
    assert len({path.nodes for path in found}) == len(found)
    for path in found:
        assert path.nodes[-1][0] == layer and path.lag >= 0
        for (above, later), (below, earlier) in zip(path.nodes, path.nodes[1:], strict=False):
            assert (above - below, later - earlier) in ((0, 1), (1, 0))
