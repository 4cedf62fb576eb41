"""Figures in the text of Markdown files, filled in from recorded runs.

A figure stands between two comments, the first of which says where it comes from::

    accuracy <!-- figure: image_classification/digits_conv accuracy .3f -->0.997<!-- end -->
    <!-- figure: forecasting/chicago_simple_rnn_next_day mae .0f below ridge -->19<!-- end --> %

The words are a recipe, a metric of its model, the format of the number, and perhaps a baseline:
then the figure is by how many percent the metric of the model is below that of the baseline. Where
runs differ in the seed, it is the median.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from pathlib import Path

from keras_rnn_recipes.errors import UserError, first_names
from keras_rnn_recipes.runs.records import read_records
from keras_rnn_recipes.storage import replacing

_FIGURE = re.compile(r"(<!-- figure: ([^>]*?) -->)(.*?)(<!-- end -->)")


def update_figures(path: str | Path, recipes: str | Path) -> None:
    """Write the figures of a Markdown file again from the recorded runs.

    Args:
        path: of the file; only the text between its comments is replaced.
        recipes: folder with the recorded runs, ``<family>/results/<recipe>/seed<k>.json``.

    Raises:
        UserError: a figure of a recipe without recorded runs, or of a metric that they lack.
    """
    text = Path(path).read_text(encoding="utf-8")
    filled = _filled(text, lambda where: recorded_figure(where, recipes))
    with replacing(Path(path)) as staged:
        staged.write_text(filled, encoding="utf-8")


def check_figures(path: str | Path, recipes: str | Path) -> None:
    """Check that the figures of a Markdown file are those of the recorded runs.

    Args:
        path, recipes: as in `update_figures`.

    Raises:
        UserError: as `update_figures`, or a figure differs; the message names it.
    """
    for _, where, there, _ in _FIGURE.findall(Path(path).read_text(encoding="utf-8")):
        due = recorded_figure(where, recipes)
        if there != due:
            raise UserError(
                f"The figure {where!r} in {path} is {there!r}.",
                f"{due!r}, as in the recorded runs.",
                "run `make tables`.",
            )


def recorded_figure(where: str, recipes: str | Path) -> str:
    """A figure of recorded runs as text.

    Args:
        where: what stands in the comment after ``figure:``.
        recipes: as in `update_figures`.

    Raises:
        UserError: the words are of another form, or the runs lack the figure.

    Example:
        >>> recorded_figure("forecasting/co2 mae .3f", "recipes")  # doctest: +SKIP
        '0.312'
    """
    form = re.fullmatch(r"(\w+)/(\w+) (\w+) (\.\d[fg])(?: below (\w+))?", where)
    if form is None:
        raise UserError(
            f"The comment of a figure is {where!r}.",
            "a recipe, a metric and a format, such as 'tagging/conll2003_lstm entity_f1 .3f'.",
            "correct the comment.",
        )
    family, recipe, metric, written, baseline = form.groups()
    records = read_records([Path(recipes) / family / "results" / recipe])
    if baseline is None:
        figures = [record["model"].get(metric) for record in records]
    else:
        pairs = [
            (r["model"].get(metric), r["baselines"].get(baseline, {}).get(metric)) for r in records
        ]
        figures = [None if None in pair else 100 * (1 - pair[0] / pair[1]) for pair in pairs]
    known = [figure for figure in figures if figure is not None]
    if not known:
        raise UserError(
            f"The recorded runs of {family}/{recipe} have no figure {where!r}.",
            f"one of their metrics: {first_names(records[0]['model'])}.",
            "correct the comment.",
        )
    return format(statistics.median(known), written)


def _filled(text: str, figure: Callable[[str], str]) -> str:
    return _FIGURE.sub(lambda found: f"{found[1]}{figure(found[2])}{found[4]}", text)
