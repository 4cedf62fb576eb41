"""What is written is what is computed: every right side worked out anew from its numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from bptt.drawn import KINDS, network_of_kinds
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.bptt.equations import Equation
from keras_rnn_recipes.bptt.unrolled import unroll
from keras_rnn_recipes.bptt.worked_example import stages

FUNCTIONS = {
    **{"tanh": np.tanh, "log": np.log, "sum": np.sum, "square": np.square},
    **{"relu": lambda a: np.maximum(a, 0), "σ": lambda a: 1 / (1 + np.exp(-a))},
    "beside": lambda *parts: np.concatenate(parts, axis=1),
    "softmax": lambda a: np.exp(a) / np.exp(a).sum(),
}
OUTPUTS = {
    "squared_error": "linear",
    "binary_cross_entropy": "sigmoid",
    "categorical_cross_entropy": "softmax",
}


def worked_out(equation: Equation) -> np.ndarray:
    """Read a formula as Python: two matrices side by side are multiplied as matrices."""
    names = {f"v{n}": p.value for n, p in enumerate(equation.right) if not isinstance(p, str)}
    text = " ".join(p if isinstance(p, str) else f"v{n}" for n, p in enumerate(equation.right))
    if text.startswith("0,"):
        return np.zeros_like(equation.value)
    text = text.translate(str.maketrans({"−": "-", "∘": "*", "·": "*"}))
    text = (
        text.replace("[", "beside(").replace("]", ")").replace(")²", ", )²").replace("2 (", "2 * (")
    )
    text = re.sub(r"sum \((.*?), \)²", r"sum(square(\1))", text)
    text = re.sub(r"log (v\d+)", r"log(\1)", text)
    # `@` binds as `*` does, from the left: in brackets, so that products of matrices come first.
    text = re.sub(r"(v\d+) (v\d+)", r"(\1 @ \2)", text)
    text = re.sub(r"\) (v\d+)", r") @ \1", text)
    return np.asarray(eval(text, {**FUNCTIONS, **names}))


@pytest.mark.parametrize("kind", KINDS)
@draws(30)
@given(
    other=st.sampled_from([None, *KINDS]),
    activation=st.sampled_from(["tanh", "relu", "linear", "sigmoid"]),
    loss=st.sampled_from(list(OUTPUTS)),
    reduction=st.sampled_from(["sum", "mean"]),
    units=st.integers(1, 3),
    total=st.integers(1, 4),
    asked=st.integers(1, 4),
    seed=st.integers(0, 999),
)
def test_every_right_side_gives_the_left(
    kind, other, activation, loss, reduction, units, total, asked, seed
):
    random = np.random.default_rng(seed)
    kinds = [kind] if other is None else [kind, other]
    network = network_of_kinds(kinds, units, random, activation=activation, output=OUTPUTS[loss])
    targets = random.random((1, min(asked, total), 2))
    one = unroll(
        network, random.normal(size=(1, total, 2)), targets, loss=loss, reduction=reduction
    )
    seen = 0
    for _, _, groups in stages(one):
        for equation in (equation for group in groups for equation in group.equations):
            found = worked_out(equation)
            np.testing.assert_allclose(
                *np.broadcast_arrays(found, equation.value),
                rtol=1e-8,
                atol=1e-10,
                err_msg=f"{equation.left} = {equation.formula}",
            )
            seen += 1
    assert seen >= total * (4 + 7 * len(kinds))


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_first_step_the_sums_are_the_gradients_and_the_errors_add_up(kind):
    random = np.random.default_rng(3)
    network = network_of_kinds([kind, kind], 2, random)
    targets = random.random((1, 2, 2))
    options = {"loss": "binary_cross_entropy", "reduction": "mean"}
    one = unroll(network, random.normal(size=(1, 4, 2)), targets, **options)
    *_, (way, step, groups) = stages(one)
    assert (way, step) == ("sum", 1)
    output, upper, lower = groups
    for group, gradients in zip(
        (upper, lower), (one.gradients.cells[1], one.gradients.cells[0]), strict=True
    ):
        shown = [np.ravel(equation.value) for equation in group.equations]
        np.testing.assert_allclose(
            np.concatenate(shown), np.concatenate([np.ravel(g) for g in gradients])
        )
    np.testing.assert_allclose(output.equations[0].value, one.gradients.kernel)
    np.testing.assert_allclose(output.equations[1].value[0], one.gradients.bias)
    assert sum(out.loss for out in one.outputs) == pytest.approx(one.gradients.loss)


def test_more_than_one_example_is_refused():
    random = np.random.default_rng(0)
    network = network_of_kinds(["gru"], 2, random)
    with pytest.raises(ValueError, match="One example"):
        unroll(
            network,
            np.zeros((2, 3, 2)),
            np.zeros((2, 3, 2)),
            loss="squared_error",
            reduction="sum",
        )
