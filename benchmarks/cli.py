"""Response time of commands that only print help or lists."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

from measuring import seconds_each, spread, table, verdict

REPEATS = 10
KRR = str(Path(sys.executable).with_name("krr"))
LIMITS = {("--help",): 0.5, ("ls",): 1.0, ("forecast", "--help"): 0.5}


def main() -> None:
    def call(arguments: tuple[str, ...]):
        return lambda: subprocess.run([KRR, *arguments], check=True, capture_output=True)

    calls = [call(arguments) for arguments in LIMITS]
    seconds_each(1, *calls)  # the first call may compile byte code
    times = seconds_each(REPEATS, *calls)
    rows = [
        [
            f"`krr {' '.join(arguments)}`",
            spread(spent, digits=2),
            f"{limit} s",
            verdict(median(spent) <= limit),
        ]
        for (arguments, limit), spent in zip(LIMITS.items(), times, strict=True)
    ]
    print("## Command line\n")
    print(table(("command", "wall time", "at most", ""), rows))


if __name__ == "__main__":
    main()
