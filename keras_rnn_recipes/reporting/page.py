"""The page of a report: what every family has on it, put into the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

TEMPLATE = Path(__file__).parent / "templates" / "report.html"


@dataclass(frozen=True)
class Section:
    """A heading, a picture (or none) and what there is to say about it.

    Example:
        >>> Section("Learning curve", "", "Loss by epoch.").heading
        'Learning curve'
    """

    heading: str
    picture: str
    caption: str


@dataclass(frozen=True)
class Table:
    """A table beside that of the model and its baselines.

    Args:
        heading, caption: above it.
        first: what its first column names.
        columns: headings of the others.
        rows: a name, whether it is the model's, and the cells as texts.
        of_texts: the cells hold passages to be read, not figures to be compared.
    """

    heading: str
    caption: str
    first: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, bool, Sequence[str]]]
    of_texts: bool = False


@dataclass(frozen=True)
class Page:
    """All that the template asks for.

    Args:
        title: the heading.
        kind, verdict: of `wording.verdict`: the colour and the sentence.
        facts: short phrases below it.
        caption, first, columns, rows: of the table of the model and its baselines; a row holds
            ``name``, ``model`` and ``cells``, a cell ``text``, ``best`` and ``range``.
        num_seeds: that the model's figures are medians of.
        more_tables, figures, notes: in this order below it.
        shape: the drawing of the task and its caption, see `shapes.report_shape`; None for none.
        tables: headings with pairs of names and values, at the end.
    """

    title: str
    kind: str
    verdict: str
    facts: Sequence[str]
    caption: str
    first: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    num_seeds: int = 0
    more_tables: Sequence[Table] = ()
    figures: Sequence[Section] = ()
    notes: Sequence[str] = ()
    shape: tuple[str, str] | None = None
    tables: Sequence[tuple[str, Sequence[tuple[str, str]]]] = field(default_factory=tuple)


def render_page(page: Page) -> str:
    """Make the page, one file that opens without a network."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(vars(page))


def settings_tables(
    config: Mapping[str, Any], environment: Mapping[str, Any]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The tables at the end: of the configuration and the environment, those that there are."""
    both = (("Configuration", config), ("Environment", environment))
    return [(heading, flat(values)) for heading, values in both if values]


def flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Write nested settings as dotted names and texts; what was left open is left out.

    Example:
        >>> flat({"fit": {"epochs": 3, "patience": None}, "units": [8, 8]})
        [('fit.epochs', '3'), ('units', '8, 8')]
    """
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        listed = isinstance(value, (list, tuple))
        left_open = value is None or (listed and not value)
        if isinstance(value, Mapping):
            rows += flat(value, f"{before}{key}.")
        elif not left_open and key != "format_version":
            rows.append((before + key, ", ".join(map(str, value)) if listed else str(value)))
    return rows
