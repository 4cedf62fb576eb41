"""``report.html`` of a captioner."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.translation import accuracy_at_1, describe_signatures
from keras_rnn_recipes.media.captioned_images import CaptionedImages
from keras_rnn_recipes.reporting.page import Section
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.reporting.style import INK, new_figure, svg_of
from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    from keras_rnn_recipes.families.captioning.pipeline import Pipeline

# Pictures of a figure and in a row of it; test images whose attention is shown.
MOST_SHOWN, IN_A_ROW, MOST_WORDS_IN_A_ROW, MOST_ATTENDED = 8, 4, 8, 3
_LINE, _LONGEST = 30, 90

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    part: CaptionedImages,
    answers: Mapping[str, Sequence[str]],
    served: Pipeline,
) -> Path:
    """Write the report of a captioner into its run directory.

    Args:
        run_dir: as in `write_text_page`.
        part: the test part, as the network sees it.
        answers: the captions by model, the trained one first.
        served: the trained pipeline, for its attention weights.

    Returns:
        The path of the report.
    """
    name, given = next(iter(answers.items()))
    metrics = list(read_json(Path(run_dir) / "metrics.json")["model"])
    height, width, _ = served.size
    lowercase = served.tokenizer.preparation.lower
    how = describe_signatures(metrics, part.captions, lowercase=lowercase).splitlines()
    return write_text_page(
        run_dir,
        name=name,
        kind="captioner",
        facts=[
            f"images of {height} by {width} pixels",
            f"tested on {counted(len(part), 'image')}",
            counted(served.search.beam_width, "beam"),
        ],
        first="Model",
        caption=" ".join(
            [
                "On the test part, where every caption of an image is a reference. "
                "● marks the best value of a column.",
                *how,
            ]
        ),
        figures=[
            *attention_sections(part, served),
            captions_section(part, given, right=True),
            captions_section(part, given, right=False),
        ],
    )


def captions_section(part: CaptionedImages, given: Sequence[str], *, right: bool) -> Section | None:
    """Test images with their captions, those that equal a reference or those that do not.

    Args:
        part: the test part.
        given: the caption of each image.
        right: which of the two.

    Returns:
        None where there is none.
    """
    rows = [
        row
        for row, (text, references) in enumerate(zip(given, part.captions, strict=True))
        if (accuracy_at_1([text.lower()], [[one.lower() for one in references]]) == 1) == right
    ]
    if not rows:
        return None
    titles = [
        _lines(given[row]) if right else f"{_lines(given[row])}\n— {_lines(part.captions[row][0])}"
        for row in rows[:MOST_SHOWN]
    ]
    depth = 1.45 if right else 1.85
    lines = -(-len(titles) // IN_A_ROW)
    with new_figure(depth * lines, rows=lines, columns=IN_A_ROW, axes_grid=False) as (figure, axes):
        for place, title, row in _placed(axes, titles, rows):
            place.imshow(_shown(part.images[row]), cmap="gray", vmin=0, vmax=255)
            place.set_title(title, fontsize=7, color=INK, loc="center")
        figure.set_label(f"{counted(len(titles), 'picture')} with captions.")
    share = f"The first of {counted(len(rows), 'caption')} of {len(part):,}"
    if right:
        return Section("Correct captions", svg_of(figure), f"{share} that equal a reference.")
    return Section(
        "Wrong captions",
        svg_of(figure),
        f"{share} that equal no reference; after the dash the first reference.",
    )


def attention_sections(part: CaptionedImages, served: Pipeline) -> list[Section]:
    """For the first test images one picture for each word, bright where the decoder looked.

    Args:
        part: the test part.
        served: the trained pipeline.

    Returns:
        None for a network without attention.
    """
    # Importing them imports Keras, which tables of results do without.
    from keras_rnn_recipes.builders.captioner import place_shape
    from keras_rnn_recipes.builders.decoder import has_attention

    if not has_attention(served.model):
        return []
    grid, pixels = place_shape(served.model), part.images[:MOST_ATTENDED].astype("float32")
    found = served.beams(pixels, places=grid[0] * grid[1])
    texts = served.tokenizer.texts(found.tokens[:, 0]).numpy()
    sections = []
    for row, text in enumerate(texts):
        written = np.asarray(found.tokens)[row, 0]
        words = [served.tokenizer.vocabulary[token] for token in written[written != 0]]
        weights = np.asarray(found.attention)[row, 0, : len(words)].reshape(-1, *grid)
        picture = plot_attention(part.images[row], words, weights)
        caption = (
            "Each picture belongs to the word above it and is bright where the decoder looked "
            "when it wrote that word."
        )
        sections.append(Section(f"Attention: {text.decode('utf-8', 'replace')}", picture, caption))
    return sections


def plot_attention(image: np.ndarray, words: Sequence[str], weights: np.ndarray) -> str:
    """The picture, then the picture once for each word, darkened where the weights are small.

    Args:
        image: uint8 ``(height, width, channels)``.
        words: the tokens that were written.
        weights: ``(words, height of the grid, width of the grid)``, sum 1 for each word.

    Returns:
        The figure as SVG.
    """
    titles = ["", *(word if word != "[END]" else "(end)" for word in words)]
    lines = -(-len(titles) // MOST_WORDS_IN_A_ROW)
    columns = MOST_WORDS_IN_A_ROW
    with new_figure(1.1 * lines, rows=lines, columns=columns, axes_grid=False) as (figure, axes):
        for place, title, number in _placed(axes, titles, range(len(titles))):
            shown = image if number == 0 else _lit(image, weights[number - 1])
            place.imshow(_shown(shown), cmap="gray", vmin=0, vmax=255)
            place.set_title(title.strip("￭▁"), fontsize=8, color=INK, loc="center")
        figure.set_label(f"The picture, and the attention of {counted(len(words), 'word')}.")
    return svg_of(figure)


def _lit(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The image with the brightness of each place by its weight, a fifth of it where that is 0."""
    height, width = image.shape[:2]
    rows = np.arange(height) * weights.shape[0] // height
    columns = np.arange(width) * weights.shape[1] // width
    share = weights[rows][:, columns, None] / max(float(weights.max()), 1e-9)
    return np.rint(image * (0.2 + 0.8 * share)).astype("uint8")


def _placed(axes, titles, rows):
    """Axes with their titles and rows; all axes are without ticks, the rest stay empty."""
    places = np.atleast_1d(axes).ravel()
    for place in places:
        place.set_axis_off()
    return zip(places, titles, rows, strict=False)


def _shown(image: np.ndarray) -> np.ndarray:
    return image[..., 0] if image.shape[-1] == 1 else image


def _lines(text: str) -> str:
    return textwrap.fill(textwrap.shorten(text, _LONGEST, placeholder="…"), _LINE)
