"""``krr table``: a Markdown table of results, made from runs or compared with a README."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.schemas import DEFAULT
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.registry import find_family
from keras_rnn_recipes.reporting.readme_tables import Named
from keras_rnn_recipes.runs.records import read_records
from keras_rnn_recipes.storage import replacing

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def results_markdown(paths: Sequence[str | Path]) -> str:
    """Make a Markdown table of results, one row per recipe.

    Runs of a recipe that differ in the seed only share a row.

    Args:
        paths: run directories, recorded runs (``seed0.json``), or folders that contain recorded
            runs at any depth.

    Returns:
        The table and a sentence that explains it, ending in a newline.

    Raises:
        UserError: a path contains no run.

    Example:
        >>> print(results_markdown(["recipes/forecasting/results"]))  # doctest: +SKIP
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in read_records(paths):
        groups.setdefault((record["recipe"], record.get("settings", "")), []).append(record)
    # Families whose tables have the same columns share one.
    tables: dict[Callable[[list[Named]], str], list[Named]] = {}
    for (recipe, _), records in sorted(groups.items()):
        make = find_family(records[0].get("task", DEFAULT)).report.markdown_table
        tables.setdefault(make, []).append((recipe, records))
    return "\n".join(make(named) for make, named in tables.items())


def check_table(paths: Sequence[str | Path], readme: str | Path) -> None:
    """Check that the table in a README is that of the runs.

    Args:
        paths: as in `results_markdown`.
        readme: Markdown file with the table between two comments.

    Raises:
        UserError: the table differs (the message names the first different line) or is missing.
    """
    _, found, _ = _parts(Path(readme))
    wanted = results_markdown(paths).strip().splitlines()
    lines = found.strip().splitlines()
    for at in range(max(len(wanted), len(lines))):
        there = lines[at] if at < len(lines) else "(nothing)"
        due = wanted[at] if at < len(wanted) else "(nothing)"
        if there != due:
            raise UserError(
                f"The table of results in {readme} is not that of the runs: it has {there!r}.",
                f"{due!r}.",
                "replace the table in the file by the output of `krr table` without --check.",
            )


def update_table(paths: Sequence[str | Path], readme: str | Path) -> None:
    """Replace the table in a README by that of the runs.

    Args:
        paths: as in `results_markdown`.
        readme: Markdown file; only the text between the two comments is replaced.

    Raises:
        UserError: the comments are missing.
    """
    before, _, after = _parts(Path(readme))
    table = results_markdown(paths)
    with replacing(Path(readme)) as staged:
        staged.write_text(f"{before}{BEGIN}\n\n{table}\n{END}{after}", encoding="utf-8")


def _parts(readme: Path) -> tuple[str, str, str]:
    """Split a file into the text before, between and after the comments."""
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
            f"a line {BEGIN} and, below it, a line {END}.",
            "add the two lines where the table belongs.",
        )
    return before, between, after
