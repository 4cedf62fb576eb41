"""The utterances in the official parts; every ninth speaker of the training part validates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from keras_rnn_recipes.media.mfc import FRAMES_PER_SECOND
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.media.transcripts import read_transcribed


def prepare(folder: Path) -> dict[str, LabelledSequences]:
    """The three parts.

    Args:
        folder: with the folders ``etc`` and ``feat``.
    """
    train, test = (
        replace(
            read_transcribed(folder / "etc" / f"an4_{part}.transcription"), rate=FRAMES_PER_SECOND
        )
        for part in ("train", "test")
    )
    # Names are such as an251-fash-b.mfc.
    speakers = np.array([name.split("-")[1] for name in train.names])
    held = np.isin(speakers, sorted(set(speakers))[::9])
    return {
        "train": train.rows(np.flatnonzero(~held)),
        "valid": train.rows(np.flatnonzero(held)),
        "test": test,
    }
