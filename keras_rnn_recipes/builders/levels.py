"""Check the levels of prediction intervals."""

from __future__ import annotations

from collections.abc import Sequence


def checked_levels(levels: Sequence[float], name: str = "levels") -> tuple[float, ...]:
    """Check levels in percent, and sort them in ascending order.

    Args:
        levels: such as ``(80, 95)``.
        name: of the argument, for the error message.

    Raises:
        ValueError: a level is not between 0 and 100, or is given twice.

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
