"""The steps that the script of music calls: load, batches, baselines, scores, a piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_rnn_recipes.builders.music_model import music_model as music_model
from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.config.music import MusicConfig, MusicDataConfig
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.evaluation.music_baselines import BASELINES
from keras_rnn_recipes.evaluation.music_metrics import PieceScore, summarise
from keras_rnn_recipes.extras import has_extra
from keras_rnn_recipes.families.music.batches import (
    cut_rolls as cut_rolls,
    roll_batches as roll_batches,
)
from keras_rnn_recipes.families.music.pipeline import Pipeline
from keras_rnn_recipes.media.catalogue import load_media_parts
from keras_rnn_recipes.media.midi import write_midi
from keras_rnn_recipes.media.music_files import ROLLS, read_pieces
from keras_rnn_recipes.media.piano_rolls import MusicParts, Piece
from keras_rnn_recipes.media.roll_files import read_roll_parts
from keras_rnn_recipes.media.synthesizer import render, write_wav
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.serving.saved_music import score_rolls
from keras_rnn_recipes.training.frame_loss import frame_loss as frame_loss

FAMILY = "music"


def load(data: MusicDataConfig, *, seed: int = 0) -> MusicParts:
    """Load the training, validation and test part of a recipe.

    Args:
        data: the recipe's section: the name of a data set, one file or folder, or one for each
            part. Missing parts are held out from the training pieces.
        seed: seed of the choice of held-out pieces.

    Raises:
        UserError: no such data set, one of another task, or something in a file that cannot be
            used.

    Example:
        >>> parts = load(MusicDataConfig(source="canons"))
        >>> len(parts.train), len(parts.valid), len(parts.test)
        (320, 60, 100)
    """
    notes: list[str] = []
    source = data.source if data.train is None else data.train
    assert source is not None  # the schema checks it
    read = partial(read_pieces, frames_per_beat=data.frames_per_beat, tell=notes.append)
    found: dict[str, Sequence[Piece]]
    if data.train is None and not is_file_name(source):
        name, found = source, load_media_parts(source, FAMILY)
    else:
        given = {"train": source, "valid": data.valid, "test": data.test}
        name = Path(source).stem
        whole = Path(source).suffix.lower() == ROLLS
        found = dict(read_roll_parts(source)) if whole else {"train": read(source)}
        found |= {part: read(path) for part, path in given.items() if path and part != "train"}
    train = tuple(found["train"])
    # The test part first, so that it does not depend on the validation share.
    for part, share in (("test", data.test_share), ("valid", data.valid_share)):
        if part not in found:
            train, found[part] = hold_out(train, share, name=name, seed=seed)
    return MusicParts(name, train, tuple(found["valid"]), tuple(found["test"]), tuple(notes))


def hold_out(
    pieces: Sequence[Piece], share: float, *, name: str, seed: int = 0
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Split pieces in two; both parts keep their order.

    Args:
        pieces: of the training part.
        share: of the pieces that are held out, at least one.
        name: of the data, for the message.
        seed: of the choice.

    Returns:
        The remaining pieces, and those held out. Pieces with the same notes stay together.

    Raises:
        UserError: a share of 0, or no piece would be left.

    Example:
        >>> pieces = [Piece(np.full((1, 88), number % 2, "uint8"), "") for number in range(4)]
        >>> [len(part) for part in hold_out(pieces, 0.5, name="pieces")]
        [2, 2]
    """
    keys = [piece.roll.tobytes() for piece in pieces]
    different = list(dict.fromkeys(keys))
    count = max(round(share * len(different)), 1)
    if not share or count >= len(different):
        raise UserError(
            f"No share of {share} of the {counted(len(different), 'different piece')} of {name} "
            "can be held out.",
            "at least three pieces, and shares above 0.",
            "give more pieces, or name data.valid and data.test.",
        )
    order = np.random.default_rng(seed).permutation(len(different))
    held = {different[number] for number in order[:count]}
    rest = tuple(piece for piece, key in zip(pieces, keys, strict=True) if key not in held)
    return rest, tuple(piece for piece, key in zip(pieces, keys, strict=True) if key in held)


def describe(parts: MusicParts) -> str:
    """Summary of the data, a few lines for the terminal."""
    each = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in each)
    rolls = [piece.roll for piece in parts.train]
    lengths, notes = [len(roll) for roll in rolls], np.concatenate(rolls).sum(axis=1)
    lines = [
        f"{parts.name}: pieces {counts}",
        f"{min(lengths):,} to {max(lengths):,} frames, median {int(np.median(lengths)):,}; "
        f"{notes.mean():.1f} notes a frame, at most {notes.max()}",
        *parts.notes,
    ]
    return "\n".join(lines)


def score_pieces(served: Pipeline, pieces: Sequence[Piece]) -> list[PieceScore]:
    """Nats and predictions of every frame of pieces, by the network."""
    score = tf.function(
        served.score,
        input_signature=served.endpoints()["score"][1],
    )
    found = score_rolls([piece.roll for piece in pieces], score)
    return [
        PieceScore(piece.roll, one["nats"], one["predicted"])
        for piece, one in zip(pieces, found, strict=True)
    ]


def score_baselines(parts: MusicParts, config: MusicConfig) -> dict[str, list[PieceScore]]:
    """Nats and predictions of every frame of the test part, by each baseline of the recipe."""
    rolls = [piece.roll for piece in parts.train]
    found: dict[str, list[PieceScore]] = {}
    for name in config.evaluate.baselines:
        model = BASELINES[name](rolls, config.evaluate.ngrams)
        found[name] = [
            PieceScore(piece.roll, model.nats(piece.roll), model.predict(piece.roll))
            for piece in parts.test
        ]
    return found


def score(answers: Mapping[str, Sequence[PieceScore]]) -> dict[str, dict[str, float]]:
    """The metrics of every model; see `summarise`."""
    return {name: summarise(scores) for name, scores in answers.items()}


def predictions_table(
    pieces: Sequence[Piece], answers: Mapping[str, Sequence[PieceScore]]
) -> pd.DataFrame:
    """A row for each piece: its name, its frames, and the nats a frame of each model."""
    table: dict[str, Any] = {
        "piece": [piece.name for piece in pieces],
        "frames": [len(piece) for piece in pieces],
    }
    for name, scores in answers.items():
        table[name] = [round(float(np.mean(one.nats)), 4) for one in scores]
    return pd.DataFrame(table)


def compose(served: Pipeline, parts: MusicParts, config: MusicConfig) -> Piece:
    """Compose the piece of the report, from nothing or from the start of the first test piece.

    Returns:
        The piece with its start, at the median tempo of the training pieces.
    """
    options = config.evaluate
    start = parts.test[0].roll[: options.start]

    def composed(start: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        state = served.begin(start, length)
        seed = tf.constant([config.fit.seed])
        return served.compose(state, options.length, options.temperature, seed)[0]

    given = tf.constant(start[None].astype("float32"))
    roll = tf.function(composed)(given, tf.constant([len(start)])).numpy()[0].astype("uint8")
    tempo = float(np.median([piece.tempo for piece in parts.train]))
    return Piece(np.concatenate([start, roll]), "composed piece", tempo)


def write_piece(run: RunDirectory, piece: Piece, frames_per_beat: int) -> str:
    """Write a piece into the folder of a run, as ``piece.wav`` and ``piece.mid``.

    Returns:
        What was written, for the terminal; without the extra ``music``, no MIDI file.
    """
    with run.staged("piece.wav") as staged:
        write_wav(staged, render(piece, frames_per_beat=frames_per_beat))
    if not has_extra("music"):
        return (
            "It composes: piece.wav. The MIDI file needs mido: pip install "
            "'keras-rnn-recipes[music]'."
        )
    with run.staged("piece.mid") as staged:
        write_midi(staged, piece, frames_per_beat=frames_per_beat)
    return "It composes: piece.mid and piece.wav."
