"""Results as HTML, which Jupyter shows in place of a ``repr``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from keras_rnn_recipes.evaluation.metric_info import is_of_intervals
from keras_rnn_recipes.reporting.format import label
from keras_rnn_recipes.reporting.parts import figure_rows


def scores_html(name: str, record: Mapping[str, Any], caption: str) -> str:
    """A small table of scores, the model first, then the baselines from best to worst.

    The best score of each column is bold. Scores of intervals are left out.

    Args:
        name: of the model.
        record: with ``model`` and ``baselines``, as ``metrics.json``.
        caption: above the table, as plain text.

    Example:
        >>> record = {"model": {"mae": 1.0}, "baselines": {"naive": {"mae": 2.0}}}
        >>> print(scores_html("lstm", record, "A run"))
        <table><caption>A run</caption>
        <tr><th>Model</th><th>MAE</th></tr>
        <tr><th>LSTM</th><td><b>1.000</b></td></tr>
        <tr><th>naive</th><td>2.000</td></tr></table>
    """
    metrics = [metric for metric in record["model"] if not is_of_intervals(metric)]
    lines = [_row(Markup("th"), ["Model", *map(label, metrics)])]
    for row in figure_rows(name, record, metrics, metrics[0]) if metrics else ():
        cells = [Markup("<b>{}</b>" if c["best"] else "{}").format(c["text"]) for c in row["cells"]]
        lines.append(_row(Markup("td"), [row["name"], *cells]))
    return Markup("<table><caption>{}</caption>\n{}</table>").format(
        caption, Markup("\n").join(lines)
    )


def _row(tag: Markup, cells: list[str]) -> Markup:
    first, *others = map(escape, cells)
    rest = Markup("").join(Markup("<{0}>{1}</{0}>").format(tag, cell) for cell in others)
    return Markup("<tr><th>{}</th>{}</tr>").format(first, rest)
