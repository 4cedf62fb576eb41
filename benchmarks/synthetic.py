"""Series generated per second on one core, by generator and for the mixture of all."""

from __future__ import annotations

import os

# Before NumPy is imported: a matrix product would take all cores.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import time
from collections.abc import Callable
from statistics import median

from measuring import table, verdict

from keras_rnn_recipes.data.synthetic import GENERATORS, synthetic_series
from keras_rnn_recipes.data.synthetic.mixture import BLOCK

SERIES, LENGTH, REPEATS, TARGET = 8 * BLOCK, 200, 5, 20_000
SEASONS = ((12,), (24, 168), (7, 365))


def generating(name: str, seasons: tuple[int, ...]) -> Callable[[], object]:
    """A function that generates all series, by one generator or by the mixture of all."""
    names = None if name == "all" else [name]
    options = {"mixed_share": 0.0, "gap_share": 0.0} if names else {}
    return lambda: synthetic_series(
        SERIES, LENGTH, season_length=seasons, generators=names, **options
    )


def rate(generate: Callable[[], object]) -> float:
    """Series per second of processor time, which a busy machine changes less than wall time."""
    spent = []
    for _ in range(REPEATS):
        started = time.process_time()
        generate()
        spent.append(time.process_time() - started)
    return SERIES / median(spent)


def row(name: str) -> list[object]:
    """Series per second of a generator, for each of the seasons."""
    rates = [rate(generating(name, seasons)) for seasons in SEASONS]
    wanted = verdict(min(rates) >= TARGET) if name == "all" else ""
    return [name, *(f"{each:,.0f}" for each in rates), wanted]


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"## Synthetic series of {LENGTH} steps\n")
    print(f"Series per second of processor time on one core, {SERIES:,} at a time.\n")
    seasons = [" and ".join(map(str, each)) for each in SEASONS]
    header = ("generator", *(f"season {each}" for each in seasons), f"at least {TARGET:,}")
    print(table(header, [row(name) for name in (*GENERATORS, "all")]))


if __name__ == "__main__":
    main()
