"""``report.html`` of an image classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.media.labelled_images import LabelledImages
from keras_rnn_recipes.reporting.classification import class_table, classifier_figures
from keras_rnn_recipes.reporting.page import Section
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.reporting.style import INK, new_figure, svg_of

MOST_MISTAKES, IN_A_ROW = 12, 6

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    part: LabelledImages,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    classes: Sequence[str],
) -> Path:
    """Write the report of a classifier into its run directory, from its files and the arguments.

    Args:
        run_dir: with ``metrics.json`` and, if they are there, ``config.json``, ``history.csv`` and
            ``environment.json``.
        part: the test part, as the network sees it.
        truth: its class numbers ``(images,)``.
        answers: probabilities ``(images, classes)`` by model, the trained one first.
        classes: their names.

    Returns:
        The path of the report.
    """
    name, found = next(iter(answers.items()))
    height, width, _ = part.images.shape[1:]
    return write_text_page(
        Path(run_dir),
        name=name,
        kind="image classifier",
        facts=[
            f"{len(classes)} classes",
            f"images of {height} by {width} pixels",
            f"tested on {counted(len(truth), 'image')}",
        ],
        first="Model",
        caption="On the test part. ● marks the best value of a column.",
        more_tables=[class_table(truth, found, classes, noun="images")],
        figures=[
            mistakes_section(part, truth, found, classes),
            *classifier_figures(name, truth, answers, classes, noun="images"),
        ],
    )


def mistakes_section(
    part: LabelledImages, truth: np.ndarray, found: np.ndarray, classes: Sequence[str]
) -> Section | None:
    """The wrong answers with the highest probability as pictures; None without a wrong answer.

    Args:
        part: the test part.
        truth: class numbers ``(images,)``.
        found: probabilities ``(images, classes)``.
        classes: their names.
    """
    answered = found.argmax(axis=1)
    wrong = np.flatnonzero(answered != truth)
    if not len(wrong):
        return None
    shown = wrong[np.argsort(-found[wrong].max(axis=1), kind="stable")][:MOST_MISTAKES]
    rows = -(-len(shown) // IN_A_ROW)
    with new_figure(1.55 * rows, rows=rows, columns=IN_A_ROW, axes_grid=False) as (figure, axes):
        for place in np.atleast_1d(axes).flat:
            place.set_axis_off()
        for place, row in zip(np.atleast_1d(axes).flat, shown, strict=False):
            picture = part.images[row]
            picture = picture[..., 0] if picture.shape[-1] == 1 else picture
            place.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            title = f"{_short(classes[truth[row]])} → {_short(classes[answered[row]])}"
            place.set_title(f"{title}\n{found[row].max():.2f}", fontsize=8, color=INK, loc="center")
        figure.set_label(f"{counted(len(shown), 'picture')} that the model classified wrongly.")
    return Section(
        "Wrong answers",
        svg_of(figure),
        f"True and predicted class, and the probability of the prediction: {len(shown)} of "
        f"{counted(len(wrong), 'wrong answer')}, those with the highest probability. Pictures are "
        "shown as the network sees them.",
    )


def _short(name: str) -> str:
    return name if len(name) <= 9 else name[:8] + "…"
