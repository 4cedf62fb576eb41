"""Tables of results, made from recorded runs, so that a README cannot claim what was not run.

A recorded run is a small file, ``results/<recipe>/seed<k>.json``: the run's ``metrics.json`` with
its recipe, model, seed, versions and date. The table in a README stands between two comments, and
is generated from such files.
"""

from __future__ import annotations

import datetime
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.run_directory import replacing, writing
from keras_rnn_recipes.running.wording import best_baseline, label, number, spread

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
    for record in _read_all(paths):
        groups.setdefault((record["recipe"], record.get("settings", "")), []).append(record)
    rows = [_row(name, records) for (name, _), records in sorted(groups.items())]
    lines = [
        "| " + " | ".join(HEADINGS) + " |",
        "|---|---|" + "---:|" * len(METRICS) + "---|" + "---:|" * 6,
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        EXPLANATION,
    ]
    return "\n".join(lines) + "\n"


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


def record_run(run_dir: str | Path, recipe: str, folder: str | Path) -> Path:
    """Keep the figures of a finished run as ``<folder>/<recipe>/seed<k>.json``.

    Args:
        run_dir: the folder of the run.
        recipe: its name; of ``forecasting/co2_lstm_direct`` the last part is taken.
        folder: where recorded runs are kept, such as ``recipes/forecasting/results``.

    Returns:
        The path of the file. One of the same recipe and seed is replaced.

    Raises:
        UserError: if there is no finished run in ``run_dir``.
    """
    record = {**_read_run(Path(run_dir)), "recipe": recipe.rsplit("/", 1)[-1]}
    del record["settings"]
    target = Path(folder) / record["recipe"] / f"seed{record['seed']}.json"
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as staged:
        staged.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return target


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


def _with_range(found: tuple[float, float, float] | None, count: int) -> str:
    if found is None:
        return "–"
    middle, low, high = (number(value, padded=True) for value in found)
    return f"{middle} ({low} to {high})" if count > 1 else middle


def _ratio(mine: tuple[float, float, float] | None, theirs: float | None) -> str:
    if mine is None or not theirs:
        return "–"
    ratio = mine[0] / theirs
    return f"**{ratio:.3f}**" if ratio < 1 else f"{ratio:.3f}"


def _read_all(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    records = []
    for path in map(Path, paths):
        if (path / "metrics.json").exists():
            records.append(_read_run(path))
            continue
        files = sorted(path.rglob("seed*.json")) if path.is_dir() else [path]
        if not files or not path.exists():
            raise _no_run(path)
        records += [_read_record(file) for file in files]
    return records


def _read_run(folder: Path) -> dict[str, Any]:
    """Read a run directory as a record, with its settings to tell recipes apart by."""
    metrics = _read_json(folder / "metrics.json")
    config = _read_json(folder / "config.json")
    environment = _read_json(folder / "environment.json")
    data, model, fit = (config.get(part, {}) for part in ("data", "model", "fit"))
    date = datetime.datetime.fromtimestamp((folder / "metrics.json").stat().st_mtime, datetime.UTC)
    name = model.get("preset", "model")
    source = Path(str(data.get("source", folder.name))).stem
    fixed = {**config, "fit": {key: value for key, value in fit.items() if key != "seed"}}
    return {
        "recipe": f"{source}_{name}_{model.get('strategy', '')}".rstrip("_"),
        "name": name,
        "seed": fit.get("seed", environment.get("seed", 0)),
        "date": date.date().isoformat(),
        "versions": environment.get("versions", {}),
        **metrics,
        "settings": json.dumps(fixed, sort_keys=True),
    }


def _read_record(file: Path) -> dict[str, Any]:
    record = _read_json(file)
    missing = {"recipe", "name", "model", "baselines", "num_parameters", "fit_seconds"} - set(
        record
    )
    if missing:
        raise UserError(
            f"{file} is no recorded run: it lacks {', '.join(sorted(missing))}.",
            "a file that the recording of a run wrote.",
            "record the run again, or leave the file out.",
        )
    return record


def _read_json(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise _no_run(file.parent) from None
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{file} cannot be read: {error}.",
            "a JSON file that a run wrote.",
            "run it again.",
        ) from error


def _no_run(path: Path) -> UserError:
    return UserError(
        f"There is no finished run in {path}.",
        "a run directory with metrics.json, config.json and environment.json, a recorded run, or a "
        "folder of recorded runs.",
        "check the path, or finish the run with --resume.",
    )


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
