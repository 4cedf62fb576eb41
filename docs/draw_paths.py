"""Draw the README's picture of the chain rule: ``draw_paths.py OUT.svg``.

Two linear layers over two steps: the three ways in which the error at the second step reaches the
weight between input and lower layer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl

from keras_rnn_recipes.bptt.path_drawing import STYLE, draw_paths
from keras_rnn_recipes.bptt.paths import paths
from keras_rnn_recipes.bptt.textbook import two_linear_layers


def main(out: Path) -> None:
    """Find the paths, draw, write."""
    network, x, target = two_linear_layers()
    found = paths(network, x, target, loss="squared_error", reduction="sum", steps=1)
    given = [path.gradients[0].item() for path in found]
    figure = draw_paths(network, x, found, names="SZ")
    parts = " + ".join(f"{each:.3f}" for each in given)
    figure.supxlabel(f"dE/dWx = {parts} = {sum(given):.3f}", fontsize=12)
    with mpl.rc_context(STYLE):
        figure.savefig(
            out, metadata={"Date": None, "Creator": None} if out.suffix == ".svg" else {}
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
