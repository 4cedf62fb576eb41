"""How thoroughly the tests run: the profile ``dev`` of ``make test``, or ``thorough``.

``KRR_TESTS`` names the profile. ``dev`` draws a fifth of the random cases, the same each time;
``thorough`` draws all of them, anew each time. Everything else is asserted in both.
"""

from __future__ import annotations

import os

from hypothesis import settings

PROFILES = ("dev", "thorough")
PROFILE = os.environ.get("KRR_TESTS", "dev")
FEWEST = 5  # draws in the profile ``dev``, where there are as many in ``thorough``
_DEFAULT = 100  # draws of a test that names no number of its own, as Hypothesis has it

if PROFILE not in PROFILES:
    raise ValueError(f"KRR_TESTS must be one of {', '.join(PROFILES)}; received {PROFILE!r}")


def num_draws(thorough: int) -> int:
    """The draws that a test makes in this profile, of ``thorough`` that it makes in that one."""
    return thorough if PROFILE == "thorough" else max(min(thorough, FEWEST), thorough // 5)


def draws(thorough: int) -> settings:
    """Decorator of a test with ``@given``: the number of its draws in the profile ``thorough``."""
    return settings(max_examples=num_draws(thorough))


def load_profile() -> None:
    """Make the profile the one that every test with ``@given`` starts from.

    No test has a deadline: a machine that is busy with something else must not fail it.
    """
    settings.register_profile(
        "krr",
        deadline=None,
        max_examples=num_draws(_DEFAULT),
        derandomize=PROFILE == "dev",
        print_blob=True,
    )
    settings.load_profile("krr")
