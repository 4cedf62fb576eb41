"""Levels of intervals as the builders take them."""

from __future__ import annotations

from collections.abc import Sequence


def checked_levels(levels: Sequence[float], name: str = "levels") -> tuple[float, ...]:
    """Levels in percent, in ascending order.

    Args:
        levels: such as ``(80, 95)``.
        name: what they are called in the message.

    Raises:
        ValueError: one is not between 0 and 100, or is there twice.

    Example:
        >>> checked_levels((95, 80))
        (80, 95)
    """
    if len(set(levels)) < len(levels) or not all(0 < level < 100 for level in levels):
        raise ValueError(
            f"{name} must be different levels above 0 and below 100 percent; received "
            f"{tuple(levels)}."
        )
    return tuple(sorted(levels))
