"""``krr table``: the table of results in a README, made from recorded runs and checked."""

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
    # Families whose tables have the same columns share one.
    tables: dict[Callable[[list[Named]], str], list[Named]] = {}
    for (recipe, _), records in sorted(groups.items()):
        make = find_family(records[0].get("task", DEFAULT)).report.markdown_table
        tables.setdefault(make, []).append((recipe, records))
    return "\n".join(make(named) for make, named in tables.items())


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
