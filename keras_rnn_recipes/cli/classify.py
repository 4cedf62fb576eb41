"""``krr classify``: train a classifier of texts on a table of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keras_rnn_recipes.cli.options import (
    COLUMNS,
    EVALUATION,
    NewRunDir,
    Overrides,
    Overwrite,
    Seed,
    Smoke,
    option,
)
from keras_rnn_recipes.cli.running import begin_run, fields_of, run_plan


def classify(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="table of texts and labels: CSV, TSV; - for standard input"
        ),
    ],
    overrides: Overrides = None,
    text_col: Annotated[
        str | None, option("column of the texts (default: inferred)", COLUMNS)
    ] = None,
    label_col: Annotated[
        str | None, option("column of the labels (default: inferred)", COLUMNS)
    ] = None,
    test: Annotated[
        str | None,
        option("table to test on (default: a share of FILE)", EVALUATION, metavar="FILE"),
    ] = None,
    test_size: Annotated[
        float | None, option("share of FILE to test on (default: 0.2)", EVALUATION)
    ] = None,
    unit: Annotated[
        str | None,
        option("tokens: words, characters or whitespace (default: words)", EVALUATION),
    ] = None,
    epochs: Annotated[
        int | None,
        option("largest number of epochs (default: by the number of texts)", EVALUATION),
    ] = None,
    seed: Seed = 0,
    run_dir: NewRunDir = None,
    smoke: Smoke = False,
    overwrite: Overwrite = False,
) -> None:
    """Classify the texts in a table of your own.

    Columns, tokens, network and training are chosen by the table and printed. All choices are
    written to recipe.toml in --run-dir (default: runs/FILE-DATE-TIME), which `krr run` takes.
    Afterwards `krr predict RUN_DIR --input new.csv --output answers.csv` classifies new texts.
    """
    from keras_rnn_recipes.workflows.classify import ClassifyOptions, plan_classify

    given = fields_of(ClassifyOptions, locals())
    given["file"], run_dir = begin_run(file, run_dir, overwrite=overwrite)
    plan = plan_classify(ClassifyOptions(**given))
    run_plan(plan, run_dir, overwrite=overwrite, smoke=smoke)
