"""``krr classify``, ``tag``, ``translate`` and ``write``: train a network on texts of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from keras_rnn_recipes.workflows.planning import Plan
    from keras_rnn_recipes.workflows.text_planning import TextOptions

Test = Annotated[
    str | None, option("file to test on (default: a share of FILE)", EVALUATION, metavar="FILE")
]
TestSize = Annotated[
    float | None, option("share of FILE to test on (default: 0.2; of running text 0.1)", EVALUATION)
]
Unit = Annotated[
    str | None,
    option("tokens: words, characters, pieces or whitespace (default: by the texts)", EVALUATION),
]
Epochs = Annotated[
    int | None, option("largest number of epochs (default: by the number of texts)", EVALUATION)
]


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
    test: Test = None,
    test_size: TestSize = None,
    unit: Unit = None,
    epochs: Epochs = None,
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
    from keras_rnn_recipes.workflows.classify import plan_classify

    _train(plan_classify, locals())


def tag(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="a token and its tag on each line, blank lines between sentences: CoNLL, CoNLL-U, "
            "CSV; - for standard input",
        ),
    ],
    overrides: Overrides = None,
    token_col: Annotated[
        int | None, option("number of the column of tokens, from 0 (default: inferred)", COLUMNS)
    ] = None,
    tag_col: Annotated[
        int | None, option("number of the column of tags, from 0 (default: inferred)", COLUMNS)
    ] = None,
    test: Test = None,
    test_size: TestSize = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    run_dir: NewRunDir = None,
    smoke: Smoke = False,
    overwrite: Overwrite = False,
) -> None:
    """Learn the tag of each token from sentences of your own: names, parts of speech.

    Columns, scheme of the tags, network and training are chosen by the file and printed. All
    choices are written to recipe.toml in --run-dir (default: runs/FILE-DATE-TIME), which `krr run`
    takes. Afterwards `krr predict RUN_DIR --input new.txt --output answers.csv` tags new sentences.
    """
    from keras_rnn_recipes.workflows.tag import plan_tag

    _train(plan_tag, locals(), ".txt")


def translate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="table of source and target texts: CSV, TSV; - for standard input; or two files "
            "whose lines belong together: train.de train.en",
        ),
    ],
    overrides: Overrides = None,
    source_col: Annotated[
        str | None, option("column of the source texts (default: inferred)", COLUMNS)
    ] = None,
    target_col: Annotated[
        str | None, option("column of the target texts (default: inferred)", COLUMNS)
    ] = None,
    test: Test = None,
    test_size: TestSize = None,
    unit: Unit = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    run_dir: NewRunDir = None,
    smoke: Smoke = False,
    overwrite: Overwrite = False,
) -> None:
    """Learn to turn texts into others from pairs of your own: translation, spelling, any rewriting.

    Columns, tokens, network and training are chosen by the pairs and printed. All choices are
    written to recipe.toml in --run-dir (default: runs/FILE-DATE-TIME), which `krr run` takes.
    Afterwards `krr predict RUN_DIR --input new.txt --output answers.csv` answers new texts.
    """
    from keras_rnn_recipes.workflows.translate import plan_translate

    second, overrides = _second_file(overrides)
    _train(plan_translate, locals())


def write(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="running text, such as a book; - for standard input"),
    ],
    overrides: Overrides = None,
    test: Test = None,
    test_size: TestSize = None,
    unit: Unit = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    run_dir: NewRunDir = None,
    smoke: Smoke = False,
    overwrite: Overwrite = False,
) -> None:
    """Learn to write like a text of your own.

    Tokens, network and training are chosen by the text and printed, and at the end a text that the
    network wrote. All choices are written to recipe.toml in --run-dir (default:
    runs/FILE-DATE-TIME), which `krr run` takes. Afterwards `krr complete RUN_DIR "prompt"` goes on
    from a prompt.
    """
    from keras_rnn_recipes.workflows.write import plan_write

    _train(plan_write, locals(), ".txt")


def _second_file(given: list[str] | None) -> tuple[Path | None, list[str] | None]:
    """The second of two line-aligned files, and the overrides after it."""
    if given and "=" not in given[0]:
        return Path(given[0]), given[1:]
    return None, given


def _train(
    plan: Callable[[TextOptions], Plan], given: Mapping[str, Any], ending: str = ".csv"
) -> None:
    """Plan a recipe by the arguments of a command, print the reasons, and run it.

    Standard input is saved to a file with this ending.
    """
    from keras_rnn_recipes.workflows.text_planning import TextOptions

    options = {**fields_of(TextOptions, given), "overrides": given["overrides"] or ()}
    file, run_dir = begin_run(
        given["file"], given["run_dir"], overwrite=given["overwrite"], ending=ending
    )
    chosen = plan(TextOptions(**{**options, "file": file}))
    run_plan(chosen, run_dir, overwrite=given["overwrite"], smoke=given["smoke"])
