"""Tables of results, made from recorded runs, so that a README cannot claim what was not run.

The table in a README stands between two comments, and is generated from recorded runs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.records import read_records
from keras_rnn_recipes.running.run_directory import replacing
from keras_rnn_recipes.running.wording import (
    MORE_IS_BETTER,
    best_baseline,
    label,
    number,
    spread,
)

Named = tuple[str, Sequence[Mapping[str, Any]]]

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
METRICS = ("mae", "smape", "mase")
HEADINGS = (
    "Recipe",
    "Model",
    *(label(metric) for metric in METRICS),
    "Best baseline",
    "Its MAE",
    "Its MASE",
    "Ratio",
    "Parameters",
    "Fit, s",
    "Seeds",
)
EXPLANATION = (
    "Figures are means over series; with several seeds, the median and in brackets the least and "
    "the greatest. Ratio is the error of the model over that of its best baseline (MASE, else "
    "MAE): below 1, in bold, the model is better."
)
TEXT_EXPLANATION = (
    "With several seeds, the median and in brackets the least and the greatest; baselines, below "
    "the model that they belong to from the best on, by their medians."
)
MEMORY_EXPLANATION = (
    "Each network is given the lags of its recipe in ascending order until it fails at one; with "
    "several seeds, the median and in brackets the least and the greatest. Longest lag: the last "
    "one solved, 0 for none. Gradient norm: at that lag (of the shortest one, if none), once "
    "trained, that of the error's slope by the state at the first step, where what is asked for "
    "was shown; gradient left: it as a share of that at the last step. Steps: of training until it "
    "was solved."
)


def results_markdown(paths: Sequence[str | Path]) -> str:
    """Make a Markdown table of results, one row for each recipe.

    Runs of one recipe that differ in nothing but the seed share a row.

    Args:
        paths: run directories, recorded runs (``seed0.json``), or folders that hold recorded runs
            at any depth.

    Returns:
        The table and a sentence that explains it, ending in a newline.

    Raises:
        UserError: if a path holds no run.

    Example:
        >>> print(results_markdown(["recipes/forecasting/results"]))  # doctest: +SKIP
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in read_records(paths):
        groups.setdefault((record["recipe"], record.get("settings", "")), []).append(record)
    named = [(name, records) for (name, _), records in sorted(groups.items())]
    of_memory = [one for one in named if one[1][0].get("task") == "memory"]
    named = [one for one in named if one not in of_memory]
    of_series = [one for one in named if one[1][0].get("task", "forecasting") == "forecasting"]
    of_texts = [one for one in named if one not in of_series]
    tables = [_table_of_series(of_series)] if of_series else []
    tables += [_table_of_texts(of_texts)] if of_texts else []
    return "\n".join([*tables, *([_table_of_memory(of_memory)] if of_memory else [])])


def _table_of_series(named: Sequence[Named]) -> str:
    rows = [_row(name, records) for name, records in named]
    return _table(HEADINGS, "---|---|" + "---:|" * len(METRICS) + "---|" + "---:|" * 6, rows) + (
        f"\n{EXPLANATION}\n"
    )


def _table_of_texts(named: Sequence[Named]) -> str:
    """For each recipe a row of the model, and one of each baseline, the best first."""
    metrics = list(dict.fromkeys(m for _, records in named for m in records[0]["model"]))
    headings = ("Recipe", "Answered by", *map(label, metrics), "Parameters", "Fit, s", "Seeds")
    rows = [row for name, records in named for row in _text_rows(name, records, metrics)]
    ruler = "---|---|" + "---:|" * (len(metrics) + 3)
    return _table(headings, ruler, rows) + f"\n{TEXT_EXPLANATION}\n"


def _table_of_memory(named: Sequence[Named]) -> str:
    """For each recipe a row of each network, in the order of the recipe."""
    metrics = ("longest_lag", "gradient", "reach", "steps")
    headings = ("Recipe", "Network", *map(label, metrics), "Seeds")
    rows = []
    for recipe, records in named:
        networks = [{r["name"]: r["model"], **r["baselines"]} for r in records]
        for place, name in enumerate(networks[0]):
            found = [spread([one.get(name, {}).get(m) for one in networks]) for m in metrics]
            cells = [_with_range(figures, len(records), padded=False) for figures in found]
            rows.append([recipe if place == 0 else "", label(name), *cells, str(len(records))])
    ruler = "---|---|" + "---:|" * (len(metrics) + 1)
    return _table(headings, ruler, rows) + f"\n{MEMORY_EXPLANATION}\n"


def _table(headings: Sequence[str], ruler: str, rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, *rows]
    head, *body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([head, f"|{ruler}", *body]) + "\n"


def _text_rows(
    recipe: str, records: Sequence[Mapping[str, Any]], metrics: Sequence[str]
) -> list[list[str]]:
    first, *_ = metrics_of = list(records[0]["model"])
    sign = -1.0 if first in MORE_IS_BETTER else 1.0
    figures = {
        name: {
            metric: spread([r["baselines"].get(name, {}).get(metric) for r in records])
            for metric in metrics_of
        }
        for name in records[0]["baselines"]
    }

    def worse(name: str) -> float:
        found = figures[name][first]
        return math.inf if found is None else sign * found[0]

    mine = {metric: spread([r["model"].get(metric) for r in records]) for metric in metrics_of}
    rows = [
        [
            recipe,
            f"**{label(records[0]['name'])}**",
            *(_with_range(mine.get(metric), len(records)) for metric in metrics),
            f"{records[0]['num_parameters']:,}",
            number(round(statistics.median(r["fit_seconds"] for r in records))),
            str(len(records)),
        ]
    ]
    for name in sorted(figures, key=worse):
        cells = [_with_range(figures[name].get(metric), 1) for metric in metrics]
        rows.append(["", label(name), *cells, "", "", ""])
    return rows


def check_table(paths: Sequence[str | Path], readme: str | Path) -> None:
    """Make sure that the table in a README is the one that the runs give.

    Args:
        paths: as in :func:`results_markdown`.
        readme: a text with the table between its two comments.

    Raises:
        UserError: if the table differs, naming the first line that does, or is not there.
    """
    _, found, _ = _parts(Path(readme))
    wanted = results_markdown(paths).strip().splitlines()
    lines = found.strip().splitlines()
    for at in range(max(len(wanted), len(lines))):
        there = lines[at] if at < len(lines) else "(nothing)"
        due = wanted[at] if at < len(wanted) else "(nothing)"
        if there != due:
            raise UserError(
                f"The table of results in {readme} is not what the runs give: it says {there!r}.",
                f"{due!r}.",
                "run `krr table` and put what it prints between the comments.",
            )


def update_table(paths: Sequence[str | Path], readme: str | Path) -> None:
    """Put the table that the runs give into a README, between its two comments.

    Args:
        paths: as in :func:`results_markdown`.
        readme: the text; all outside the comments stays as it is.

    Raises:
        UserError: if the comments are not there.
    """
    before, _, after = _parts(Path(readme))
    table = results_markdown(paths)
    with replacing(Path(readme)) as staged:
        staged.write_text(f"{before}{BEGIN}\n\n{table}\n{END}{after}", encoding="utf-8")


def _row(recipe: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    mine = {metric: spread([r["model"].get(metric) for r in records]) for metric in METRICS}
    deciding = "mase" if mine["mase"] and best_baseline(records[0], "mase") else "mae"
    # Of the baselines only ridge depends on the seed, and little: medians will do.
    theirs = {
        name: {
            metric: (spread([r["baselines"].get(name, {}).get(metric) for r in records]) or [None])[
                0
            ]
            for metric in METRICS
        }
        for name in records[0]["baselines"]
    }
    rival = best_baseline({"baselines": theirs}, deciding)
    against = theirs[rival] if rival is not None else dict.fromkeys(METRICS)
    return [
        recipe,
        label(records[0]["name"]),
        *(_with_range(mine[metric], len(records)) for metric in METRICS),
        label(rival) if rival is not None else "–",
        number(against["mae"], padded=True),
        number(against["mase"], padded=True),
        _ratio(mine[deciding], against[deciding]),
        f"{records[0]['num_parameters']:,}",
        number(round(statistics.median(r["fit_seconds"] for r in records))),
        str(len(records)),
    ]


def _with_range(
    found: tuple[float, float, float] | None, count: int, *, padded: bool = True
) -> str:
    if found is None:
        return "–"
    middle, low, high = (number(value, padded=padded) for value in found)
    return f"{middle} ({low} to {high})" if count > 1 else middle


def _ratio(mine: tuple[float, float, float] | None, theirs: float | None) -> str:
    if mine is None or not theirs:
        return "–"
    ratio = mine[0] / theirs
    return f"**{ratio:.3f}**" if ratio < 1 else f"{ratio:.3f}"


def _parts(readme: Path) -> tuple[str, str, str]:
    """Cut a text into what is before, between and after the comments."""
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{readme} cannot be read: {error.strerror}.", "a text file.", "check the path."
        ) from error
    before, begin, rest = text.partition(BEGIN)
    between, end, after = rest.partition(END)
    if not (begin and end):
        raise UserError(
            f"{readme} has no table of results.",
            f"a line {BEGIN} and, after it, a line {END}.",
            "add the two lines where the table shall stand.",
        )
    return before, between, after
