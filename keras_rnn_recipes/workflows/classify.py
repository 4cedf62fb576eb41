"""``krr classify``: choose a recipe for a table of texts, and explain the choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from keras_rnn_recipes.config.choices import given_keys, reason, resolve
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.recommended_texts import recommend_classifier, text_facts
from keras_rnn_recipes.config.text_classification import TextUnit
from keras_rnn_recipes.data.files import is_number
from keras_rnn_recipes.errors import UserError, check_choice, counted, first_names
from keras_rnn_recipes.text.reading import LabelledTexts, class_names, read_labelled
from keras_rnn_recipes.text.table_columns import TextColumns, find_columns
from keras_rnn_recipes.text.tables import FileFormat
from keras_rnn_recipes.workflows.planning import Plan, without_none

# Fewer texts cannot be divided into parts of which each has an example of two classes.
_FEWEST_TEXTS = 20
# A class with fewer texts is hardly learned, and a largest class with this share decides accuracy.
_RARE, _LARGE_SHARE = 10, 0.8


@dataclass(frozen=True)
class ClassifyOptions:
    """The options of the command line; None for those that were not given."""

    file: Path
    overrides: Sequence[str] | None = None
    text_col: str | None = None
    label_col: str | None = None
    test: str | None = None
    test_size: float | None = None
    unit: str | None = None
    epochs: int | None = None
    seed: int = 0


def plan_classify(options: ClassifyOptions) -> Plan:
    """Read the file and choose the configuration; nothing is written, and TensorFlow not imported.

    Args:
        options: the options of the command line.

    Raises:
        UserError: a mistake in the options or the file, or too few texts.
    """
    asked, overrides = _as_asked(options), options.overrides or ()
    first = config_from_dict(asked, overrides, where="the command line")
    given = given_keys(asked, overrides)
    names = {
        name: getattr(first.data, name) if f"data.{name}" in given else None
        for name in ("text_col", "label_col")
    }
    form = FileFormat(**first.data.file_options())
    columns = find_columns(options.file, form, text=names["text_col"], label=names["label_col"])
    found: dict[str, Any] = {"text_col": columns.text, "label_col": columns.label}
    if columns.columns is not None:
        found["columns"] = list(columns.columns)
    asked = {**asked, "data": {**asked["data"], **found}}
    data = config_from_dict(asked, overrides, where="the command line").data
    rows = read_labelled(
        options.file, text_col=data.text_col, label_col=data.label_col, **data.file_options()
    )
    _refuse_few(options.file, rows)
    choices = recommend_classifier(text_facts(rows.texts, rows.labels))
    config, told = resolve(asked, overrides, choices, where="the command line")
    return Plan(config, (*_of_columns(columns, rows), *told, *_of_classes(rows)))


def _as_asked(options: ClassifyOptions) -> dict[str, Any]:
    """The sections of the recipe as far as the options say."""
    if options.unit is not None:
        check_choice(options.unit, get_args(TextUnit), "--unit")
    if options.test_size is not None and not 0 < options.test_size < 1:
        raise UserError(
            f"--test-size is {options.test_size}.", "a share above 0 and below 1.", "give 0.2."
        )
    for name in ("epochs", "seed"):
        value, least = getattr(options, name), int(name == "epochs")
        if value is not None and value < least:
            raise UserError(
                f"--{name} is {value}.",
                f"a whole number of at least {least}.",
                f"give another --{name}.",
            )
    data = {
        "train": str(options.file),
        "test": options.test,
        "text_col": options.text_col,
        "label_col": options.label_col,
        "test_share": options.test_size,
        "unit": options.unit,
    }
    return {
        "family": "text_classification",
        "data": without_none(data),
        "fit": without_none({"seed": options.seed, "epochs": options.epochs}),
    }


def _refuse_few(file: Path, rows: LabelledTexts) -> None:
    class_names(rows.labels, file.name)
    if len(rows) < _FEWEST_TEXTS:
        raise UserError(
            f"{file.name} has {counted(len(rows), 'text')}.",
            f"at least {_FEWEST_TEXTS}, to train, to choose and to test on; a few hundred of each "
            "class teach much more.",
            "give more texts.",
        )


def _of_columns(columns: TextColumns, rows: LabelledTexts) -> list[str]:
    """What was found in the file."""
    counts = Counter(rows.labels).most_common()
    shares = [f"{label} {count / len(rows):.0%}" for label, count in counts]
    header = [] if columns.columns is None else ["The first line is no header: columns by number."]
    return [
        *header,
        reason(
            f"Texts: {len(rows):,}, in the column {columns.text!r}", columns.of_text, "--text-col"
        ),
        reason(
            f"Labels: {len(counts)} classes ({first_names(shares, 6)}), in the column "
            f"{columns.label!r}",
            columns.of_label,
            "--label-col",
        ),
    ]


def _of_classes(rows: LabelledTexts) -> list[str]:
    """What to know of the classes when the scores are read."""
    counts = Counter(rows.labels)
    told, (largest, most) = [], counts.most_common(1)[0]
    rare = [label for label, count in counts.items() if count < _RARE]
    if rare:
        told.append(
            f"{counted(len(rare), 'class', 'has', 'have')} fewer than {_RARE} texts and can hardly "
            f"be learned: {first_names(rare)}."
        )
    if most >= _LARGE_SHARE * len(rows):
        told.append(
            f"{most / len(rows):.0%} of the texts are {largest!r}: macro F1 tells more than "
            "accuracy (evaluate.metrics)."
        )
    if len(counts) > 2 and all(map(is_number, counts)):
        told.append("The classes are numbers; their order is not used.")
    return told
