"""Which examples are held out for validation or testing: grouped, stratified, rare labels kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence

import numpy as np

from keras_rnn_recipes.errors import UserError

# Rows by which a group of equal texts may exceed what its label has to hold out.
_EXCESS = 5


def draw_held_out(
    keys: Sequence[Hashable],
    labels: Sequence[Collection[str]],
    strata: Sequence[str],
    share: float,
    *,
    seed: int = 0,
) -> np.ndarray:
    """Draw the rows to hold out.

    Args:
        keys: rows of equal keys stay in the same part.
        labels: of each row; every label stays in the remaining part, as far as that is possible.
        strata: of each row; the share is held out of each stratum, as far as that is possible.
        share: of the rows that are held out, above 0 and below 1.
        seed: of the draw.

    Returns:
        bool ``(rows,)``, True for the rows to hold out. No row is held out if all keys are equal.

    Example:
        >>> draw_held_out("abcd", ["x", "x", "y", "x"], "xxyx", 0.25).sum()
        np.int64(1)
    """
    groups: dict[Hashable, list[int]] = {}
    for row, key in enumerate(keys):
        groups.setdefault(key, []).append(row)
    equal = list(groups.values())
    drawn = [equal[place] for place in np.random.default_rng(seed).permutation(len(equal))]
    draw = _Draw(drawn, labels)
    target = share * len(keys)
    draw.stratified(strata, share)
    if 2 * draw.count < target:
        draw.fill(target)
    if not draw.count:  # every group is the last one of some label
        for group in drawn[:-1]:
            if draw.count < target:
                draw.take(group)
    return draw.held


def refuse_lost_labels(
    labels: Sequence[Collection[str]], held: np.ndarray, *, noun: str = "text"
) -> None:
    """Refuse to train without a label that occurs in the held-out part.

    Args:
        labels: of each row.
        held: from `draw_held_out`.
        noun: what a row is called.

    Raises:
        UserError: every row is the last one of some label, so that some label was lost.
    """
    kept = {label for row in np.flatnonzero(~held).tolist() for label in labels[row]}
    lost = {label for row in np.flatnonzero(held).tolist() for label in labels[row]} - kept
    if lost:
        raise UserError(
            f"No {noun} can be held out: each is the only one with its label, such as "
            f"{min(lost)!r}.",
            f"labels that occur with several {noun}s.",
            "give more examples of each, or files for data.valid and data.test.",
        )


class _Draw:
    """The state of one draw: what is held out, and how many groups of each label remain."""

    def __init__(self, groups: list[list[int]], labels: Sequence[Collection[str]]) -> None:
        self.groups = groups
        self.labels = {
            group[0]: {label for row in group for label in labels[row]} for group in groups
        }
        self.remaining = Counter(label for found in self.labels.values() for label in found)
        self.held = np.zeros(sum(map(len, groups)), bool)
        self.count = 0
        self.left = len(groups)

    def may_take(self, group: list[int]) -> bool:
        """Whether the remaining part keeps a group, and one of each label."""
        some = self.left > 1 and not self.held[group[0]]
        return some and all(self.remaining[label] > 1 for label in self.labels[group[0]])

    def take(self, group: list[int]) -> None:
        """Hold a group out."""
        self.held[group] = True
        self.remaining.subtract(self.labels[group[0]])
        self.count += len(group)
        self.left -= 1

    def stratified(self, strata: Sequence[str], share: float) -> None:
        """Hold out the share of every stratum."""
        wanted = {name: round(share * rows) for name, rows in Counter(strata).items()}
        excess = {name: max(_EXCESS, rows // 2) for name, rows in wanted.items()}
        for group in self.groups:
            name = strata[group[0]]
            fits = wanted[name] > 0 and len(group) <= wanted[name] + excess[name]
            if fits and self.may_take(group):
                wanted[name] -= len(group)
                self.take(group)

    def fill(self, target: float) -> None:
        """Hold out small groups of any stratum until the target is reached."""
        for group in sorted(self.groups, key=len):
            if self.count < target and self.may_take(group):
                self.take(group)
