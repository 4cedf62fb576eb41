"""``report.html`` of an encoder and decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup

from keras_rnn_recipes.data.text.reading import ParallelTexts
from keras_rnn_recipes.data.text.tokenizer import as_strings
from keras_rnn_recipes.evaluation.translation import signatures
from keras_rnn_recipes.running.artefacts import read_json
from keras_rnn_recipes.running.encoder_decoder import plots
from keras_rnn_recipes.running.encoder_decoder.served import ServedEncoderDecoder
from keras_rnn_recipes.running.report_page import Section, Table
from keras_rnn_recipes.running.report_parts import write_text_page

MOST_SHOWN, MOST_DRAWN, LONGEST_DRAWN = 14, 3, 24


def write_pair_report(
    run_dir: str | Path,
    part: ParallelTexts,
    answers: Mapping[str, Sequence[str]],
    served: ServedEncoderDecoder,
) -> Path:
    """Write the report of an encoder and decoder into its run directory.

    Args:
        run_dir: as in `write_text_page`.
        part: the test part.
        answers: by name, the model first: what each text became.
        served: the model, to see where it looks.

    Returns:
        The path of the report.
    """
    name, given = next(iter(answers.items()))
    metrics = list(read_json(Path(run_dir) / "metrics.json")["model"])
    how = [f"{metric}: {text}" for metric, text in signatures(metrics).items()]
    search = served.search
    return write_text_page(
        run_dir,
        name=name,
        kind="encoder and decoder",
        facts=[
            f"tested on {len(part):,} pairs",
            f"{search.beam_width} beams, length penalty {search.length_penalty}",
        ],
        first="Made by",
        caption=" ".join(["On the test part; ● marks the best of a column.", *how]),
        more_tables=[_examples(part, given, wrong=False), _examples(part, given, wrong=True)],
        figures=_looks(part, served),
    )


def _examples(part: ParallelTexts, given: Sequence[str], *, wrong: bool) -> Table:
    rows = [
        (source, False, [target, answer])
        for source, target, answer in zip(part.sources, part.targets, given, strict=True)
        if (target.strip() != answer.strip()) == wrong
    ]
    about = "differ from what was wanted" if wrong else "are exactly what was wanted"
    return Table(
        "Other than wanted" if wrong else "As wanted",
        f"The first of {len(rows):,} answers that {about}.",
        "Text",
        ["wanted", "given"],
        rows[:MOST_SHOWN],
        of_texts=True,
    )


def _looks(part: ParallelTexts, served: ServedEncoderDecoder) -> list[Section]:
    """The attention of the first texts that are short enough to be drawn."""
    short = [text for text in part.sources if len(served.source.encode([text])[0]) <= LONGEST_DRAWN]
    drawn: list[Section] = []
    for text in short[:MOST_DRAWN]:
        ids = served.source(as_strings([text]))
        found = served.beams(ids, attention=True)
        written = found.tokens.numpy()[0, 0]
        written = written[: int(np.count_nonzero(written))]
        weights = np.asarray(found.attention)[0, 0, : len(written)]
        picture = plots.attention_matrix(
            weights,
            [served.source.vocabulary[token] for token in ids.numpy()[0]],
            [served.target.vocabulary[token] for token in written],
        )
        caption = "Rows: what it wrote. Columns: what it read; the fuller, the more it looked."
        drawn.append(Section(f"Where it looked: {text}", Markup(picture), caption))
    return drawn
