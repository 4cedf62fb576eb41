"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RunDir = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="the folder of a finished run")]

NewRunDir = Annotated[
    Path | None, typer.Option("--run-dir", metavar="DIR", help="where everything goes")
]

Input = Annotated[Path, typer.Option("--input", metavar="FILE", help="CSV, TSV or Parquet")]

Smoke = Annotated[bool, typer.Option("--smoke", help="a few training steps, to see that it works")]

MoreBaselines = Annotated[
    str | None,
    typer.Option(
        "--baselines",
        metavar="NAMES",
        help="compare with these as well: auto_ets,auto_arima,auto_theta; they are fitted to every "
        "series at every origin, which is slow (needs the extra 'baselines')",
    ),
]

Overwrite = Annotated[bool, typer.Option("--overwrite", help="replace the run in --run-dir")]
