"""``report.html`` of a music model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from keras_rnn_recipes.config.music import MusicConfig
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.music_metrics import PieceScore
from keras_rnn_recipes.media.piano_rolls import MusicParts, Piece
from keras_rnn_recipes.reporting.format import label, number
from keras_rnn_recipes.reporting.music import PAGE_SECONDS, audio_player, plot_roll
from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.parts import write_text_page
from keras_rnn_recipes.reporting.readme_tables import table_of_answers
from keras_rnn_recipes.reporting.style import MODEL, RIVAL, new_figure, svg_of

MOST_PIECES = 8
# Frames that are drawn at most: more lines could not be told apart.
MOST_DRAWN = 256
# Frames of which the nats are averaged, for a line that can be read.
_SMOOTHED = 8

markdown_table = table_of_answers


def write_report(
    run_dir: str | Path,
    parts: MusicParts,
    answers: Mapping[str, Sequence[PieceScore]],
    piece: Piece,
    config: MusicConfig,
) -> Path:
    """Write the report of a music model into its run directory, from its files and the arguments.

    Args:
        run_dir: as in `write_text_page`, with ``predictions.csv``.
        parts: the data; the test part was scored.
        answers: nats and predictions of every test piece by model, the trained one first.
        piece: that the model composed.
        config: the recipe.

    Returns:
        The path of the report.
    """
    folder = Path(run_dir)
    name = next(iter(answers))
    frames = sum(len(one) for one in parts.test)
    return write_text_page(
        folder,
        name=name,
        kind="music model",
        facts=[f"tested on {counted(len(parts.test), 'piece')} of {frames:,} frames"],
        first="Model",
        caption="On the test part. Nats a frame: negative log-likelihood of a frame given those "
        "before it; lower is better. ● marks the best value of a column.",
        more_tables=[_hardest(folder, answers)],
        figures=[
            *_composed(piece, parts, config),
            _by_place(answers),
        ],
    )


def _composed(piece: Piece, parts: MusicParts, config: MusicConfig) -> list[Section]:
    """The composed piece to be heard and seen, and a test piece to compare it with."""
    options, per_beat = config.evaluate, config.data.frames_per_beat
    given = min(options.start, len(parts.test[0]))
    start = f"after {counted(given, 'frame')} of a test piece" if given else "from nothing"
    caption = (
        f"Composed {start}, at the temperature {options.temperature:g} with the seed "
        f"{config.fit.seed}. The player holds the first {PAGE_SECONDS:g} seconds; the file "
        "piece.wav holds all of it."
    )
    player = audio_player(piece, frames_per_beat=per_beat)
    other = parts.test[0]
    return [
        Section(
            "Composed piece", player + Markup("\n") + _picture(piece, per_beat, given), caption
        ),
        Section(
            "A test piece, to compare with",
            _picture(other, per_beat, 0),
            f"{other.name}, its first {min(len(other), MOST_DRAWN):,} frames.",
        ),
    ]


def _picture(piece: Piece, frames_per_beat: int, given: int) -> Markup:
    roll = piece.roll[:MOST_DRAWN]
    description = f"Piano roll of the {piece.name}, {counted(len(roll), 'frame')}."
    return svg_of(
        plot_roll(roll, frames_per_beat=frames_per_beat, given=given, description=description)
    )


def _hardest(folder: Path, answers: Mapping[str, Sequence[PieceScore]]) -> Table:
    """The test pieces of which the model expected least, next to the best baseline."""
    name, rival = next(iter(answers)), _best_rival(answers)
    shown = [name, rival] if rival else [name]
    table = pd.read_csv(folder / "predictions.csv", dtype={"piece": str}, keep_default_na=False)
    worst = table.sort_values(name, ascending=False).head(MOST_PIECES)
    rows = [
        (row["piece"], False, [f"{row['frames']:,}", *(number(row[one]) for one in shown)])
        for _, row in worst.iterrows()
    ]
    return Table(
        "Hardest pieces",
        f"The test pieces with the most nats a frame, {len(rows)} of {len(table):,}.",
        "Piece",
        ["frames", *map(label, shown)],
        rows,
    )


def _by_place(answers: Mapping[str, Sequence[PieceScore]]) -> Section | None:
    """Nats by place in the piece: what is repeated becomes easier to predict."""
    name, rival = next(iter(answers)), _best_rival(answers)
    lengths = [len(one.nats) for one in answers[name]]
    frames = int(np.median(lengths)) // _SMOOTHED * _SMOOTHED
    if frames < 4 * _SMOOTHED:
        return None
    with new_figure(2.4) as (figure, axes):
        for one, color in ((name, MODEL), (rival, RIVAL)):
            if one is not None:
                places, nats = _curve(answers[one], frames)
                axes.plot(places, nats, color=color, label=label(one))
        axes.set(xlabel="frame of the piece", ylabel="nats a frame", ylim=(0, None))
        axes.legend()
        figure.set_label("Nats a frame by place in the piece.")
    caption = (
        f"Mean over the test pieces, in groups of {_SMOOTHED} frames. A falling line means that "
        "the model uses what it has heard of the piece; dips are repeats."
    )
    return Section("Nats by place in the piece", svg_of(figure), caption)


def _curve(scores: Sequence[PieceScore], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Centers of groups of frames, and the mean nats of the pieces that are long enough."""
    rows = np.stack([one.nats[:frames] for one in scores if len(one.nats) >= frames])
    nats = rows.mean(axis=0).reshape(-1, _SMOOTHED).mean(axis=1)
    return np.arange(len(nats)) * _SMOOTHED + _SMOOTHED / 2, nats


def _best_rival(answers: Mapping[str, Sequence[PieceScore]]) -> str | None:
    """The baseline with the fewest nats a frame; None without any."""
    nats = {
        name: np.concatenate([one.nats for one in scores]).mean()
        for name, scores in answers.items()
    }
    return min(list(answers)[1:], key=lambda name: float(nats[name]), default=None)
