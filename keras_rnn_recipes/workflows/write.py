"""``krr write``: choose a recipe for a running text, and explain the choices."""

from __future__ import annotations

from keras_rnn_recipes.config.choices import given_keys, resolve
from keras_rnn_recipes.config.recommended_language import language_facts, recommend_language
from keras_rnn_recipes.config.text_choices import UNITS
from keras_rnn_recipes.text.other_formats import refuse_other_text
from keras_rnn_recipes.text.reading import read_text
from keras_rnn_recipes.workflows.planning import Plan
from keras_rnn_recipes.workflows.text_planning import (
    WHERE,
    TextOptions,
    asked_for,
    data_section,
    refuse_few,
)

# Less text teaches nothing, and cannot be divided into parts.
_FEWEST_CHARACTERS = 2_000
_TABLES = {".csv", ".tsv", ".tab"}


def plan_write(options: TextOptions) -> Plan:
    """Read the text and choose the configuration; nothing is written, and TensorFlow not imported.

    Args:
        options: the options of the command line.

    Raises:
        UserError: a mistake in the options or the file, or too short a text.
    """
    asked = asked_for("language_model", options, tuple(UNITS))
    data = data_section(asked, options)
    text = read_text(options.file, encoding=data.encoding)
    refuse_other_text(options.file, text)
    refuse_few(
        options.file,
        len(text),
        "character",
        _FEWEST_CHARACTERS,
        "a hundred thousand teach much more",
    )
    unit = data.unit if "data.unit" in given_keys(asked, options.overrides) else None
    facts = language_facts(text)
    config, told = resolve(
        asked, options.overrides, recommend_language(facts, unit=unit), where=WHERE
    )
    told = [f"Text: {len(text):,} characters, {facts.words:,} words.", *told]
    if _TABLES & {*options.file.suffixes}:
        told.append(f"{options.file.name} is read as running text, with all signs between columns.")
    return Plan(config, tuple(told))
