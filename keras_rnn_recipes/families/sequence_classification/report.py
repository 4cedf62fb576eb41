"""``report.html`` of a classifier of sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.reporting.classification import class_table, classifier_figures
from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.reporting.style import INK, MODEL, MUTED, new_figure, svg_of

MOST_MISTAKES, MOST_EXAMPLES, MOST_DRAWN, FRAMES_DRAWN = 12, 12, 6, 8

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    test: LabelledSequences,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    classes: Sequence[str],
    *,
    at_steps: Sequence[np.ndarray] | None = None,
) -> Path:
    """Write the report of a classifier into its run directory, from its files and the arguments.

    Args:
        run_dir: with ``metrics.json``, ``predictions.csv`` and, if they are there,
            ``config.json``, ``history.csv`` and ``environment.json``.
        test: the test part.
        truth: its class numbers ``(sequences,)``.
        answers: probabilities ``(sequences, classes)`` by model, the trained one first.
        classes: their names.
        at_steps: of a network that answers at every step, its probabilities ``(time, classes)`` for
            each sequence.

    Returns:
        The path of the report.
    """
    folder = Path(run_dir)
    name, found = next(iter(answers.items()))
    return write_text_page(
        folder,
        name=name,
        kind="classifier of sequences",
        facts=[
            f"{len(classes)} classes",
            f"tested on {counted(len(truth), 'sequence')}",
        ],
        first="Model",
        caption="On the test part. ● marks the best value of a column.",
        more_tables=[class_table(truth, found, classes, noun="sequences"), _mistakes(folder, name)],
        figures=[
            _examples(test, truth, classes),
            *classifier_figures(name, truth, answers, classes, noun="sequences"),
            _by_share(truth, at_steps),
            _by_length(test, truth, found),
        ],
    )


def _mistakes(folder: Path, name: str) -> Table:
    """The wrong answers with the highest probability; among these, labels are often wrong too."""
    kinds: dict[str, Any] = {"sequence": str, "label": str, name: str}
    table = pd.read_csv(folder / "predictions.csv", dtype=kinds, keep_default_na=False)
    wrong = table[table[name] != table["label"]]
    surest = wrong.sort_values(f"{name}-probability", ascending=False).head(MOST_MISTAKES)
    columns = ["sequence", "steps", "label", name, f"{name}-probability"]
    rows = [
        (sequence, False, [f"{int(steps):,}", truth, answer, f"{float(sure):.3f}"])
        for sequence, steps, truth, answer, sure in surest[columns].itertuples(index=False)
    ]
    return Table(
        "Wrong answers",
        f"The wrong answers with the highest probability, {len(rows)} of {len(wrong):,}.",
        "Sequence",
        ["steps", "true", "predicted", "probability"],
        rows,
    )


def _examples(test: LabelledSequences, truth: np.ndarray, classes: Sequence[str]) -> Section:
    """One sequence of each class."""
    shown = [number for number in range(len(classes)) if (truth == number).any()][:MOST_EXAMPLES]
    firsts = [test.values[int(np.argmax(truth == number))] for number in shown]
    if test.kind == "frames":
        figure = plot_frames(firsts, [classes[number] for number in shown])
        told = "From the test part: frames of each video at equal distances, from left to right."
        return Section("One video of each class", svg_of(figure), told)
    figure = plot_sequences(firsts, [classes[number] for number in shown], test.channels)
    drawn = test.channels[:MOST_DRAWN]
    many = f"the first {len(drawn)} of {len(test.channels)} channels"
    noun = "channel" if len(drawn) == 1 else "channels"
    what = f"{noun} {', '.join(drawn)}" if len(drawn) == len(test.channels) else many
    return Section(
        "One sequence of each class", svg_of(figure), f"From the test part, by step: {what}."
    )


def plot_frames(values: Sequence[np.ndarray], titles: Sequence[str]) -> Figure:
    """Plot a strip of eight frames of each video, one below the other.

    Args:
        values: videos, uint8 ``(time, height, width, 1 or 3)``.
        titles: of each.
    """
    height, width = values[0].shape[1:3]
    with new_figure(0.75 * height / width * len(values), axes_grid=False) as (figure, axes):
        axes.remove()
        for row, (one, title) in enumerate(zip(values, titles, strict=True)):
            places = np.linspace(0, len(one) - 1, min(len(one), FRAMES_DRAWN)).round().astype(int)
            for column, place in enumerate(places):
                part = figure.add_subplot(
                    len(values), FRAMES_DRAWN, row * FRAMES_DRAWN + column + 1
                )
                part.imshow(one[place].squeeze(-1) if one.shape[-1] == 1 else one[place], "gray")
                part.set(xticks=[], yticks=[])
                if not column:
                    part.set_ylabel(
                        title, fontsize=8, color=INK, rotation=0, ha="right", va="center"
                    )
        figure.set_label(f"Frames of one video of each of {len(values)} classes.")
    return figure


def plot_sequences(
    values: Sequence[np.ndarray], titles: Sequence[str], channels: Sequence[str]
) -> Figure:
    """Plot sequences side by side, a line for each channel.

    Args:
        values: sequences ``(time, channels)``.
        titles: of each.
        channels: names of the channels; the first six are drawn.
    """
    columns = min(len(values), 3)
    rows = -(-len(values) // columns)
    with new_figure(1.3 * rows + 0.3, axes_grid=False) as (figure, axes):
        axes.remove()
        for place, (one, title) in enumerate(zip(values, titles, strict=True), start=1):
            part = figure.add_subplot(rows, columns, place)
            for number in range(min(one.shape[1], MOST_DRAWN)):
                look = ((MODEL, "-"), (INK, "-"), (MUTED, "-"))[number % 3]
                part.plot(one[:, number], look[1], color=look[0], linewidth=0.9)
            part.set_title(title, fontsize=8, color=INK)
            part.tick_params(labelsize=6)
        names = ", ".join(channels[:MOST_DRAWN])
        figure.set_label(f"One sequence of each of {len(values)} classes; channels: {names}.")
    return figure


def _by_share(truth: np.ndarray, at_steps: Sequence[np.ndarray] | None) -> Section | None:
    """Accuracy by the share of each sequence that the network has read."""
    if at_steps is None:
        return None
    shares = np.linspace(0.05, 1, 20)
    right = np.array([accuracy_so_far(truth, at_steps, share) for share in shares])
    with new_figure(2.2) as (figure, axes):
        axes.plot(100 * shares, right, color=MODEL, marker="o", markersize=3)
        axes.set(xlabel="% of the sequence read", ylabel="accuracy", ylim=(0, 1.02))
        figure.set_label("Accuracy by the share of the sequence that was read.")
    caption = (
        f"The network answers at every step, from the steps so far. Halfway it is right for "
        f"{100 * right[9]:.0f} % of the sequences, at their end for {100 * right[-1]:.0f} %."
    )
    return Section("Accuracy while the sequence is read", svg_of(figure), caption)


def accuracy_so_far(truth: np.ndarray, at_steps: Sequence[np.ndarray], share: float) -> float:
    """Share of right answers after a share of the steps of each sequence.

    Args:
        truth: class numbers ``(sequences,)``.
        at_steps: probabilities ``(time, classes)`` for each sequence.
        share: of the steps, above 0; at least one step is read.

    Example:
        >>> accuracy_so_far(np.array([1]), [np.array([[0.9, 0.1], [0.2, 0.8]])], 0.5)
        0.0
    """
    places = [max(int(np.ceil(share * len(one))) - 1, 0) for one in at_steps]
    found = [one[place].argmax() for one, place in zip(at_steps, places, strict=True)]
    return float(np.mean(np.array(found) == truth))


def _by_length(test: LabelledSequences, truth: np.ndarray, found: np.ndarray) -> Section | None:
    """Accuracy in quarters of the sequences, sorted by their length."""
    lengths, right = test.lengths, found.argmax(axis=1) == truth
    if len(truth) < 8 or lengths.min() == lengths.max():
        return None
    quarters = np.array_split(np.argsort(lengths, kind="stable"), 4)
    names = [f"{lengths[one].min():,}–{lengths[one].max():,}" for one in quarters]
    with new_figure(2.2) as (figure, axes):
        axes.bar(range(4), [right[one].mean() for one in quarters], color=MODEL, width=0.6)
        axes.set(xlabel="steps", ylabel="accuracy", ylim=(0, 1.02))
        axes.set_xticks(range(4), names)
        figure.set_label("Accuracy by length of the sequence.")
    return Section(
        "Accuracy by length", svg_of(figure), "In four groups of as many sequences, by their steps."
    )
