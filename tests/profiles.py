"""How thoroughly the tests run: the profile ``dev`` of ``make test``, or ``thorough``.

``KRR_TESTS`` names the profile. ``dev`` draws a tenth of the random cases, ``thorough`` all of
them, both the same each time, so that a commit that has passed passes again. ``random`` draws all
of them anew each time, to look further. Everything else is asserted in each.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import Any

import pytest
from hypothesis import settings

PROFILES = ("dev", "thorough", "random")
PROFILE = os.environ.get("KRR_TESTS", "dev")
FEWEST = 5  # draws in the profile ``dev``, where there are as many in ``thorough``
_DEFAULT = 100  # draws of a test that names no number of its own, as Hypothesis has it

if PROFILE not in PROFILES:
    raise ValueError(f"KRR_TESTS must be one of {', '.join(PROFILES)}; received {PROFILE!r}")


def num_draws(thorough: int) -> int:
    """The draws that a test makes in this profile, of ``thorough`` that it makes in that one."""
    return max(min(thorough, FEWEST), thorough // 10) if PROFILE == "dev" else thorough


def draws(thorough: int) -> settings:
    """Decorator of a test with ``@given``: the number of its draws in the profile ``thorough``."""
    return settings(max_examples=num_draws(thorough))


def slow_but(quick: Collection[Any], cases: Iterable[Any]) -> list[Any]:
    """The cases of a parametrized test, all marked slow but those of ``quick``.

    The quick ones take every way through the code once; the others are further pairs of the same.
    """
    cases = list(cases)
    if unknown := [case for case in quick if case not in cases]:
        raise ValueError(f"not among the cases: {unknown}")
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=() if case in quick else pytest.mark.slow,
        )
        for case in cases
    ]


def load_profile() -> None:
    """Make the profile the one that every test with ``@given`` starts from.

    No test has a deadline: a machine that is busy with something else must not fail it.
    """
    settings.register_profile(
        "krr",
        deadline=None,
        max_examples=num_draws(_DEFAULT),
        derandomize=PROFILE != "random",
        print_blob=True,
    )
    settings.load_profile("krr")
