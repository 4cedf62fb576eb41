"""One HTML file that steps through an unrolled network: numbers, drawing and script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from keras_rnn_recipes.bptt.equations import name_of
from keras_rnn_recipes.bptt.from_keras import network_of
from keras_rnn_recipes.bptt.network import Network
from keras_rnn_recipes.bptt.unrolled import Unrolled, unroll
from keras_rnn_recipes.bptt.worked_example import DIGITS, reverse_digits
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.explain.scene import scene
from keras_rnn_recipes.explain.story import story
from keras_rnn_recipes.reporting.format import number
from keras_rnn_recipes.storage import replacing

PARTS = Path(__file__).parent / "parts"

SCRIPTS = ("format.js", "drawing.js", "formulas.js", "player.js")

MOST_STEPS = 60

WAYS = {"forward": "forward", "back": "back", "sum": "gradients", "update": "step"}

LOSSES = {
    "sigmoid": "binary_cross_entropy",
    "softmax": "categorical_cross_entropy",
}

WORDS = {
    "squared_error": "squared error",
    "binary_cross_entropy": "binary cross-entropy",
    "categorical_cross_entropy": "categorical cross-entropy",
}


def explain(
    model: Any,
    x: np.ndarray,
    targets: np.ndarray,
    path: str | Path,
    *,
    loss: str | None = None,
    reduction: str = "sum",
    learning_rate: float | None = None,
    title: str = "How a recurrent network learns",
    captions: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a page that steps through a network, forward and backward through time.

    The page opens without a network. It shows every value of the forward pass, every gradient of
    the backward pass, and the sums of the gradients of the weights; each formula has its numbers.

    Args:
        model: a Keras model of SimpleRNN, LSTM or GRU layers under one ``Dense`` layer, as
            `bptt.network_of` takes it, or a `bptt.network.Network`. Layers and inputs wider than 8
            are shown by their norms.
        x: one sequence, (steps, inputs), of at most 60 steps.
        targets: the targets of all outputs or of the last ones, (targets, outputs).
        path: the file to write.
        loss: "squared_error", "binary_cross_entropy" or "categorical_cross_entropy"; None: the loss
            that fits the activation of the output.
        reduction: "sum" or "mean" over the outputs that have a target.
        learning_rate: learning rate of one gradient step at the end; None: no such step.
        title: the heading.
        captions: a text for each step, shown below it.
        overwrite: replace an existing file.

    Returns:
        The path.

    Raises:
        UserError: the file exists, the model is not supported, the sequence is too long or has
            another shape, or a result is not a finite number.

    Example:
        >>> import tempfile
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, target = two_linear_layers()
        >>> path = explain(network, x[0], target[0], tempfile.mkdtemp() + "/paths.html")
        >>> path.read_text(encoding="utf-8").startswith("<!doctype html>")
        True
    """
    path = check_page(path, overwrite=overwrite)
    network = model if isinstance(model, Network) else _taken_apart(model)
    one = _unrolled(network, x, targets, loss, reduction)
    captions = _in_order_of_reading(captions, one) if network.backwards else captions
    _write(path, render(one, learning_rate=learning_rate, title=title, captions=captions))
    return path


def explain_digits(
    path: str | Path, *, learning_rate: float = 0.5, overwrite: bool = False
) -> Path:
    """Write the page of the worked example: digits are read, then answered in reverse order.

    Args:
        path: the file to write.
        learning_rate: learning rate of the gradient step.
        overwrite: replace an existing file.

    Raises:
        UserError: the file exists, or cannot be written.

    Example:
        >>> import tempfile
        >>> explain_digits(tempfile.mkdtemp() + "/digits.html").name
        'digits.html'
    """
    path = check_page(path, overwrite=overwrite)
    example = reverse_digits(learning_rate=learning_rate)
    captions = [f"reads {digit}" for digit in DIGITS] + [f"answers {d}" for d in DIGITS[::-1]]
    page = render(
        example.unrolled,
        learning_rate=example.learning_rate,
        title="Three digits, answered in reverse order",
        captions=captions,
    )
    _write(path, page)
    return path


def render(
    one: Unrolled,
    *,
    learning_rate: float | None,
    title: str,
    captions: Sequence[str] | None,
) -> str:
    """Make the page of an unrolled network.

    Args:
        one: from `unroll`.
        learning_rate, title, captions: as in `explain`.
    """
    stages, matrices = story(one, learning_rate)
    data = {"scene": scene(one, captions), "stages": stages, "matrices": matrices}
    # Inside a script element, a browser looks for nothing but its end tag.
    embedded = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_part("page.html"))
    scripts = [_part(name) for name in SCRIPTS]
    ways = [stage["way"] for stage in stages]
    return template.render(
        title=title,
        facts=_facts(one),
        data=embedded,
        style=_part("page.css"),
        scripts=scripts,
        num_stages=len(stages),
        ways=[(way, name, count) for way, name in WAYS.items() if (count := ways.count(way))],
    )


def check_page(path: str | Path, *, overwrite: bool) -> Path:
    """Check that a file can be written, before any work is done.

    Raises:
        UserError: the file exists and may not be replaced, the path is that of a folder, or the
            folder of the file is missing.
    """
    from keras_rnn_recipes.storage import check_output

    path = Path(path)
    check_output(path)
    if path.exists() and not overwrite:
        raise UserError(
            f"{path} already exists.",
            "the name of a new file.",
            "give another --output, or replace it with --overwrite.",
        )
    return path


def _write(path: Path, page: str) -> None:
    with replacing(path.resolve()) as staged:
        staged.write_text(page, encoding="utf-8")


def _taken_apart(model: Any) -> Network:
    try:
        return network_of(model)
    except ValueError as error:
        raise UserError(
            f"The model cannot be shown step by step: {error}",
            "recurrent layers (SimpleRNN, LSTM, GRU) one above the other, then one Dense layer, "
            "with the activations linear, relu, sigmoid or tanh.",
            "give such a model, or build one with keras.Sequential; "
            "keras_rnn_recipes.gradient_flow measures other recurrent models.",
        ) from error


def _unrolled(
    network: Network, x: np.ndarray, targets: np.ndarray, loss: str | None, reduction: str
) -> Unrolled:
    x, targets = (_one_example(given, name) for given, name in ((x, "x"), (targets, "targets")))
    steps, inputs = x.shape[1], network.cells[0].weights[0].shape[0]
    if x.shape[2] != inputs:
        raise UserError(
            f"The sequence has {x.shape[2]} numbers for each step.",
            f"{inputs}, as the model reads.",
            "give a sequence with as many columns.",
        )
    if not 1 <= steps <= MOST_STEPS:
        raise UserError(
            f"The sequence has {steps} steps.",
            f"1 to {MOST_STEPS} steps, so that each can be shown.",
            "give a part of the sequence.",
        )
    outputs = network.readout.kernel.shape[1]
    if targets.shape[2] != outputs or not 1 <= targets.shape[1] <= steps:
        raise UserError(
            f"The targets are {targets.shape[1]} rows of {targets.shape[2]} numbers.",
            f"1 to {steps} rows, for the last steps, of {outputs} numbers, as the model returns.",
            "give a target for every step, or for the last ones.",
        )
    name = loss or LOSSES.get(network.readout.activation, "squared_error")
    with np.errstate(all="ignore"):
        try:
            one = unroll(network, x, targets, loss=name, reduction=reduction)
        except ValueError as error:
            raise UserError(
                f"The loss cannot be computed: {error}",
                f"a loss among {', '.join(WORDS)}, and a reduction 'sum' or 'mean'.",
                "give one of these.",
            ) from error
    finite = [one.gradients.loss, *(np.abs(gradient).sum() for gradient in _gradients(one))]
    if not np.isfinite(finite).all():
        raise UserError(
            f"The loss or a gradient is not a finite number: the {WORDS[name]} is not defined for "
            "these outputs and targets.",
            "a sequence without NaN, and outputs for which the loss is defined.",
            "remove NaN from the sequence, or give the loss that the model was trained with.",
        )
    return one


def _gradients(one: Unrolled) -> list[np.ndarray]:
    states = [state for step in one.gradients.states for layer in step for state in layer]
    return [one.gradients.x, one.gradients.kernel, *states, *sum(one.gradients.cells, ())]


def _one_example(given: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(given, "float64")
    array = array[None] if array.ndim == 2 else array
    if array.ndim != 3 or len(array) != 1:
        raise UserError(
            f"{name} has the shape {np.shape(given)}.",
            "one sequence, (steps, numbers for each step).",
            f"give one example, such as {name}[0].",
        )
    return array


def _in_order_of_reading(captions: Sequence[str] | None, one: Unrolled) -> list[str]:
    """The captions from the last row of the sequence to the first; by default, numbers of rows."""
    return list(captions or [f"row {number + 1}" for number in range(one.steps)])[::-1]


def _facts(one: Unrolled) -> list[str]:
    cells = one.network.cells
    words = [f"{name_of(cell)} of {counted(cell.units, 'unit')}" for cell in cells]
    return [
        ", ".join(words),
        counted(one.steps, "step"),
        *(["reads the sequence from its last row to its first"] if one.network.backwards else []),
        f"{WORDS[one.loss]}, {'summed' if one.reduction == 'sum' else 'mean'}: "
        f"{number(one.gradients.loss)}",
    ]


def _part(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")
