"""The page's numbers and drawing, and what is said to those who ask for what cannot be."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from bptt.drawn import KINDS, network_of_kinds
from typer.testing import CliRunner

import keras_rnn_recipes as krr
from keras_rnn_recipes.bptt.network import backward, forward
from keras_rnn_recipes.bptt.worked_example import reverse_digits
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.explain.page import explain_digits


def data_of(page) -> dict:
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text)[1])


def columns_of(data: dict) -> dict[str, list[float]]:
    """Every column of numbers on the drawing, by its name."""
    blocks = [block for node in data["scene"]["nodes"] for block in node["blocks"]]
    return {column["name"]: column["numbers"] for block in blocks for column in block}


def small():
    """A network, a sequence and targets that `explain` takes."""
    random = np.random.default_rng(0)
    network = network_of_kinds(["simple_rnn"], 2, random)
    return network, random.normal(size=(3, 2)), random.random((2, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_is_what_forward_and_backward_give(kind, tmp_path):
    random = np.random.default_rng(4)
    network = network_of_kinds([kind, "simple_rnn"], 3, random)
    x, targets = random.normal(size=(1, 4, 2)), random.random((1, 2, 2))
    page = krr.explain(network, x, targets, tmp_path / "page.html", reduction="mean")
    columns = columns_of(data_of(page))
    trace = forward(network, x)
    slopes = backward(network, x, targets, loss="binary_cross_entropy", reduction="mean", steps=2)
    for t, step in enumerate("₁₂₃₄"):
        for layer, mark in enumerate(("⁽¹⁾", "⁽²⁾")):
            assert columns[f"h{mark}{step}"] == pytest.approx(trace.states[t][layer][0][0])
            assert columns[f"dh{mark}{step}"] == pytest.approx(slopes.states[t][layer][0][0])
        assert columns[f"x{step}"] == pytest.approx(x[0, t])
        assert columns[f"dx{step}"] == pytest.approx(slopes.x[0, t])
        assert columns[f"y{step}"] == pytest.approx(trace.outputs[0, t])
        assert (f"d{step}" in columns) == (t >= 2)


def test_what_an_lstm_keeps_is_drawn_with_its_whole_slope(tmp_path):
    """Moved a little, what is kept after a step changes the error by its slope on the page."""
    random = np.random.default_rng(2)
    network = network_of_kinds(["lstm"], 2, random)
    x, targets = random.normal(size=(1, 3, 2)), random.random((1, 1, 2))
    columns = columns_of(data_of(krr.explain(network, x, targets, tmp_path / "page.html")))
    cell, readout = network.cells[0], network.readout

    def error(move: np.ndarray) -> float:
        h = c = np.zeros((1, 2))
        for t in range(3):
            (h, c), tape = cell.step(x[:, t], (h, c))
            if t == 1:
                c = c + move
                h = tape[6] * np.tanh(c)
        y, d = readout.value(h), targets[:, 0]
        return float(-(d * np.log(y) + (1 - d) * np.log(1 - y)).sum())

    for unit in range(2):
        move = np.eye(2)[[unit]] * 1e-6
        slope = (error(move) - error(-move)) / 2e-6
        assert columns["dc₂"][unit] == pytest.approx(slope, rel=1e-6)


def test_every_stage_is_there_in_order_and_ends_with_the_loss_after_the_step(tmp_path):
    data = data_of(explain_digits(tmp_path / "digits.html"))
    ways = [stage["way"] for stage in data["stages"]]
    assert ways == ["forward"] * 6 + ["back"] * 6 + ["sum"] * 6 + ["update"]
    titles = [stage["title"] for stage in data["stages"]]
    assert [title[-1] for title in titles[:18]] == list("123456654321654321")
    example = reverse_digits()
    for loss in (example.loss_before, example.loss_after):
        assert f"{loss:.4g}" in data["stages"][-1]["text"]
    last_sums = data["stages"][17]["groups"]
    shown = {
        equation["left"]: data["matrices"][equation["value"]]["rows"]
        for group in last_sums
        for equation in group["equations"]
    }
    dW, dU, db = example.gradients.cells[0]
    for name, expected in {"dW": dW, "dU": dU, "db": db, "dV": example.gradients.kernel}.items():
        np.testing.assert_allclose(shown[name], np.atleast_2d(expected))


def test_wide_layers_are_told_by_their_norms_and_the_page_stays_small(tmp_path):
    random = np.random.default_rng(1)
    network = network_of_kinds(["gru", "lstm"], 40, random)
    x, targets = random.normal(size=(60, 2)), random.random((60, 2))
    page = krr.explain(network, x, targets, tmp_path / "page.html")
    assert page.stat().st_size < 2_000_000
    columns = columns_of(data_of(page))
    h = forward(network, x[None]).states[7][0][0]
    assert columns["‖h⁽¹⁾₈‖"] == pytest.approx([np.linalg.norm(h)])


@pytest.mark.parametrize("kinds", [["simple_rnn"], ["lstm", "gru"], ["lstm", "lstm", "lstm"]])
@pytest.mark.parametrize("units", [1, 3, 8, 20])
def test_nothing_lies_over_anything_else(kinds, units, tmp_path):
    random = np.random.default_rng(0)
    network = network_of_kinds(kinds, units, random)
    x, targets = random.normal(size=(4, 2)), random.random((2, 2))
    drawn = data_of(krr.explain(network, x, targets, tmp_path / "page.html"))["scene"]
    nodes = drawn["nodes"]
    assert len(nodes) == 4 * (len(kinds) + 2) + len(kinds)
    for number, one in enumerate(nodes):
        assert one["x"] >= 0 and one["x"] + one["w"] <= drawn["width"]
        assert one["y"] >= 0 and one["y"] + one["h"] <= drawn["height"]
        for other in nodes[number + 1 :]:
            beside = one["x"] + one["w"] < other["x"] or other["x"] + other["w"] < one["x"]
            above = one["y"] + one["h"] < other["y"] or other["y"] + other["h"] < one["y"]
            assert beside or above, (one["id"], other["id"])
    for edge in drawn["edges"]:
        x1, y1, x2, y2 = edge["line"]
        assert (x1 == x2 and y1 > y2 + 20) if edge["upward"] else (y1 == y2 and x1 + 20 < x2)


def test_a_title_cannot_break_out_of_the_page(tmp_path):
    network, x, targets = small()
    words = "</script><script>alert(1)</script>"
    page = krr.explain(
        network, x, targets, tmp_path / "page.html", title=words, captions=[words] * 3
    )
    assert "<script>alert" not in page.read_text(encoding="utf-8")
    assert data_of(page)["scene"]["steps"][0]["caption"] == words


def test_a_keras_model_is_taken_apart(tmp_path):
    import keras

    keras.utils.set_random_seed(0)  # an answer near zero would have too few digits in float32
    layers = [keras.Input((None, 2)), keras.layers.LSTM(3), keras.layers.Dense(1)]
    model, x = keras.Sequential(layers), np.ones((4, 2))
    page = krr.explain(model, x, [[0.5]], tmp_path / "page.html")
    answer = float(model(x[None].astype("float32"))[0, 0])
    assert columns_of(data_of(page))["y₄"] == pytest.approx([answer], rel=1e-5)


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"x": np.zeros((3, 5))}, "The sequence has 5 numbers for each step"),
        ({"x": np.zeros((61, 2))}, "The sequence has 61 steps"),
        ({"x": np.zeros((2, 3, 2))}, r"x has the shape \(2, 3, 2\)"),
        ({"targets": np.zeros((4, 2))}, "The targets are 4 rows of 2"),
        ({"targets": np.zeros((2, 3))}, "The targets are 2 rows of 3"),
        ({"targets": np.full((2, 2), np.nan)}, "not a finite number"),
        ({"loss": "mse"}, "loss must be one of"),
    ],
)
def test_what_cannot_be_shown_is_told(changed, told, tmp_path):
    network, x, targets = small()
    given = {"x": x, "targets": targets} | changed
    with pytest.raises(krr.UserError, match=told):
        krr.explain(network, path=tmp_path / "page.html", **given)
    assert list(tmp_path.iterdir()) == []


def krr_explain(*arguments: object, status: int = 0):
    result = CliRunner().invoke(app, ["explain", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def test_the_command_writes_the_worked_example_and_never_over_a_file(tmp_path):
    page = tmp_path / "page.html"
    assert krr_explain("--output", page).stdout.strip() == str(page)
    assert "Three digits" in page.read_text(encoding="utf-8")
    page.write_text("mine")
    told = krr_explain("--output", page, status=2).stderr
    assert told.count("\n") == 3 and "already exists" in told and "--overwrite" in told
    assert page.read_text() == "mine"
    krr_explain("--output", page, "--overwrite")
    assert "Three digits" in page.read_text(encoding="utf-8")


def test_the_example_needs_no_tensorflow(run_python, tmp_path):
    code = """
import sys
from keras_rnn_recipes.cli.commands import app
app(["explain", "--output", sys.argv[1]], standalone_mode=False)
print("tensorflow" in sys.modules, "keras" in sys.modules)
"""
    assert run_python(code, str(tmp_path / "p.html")).stdout.split()[-2:] == ["False", "False"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model of its own in a file, and a sequence for it."""
    import keras

    folder = tmp_path_factory.mktemp("saved")
    layers = [keras.Input((None, 2)), keras.layers.GRU(2), keras.layers.Dense(1)]
    keras.Sequential(layers).save(folder / "model.keras")
    (folder / "x.csv").write_text("a,b\n1,2\n3,4\n0,0.5\n")
    (folder / "d.csv").write_text("y\n1\n")
    return folder


def test_the_command_shows_a_saved_model(saved, tmp_path):
    for model in (saved, saved / "model.keras"):
        page = tmp_path / f"{model.name}.html"
        options = ("--input", saved / "x.csv", "--targets", saved / "d.csv", "--output", page)
        krr_explain(model, *options, "--learning-rate", 0.1)
        columns = columns_of(data_of(page))
        assert columns["x₂"] == [3.0, 4.0] and columns["d₃"] == [1.0]
        assert len(data_of(page)["stages"]) == 10


@pytest.mark.parametrize(
    "rows, told",
    [
        ("a,b\n1,red\n", "other than numbers in the column 'b'"),
        ("a,b\n1,2\n3,\n", "has a gap in line 3"),
        ("a,b\n", "has no rows"),
        ("1,2\n3,4\n0,0.5\n", "has numbers in its first line"),
        ("a\n1\n", "The sequence has 1 numbers for each step"),
    ],
)
def test_a_file_that_does_not_fit_is_told(rows, told, saved, tmp_path):
    (tmp_path / "x.csv").write_text(rows)
    page = tmp_path / "page.html"
    options = ("--input", tmp_path / "x.csv", "--targets", saved / "d.csv", "--output", page)
    assert told in krr_explain(saved, *options, status=2).stderr
    assert not page.exists()


def test_what_is_missing_is_told(saved, tmp_path):
    page = ("--output", tmp_path / "page.html")
    assert "no sequence" in krr_explain(saved, *page, status=2).stderr
    assert "There is no file" in krr_explain(tmp_path / "none", *page, status=2).stderr
    assert "without a model" in krr_explain("--input", saved / "x.csv", *page, status=2).stderr
    given = ("--input", saved / "x.csv", "--targets", tmp_path / "none.csv", *page)
    assert "none.csv" in krr_explain(saved, *given, status=2).stderr
    assert "does not exist" in krr_explain("--output", tmp_path / "no" / "p.html", status=2).stderr


def test_a_model_with_other_layers_is_told(saved, tmp_path):
    model = tmp_path / "model.keras"
    krr.lstm("direct", 3, units=(4,)).save(model)
    given = ("--input", saved / "x.csv", "--targets", saved / "d.csv")
    told = krr_explain(model, *given, "--output", tmp_path / "page.html", status=2).stderr
    assert "cannot be shown step by step" in told and "one Dense layer" in told


def test_a_layer_that_goes_backwards_is_shown_in_its_order_of_reading(tmp_path):
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.Input((4, 1)), keras.layers.LSTM(3, go_backwards=True), keras.layers.Dense(1)]
    model, x = keras.Sequential(layers), np.array([[1.0], [2.0], [3.0], [4.0]])
    options = {"learning_rate": 0.1}
    page = data_of(krr.explain(model, x, [[0.5]], tmp_path / "page.html", **options))
    columns, answer = columns_of(page), float(model(x[None].astype("float32"))[0, 0])
    assert columns["y₄"] == pytest.approx([answer], rel=1e-5)
    assert columns["x₁"] == [4.0] and page["scene"]["steps"][0]["caption"] == "row 4"
