"""Arguments and options that several commands take, and the layout of their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

RunDir = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="folder of a finished run")]

Recipe = Annotated[
    str, typer.Argument(metavar="RECIPE", help="name of a recipe (see `krr ls`), or a TOML file")
]

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...", help="values that replace the recipe's: fit.epochs=10"
    ),
]

# Sections of the help of `krr forecast`, which has the most options.
EVALUATION, OUTPUT = "Model and evaluation", "Output"

NewRunDir = Annotated[
    Path | None,
    typer.Option(
        "--run-dir", metavar="DIR", help="folder to write everything to", rich_help_panel=OUTPUT
    ),
]

Input = Annotated[
    Path,
    typer.Option("--input", metavar="FILE", help="new data, in the format that the run was given"),
]

Smoke = Annotated[
    bool, typer.Option("--smoke", help="train for a few steps only, to check that all works")
]

MoreBaselines = Annotated[
    str | None,
    typer.Option(
        "--baselines",
        metavar="NAMES",
        rich_help_panel=EVALUATION,
        help="additional baselines, comma-separated; auto_ets, auto_arima and auto_theta need the "
        "extra 'baselines' and are slow, since they are fitted to every series at every origin",
    ),
]

Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="continue what was interrupted in --run-dir", rich_help_panel=OUTPUT
    ),
]

Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="replace the run in --run-dir", rich_help_panel=OUTPUT),
]


class SectionedCommand(TyperCommand):
    """A command whose help lists its options in sections, by their ``rich_help_panel``.

    Typer itself has such sections for rich text only. Options without one come last.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options section by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            title = getattr(parameter, "rich_help_panel", None) or usual
            sections.setdefault(title, []).append(record)
        last = sections.pop("Options", [])
        for title, records in [*sections.items(), ("Options", last)]:
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
