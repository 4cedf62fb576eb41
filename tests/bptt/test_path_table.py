"""The table and the drawing of paths, against the textbook and products of matrices."""

from __future__ import annotations

import io

import numpy as np
import pytest
from bptt.drawn import KINDS, network_of_kinds

from keras_rnn_recipes.bptt.cells import SimpleRNNCell
from keras_rnn_recipes.bptt.network import Network, Readout, backward, forward
from keras_rnn_recipes.bptt.path_drawing import draw_paths
from keras_rnn_recipes.bptt.path_table import jacobian, paths_table
from keras_rnn_recipes.bptt.paths import paths
from keras_rnn_recipes.bptt.textbook import two_linear_layers

OPTIONS = {"loss": "squared_error", "reduction": "sum", "steps": 1}


def test_the_table_of_the_textbook():
    ws, wx, wz, wu, wv = 0.5, 0.8, 0.6, 0.9, 1.1
    network, x, target = two_linear_layers(ws, wx, wz, wu, wv)
    found = paths(network, x, target, **OPTIONS)
    table = paths_table(network, x, found, names="SZ").set_index("path")
    assert table.index.tolist() == ["Z2 -> S2", "Z2 -> S2 -> S1", "Z2 -> Z1 -> S1"]
    assert table["lag"].tolist() == [0, 1, 1]
    assert table["jacobian"].tolist() == pytest.approx([wu, wu * ws, wz * wu])
    gradient = backward(network, x, target, **OPTIONS).cells[0][0].item()
    assert table["contribution"].sum() == pytest.approx(gradient)
    slope = 2 * (wv * (wz * wu * wx + wu * (ws * wx + 2 * wx)) - 1) * wv
    by_hand = {"Z2 -> S2": 2 * wu, "Z2 -> S2 -> S1": wu * ws, "Z2 -> Z1 -> S1": wz * wu}
    for path, factor in by_hand.items():
        assert table["contribution"][path] == pytest.approx(slope * factor)


def test_the_jacobian_of_tanh_layers_is_a_product_of_slopes_and_weights():
    random = np.random.default_rng(5)
    lower, upper = [
        SimpleRNNCell(
            (random.normal(size=(i, u)), random.normal(size=(u, u)), random.normal(size=u))
        )
        for i, u in ((2, 3), (3, 2))
    ]
    network = Network((lower, upper), Readout(np.ones((2, 1)), np.zeros(1)))
    x = random.normal(size=(1, 4, 2))
    states = forward(network, x).states
    slope = {
        (layer, t): np.diag(1 - states[t][layer][0][0] ** 2) for layer in (0, 1) for t in range(4)
    }
    # dh'/dh of a row times a matrix is the matrix turned, with the slope before it.
    expected = slope[1, 3] @ upper.weights[1].T @ slope[1, 2] @ upper.weights[0].T
    expected = expected @ slope[0, 2] @ lower.weights[1].T
    nodes = [(1, 3), (1, 2), (0, 2), (0, 1)]
    np.testing.assert_allclose(jacobian(network, x, nodes), expected, rtol=1e-12)
    (path,) = [
        p for p in paths(network, x, np.ones((1, 1, 1)), **OPTIONS) if list(p.nodes) == nodes
    ]
    row = paths_table(network, x, [path]).iloc[0]
    assert row["path"] == "B4 -> B3 -> A3 -> A2" and row["lag"] == 2
    assert row["jacobian"] == pytest.approx(np.linalg.svd(expected)[1].max())
    assert row["contribution"] == pytest.approx(np.sqrt((path.gradients[0] ** 2).sum()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_jacobian_turns_the_error_of_the_output_into_that_at_the_end(kind):
    random = np.random.default_rng(1)
    network = network_of_kinds([kind, "lstm", kind], 2, random)
    x, targets = random.normal(size=(1, 3, 2)), random.random((1, 1, 2))
    found = paths(network, x, targets, **OPTIONS)
    trace = forward(network, x)
    y = trace.outputs[:, -1]
    dh = network.readout.back(y, 2 * (y - targets[:, 0])) @ network.readout.kernel.T
    assert len(found) == 10
    for path in found:
        arriving = np.concatenate(path.dstates, axis=1)
        np.testing.assert_allclose(dh @ jacobian(network, x, path.nodes), arriving, atol=1e-13)


def test_a_drawing_for_each_path_with_its_name_and_what_it_gives():
    network, x, target = two_linear_layers()
    found = paths(network, x, target, **OPTIONS)
    figure = draw_paths(network, x, found, names="SZ")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["Z2 → S2", "Z2 → S2 → S1", "Z2 → Z1 → S1"]
    for axes, path in zip(figure.axes, found, strict=True):
        texts = [text.get_text() for text in axes.texts]
        assert f"gives {path.gradients[0].item():.3g}" in texts
        assert sum(text.get_weight() == "bold" for text in axes.texts) == len(path.nodes) + 2
    out = io.BytesIO()
    figure.savefig(out, format="svg")
    assert len(out.getvalue()) > 5000


def test_what_cannot_be_is_refused():
    network, x, target = two_linear_layers()
    found = paths(network, x, target, **OPTIONS)
    with pytest.raises(ValueError, match="weight must be one of"):
        paths_table(network, x, found, weight="U")
    with pytest.raises(ValueError, match="names must be one for each of 2"):
        paths_table(network, x, found, names="S")
    with pytest.raises(ValueError, match="one example"):
        jacobian(network, np.ones((2, 2, 1)), [(0, 0)])
    with pytest.raises(ValueError, match="From 1 to 24"):
        draw_paths(network, x, [])
