"""Draw the five shapes of tasks, together and each by itself: ``draw_shapes.py FOLDER``.

A drawing brings its own paper and colors, light or dark as the reader's system asks, so that it
is readable on any page. The small drawings are those of the reports.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from keras_rnn_recipes.config.shapes import SHAPES
from keras_rnn_recipes.reporting.shapes import HEIGHT, shape_parts, shape_width

# Below each drawing: its name and an example.
WORDS = {
    "one-to-one": ("one to one", "", "image → class"),
    "one-to-many": ("one to many", "", "start → text"),
    "many-to-one": ("many to one", "", "sequence → class"),
    "many-to-many-equal": ("many to many", "equal length", "words → tags"),
    "many-to-many-different": ("many to many", "different length", "text → text"),
}
SCALE, GAP, EDGE, TOP = 1.5, 46, 36, 28
FONT = 'font-family="system-ui, sans-serif" text-anchor="middle"'
STYLE = """
.paper { fill: #fdfdfb; stroke: #dddcd6; }
text { fill: #1c1e22; }
.muted { fill: #5f646d; }
.input { fill: none; stroke: #5f646d; stroke-width: 1.25; }
.state { fill: #e4edf7; stroke: #0b5cad; stroke-width: 1.25; }
.output { fill: #0b5cad; }
.arrow { fill: none; stroke: #5f646d; stroke-width: 1.25; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #15171a; stroke: #34383e; }
  text { fill: #e7e5e0; }
  .muted { fill: #a2a6ad; }
  .input, .arrow { stroke: #a2a6ad; }
  .state { fill: #1c2c40; stroke: #74b3ff; }
  .output { fill: #74b3ff; }
}
"""


def panels() -> Iterator[tuple[str, float, float]]:
    """Each shape with the left edge and the width of its panel."""
    left = float(EDGE)
    for shape in SHAPES:
        width = max(SCALE * shape_width(shape), 104)
        yield shape, left, width
        left += width + GAP


def panel(shape: str, left: float, width: float) -> Iterator[str]:
    """The drawing of a shape and the words below it."""
    inset = left + (width - SCALE * shape_width(shape)) / 2
    yield f'<g transform="translate({inset:g} {TOP}) scale({SCALE})">'
    yield from shape_parts(shape)
    yield "</g>"
    middle, line = left + width / 2, TOP + SCALE * HEIGHT + 24
    title, length, example = WORDS[shape]
    place = f'x="{middle:g}" y="{line:g}"'
    yield f'<text {place} {FONT} font-size="15" font-weight="600">{title}</text>'
    for number, words in enumerate((length, example), start=1):
        if words:
            below = f'x="{middle:g}" y="{line + 20 * number:g}"'
            yield f'<text class="muted" {below} {FONT} font-size="13">{words}</text>'


def together() -> str:
    """All shapes next to each other, with their names."""
    every = list(panels())
    width = every[-1][1] + every[-1][2] + EDGE
    height = TOP + SCALE * HEIGHT + 24 + 40 + 24
    label = "Five shapes of tasks: " + "; ".join(f"{s.title}: {s.meaning}" for s in SHAPES.values())
    return on_paper(width, height, label, (line for one in every for line in panel(*one)))


def alone(shape: str) -> str:
    """One shape, for the row of a table."""
    info, inset = SHAPES[shape], 8
    drawing = [f'<g transform="translate({inset} {inset})">', *shape_parts(shape), "</g>"]
    width, height = shape_width(shape) + 2 * inset, HEIGHT + 2 * inset
    return on_paper(width, height, f"{info.title}: {info.meaning}", drawing)


def on_paper(width: float, height: float, label: str, elements: Iterable[str]) -> str:
    """A whole file: colors, paper, and elements on it."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" x="0.5" y="0.5" rx="8" width="{width - 1:g}" '
        f'height="{height - 1:g}"/>',
        *elements,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Draw and write."""
    folder.mkdir(exist_ok=True)
    (folder / "five.svg").write_text(together(), encoding="utf-8")
    for shape in SHAPES:
        (folder / f"{shape}.svg").write_text(alone(shape), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
