"""The work that code makes, counted: unlike its seconds, the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def count_calls(function: Callable[[], Any]) -> tuple[int, Any]:
    """Call ``function``; the calls and returns of Python and C functions in it, and its result.

    A loop over series or rows calls something for each, vectorized code does not.
    """
    number = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal number
        number += 1

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        result = function()
    finally:
        sys.setprofile(before)
    return number, result
