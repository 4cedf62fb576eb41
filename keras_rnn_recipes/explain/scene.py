"""The drawing of a network unrolled in time: the place and the numbers of every part.

Inputs are at the bottom, outputs at the top, and steps go from left to right. Each part has the
stages at which it is computed: ``at["forward"]``, ``at["back"]`` and ``at["sum"]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_rnn_recipes.bptt.cells import GRUCell, LSTMCell, SimpleRNNCell
from keras_rnn_recipes.bptt.equations import Symbols, step_of
from keras_rnn_recipes.bptt.unrolled import Unrolled, full_state_gradients

# Longer vectors are shown by their norm.
MOST_UNITS, MOST_ON_EDGE = 8, 4

CELL, LINE, HEAD, PAD = 46.0, 18.0, 19.0, 7.0

WIDEST = 3  # columns of a node: output, target and gradient

GAP, LONG_NAMES, MARGIN = 24.0, 30.0, 12.0

BADGE, FOOT = 26.0, 44.0


@dataclass(frozen=True)
class Stages:
    """The stages at which each step is computed: forward, backward, and in the sums.

    Example:
        >>> Stages(3).at(2)
        {'forward': 2, 'back': 3, 'sum': 6}
    """

    steps: int

    def at(self, t: int) -> dict[str, int]:
        """The stages of a step, counted from 0."""
        back = self.steps - 1 - t
        return {"forward": t, "back": self.steps + back, "sum": 2 * self.steps + back}


@dataclass
class _Drawing:
    """The parts of the drawing, while it is made."""

    one: Unrolled
    tops: list[float] = field(default_factory=list)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)

    @property
    def depth(self) -> int:
        return len(self.one.network.cells)

    def middle(self, t: int) -> float:
        """The center of a step; before the first there is room for the initial states."""
        gap = GAP + (LONG_NAMES if self.depth > 1 else 0.0)
        start = MARGIN + _width(1) + 2 * gap
        return start + _width(WIDEST) / 2 + t * (_width(WIDEST) + gap)


def scene(one: Unrolled, captions: Sequence[str] | None = None) -> dict[str, Any]:
    """Lay out the drawing.

    Args:
        one: from `unroll`.
        captions: text below the number of each step.

    Returns:
        ``width``, ``height``, ``nodes``, ``edges``, ``steps`` (the labels below), and the largest
        ``value`` and ``gradient``, to which the bars are scaled.

    Example:
        >>> from keras_rnn_recipes.bptt.worked_example import reverse_digits
        >>> drawn = scene(reverse_digits().unrolled)
        >>> len(drawn["nodes"]), len(drawn["edges"])
        (19, 18)
    """
    drawing = _Drawing(one)
    heights = [_height([width]) for width in (one.trace.outputs.shape[-1],)]
    heights += [_height([cell.units] * cell.num_states) for cell in reversed(one.network.cells)]
    heights += [_height([one.trace.x.shape[-1]])]
    # The label of a line has a name and up to MOST_ON_EDGE numbers.
    widths = [cell.units for cell in one.network.cells] + [one.trace.x.shape[-1]]
    lines = 1 + max((width for width in widths if width <= MOST_ON_EDGE), default=1)
    gap, top = 22.0 + 13.0 * lines, MARGIN + BADGE
    for height in heights:
        drawing.tops.append(top)
        top += height + gap
    bottom = top - gap
    for t in range(one.steps):
        _input(drawing, t)
        for at in range(drawing.depth):
            _layer(drawing, at, t)
        _output(drawing, t)
    for at in range(drawing.depth):
        _start(drawing, at)
    by_id = {node["id"]: node for node in drawing.nodes}
    for t in range(one.steps):
        for edge in _edges(drawing, t):
            drawing.edges.append(_placed(edge, by_id))
    labels = [
        {"x": drawing.middle(t), "y": bottom + 20, "text": f"step {t + 1}"}
        | {"caption": captions[t] if captions else ""}
        for t in range(one.steps)
    ]
    return {
        "width": drawing.middle(one.steps - 1) + _width(WIDEST) / 2 + MARGIN,
        "height": bottom + FOOT,
        "nodes": drawing.nodes,
        "edges": drawing.edges,
        "steps": labels,
        "value": _largest(drawing.nodes, ("value", "target")),
        "gradient": _largest(drawing.nodes, ("gradient",)),
    }


def shown(vector: np.ndarray, name: str, most: int = MOST_UNITS) -> tuple[str, list[float]]:
    """A name and numbers: those of a vector, or the norm of a longer one.

    Example:
        >>> shown(np.array([[3.0, 4.0]]), "h"), shown(np.array([[3.0, 4.0]]), "h", most=1)
        (('h', [3.0, 4.0]), ('‖h‖', [5.0]))
    """
    numbers = np.ravel(vector)
    if len(numbers) > most:
        return f"‖{name}‖", [float(np.linalg.norm(numbers))]
    return name, [float(number) for number in numbers]


def _column(kind: str, name: str, vector: np.ndarray) -> dict[str, Any]:
    """One column of numbers in a node: a value, a target or a gradient."""
    name, numbers = shown(vector, name)
    return {"kind": kind, "name": name, "numbers": numbers}


def _node(
    drawing: _Drawing, name: str, row: int, t: int, blocks: list[list[dict[str, Any]]]
) -> dict[str, Any]:
    width = _width(len(blocks[0]))
    node = {
        "id": f"{name}-{t}",
        "kind": name.partition("-")[0],
        **{"x": drawing.middle(t) - width / 2, "y": drawing.tops[row], "w": width},
        "h": _height([len(block[0]["numbers"]) for block in blocks]),
        "blocks": blocks,
        "at": Stages(drawing.one.steps).at(t),
    }
    drawing.nodes.append(node)
    return node


def _input(drawing: _Drawing, t: int) -> None:
    one = drawing.one
    columns = [_column("value", step_of("x", t + 1), one.trace.x[:, t])]
    columns += [_column("gradient", step_of("dx", t + 1), one.gradients.x[:, t])]
    _node(drawing, "input", -1, t, [columns])


def _layer(drawing: _Drawing, at: int, t: int) -> None:
    here, named = drawing.one.layers[t][at], Symbols(at, drawing.depth)
    blocks = [
        [
            _column("value", named(symbol, t + 1), value),
            _column("gradient", named(f"d{symbol}", t + 1), gradient),
        ]
        for symbol, value, gradient in zip(
            "hc", here.after, full_state_gradients(drawing.one, at, t), strict=False
        )
    ]
    _node(drawing, f"state-{at}", drawing.depth - at, t, blocks)


def _output(drawing: _Drawing, t: int) -> None:
    out, step = drawing.one.outputs[t], t + 1
    columns = [_column("value", step_of("y", step), out.y)]
    if out.target is not None:
        columns += [_column("target", step_of("d", step), out.target)]
    columns += [_column("gradient", step_of("ds", step), out.ds)]
    node = _node(drawing, "output", 0, t, [columns])
    if out.target is not None:
        node["badge"] = {"name": step_of("E", step), "number": out.loss}


def _start(drawing: _Drawing, at: int) -> None:
    """The states before the first step."""
    here, named = drawing.one.layers[0][at], Symbols(at, drawing.depth)
    blocks = [
        [_column("value", named(symbol, 0), value)]
        for symbol, value in zip("hc", here.before, strict=False)
    ]
    node = _node(drawing, f"state-{at}", drawing.depth - at, 0, blocks)
    node |= {"id": f"state-{at}--1", "kind": "start", "x": MARGIN}


def _edges(drawing: _Drawing, t: int) -> Iterator[dict[str, Any]]:
    """The lines into a step: from below, and from the previous step."""
    one, step = drawing.one, t + 1
    for at, cell in enumerate(one.network.cells):
        here, named = one.layers[t][at], Symbols(at, drawing.depth)
        W, U = cell.weights[:2]
        below = f"state-{at - 1}-{t}" if at else f"input-{t}"
        x = Symbols(at - 1, drawing.depth)("h", step) if at else step_of("x", step)
        dx = named("dx", step) if at else step_of("dx", step)
        yield {
            **{"from": below, "to": f"state-{at}-{t}", "block": 0},
            "forward": shown(here.x @ W, f"{x} {named('W')}", MOST_ON_EDGE),
            "back": shown(here.gradients.dx, dx, MOST_ON_EDGE),
            "sum": shown(here.gradients.dweights[0], f"{x}ᵀ {named('da', step)}", 0),
            "at": Stages(one.steps).at(t),
        }
        h = named("h", t)
        ways = [_recurrent_way(cell, here, one.trace.tapes[t][at], named, step, U)]
        if isinstance(cell, LSTMCell):
            f = one.trace.tapes[t][at][4]
            kept = f"{named('f', step)} ∘ {named('c', t)}"
            ways += [shown(f * here.before[1], kept, MOST_ON_EDGE)]
        for number, (symbol, forward) in enumerate(zip("hc", ways, strict=False)):
            edge = {
                **{"from": f"state-{at}-{t - 1}", "to": f"state-{at}-{t}", "block": number},
                "forward": forward,
                "at": Stages(one.steps).at(t),
            }
            if t > 0:
                name = named(f"d{symbol}", t)
                edge["back"] = shown(here.gradients.dstates[number], f"to {name}", MOST_ON_EDGE)
            if number == 0:
                dU = here.gradients.dweights[1]
                edge["sum"] = shown(dU, f"{h}ᵀ {named('da', step)}", 0)
            yield edge
    out, top = one.outputs[t], Symbols(drawing.depth - 1, drawing.depth)("h", step)
    yield {
        **{"from": f"state-{drawing.depth - 1}-{t}", "to": f"output-{t}", "block": 0},
        "forward": shown(out.s - one.network.readout.bias, f"{top} V", MOST_ON_EDGE),
        "back": shown(out.dh, f"{step_of('ds', step)} Vᵀ", MOST_ON_EDGE),
        "sum": shown(out.dkernel, f"{top}ᵀ {step_of('ds', step)}", 0),
        "at": Stages(one.steps).at(t),
    }


def _recurrent_way(
    cell: Any, here: Any, tape: Any, named: Symbols, step: int, U: np.ndarray
) -> tuple[str, list[float]]:
    """The numbers on the line from the previous step: a product; for a GRU the kept state."""
    h = named("h", step - 1)
    if isinstance(cell, GRUCell):
        return shown(tape[2] * here.before[0], f"{named('z', step)} ∘ {h}", MOST_ON_EDGE)
    most = MOST_ON_EDGE if isinstance(cell, SimpleRNNCell) else 0
    return shown(here.before[0] @ U, f"{h} {named('U')}", most)


def _placed(edge: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Place a line: a vertical one between centers, a horizontal one at the height of its block."""
    start, end, block = nodes[edge.pop("from")], nodes[edge.pop("to")], edge.pop("block")
    upward = start["y"] > end["y"]
    if upward:
        x = end["x"] + end["w"] / 2
        line = [x, start["y"], x, end["y"] + end["h"]]
    else:
        sizes = [_block(len(each[0]["numbers"])) for each in end["blocks"]]
        y = end["y"] + PAD + sum(sizes[:block]) + HEAD + (sizes[block] - HEAD) / 2
        line = [start["x"] + start["w"], y, end["x"], y]
    labels = {
        way: {"name": edge[way][0], "numbers": edge[way][1]}
        for way in ("forward", "back", "sum")
        if way in edge
    }
    return {"line": line, "upward": upward, "labels": labels, "at": edge["at"]}


def _largest(nodes: list[dict[str, Any]], kinds: tuple[str, ...]) -> float:
    """The largest absolute number of these kinds; 1 if all are 0."""
    numbers = [
        abs(number)
        for node in nodes
        for block in node["blocks"]
        for column in block
        if column["kind"] in kinds
        for number in column["numbers"]
    ]
    return max(numbers) or 1.0


def _block(numbers: int) -> float:
    return HEAD + LINE * min(numbers, MOST_UNITS)


def _height(widths: list[int]) -> float:
    """The height of a node with a block of numbers for each of its states."""
    return 2 * PAD + sum(_block(1 if width > MOST_UNITS else width) for width in widths)


def _width(columns: int) -> float:
    return columns * CELL + 2 * PAD
