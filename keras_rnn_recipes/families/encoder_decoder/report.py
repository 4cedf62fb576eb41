"""``report.html`` of an encoder-decoder."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.translation import describe_signatures
from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.reporting.style import MODEL, new_figure, svg_of
from keras_rnn_recipes.storage import read_json
from keras_rnn_recipes.text.pronunciations import ReferencedTexts, joined
from keras_rnn_recipes.text.reading import ParallelTexts

if TYPE_CHECKING:
    from keras_rnn_recipes.families.encoder_decoder.pipeline import Pipeline

MOST_SHOWN, MOST_DRAWN, LONGEST_DRAWN = 14, 3, 24

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    part: ParallelTexts | ReferencedTexts,
    answers: Mapping[str, Sequence[str]],
    served: Pipeline,
) -> Path:
    """Write the report of an encoder and decoder into its run directory.

    Args:
        run_dir: as in `write_text_page`.
        part: the test part.
        answers: the output texts by model, the trained one first.
        served: the trained pipeline, for its attention weights.

    Returns:
        The path of the report.
    """
    name, given = next(iter(answers.items()))
    metrics = list(read_json(Path(run_dir) / "metrics.json")["model"])
    search, lowercase = served.search, served.target.preparation.lower
    how = describe_signatures(metrics, part.targets, lowercase=lowercase).splitlines()
    return write_text_page(
        run_dir,
        name=name,
        kind="encoder and decoder",
        facts=[
            f"tested on {counted(len(part), _noun(part))}",
            f"{counted(search.beam_width, 'beam')}, length penalty {search.length_penalty}",
        ],
        first="Model",
        caption=" ".join(["On the test part. ● marks the best value of a column.", *how]),
        more_tables=[
            _examples(part, given, wrong=wrong, lowercase=lowercase) for wrong in (False, True)
        ],
        figures=_looks(part, served),
    )


def _noun(part: ParallelTexts | ReferencedTexts) -> str:
    return "word" if isinstance(part, ReferencedTexts) else "pair"


def _examples(
    part: ParallelTexts | ReferencedTexts, given: Sequence[str], *, wrong: bool, lowercase: bool
) -> Table:
    def equal(target: str | Sequence[str], answer: str) -> bool:
        several = (target,) if isinstance(target, str) else target
        return _compared(answer, lowercase) in [_compared(one, lowercase) for one in several]

    rows = [
        (source, False, [joined(target), answer])
        for source, target, answer in zip(part.sources, part.targets, given, strict=True)
        if equal(target, answer) != wrong
    ]
    exactly = "except for case" if lowercase else "exactly"
    s = "s" * (len(rows) == 1)
    about = f"differ{s} from the target" if wrong else f"equal{s} the target {exactly}"
    return Table(
        "Wrong answers" if wrong else "Correct answers",
        f"The first of {counted(len(rows), 'answer')} that {about}.",
        "Text",
        ["target", "answer"],
        rows[:MOST_SHOWN],
        of_texts=True,
    )


def _compared(text: str, lowercase: bool) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    return text.lower() if lowercase else text


def _looks(part: ParallelTexts | ReferencedTexts, served: Pipeline) -> list[Section]:
    """Attention weights of the first texts that are short enough to plot."""
    from keras_rnn_recipes.text.tokenizer import as_strings

    short = [text for text in part.sources if len(served.source.encode([text])[0]) <= LONGEST_DRAWN]
    of_pieces = served.source.preparation.unit == "pieces"
    caption = "Rows: output tokens. Columns: source tokens. Strong cells have large weights."
    if of_pieces:
        caption += " ▁ stands for a space, so a piece without it continues a word."
    drawn: list[Section] = []
    for text in short[:MOST_DRAWN]:
        ids = served.source(as_strings([text]))
        found = served.beams(ids, attention=True)
        written = found.tokens.numpy()[0, 0]
        written = written[: int(np.count_nonzero(written))]
        weights = np.asarray(found.attention)[0, 0, : len(written)]
        read = [served.source.vocabulary[token] for token in ids.numpy()[0]]
        answer = [served.target.vocabulary[token] for token in written]
        if not of_pieces:
            read, answer = ([token.strip(MARKS) for token in side] for side in (read, answer))
        figure = plot_attention(weights, read, answer)
        drawn.append(Section(f"Attention: {text}", svg_of(figure), caption))
    return drawn


LONGEST_TICK = 14
MARKS = "￭▁"  # that `Preparation.reversible` puts on tokens


def plot_attention(weights: np.ndarray, source: Sequence[str], target: Sequence[str]) -> Figure:
    """Plot the attention weights of one text: a row per output token, a column per source token.

    Args:
        weights: ``(target time, source time)``, from 0 to 1.
        source, target: the tokens.
    """
    rows, columns = len(target), len(source)
    with new_figure(0.9 + 0.24 * rows, axes_grid=False) as (figure, axes):
        for (row, column), share in np.ndenumerate(weights[:rows, :columns]):
            box = Rectangle(
                (column - 0.47, row - 0.47), 0.94, 0.94, facecolor=MODEL, alpha=0.04 + 0.9 * share
            )
            axes.add_patch(box)
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
        axes.set_xticks(range(columns), [_short(token) for token in source], rotation=45)
        axes.set_yticks(range(rows), [_short(token) for token in target])
        axes.xaxis.tick_top()
        figure.set_label(f"Attention from {rows} output tokens to {columns} source tokens.")
    return figure


def _short(token: str) -> str:
    shown = token if token.strip() else "␣"
    return shown if len(shown) <= LONGEST_TICK else shown[: LONGEST_TICK - 1] + "…"
