"""Repeats of ABC tunes: the order in which the parts between repeat signs are played."""

from __future__ import annotations

from collections.abc import Sequence

REPEAT_START, REPEAT_END, SECTION, ENDING = "|:", ":|", "||", "ending"


def unfold(items: Sequence[object]) -> list[object]:
    """Play a sequence with its repeats.

    Args:
        items: anything, with the signs `REPEAT_START`, `REPEAT_END`, `SECTION` (a double bar or
            a new part) and pairs of `ENDING` and the numbers of the passes in which it is played.

    Returns:
        The items without signs, in the order in which they are played. A section between the signs
        of a repeat is played twice.

    Example:
        >>> first, second = (ENDING, frozenset([1])), (ENDING, frozenset([2]))
        >>> tune = ["a", REPEAT_START, "b", first, "c", REPEAT_END, second, "d", SECTION, "e"]
        >>> "".join(unfold(tune))
        'abcbde'
    """
    played: list[object] = []
    place, start, number = 0, 0, 1
    while place < len(items):
        item = items[place]
        place += 1
        if item == REPEAT_START or (item == SECTION and number > 1):
            start, number = place, 1
        elif item == REPEAT_END:
            # A repeat is played twice, whatever the number of its endings.
            if number == 1:
                place, number = start, 2
            else:
                start, number = place, 1
        elif isinstance(item, tuple) and item[:1] == (ENDING,):
            if number not in item[1]:
                place = _after_ending(items, place)
        elif item != SECTION:
            played.append(item)
    return played


def _after_ending(items: Sequence[object], place: int) -> int:
    """The place after an ending that is not played in this pass."""
    while place < len(items):
        item = items[place]
        if isinstance(item, tuple) and item[:1] == (ENDING,):
            return place
        place += 1
        if item in (REPEAT_END, SECTION, REPEAT_START):
            return place
    return place
