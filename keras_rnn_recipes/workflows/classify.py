"""``krr classify``: choose a recipe for a table of texts, and explain the choices."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from keras_rnn_recipes.config.choices import given_keys, reason, resolve
from keras_rnn_recipes.config.recommended_texts import recommend_classifier, text_facts
from keras_rnn_recipes.config.text_classification import TextUnit
from keras_rnn_recipes.data.files import is_number
from keras_rnn_recipes.errors import counted, first_names
from keras_rnn_recipes.text.reading import LabelledTexts, class_names, read_labelled
from keras_rnn_recipes.text.table_columns import TextColumns, find_columns
from keras_rnn_recipes.text.tables import FileFormat
from keras_rnn_recipes.workflows.planning import Plan
from keras_rnn_recipes.workflows.text_planning import (
    WHERE,
    TextOptions,
    asked_for,
    data_section,
    refuse_few,
    with_found,
)

# Fewer texts cannot be divided into parts of which each has an example of two classes.
_FEWEST_TEXTS = 20
# A class with fewer texts is hardly learned, and a largest class with this share decides accuracy.
_RARE, _LARGE_SHARE = 10, 0.8


def plan_classify(options: TextOptions) -> Plan:
    """Read the file and choose the configuration; nothing is written, and TensorFlow not imported.

    Args:
        options: the options of the command line.

    Raises:
        UserError: a mistake in the options or the file, or too few texts.
    """
    asked = asked_for(
        "text_classification",
        options,
        get_args(TextUnit),
        text_col=options.text_col,
        label_col=options.label_col,
    )
    columns = _columns(asked, options)
    found: dict[str, Any] = {"text_col": columns.text, "label_col": columns.label}
    if columns.columns is not None:
        found["columns"] = list(columns.columns)
    asked = with_found(asked, found)
    data = data_section(asked, options)
    rows = read_labelled(
        options.file, text_col=data.text_col, label_col=data.label_col, **data.file_options()
    )
    class_names(rows.labels, options.file.name)
    few = "a few hundred of each class teach much more"
    refuse_few(options.file, len(rows), "text", _FEWEST_TEXTS, few)
    choices = recommend_classifier(text_facts(rows.texts, rows.labels))
    config, told = resolve(asked, options.overrides, choices, where=WHERE)
    return Plan(config, (*_of_columns(columns, rows), *told, *_of_classes(rows)))


def _columns(asked: dict[str, Any], options: TextOptions) -> TextColumns:
    data, given = data_section(asked, options), given_keys(asked, options.overrides)
    names = {
        name: getattr(data, name) if f"data.{name}" in given else None
        for name in ("text_col", "label_col")
    }
    form = FileFormat(**data.file_options())
    return find_columns(options.file, form, text=names["text_col"], label=names["label_col"])


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
