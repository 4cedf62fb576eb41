"""The shape of a task as a small drawing: inputs below, states between, answers above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.shapes import SHAPES
from keras_rnn_recipes.errors import UserError

# Units of the drawing: side of a box, and distance between the corners of two.
BOX, STEP = 14, 28
MARGIN = 2
HEIGHT = 2 * STEP + BOX + 2 * MARGIN


def shape_drawing(shape: str) -> Markup:
    """Draw a shape as an ``<svg>`` element, whose parts have the classes of `shape_parts`.

    Args:
        shape: a key of ``SHAPES``.

    Example:
        >>> shape_drawing("many-to-one").count("<rect")
        7
    """
    info = SHAPES[shape]
    head = (
        f'<svg role="img" aria-label="{info.title}: {info.meaning}" '
        f'viewBox="0 0 {shape_width(shape)} {HEIGHT}" width="{shape_width(shape)}" '
        f'height="{HEIGHT}">'
    )
    return Markup("\n".join([head, *shape_parts(shape), "</svg>"]))


def shape_width(shape: str) -> int:
    """Width of a drawing, in the units of ``HEIGHT``.

    Example:
        >>> shape_width("one-to-one") < shape_width("many-to-one")
        True
    """
    return (_num_steps(shape) - 1) * STEP + BOX + 2 * MARGIN


def shape_parts(shape: str) -> Iterator[str]:
    """The elements of a drawing: boxes of the classes input, state and output, and lines.

    Args:
        shape: a key of ``SHAPES``.
    """
    info = SHAPES[shape]
    for step in range(_num_steps(shape)):
        if step in info.inputs:
            yield _box(step, 2, "input")
            yield _arrow(step, 2, up=True)
        yield _box(step, 1, "state")
        if step in info.outputs:
            yield _arrow(step, 1, up=True)
            yield _box(step, 0, "output")
        if step:
            yield _arrow(step - 1, 1, up=False)


def report_shape(config: Mapping[str, Any]) -> tuple[Markup, str] | None:
    """The drawing at the beginning of a report, and its caption.

    Args:
        config: the content of the run's ``config.json``.

    Returns:
        None where the settings are missing or the family names no shape.
    """
    values = {key: value for key, value in config.items() if key != "format_version"}
    try:
        shape = config_from_dict(values).shape if values else None
    except UserError:  # settings of another version: the report is of more use than its drawing
        return None
    if shape is None:
        return None
    info = SHAPES[shape]
    return shape_drawing(shape), f"{info.title[0].upper()}{info.title[1:]}: {info.meaning}."


def _num_steps(shape: str) -> int:
    return max(*SHAPES[shape].inputs, *SHAPES[shape].outputs) + 1


def _box(step: int, row: int, kind: str) -> str:
    x, y = MARGIN + step * STEP, MARGIN + row * STEP
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{BOX}" height="{BOX}" rx="3"/>'


def _arrow(step: int, row: int, *, up: bool) -> str:
    """From the box of a step up to the row above, or to the next step."""
    half, gap, tip = BOX / 2, 1.5, 3
    x, y = float(MARGIN + step * STEP), float(MARGIN + row * STEP)
    if up:
        x, start, end = x + half, y - gap, y - STEP + BOX + gap
        head = f"M{x - tip:g} {end + tip:g}L{x:g} {end:g}L{x + tip:g} {end + tip:g}"
        return f'<path class="arrow" d="M{x:g} {start:g}V{end:g}{head}"/>'
    y, start, end = y + half, x + BOX + gap, x + STEP - gap
    head = f"M{end - tip:g} {y - tip:g}L{end:g} {y:g}L{end - tip:g} {y + tip:g}"
    return f'<path class="arrow" d="M{start:g} {y:g}H{end:g}{head}"/>'
