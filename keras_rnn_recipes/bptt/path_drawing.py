"""Drawings of the unrolled network, one for each path, with the path highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from keras_rnn_recipes.bptt.network import Network
from keras_rnn_recipes.bptt.path_table import jacobian, layer_names, path_text, paths_table
from keras_rnn_recipes.bptt.paths import Node, Path

INK, MUTED, RULE, LIT, GLOW = "#1f2328", "#656d76", "#d1d9e0", "#bc4c00", "#fff1e5"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "paths",
    "font.family": "sans-serif",
    "text.parse_math": False,
    "text.color": INK,
}
RADIUS, MOST = 0.25, 24
# A line of the drawing, from (layer, step) to (layer, step). The inputs are layer -1, the outputs
# the layer above the highest.
Edge = tuple[Node, Node]


class _Picture(NamedTuple):
    network: Network
    names: list[str]
    steps: int
    first: int


def draw_paths(
    network: Network,
    x: np.ndarray,
    found: Sequence[Path],
    *,
    names: Sequence[str] | None = None,
    columns: int = 3,
) -> Figure:
    """Draw each path in a drawing of its own, in the given order.

    The gray arrows show the forward direction, to the right and upwards. The highlighted path leads
    back from the output to the input that the weights read. Its arrows carry the Jacobians (their
    largest singular values for wider layers); above the drawing is the contribution of the path to
    the gradient of the kernel.

    Args:
        network: the network of the paths.
        x: the example of the paths, (1, steps, inputs).
        found: the paths, from `paths`; at most 24.
        names: names of the layers, from the lowest; None: A, B, C and so on.
        columns: drawings in a row.

    Raises:
        ValueError: no path, more than 24 paths, or as `paths_table`.

    Example:
        >>> from keras_rnn_recipes.bptt.paths import paths
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, target = two_linear_layers()
        >>> found = paths(network, x, target, loss="squared_error", reduction="sum", steps=1)
        >>> len(draw_paths(network, x, found, names="SZ").axes)
        3
    """
    if not 1 <= len(found) <= MOST:
        raise ValueError(f"From 1 to {MOST} paths can be drawn; received {len(found)}.")
    labels, columns = layer_names(network, names), min(columns, len(found))
    first = min(path.nodes[0][1] for path in found)
    picture = _Picture(network, labels, x.shape[1], first)
    table = paths_table(network, x, found, names=names)
    rows = -(-len(found) // columns)
    size = (
        columns * (1.35 * picture.steps + 0.55),
        rows * (1.05 * (len(labels) + 2) + 0.45),
    )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        all_axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
        for axes, path, given in zip(all_axes, found, table["contribution"], strict=False):
            _draw(axes, picture, x, path)
            axes.set_title(
                path_text(path.nodes, labels, " → "), fontsize=11.5, weight="bold", pad=16
            )
            axes.text(
                *(0.5, 1.0),
                f"gives {_figure(given)}",
                transform=axes.transAxes,
                ha="center",
                va="bottom",
                fontsize=10,
                color=MUTED,
            )
        for axes in all_axes[len(found) :]:
            axes.remove()
    return figure


def _draw(axes: Axes, picture: _Picture, x: np.ndarray, path: Path) -> None:
    """Draw the network in gray, and the path on top of it."""
    depth = len(picture.names)
    highlighted = _highlighted_edges(path, depth)
    for edge in _edges(picture):
        _line(axes, edge, highlighted=edge in highlighted)
    for (above, t), (below, s) in zip(path.nodes, path.nodes[1:], strict=False):
        factor = jacobian(picture.network, x, [(above, t), (below, s)])
        size = factor.item() if factor.size == 1 else float(np.linalg.norm(factor, 2))
        _beside(axes, ((below, s), (above, t)), _figure(size))
    lit_nodes = {node for edge in highlighted for node in edge}
    for t in range(picture.steps):
        for row, name in enumerate(["x", *picture.names, "y"], start=-1):
            if row < depth or t >= picture.first:
                _node(axes, (row, t), f"{name}{t + 1}", highlighted=(row, t) in lit_nodes)
    axes.set(xlim=(-0.75, picture.steps - 0.4), ylim=(-1.35, depth + 0.35), aspect="equal")
    axes.axis("off")


def _edges(picture: _Picture) -> list[Edge]:
    depth = len(picture.names)
    upwards = [((row, t), (row + 1, t)) for t in range(picture.steps) for row in range(-1, depth)]
    onwards = [((row, t - 1), (row, t)) for t in range(1, picture.steps) for row in range(depth)]
    return [edge for edge in upwards if edge[1][0] < depth or edge[1][1] >= picture.first] + onwards


def _highlighted_edges(path: Path, depth: int) -> set[Edge]:
    """The lines from the input that the weights read, along the path, to the output."""
    end, start = path.nodes[0], path.nodes[-1]
    inner = {(below, above) for above, below in zip(path.nodes, path.nodes[1:], strict=False)}
    return inner | {(end, (depth, end[1])), ((start[0] - 1, start[1]), start)}


def _line(axes: Axes, edge: Edge, *, highlighted: bool) -> None:
    (x0, y0), (x1, y1) = (_place(node) for node in (edge[::-1] if highlighted else edge))
    along, up = RADIUS * np.sign(x1 - x0), RADIUS * np.sign(y1 - y0)
    axes.add_patch(
        FancyArrowPatch(
            *((x0 + along, y0 + up), (x1 - along, y1 - up)),
            arrowstyle="-|>",
            mutation_scale=13 if highlighted else 10,
            shrinkA=0,
            shrinkB=0,
            color=LIT if highlighted else RULE,
            linewidth=2.6 if highlighted else 1.2,
            zorder=2 if highlighted else 1,
        )
    )


def _node(axes: Axes, node: Node, label: str, *, highlighted: bool) -> None:
    edge, fill = (LIT, GLOW) if highlighted else (RULE, "white")
    axes.add_patch(
        Circle(_place(node), RADIUS, facecolor=fill, edgecolor=edge, linewidth=1.8, zorder=3)
    )
    axes.text(
        *_place(node),
        label,
        ha="center",
        va="center_baseline",
        fontsize=10.5,
        color=INK if highlighted else MUTED,
        weight="bold" if highlighted else "normal",
        zorder=4,
    )


def _beside(axes: Axes, edge: Edge, text: str) -> None:
    """Write a number next to a line: right of a vertical one, above a horizontal one."""
    (x0, y0), (x1, y1) = (_place(node) for node in edge)
    up = x0 == x1
    axes.text(
        (x0 + x1) / 2 + (0.08 if up else 0.0),
        (y0 + y1) / 2 + (0.0 if up else 0.07),
        text,
        ha="left" if up else "center",
        va="center" if up else "bottom",
        fontsize=9.5,
        color=LIT,
        zorder=5,
    )


def _place(node: Node) -> tuple[float, float]:
    return float(node[1]), float(node[0])


def _figure(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
