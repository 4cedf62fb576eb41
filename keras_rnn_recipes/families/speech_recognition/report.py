"""``report.html`` of a speech recognizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.translation import edit_counts
from keras_rnn_recipes.media.sequence_files import WAVEFORM
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.reporting.format import label, number
from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.parts import scores_table, write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.reporting.style import INK, MODEL, MUTED, RIVAL, new_figure, svg_of
from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from keras_rnn_recipes.families.speech_recognition.pipeline import Pipeline
    from keras_rnn_recipes.serving.saved_speech import Transcript

MOST_EXAMPLES, MOST_WORST, MOST_CONFUSED = 3, 12, 12

# Characters with a smaller probability at every step are not drawn.
LEAST_DRAWN = 0.05

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    test: LabelledSequences,
    answers: Mapping[str, Sequence[str]],
    found: Sequence[Transcript],
    pipeline: Pipeline,
) -> Path:
    """Write the report of a speech recognizer into its run directory.

    Args:
        run_dir: as in `write_text_page`.
        test: the test part.
        answers: texts by model, the trained one first.
        found: the transcripts of the trained model.
        pipeline: the trained model.

    Returns:
        The path of the report.
    """
    name, given = next(iter(answers.items()))
    record = read_json(Path(run_dir) / "metrics.json")
    return write_text_page(
        run_dir,
        name=name,
        kind="speech recognizer",
        facts=[
            f"tested on {counted(len(test), 'recording')}",
            f"beam width {pipeline.decoder.beam_width}",
        ],
        first="Model",
        caption="On the test part. ● marks the best value of a column.",
        more_tables=[
            scores_table(
                "Decoding",
                "The same network on the test part, decoded in different ways.",
                "Search",
                record.get("decodings", {}),
            ),
            error_table(test.labels, answers),
            _worst(test, given),
        ],
        figures=_examples(test, found, pipeline),
    )


def error_table(wanted: Sequence[str], answers: Mapping[str, Sequence[str]]) -> Table:
    """Substituted, deleted and inserted characters and words of each model.

    Args:
        wanted: the transcripts.
        answers: texts by model, the trained one first.

    Example:
        >>> error_table(["abc d"], {"lstm": ["abd d"]}).rows[0]
        ('LSTM: characters', True, ['1', '0', '0', '5'])
    """
    first = next(iter(answers))
    rows = []
    for words in (False, True):
        for name, given in answers.items():
            found = edit_counts(given, wanted, words=words)
            total = found.right + found.substituted + found.deleted
            counts = (found.substituted, found.deleted, found.inserted, total)
            unit = "words" if words else "characters"
            rows.append((f"{label(name)}: {unit}", name == first, [f"{one:,}" for one in counts]))
    return Table(
        "Errors",
        "Characters and words that are substituted, deleted and inserted, and how many the "
        "transcripts have.",
        "Model",
        ["substituted", "deleted", "inserted", "in transcripts"],
        rows,
    )


def _worst(test: LabelledSequences, given: Sequence[str]) -> Table:
    """The recordings with the most wrong characters."""
    counts = [edit_counts([one], [text]) for one, text in zip(given, test.labels, strict=True)]
    errors = np.array([one.substituted + one.deleted + one.inserted for one in counts])
    order = [place for place in np.argsort(-errors, kind="stable") if errors[place]]
    rows = [
        (test.names[place], False, [str(errors[place]), test.labels[place], given[place]])
        for place in order[:MOST_WORST]
    ]
    wrong = int((errors > 0).sum())
    return Table(
        "Recordings with the most errors",
        f"{len(rows)} of {counted(wrong, 'recording')} with a wrong character, of {len(test):,}.",
        "Recording",
        ["errors", "transcript", "recognized"],
        rows,
        of_texts=True,
    )


def _examples(
    test: LabelledSequences, found: Sequence[Transcript], pipeline: Pipeline
) -> list[Section]:
    """The first recordings of different lengths: input, output of the network, and characters."""
    # Importing them imports Keras, which tables of results do without.
    from keras_rnn_recipes.families.sequence_classification.task import features
    from keras_rnn_recipes.layers import LogMel

    order = np.argsort(test.lengths, kind="stable")
    shares = np.linspace(0.3, 0.9, min(MOST_EXAMPLES, len(test)))
    places = dict.fromkeys(int(order[int(share * (len(order) - 1))]) for share in shares)
    layer = next((one for one in pipeline.model.layers if isinstance(one, LogMel)), None)
    sections = []
    for place in places:
        values = test.values[place]
        seen = features([values], layer)[0]
        output = pipeline.log_probabilities([values])[0]
        figure = plot_recognition(seen, output, found[place], pipeline)
        what = "mel bands" if layer else "features"
        caption = (
            f"Above: {what} by time, dark is strong. Below: the probability of each character, and "
            "of the blank in gray. Letters stand where the recognized characters begin. "
            f"Spoken: {test.labels[place]!r}; recognized: {found[place].text!r}."
        )
        sections.append(Section(f"Recognition of {test.names[place]}", svg_of(figure), caption))
    return sections


def plot_recognition(
    seen: np.ndarray, log_probabilities: np.ndarray, found: Transcript, pipeline: Pipeline
) -> Figure:
    """Plot what the network reads and what it answers, by time.

    Args:
        seen: features ``(steps, channels)``.
        log_probabilities: ``(steps, symbols)``.
        found: the transcript.
        pipeline: for the characters and the time of a step.
    """
    probabilities = np.exp(log_probabilities)
    times = (np.arange(len(probabilities)) + 0.5) * pipeline.seconds
    end = len(probabilities) * pipeline.seconds
    with new_figure(3.4, rows=2, axes_grid=False) as (figure, (above, below)):
        scaled = (seen - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-6)
        above.imshow(
            scaled.T,
            origin="lower",
            aspect="auto",
            cmap="Greys",
            vmin=-1,
            vmax=3,
            extent=(0, end, 0, seen.shape[1]),
        )
        above.set(ylabel="band" if pipeline.channels == (WAVEFORM,) else "feature", xlim=(0, end))
        above.tick_params(labelbottom=False)
        below.plot(times, probabilities[:, 0], color=MUTED, linewidth=0.6)
        for symbol in range(1, probabilities.shape[1]):
            curve = probabilities[:, symbol]
            if curve.max() >= LEAST_DRAWN:
                color = RIVAL if pipeline.characters[symbol - 1] == " " else MODEL
                below.plot(times, curve, color=color, linewidth=1.0)
        for character, time in zip(found.characters, found.times, strict=True):
            shown = "␣" if character == " " else character
            below.text(time + pipeline.seconds / 2, 1.06, shown, color=INK, fontsize=8, ha="center")
        below.set(xlabel="seconds", ylabel="probability", xlim=(0, end), ylim=(0, 1.2))
        below.set_yticks([0, 0.5, 1])
        figure.set_label(f"Recognition of {number(end)} seconds as {found.text}.")
    return figure
