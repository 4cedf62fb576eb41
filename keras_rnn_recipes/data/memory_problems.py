"""Synthetic long-memory problems of any length: adding, copying and reversing digits.

In each problem the answer at the end depends on inputs ``lag`` steps earlier; the inputs in between
are uninformative. Inputs are float32 ``(count, time, channels)``; a seed always gives the same
sequences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

LETTERS, BITS = 8, 3
# One in this many sequences of digits is never trained on.
_UNSEEN = 5


class Draw(NamedTuple):
    """Inputs ``(count, time, channels)``, and the answers at the last steps."""

    inputs: np.ndarray
    answers: np.ndarray


def adding(count: int, lag: int, *, seed: int = 0, first: int | None = None) -> Draw:
    """Adding problem: the sum of two marked numbers among random numbers between 0 and 1.

    Args:
        count: number of sequences.
        lag: their length; the first mark is in the first half, the second in the second half.
        seed: of the draws.
        first: position of the first mark; random by default.

    Returns:
        Inputs ``(count, lag, 2)``, number and mark; sums ``(count, 1, 1)``, due at the last step.
        The constant answer 1 has a mean squared error of 1/6.

    Raises:
        ValueError: fewer than 2 steps.

    Source: Hochreiter and Schmidhuber 1997, in the form of Le et al. 2015 and Arjovsky et al. 2016.

    Example:
        >>> inputs, sums = adding(1, 4, seed=1)
        >>> inputs[0, :, 1].tolist(), bool(np.isclose((inputs[..., 0] @ inputs[0, :, 1]), sums[0]))
        ([1.0, 0.0, 1.0, 0.0], True)
    """
    _require(lag, 2)
    random = np.random.default_rng(seed)
    inputs = np.zeros((count, lag, 2), "float32")
    inputs[:, :, 0] = random.random((count, lag))
    rows, half = np.arange(count), lag // 2
    drawn = random.integers(0, half, count)
    inputs[rows, drawn if first is None else first, 1] = 1
    inputs[rows, random.integers(half, lag, count), 1] = 1
    return Draw(inputs, inputs.prod(axis=2).sum(axis=1)[:, None, None])


def copying(count: int, lag: int, *, symbols: int = 10, seed: int = 0) -> Draw:
    """Copying problem: repeat the first symbols after ``lag`` blank steps and a signal.

    Args:
        count: number of sequences.
        lag: steps from the last symbol to the signal. As many steps follow the signal as there are
            symbols; at each of them the symbol of ``lag + symbols`` steps before is due.
        symbols: number of symbols, each one of eight letters.
        seed: of the draws.

    Returns:
        Inputs ``(count, lag + 2 * symbols, 10)``: one channel per letter, one for blank, one for
        the signal; ids ``(count, symbols)`` of the letters, due at the last steps. Without memory
        the cross-entropy is ``log 8``.

    Raises:
        ValueError: a lag or a number of symbols below 1.

    Source: Hochreiter and Schmidhuber 1997, in the form of Arjovsky et al. 2016.

    Example:
        >>> inputs, ids = copying(1, 2, symbols=2, seed=1)
        >>> inputs[0].argmax(axis=1).tolist(), ids[0].tolist()  # 8: blank, 9: the signal
        ([3, 4, 8, 9, 8, 8], [3, 4])
    """
    _require(min(lag, symbols), 1)
    ids = np.random.default_rng(seed).integers(0, LETTERS, (count, symbols))
    shown = np.full((count, lag + 2 * symbols), LETTERS)
    shown[:, :symbols] = ids
    shown[:, symbols + lag - 1] = LETTERS + 1
    return Draw(np.eye(LETTERS + 2, dtype="float32")[shown], ids.astype("int32"))


def reversing(count: int, lag: int, *, seed: int = 0, unseen: bool = False) -> Draw:
    """Reversing problem: repeat ``lag`` binary digits from 0 to 7 in reverse order.

    Args:
        count: number of sequences.
        lag: digits in each sequence; the first one is due last, ``2 * lag - 1`` steps later.
        seed: of the draws.
        unseen: draw from the fifth of all sequences that is excluded otherwise.

    Returns:
        Inputs ``(count, 2 * lag, 3)``: the bits of a digit, the highest first, and zeros in the
        second half; bits ``(count, lag, 3)`` of the reversed digits, due at the last steps.

    Raises:
        ValueError: fewer than 2 digits.

    Example:
        >>> inputs, bits = reversing(1, 2, seed=0)
        >>> inputs[0].astype(int).tolist(), bits[0].astype(int).tolist()
        ([[1, 1, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0]], [[1, 0, 1], [1, 1, 0]])
    """
    _require(lag, 2)
    random, kept = np.random.default_rng(seed), np.zeros((0, lag), int)
    while len(kept) < count:
        digits = random.integers(0, 2**BITS, (2 * _UNSEEN * count, lag))
        # A weighted sum, so that no single digit or position determines the side.
        side = (digits @ (2 * np.arange(lag) + 1) + digits.max(axis=1)) % _UNSEEN == 0
        kept = np.concatenate([kept, digits[side == unseen]])
    bits = (kept[:count, :, None] >> np.arange(BITS)[::-1] & 1).astype("float32")
    return Draw(np.concatenate([bits, np.zeros_like(bits)], axis=1), bits[:, ::-1])


@dataclass(frozen=True)
class MemoryProblem:
    """A memory problem at one lag: its data, loss, shapes and error.

    Args:
        name: ``"adding"``, ``"copying"`` or ``"reversing"``.
        lag: as the function of that name takes it.
        symbols: number of symbols of the copying problem.

    Example:
        >>> problem = MemoryProblem("adding", 20)
        >>> problem.draw(3, seed=0).inputs.shape, problem.width, problem.asked
        ((3, 20, 2), 1, 1)
    """

    name: str
    lag: int
    symbols: int = 10

    @property
    def loss(self) -> str:
        """The training loss: "mse", "categorical" or "binary"."""
        return {"adding": "mse", "copying": "categorical", "reversing": "binary"}[self.name]

    @property
    def channels(self) -> int:
        """Channels of the inputs."""
        return {"adding": 2, "copying": LETTERS + 2, "reversing": BITS}[self.name]

    @property
    def width(self) -> int:
        """Outputs of the network at each step: an answer, or logits."""
        return {"adding": 1, "copying": LETTERS, "reversing": BITS}[self.name]

    @property
    def asked(self) -> int:
        """Number of last steps at which an answer is due."""
        return {"adding": 1, "copying": self.symbols, "reversing": self.lag}[self.name]

    def draw(
        self, count: int, *, seed: int, unseen: bool = False, first: int | None = None
    ) -> Draw:
        """Draw sequences.

        Args:
            count, seed: as in the function of the problem.
            unseen: draw sequences that are disjoint from the training sequences.
            first: position of the first mark of the adding problem.
        """
        # Different seeds practically never give equal sequences: there are far too many.
        seed = 2 * seed + unseen
        makers: dict[str, Callable[[], Draw]] = {
            "adding": lambda: adding(count, self.lag, seed=seed, first=first),
            "copying": lambda: copying(count, self.lag, symbols=self.symbols, seed=seed),
            "reversing": lambda: reversing(count, self.lag, seed=seed, unseen=unseen),
        }
        return makers[self.name]()

    def error(self, wanted: np.ndarray, given: np.ndarray) -> float:
        """Error of a network's answers; 0 for a perfect memory.

        Args:
            wanted: the answers of a `Draw`.
            given: outputs of the network, ``(count, asked, width)``.

        Returns:
            For adding, the mean squared error relative to 1/6, the variance of the sums and the
            error of the constant answer 1. Otherwise the share of sequences with any mistake.
        """
        if self.name == "adding":
            return float(np.mean((wanted - given) ** 2) * 6)
        right = given.argmax(axis=-1) == wanted if self.name == "copying" else (given > 0) == wanted
        return float(1 - right.reshape(len(right), -1).all(axis=1).mean())


def _require(found: int, least: int) -> None:
    if found < least:
        raise ValueError(f"lag and symbols must be at least {least}; received {found}.")
