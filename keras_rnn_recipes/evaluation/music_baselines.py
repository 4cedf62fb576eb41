"""Models of piano rolls without a network: frequencies of keys, repetition, n-grams of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from keras_rnn_recipes.evaluation.ngrams import NGrams

# Added to the counts, so that no key and no event has the probability zero.
_SMOOTHING = 0.5


class RollModel(Protocol):
    """What a baseline answers of a piano roll."""

    def nats(self, roll: np.ndarray) -> np.ndarray:
        """Negative log-likelihood of each frame given the frames before it, ``(frames,)``."""

    def predict(self, roll: np.ndarray) -> np.ndarray:
        """The frame that is expected in place of each frame, 0 or 1, ``(frames, keys)``."""


class KeyFrequency:
    """Independent keys, each with its frequency in the training part.

    Args:
        rolls: of the training part, ``(frames, keys)`` each.

    Example:
        >>> model = KeyFrequency([np.array([[1, 0], [1, 0], [0, 0], [1, 0]])])
        >>> model.probability.round(2).tolist()
        [0.7, 0.1]
    """

    def __init__(self, rolls: Sequence[np.ndarray]) -> None:
        frames = np.concatenate(rolls)
        self.probability = (frames.sum(axis=0) + _SMOOTHING) / (len(frames) + 2 * _SMOOTHING)

    def nats(self, roll: np.ndarray) -> np.ndarray:
        """As `RollModel.nats`."""
        on, off = np.log(self.probability), np.log1p(-self.probability)
        found: np.ndarray = -(np.where(roll > 0, on, off).sum(axis=1))
        return found

    def predict(self, roll: np.ndarray) -> np.ndarray:
        """As `RollModel.predict`."""
        return np.broadcast_to(self.probability > 0.5, roll.shape).astype("uint8")


class RepeatLast:
    """The last frame again with a probability from the training part; otherwise any frame.

    The first frame, and the share that is not a repetition, follow `KeyFrequency`.

    Args:
        rolls: of the training part.

    Example:
        >>> model = RepeatLast([np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]])])
        >>> round(model.share, 2)
        0.7
    """

    def __init__(self, rolls: Sequence[np.ndarray]) -> None:
        same = np.concatenate([_repeats(roll) for roll in rolls])
        self.share = float((same.sum() + _SMOOTHING) / (len(same) + 2 * _SMOOTHING))
        self.otherwise = KeyFrequency(rolls)

    def nats(self, roll: np.ndarray) -> np.ndarray:
        """As `RollModel.nats`."""
        nats = self.otherwise.nats(roll)
        other = (1 - self.share) * np.exp(-nats[1:])
        nats[1:] = -np.log(other + self.share * _repeats(roll) + 1e-300)
        return nats

    def predict(self, roll: np.ndarray) -> np.ndarray:
        """As `RollModel.predict`."""
        first = self.otherwise.predict(roll[:1])
        return np.concatenate([first, roll[:-1]]).astype("uint8")


class FrameNGrams:
    """A Kneser-Ney n-gram model whose tokens are whole frames.

    A frame that the training part does not hold is one unknown token, whose keys follow
    `KeyFrequency`.

    Args:
        rolls: of the training part.
        length: frames in the longest n-gram.

    Example:
        >>> rolls = [np.array([[1, 0], [0, 1]] * 4)] * 3
        >>> bool(FrameNGrams(rolls, 3).nats(rolls[0]).max() < 0.5)
        True
    """

    def __init__(self, rolls: Sequence[np.ndarray], length: int = 4) -> None:
        self.otherwise = KeyFrequency(rolls)
        # 0 stands before a piece, 1 for a frame that training has not seen.
        self.ids: dict[bytes, int] = {}
        self.frames = np.unique(np.concatenate(rolls).astype("uint8"), axis=0)
        for number, frame in enumerate(self.frames, start=2):
            self.ids[frame.tobytes()] = number
        self.length = length
        tokens = np.concatenate([self._tokens(roll) for roll in rolls])
        self.ngrams = NGrams(tokens, length, len(self.frames) + 2)

    def nats(self, roll: np.ndarray) -> np.ndarray:
        """As `RollModel.nats`."""
        tokens = self._tokens(roll)
        # `NGrams` scores all tokens but the first.
        found = self.ngrams.nats([0, *tokens])[len(tokens) - len(roll) :]
        unknown = tokens[len(tokens) - len(roll) :] == 1
        return found + np.where(unknown, self.otherwise.nats(roll), 0.0)

    def predict(self, roll: np.ndarray) -> np.ndarray:
        """As `RollModel.predict`: the frame that most often followed the longest known context."""
        tokens = self._tokens(roll).tolist()
        before = self.length - 1
        found = [self._most_frequent(tokens[at : at + before]) for at in range(len(roll))]
        return np.stack(found) if found else roll.copy()

    def _most_frequent(self, context: list[int]) -> np.ndarray:
        for size in range(self.length - 1, -1, -1):
            row = self.ngrams.counts[size].get(tuple(context[len(context) - size :]))
            known = [(count, token) for token, count in row.items() if token > 1] if row else []
            if known:
                return self.frames[max(known)[1] - 2]
        return np.zeros_like(self.frames[0])

    def _tokens(self, roll: np.ndarray) -> np.ndarray:
        """Tokens of a roll after those that stand before a piece."""
        before = [0] * max(self.length - 1, 0)
        rows = np.asarray(roll).astype("uint8")
        return np.array([*before, *(self.ids.get(frame.tobytes(), 1) for frame in rows)])


def _repeats(roll: np.ndarray) -> np.ndarray:
    """Whether each frame but the first is that before it, bool ``(frames - 1,)``."""
    same: np.ndarray = (roll[1:] == roll[:-1]).all(axis=1)
    return same


BASELINES: dict[str, Callable[[Sequence[np.ndarray], int], RollModel]] = {
    "key_frequency": lambda rolls, length: KeyFrequency(rolls),
    "repeat_last": lambda rolls, length: RepeatLast(rolls),
    "frame_ngram": FrameNGrams,
}
