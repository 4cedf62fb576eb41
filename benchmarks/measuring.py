"""Helpers of the benchmarks: paired timing that tolerates a busy machine, and tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any


def seconds_each(repeats: int, *contenders: Callable[[], Any]) -> list[list[float]]:
    """Seconds of each contender's runs, in turns, so that a slow period affects all of them."""
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(repeats):
        for contender, spent in zip(contenders, times, strict=True):
            started = time.perf_counter()
            contender()
            spent.append(time.perf_counter() - started)
    return times


def family_of(number: int) -> list[int]:
    """The number of a process and those of all processes that it started, on Linux."""
    try:
        path = Path(f"/proc/{number}/task/{number}/children")
        children = [int(child) for child in path.read_text(encoding="ascii").split()]
    except OSError:
        return []
    return [number, *(member for child in children for member in family_of(child))]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median ratio of ours to theirs over the rounds; both ran in every round."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def spread(values: Sequence[float], unit: str = "s", digits: int = 3) -> str:
    """The median with the minimum and maximum in brackets."""
    low, mid, high = min(values), median(values), max(values)
    return f"{mid:.{digits}f} {unit} ({low:.{digits}f} to {high:.{digits}f})"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def verdict(met: bool) -> str:
    """``met`` or ``missed``."""
    return "met" if met else "missed"
