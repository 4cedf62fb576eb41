"""Use a finished run of music: go on from pieces, compose new ones, score others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.evaluation import (
    Evaluation,
    from_files,
    refuse_baselines,
    with_notes,
)
from keras_rnn_recipes.families.registry import require_family
from keras_rnn_recipes.media.piano_rolls import (
    TEMPO,
    Piece,
    chord_frame,
    notes_of,
    pitch_name,
    read_pitches,
)
from keras_rnn_recipes.runs.finished import finished_config

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.music.pipeline import Pipeline

# Pieces that an export is compared on.
MOST_COMPARED = 4

# Endings of outputs for which sound and notes are written, and not a table.
_SOUND = (".mid", ".midi", ".wav")


@from_files
def predict(
    run_dir: str | Path, source: str | Path, *, overrides: Sequence[str] = ()
) -> pd.DataFrame:
    """Go on from every piece of a file or folder.

    Args:
        run_dir: a finished run of music. Its ``saved_model`` answers.
        source: MIDI files, ABC tunes or piano rolls, as the run's own data. As many frames are
            drawn as the run's recipe draws for its report, at the same temperature.
        overrides: how the files are read, as in `finished_config`: ``data.frames_per_beat``.

    Returns:
        A row for each note of the pieces with their continuation: ``piece``, ``pitch``, ``note``,
        ``start`` and ``end`` in quarter notes, and ``composed``, whether the note begins after the
        given piece. ``attrs["pieces"]`` holds them as piano rolls.

    Raises:
        UserError: not a finished run, or nothing that can be read.

    Example:
        >>> predict("runs/canons", "mine.mid").columns.tolist()  # doctest: +SKIP
        ['piece', 'pitch', 'note', 'start', 'end', 'composed']
    """
    from keras_rnn_recipes.media.music_files import read_pieces
    from keras_rnn_recipes.serving.saved_music import SavedMusicModel

    config, notes = finished_config(run_dir, overrides), list[str]()
    frames = config.data.frames_per_beat
    given = read_pieces(source, frames_per_beat=frames, tell=notes.append)
    model, options = SavedMusicModel(Path(run_dir) / "saved_model"), config.evaluate
    pieces = []
    for piece in given:
        drawn = model.compose(
            piece.roll, options.length, temperature=options.temperature, seed=config.fit.seed
        )
        pieces.append(Piece(np.concatenate([piece.roll, drawn]), piece.name, piece.tempo))
    return with_notes(_notes_table(pieces, [len(piece) for piece in given], frames), notes)


def compose_piece(
    run_dir: str | Path,
    source: str | Path | None = None,
    *,
    start: str = "",
    length: int = 256,
    temperature: float = 0.9,
    transpose: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Compose one piece, from nothing, from notes, or from a piece.

    Args:
        run_dir: a finished run of music. Its ``saved_model`` answers.
        source: a file with the piece to go on from; None for none.
        start: notes that sound at once in the first beat, such as ``"C4 E4 G4"``, in place of
            ``source``.
        length: frames to draw.
        temperature: 0 takes the more probable value of each key; above 1 it is more daring.
        transpose: semitones by which the piece lies above the keys of the training pieces.
        seed: the same one gives the same piece.

    Returns:
        As `predict`, of one piece.

    Raises:
        UserError: not a finished run of music, a number out of range, or a note that is unknown.
    """
    from keras_rnn_recipes.media.music_files import read_pieces
    from keras_rnn_recipes.serving.saved_music import SavedMusicModel

    _check_numbers(length, temperature, transpose)
    pitches, notes = read_pitches(start), list[str]()
    config = finished_config(run_dir)
    fix = "give the folder of one, such as krr run music/canons_lstm_nade makes."
    require_family(config, "music", f"The run in {run_dir}", fix=fix)
    frames = config.data.frames_per_beat
    if source is None:
        first = Piece(np.repeat(chord_frame(pitches), frames, axis=0), "composed piece", TEMPO)
    else:
        given = read_pieces(source, frames_per_beat=frames, tell=notes.append)
        first = given[0]
        notes += [f"Of {len(given):,} pieces, the first one goes on."] if given[1:] else []
    options: dict[str, Any] = {"temperature": temperature, "transpose": transpose, "seed": seed}
    model = SavedMusicModel(Path(run_dir) / "saved_model")
    drawn = model.compose(first.roll, length, **options)
    piece = Piece(np.concatenate([first.roll, drawn]), first.name, first.tempo)
    return with_notes(_notes_table([piece], [len(first)], frames), notes)


def _check_numbers(length: int, temperature: float, transpose: int) -> None:
    wrong = {
        "--length": (length, length >= 1, "a number of frames of at least 1."),
        "--temperature": (
            temperature,
            0 <= temperature < float("inf"),
            "0 or more; 0 takes the more probable value of each key.",
        ),
        "--transpose": (transpose, abs(transpose) <= 48, "from -48 to 48 semitones."),
    }
    for option, (value, right, expected) in wrong.items():
        if not right:
            raise UserError(f"{option} is {value}.", expected, f"give another {option}.")


def _notes_table(
    pieces: Sequence[Piece], given: Sequence[int], frames_per_beat: int
) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (
            piece.name,
            note.pitch,
            pitch_name(note.pitch),
            note.start / frames_per_beat,
            note.end / frames_per_beat,
            note.start >= first,
        )
        for piece, first in zip(pieces, given, strict=True)
        for note in notes_of(piece.roll)
    ]
    table = pd.DataFrame(rows, columns=["piece", "pitch", "note", "start", "end", "composed"])
    table.attrs["pieces"] = list(pieces)
    table.attrs["frames_per_beat"] = frames_per_beat
    return table


def write_answers(answers: pd.DataFrame, output: str | Path) -> list[Path]:
    """Write pieces as MIDI and WAV files, or the table of their notes as CSV.

    Args:
        answers: from `predict` or `compose_piece`.
        output: a name that ends in ``.mid`` or ``.wav`` for both files; of several pieces, each has
            its number in the names. Any other name for the table.

    Returns:
        The files that were written.

    Raises:
        UserError: a file cannot be written, or the extra ``music`` is not installed.
    """
    from keras_rnn_recipes.media.midi import write_midi
    from keras_rnn_recipes.media.synthesizer import render, write_wav
    from keras_rnn_recipes.storage import write_forecasts

    output = Path(output)
    if output.suffix.lower() not in _SOUND:
        write_forecasts(answers, output)
        return [output]
    pieces, frames = answers.attrs["pieces"], answers.attrs["frames_per_beat"]
    written = []
    for number, piece in enumerate(pieces, start=1):
        stem = output.stem if len(pieces) == 1 else f"{output.stem}-{number}"
        notes, sound = (output.with_name(stem + ending) for ending in (".mid", ".wav"))
        written.append(write_midi(notes, piece, frames_per_beat=frames))
        written.append(write_wav(sound, render(piece, frames_per_beat=frames)))
    return written


@from_files
def evaluate(
    run_dir: str | Path,
    source: str | Path,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's model on other pieces.

    Args:
        run_dir, source, overrides: as in `predict`.

    Returns:
        The metrics of `summarise`.

    Raises:
        UserError: as `predict`.
    """
    from keras_rnn_recipes.evaluation.music_metrics import PieceScore, summarise
    from keras_rnn_recipes.media.music_files import read_pieces
    from keras_rnn_recipes.serving.saved_music import SavedMusicModel

    refuse_baselines(baselines)
    config, notes = finished_config(run_dir, overrides), list[str]()
    pieces = read_pieces(source, frames_per_beat=config.data.frames_per_beat, tell=notes.append)
    rolls = [piece.roll for piece in pieces]
    found = SavedMusicModel(Path(run_dir) / "saved_model").score(rolls)
    scores = [
        PieceScore(roll, one["nats"], one["predicted"])
        for roll, one in zip(rolls, found, strict=True)
    ]
    name = config.model.cell
    summary: Mapping[str, Mapping[str, float]] = {name: summarise(scores)}
    return Evaluation(name, summary, tuple(notes))


def load(run_dir: str | Path) -> Pipeline:
    """Load the music model of a finished run from ``model.keras``.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.music.pipeline import Pipeline
    from keras_rnn_recipes.serving.keras_model import load_model

    return Pipeline(load_model(run_dir))


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again.

    Args:
        run_dir: a finished run.
        to: the folder to write, missing or empty.
        format: ``"saved_model"``.

    Raises:
        UserError: ``to`` exists, or another format.
    """
    from keras_rnn_recipes.serving.export_common import require_new_saved_model

    require_new_saved_model("A music model", to, format)
    return export_model(load(run_dir), to)


def export_model(pipeline: Pipeline, path: str | Path, *, pieces: Sequence[Piece] = ()) -> Path:
    """Write a music model as a SavedModel folder, verified as by `export_pipeline`.

    Args:
        pipeline: the model.
        path: the folder to write. A SavedModel already there is replaced.
        pieces: of which the first four are compared on.

    Returns:
        ``path``.
    """
    from keras_rnn_recipes.serving.export_pipeline import export_pipeline

    rolls = [piece.roll for piece in pieces[:MOST_COMPARED]]
    rolls = rolls or [np.eye(pipeline.num_keys, dtype="uint8")[:3]]
    return export_pipeline(pipeline, path, cases=pipeline.cases(rolls))
