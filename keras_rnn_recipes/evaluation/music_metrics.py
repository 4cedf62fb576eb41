"""Metrics of models of piano rolls: nats a frame, and the accuracy of notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PieceScore:
    """What a model answered of one piece.

    Attributes:
        roll: the piece, ``(frames, keys)``.
        nats: negative log-likelihood of each frame given the frames before it, ``(frames,)``.
        predicted: the frames that were expected, 0 or 1, ``(frames, keys)``.
    """

    roll: np.ndarray
    nats: np.ndarray
    predicted: np.ndarray


def summarise(scores: Sequence[PieceScore]) -> dict[str, float]:
    """Metrics of a model on several pieces.

    Args:
        scores: of each piece, at least one with two frames.

    Returns:
        ``nats_per_frame``, the mean over all frames of all pieces together; ``nats_after_first``,
        the same without the first frame of each piece, as some results are published; and
        ``frame_accuracy``, the right notes as a share of all notes that sound or are expected.

    Source: Bay et al. 2009, Evaluation of multiple-F0 estimation and tracking systems, equation 1
    (the accuracy).

    Example:
        >>> roll = np.array([[1, 0], [1, 1]])
        >>> found = summarise([PieceScore(roll, np.array([3.0, 1.0]), np.array([[1, 0], [1, 0]]))])
        >>> found["nats_per_frame"], found["nats_after_first"], round(found["frame_accuracy"], 3)
        (2.0, 1.0, 0.667)
    """
    every = np.concatenate([one.nats for one in scores])
    later = np.concatenate([one.nats[1:] for one in scores])
    right = sum(int(np.sum((one.roll > 0) & (one.predicted > 0))) for one in scores)
    either = sum(int(np.sum((one.roll > 0) | (one.predicted > 0))) for one in scores)
    return {
        "nats_per_frame": float(every.mean()),
        "nats_after_first": float(later.mean()),
        "frame_accuracy": right / either if either else 1.0,
    }
