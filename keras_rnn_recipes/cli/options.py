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

Reading = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[data.KEY=VALUE]...",
        help="how the new data are read, where they differ from the run's: data.decimal=,",
    ),
]

# Sections of the help of `krr forecast`, which has the most options.
COLUMNS, SERIES = "Columns of the file", "Frequency and season"
FORMATS = "Dates and numbers"
EVALUATION, OUTPUT = "Model and evaluation", "Output"


def option(help: str, section: str | None = None, **more: Any) -> Any:
    """An option of a command, listed in a section of its help."""
    return typer.Option(help=help, rich_help_panel=section, **more)


NewRunDir = Annotated[
    Path | None,
    typer.Option(
        "--run-dir", metavar="DIR", help="folder to write everything to", rich_help_panel=OUTPUT
    ),
]

Input = Annotated[
    Path,
    typer.Option(
        "--input",
        metavar="FILE",
        help="new data, in the format that the run was given; - for standard input",
    ),
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

# The options of `krr forecast`, in the order of its help.
Table = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="table: CSV, TSV, Excel, Parquet, Feather; - for standard input"
    ),
]
Horizon = Annotated[int, option("number of time steps to forecast", "Task")]
IdCol = Annotated[
    str | None,
    option("column with the name of the series, or several: a,b (default: inferred)", COLUMNS),
]
TimeCol = Annotated[
    str | None,
    option("column with the dates, or their parts: year,month,day (default: inferred)", COLUMNS),
]
TargetCol = Annotated[
    str | None,
    option("column to forecast, or several: a,b (default: inferred)", COLUMNS),
]
PastCols = Annotated[
    str | None, option("covariates known up to the last observation: a,b", COLUMNS)
]
FutureCols = Annotated[
    str | None,
    option("covariates also known for the time steps to forecast: a,b", COLUMNS),
]
FutureFile = Annotated[
    str | None,
    option("table with --future-cols for the time steps to forecast (default: FILE)", COLUMNS),
]
StaticCols = Annotated[
    str | None, option("covariates that are constant in each series: a,b", COLUMNS)
]
Wide = Annotated[bool, option("every column of numbers without another role is a series", COLUMNS)]
DateFormat = Annotated[
    str | None,
    option("format of the dates: %d.%m.%y, or number (default: inferred)", FORMATS),
]
DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first",
        rich_help_panel=FORMATS,
        help="order of day and month, where the dates allow both (default: inferred)",
    ),
]
Decimal = Annotated[str | None, option("decimal sign: . or , (default: inferred)", FORMATS)]
Thousands = Annotated[
    str | None,
    option("separator of thousands: , or . or space or none (default: inferred)", FORMATS),
]
Aggregate = Annotated[
    str | None,
    option(
        "summary of all rows in one time step, with --freq: sum, mean, median, min, max, first, "
        "last or count (default: one row for each step is expected)",
        SERIES,
    ),
]
Calendar = Annotated[
    str | None,
    option("covariates computed from the dates: day_of_week,month,hour,...", COLUMNS),
]
Holidays = Annotated[
    str | None,
    option("country whose public holidays become a covariate: US, DE, ...", COLUMNS),
]
Freq = Annotated[
    str | None,
    option("time between rows, as a pandas alias: D, MS, W-SUN, h (default: inferred)", SERIES),
]
SeasonLength = Annotated[
    str | None,
    option("time steps in a season, or in several: 24,168 (default: inferred)", SERIES),
]
Model = Annotated[
    str,
    option(
        "pretrained: the network of this package, without training; finetune: the same, trained on "
        "with your series; train: a new network; auto: chosen from the data",
        EVALUATION,
    ),
]
Cell = Annotated[
    str | None,
    option(
        "new network: lstm, gru, simple_rnn, deep_rnn, dense, conv or linear (default: lstm)",
        EVALUATION,
    ),
]
Strategy = Annotated[
    str | None,
    option(
        "multi-step strategy of a new network: direct, recursive or seq2seq (default: seq2seq)",
        EVALUATION,
    ),
]
Units = Annotated[
    str | None, option("width of each layer: 64,64 (default: chosen from the data)", EVALUATION)
]
Levels = Annotated[
    str | None, option("prediction intervals, in percent: 80,95 (default: none)", EVALUATION)
]
Refit = Annotated[
    bool | None,
    typer.Option(
        "--refit/--no-refit",
        rich_help_panel=EVALUATION,
        help="after the test, train again on all data for the forecast (default: --refit, "
        "except for many long series)",
    ),
]
Seed = Annotated[int, option("seed of all random numbers", EVALUATION)]
ForecastsFile = Annotated[
    Path | None, option("CSV file to write the forecasts to as well", OUTPUT, metavar="FILE")
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
