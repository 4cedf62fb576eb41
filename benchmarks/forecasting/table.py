"""The tables of the comparison, made from the rows of ``results.jsonl``.

python -m benchmarks.forecasting.table           write results.md again
python -m benchmarks.forecasting.table --check   fail if results.md does not match the rows
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.forecasting.contenders import OURS, RECIPE
from benchmarks.forecasting.verdicts import verdicts
from benchmarks.measuring import table

HERE = Path(__file__).parent
ROWS = HERE / "results.jsonl"
FIGURES = {"smape": 2, "mase": 3, "seconds": 1, "cpu_seconds": 0, "peak_mb": 0}
HEADINGS = (
    *("contender", "settings", "sMAPE, %", "of ours", "MASE", "of ours", "wall, s", "of ours"),
    *("CPU, s", "of ours", "peak, MB", "of ours", "parameters", "seeds"),
)
Rows = Sequence[dict[str, Any]]


def read_rows(path: Path = ROWS) -> list[dict[str, Any]]:
    """The rows of a file, the last one of each trial; none if there is no file."""
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return list({(row["contender"], row["task"], row["seed"]): row for row in rows}.values())


def told(row: dict[str, Any]) -> str:
    """One row as a line for the terminal."""
    if "smape" not in row:
        return f"{row['status']} {row.get('message', '')}".strip()
    figures = f"sMAPE {row['smape']:.2f} MASE {row['mase']:.3f} {row['seconds']:.1f} s"
    return f"{row['status']}: {figures} {row['peak_mb']:.0f} MB"


def spread(values: Sequence[float], digits: int) -> str:
    """The median, with the minimum and maximum of several values in brackets.

    Example:
        >>> spread([1.0, 3.0, 2.0], 1), spread([1.0], 1)
        ('2.0 (1.0 to 3.0)', '1.0')
    """
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def markdown(rows: Rows) -> str:
    """The whole of results.md."""
    tasks: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        tasks.setdefault(row["task"], {}).setdefault(row["contender"], []).append(row)
    medians = {
        task: {name: _medians(group) for name, group in groups.items()}
        for task, groups in tasks.items()
    }
    parts = [_head(rows), verdicts(medians), *(_section(*item) for item in tasks.items())]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(task: str, groups: dict[str, list[dict[str, Any]]]) -> str:
    ours = _medians(groups.get(f"{OURS}/LSTM/{RECIPE}", []))
    lines = [_line(name, group, ours) for name, group in groups.items()]
    return f"## {task}\n\n{table(HEADINGS, lines)}"


def _medians(group: Rows) -> dict[str, float]:
    scored = [row for row in group if "smape" in row]
    return {name: median(row[name] for row in scored) for name in FIGURES if scored}


def _line(name: str, group: Rows, ours: dict[str, float]) -> list[str]:
    library, model, variant = name.split("/")
    scored = [row for row in group if "smape" in row]
    cells = [f"{library} {model}", variant]
    for figure, digits in FIGURES.items():
        if not scored:
            cells += ["–", "–"]
            continue
        values = [row[figure] for row in scored]
        share = f"{median(values) / ours[figure]:.2f}" if ours else "–"
        cells += [spread(values, digits), share]
    parameters = f"{scored[0]['parameters']:,}" if scored and "parameters" in scored[0] else "–"
    return [*cells, parameters, _seeds(group)]


def _seeds(group: Rows) -> str:
    """The number of seeds, and what happened to those that failed."""
    words = {"stopped": "stopped at the limit", "timeout": "ended, no forecast", "failed": "failed"}
    found = [words[row["status"]] for row in group if row["status"] in words]
    return ", ".join([str(len(group)), *dict.fromkeys(found)])


def _head(rows: Rows) -> str:
    versions: dict[str, set[str]] = {}
    for row in rows:
        for package, version in row.get("versions", {}).items():
            versions.setdefault(package, set()).add(version)
    told_versions = ", ".join(f"{name} {'/'.join(sorted(v))}" for name, v in versions.items())
    machines = " and ".join(dict.fromkeys(row["machine"] for row in rows))
    dates = sorted({row["date"] for row in rows})
    pythons = "/".join(sorted({row["python"] for row in rows}))
    limits = "/".join(f"{limit:.0f}" for limit in sorted({row["limit"] for row in rows}))
    return (
        "# Comparison with other libraries on four competitions\n\n"
        "Written by `make bench-forecasting` from `results.jsonl`; do not edit. Figures are means "
        "over the series; with several seeds, the median with the minimum and maximum in brackets. "
        '"of ours" is a contender\'s median over that of our recipe: above 1, ours is better. '
        "Wall time runs from data in memory to forecasts, without imports; CPU time is that of all "
        "threads and depends less on other work of the machine.\n\n"
        f"- Machine: {machines}; measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}\n"
        f"- Python {pythons}, {told_versions}\n"
        f"- Training stopped after {limits} s, and the forecast was made with the weights at that "
        "time; a contender that was stopped is not run with further seeds."
        if rows
        else ""
    )


def write(results: Path = ROWS) -> None:
    """Write the Markdown file next to the rows."""
    results.with_suffix(".md").write_text(markdown(read_rows(results)), encoding="utf-8")


def check(results: Path = ROWS) -> bool:
    """Whether the Markdown file matches the rows; both may be missing."""
    path = results.with_suffix(".md")
    rows = read_rows(results)
    if not rows:
        return not path.exists()
    return path.exists() and path.read_text(encoding="utf-8") == markdown(rows)


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        write()
    elif not check():
        raise SystemExit("benchmarks/forecasting/results.md does not match results.jsonl.")
