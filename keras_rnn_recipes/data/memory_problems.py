"""Problems that only a memory solves, made as long as wanted: adding, copying, reversing digits.

In each, what is asked for at the end was shown ``lag`` steps before, and what lies between tells
nothing. Inputs are float32 ``(count, time, channels)``; the same seed gives the same sequences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

LETTERS, BITS = 8, 3
# Of the sequences of digits every so manieth is never trained on.
_UNSEEN = 5


class Draw(NamedTuple):
    """Inputs ``(count, time, channels)``, and what is to be answered at the last steps."""

    inputs: np.ndarray
    answers: np.ndarray


def adding(count: int, lag: int, *, seed: int = 0, first: int | None = None) -> Draw:
    """Numbers between 0 and 1, two of them marked: what is their sum?

    Args:
        count: sequences.
        lag: their length; the first mark is in its first half, the second in the other.
        seed: of the draws.
        first: where the first mark is; drawn when left out.

    Returns:
        Inputs ``(count, lag, 2)``, number and mark; sums ``(count, 1, 1)``, asked for at the last
        step. To answer 1 always has a mean squared error of 1/6.

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
    """Symbols, then nothing for ``lag`` steps, then a sign: which symbols were they, in order?

    Args:
        count: sequences.
        lag: steps from the last symbol to the sign, after which as many steps are left as there
            were symbols; at each of them the symbol shown ``lag + symbols`` steps before is due.
        symbols: how many there are, each one of eight letters.
        seed: of the draws.

    Returns:
        Inputs ``(count, lag + 2 * symbols, 10)``: a channel for each letter, one for nothing, one
        for the sign; ids ``(count, symbols)`` of the letters, asked for at the last steps. Without
        a memory the cross-entropy is ``log 8``.

    Raises:
        ValueError: a lag or a number of symbols below 1.

    Source: Hochreiter and Schmidhuber 1997, in the form of Arjovsky et al. 2016.

    Example:
        >>> inputs, ids = copying(1, 2, symbols=2, seed=1)
        >>> inputs[0].argmax(axis=1).tolist(), ids[0].tolist()  # 8: nothing, 9: the sign
        ([3, 4, 8, 9, 8, 8], [3, 4])
    """
    _require(min(lag, symbols), 1)
    ids = np.random.default_rng(seed).integers(0, LETTERS, (count, symbols))
    shown = np.full((count, lag + 2 * symbols), LETTERS)
    shown[:, :symbols] = ids
    shown[:, symbols + lag - 1] = LETTERS + 1
    return Draw(np.eye(LETTERS + 2, dtype="float32")[shown], ids.astype("int32"))


def reversing(count: int, lag: int, *, seed: int = 0, unseen: bool = False) -> Draw:
    """``lag`` digits from 0 to 7 in binary, then as many empty steps: answer them backwards.

    Args:
        count: sequences.
        lag: digits in each; the first one is asked for last, ``2 * lag - 1`` steps later.
        seed: of the draws.
        unseen: give sequences of the fifth that is given only so, and never otherwise.

    Returns:
        Inputs ``(count, 2 * lag, 3)``, a digit's bits, the highest first, noughts in the second
        half; bits ``(count, lag, 3)`` of the digits backwards, asked for at the last steps.

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
        # A sum with different weights, so that neither a digit nor a place tells on which side.
        side = (digits @ (2 * np.arange(lag) + 1) + digits.max(axis=1)) % _UNSEEN == 0
        kept = np.concatenate([kept, digits[side == unseen]])
    bits = (kept[:count, :, None] >> np.arange(BITS)[::-1] & 1).astype("float32")
    return Draw(np.concatenate([bits, np.zeros_like(bits)], axis=1), bits[:, ::-1])


@dataclass(frozen=True)
class MemoryProblem:
    """A problem at one lag: what is drawn, how an answer is judged, and what solves it.

    Args:
        name: ``"adding"``, ``"copying"`` or ``"reversing"``.
        lag: as the function of that name takes it.
        symbols: of copying.

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
        """How answers are compared while learning: "mse", "categorical" or "binary"."""
        return {"adding": "mse", "copying": "categorical", "reversing": "binary"}[self.name]

    @property
    def channels(self) -> int:
        """Of the inputs."""
        return {"adding": 2, "copying": LETTERS + 2, "reversing": BITS}[self.name]

    @property
    def width(self) -> int:
        """Numbers that the network gives at a step: an answer, or logits."""
        return {"adding": 1, "copying": LETTERS, "reversing": BITS}[self.name]

    @property
    def asked(self) -> int:
        """Steps at the end at which an answer is due."""
        return {"adding": 1, "copying": self.symbols, "reversing": self.lag}[self.name]

    def draw(
        self, count: int, *, seed: int, unseen: bool = False, first: int | None = None
    ) -> Draw:
        """Sequences; unseen ones are none of those that are drawn to learn from.

        Args:
            count, seed: as the function of the problem takes them.
            unseen: another stream of draws; of digits, sequences that are never trained on.
            first: of adding, where the first mark is.
        """
        # Streams of different seeds do not meet: there are far too many sequences.
        seed = 2 * seed + unseen
        makers: dict[str, Callable[[], Draw]] = {
            "adding": lambda: adding(count, self.lag, seed=seed, first=first),
            "copying": lambda: copying(count, self.lag, symbols=self.symbols, seed=seed),
            "reversing": lambda: reversing(count, self.lag, seed=seed, unseen=unseen),
        }
        return makers[self.name]()

    def error(self, wanted: np.ndarray, given: np.ndarray) -> float:
        """How much is not remembered, 0 for a perfect memory.

        Args:
            wanted: the answers of a `Draw`.
            given: what the network gave, ``(count, asked, width)``.

        Returns:
            Of adding, the mean squared error as a share of that of answering 1, which is the
            variance of the sums, 1/6. Otherwise the share of sequences with any mistake.
        """
        if self.name == "adding":
            return float(np.mean((wanted - given) ** 2) * 6)
        right = given.argmax(axis=-1) == wanted if self.name == "copying" else (given > 0) == wanted
        return float(1 - right.reshape(len(right), -1).all(axis=1).mean())


def _require(found: int, least: int) -> None:
    if found < least:
        raise ValueError(f"there must be at least {least} steps or symbols; received {found}.")
