"""``krr translate``: choose a recipe for pairs of texts, and explain the choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.choices import given_keys, reason, resolve
from keras_rnn_recipes.config.recommended_pairs import pair_facts, recommend_pairs
from keras_rnn_recipes.config.text_choices import UNITS, file_names
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.pair_columns import find_pair_columns
from keras_rnn_recipes.text.pronunciations import read_dictionary
from keras_rnn_recipes.text.reading import ParallelTexts, read_pairs, read_parallel
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

# Fewer pairs cannot be divided into parts that say anything.
_FEWEST_PAIRS = 40
_DICTIONARIES, _PRONOUNCED = {".dict", ".dic"}, "data.format=pronunciations"
# A metric of all formats, for as long as the format is not known.
_JUDGED = {"metrics": ["accuracy_at_1"]}


def plan_translate(options: TextOptions) -> Plan:
    """Read the pairs and choose the configuration; nothing is written, and TensorFlow not imported.

    Args:
        options: the options of the command line.

    Raises:
        UserError: a mistake in the options or the files, or too few pairs.
    """
    asked = asked_for(
        "encoder_decoder",
        options,
        tuple(UNITS),
        source_col=options.source_col,
        target_col=options.target_col,
    )
    if options.second is not None:
        asked = with_found(asked, {"train": [str(options.file), str(options.second)]})
    found, where = _found(asked, options)
    asked = with_found(asked, found)
    data = _data(asked, options)
    pairs = _read(data)
    refuse_few(options.file, len(pairs), "pair", _FEWEST_PAIRS, "a few thousand teach much more")
    _refuse_equal(options.file, pairs)
    unit = data.unit if "data.unit" in given_keys(asked, options.overrides) else None
    facts = pair_facts(pairs.sources, pairs.targets)
    choices = recommend_pairs(facts, unit=unit, pronounced=data.are_pronunciations)
    config, told = resolve(asked, options.overrides, choices, where=WHERE)
    return Plan(config, (f"Pairs: {len(pairs):,}{where}", *told))


def _data(asked: dict[str, Any], options: TextOptions) -> Any:
    """The section ``data``; a pronouncing dictionary is known by its name."""
    pronounced = _DICTIONARIES & {*options.file.suffixes} or _PRONOUNCED in options.overrides
    layout = {"format": "pronunciations", "unit": "characters"} if pronounced else {}
    return data_section(asked, options, data=layout, evaluate=_JUDGED)


def _found(asked: dict[str, Any], options: TextOptions) -> tuple[dict[str, Any], str]:
    """What was found in the files, and a phrase on where the pairs stand."""
    data = _data(asked, options)
    if isinstance(data.train, tuple):
        return {}, f", the lines of {file_names(data.train)}."
    if data.are_pronunciations:
        return {}, ", words and their phonemes."
    given = given_keys(asked, options.overrides)
    source, target = (
        getattr(data, name) if f"data.{name}" in given else None
        for name in ("source_col", "target_col")
    )
    form = FileFormat(**data.file_options())
    columns = find_pair_columns(data.train, form, source=source, target=target)
    found: dict[str, Any] = {"source_col": columns.source, "target_col": columns.target}
    if columns.columns is not None:
        found["columns"] = list(columns.columns)
    where = f", from the column {columns.source!r} to the column {columns.target!r}"
    told = reason(where, columns.why, "--source-col, --target-col")
    return found, told if columns.columns is None else f"{told} The first line is no header."


def _read(data: Any) -> ParallelTexts:
    if isinstance(data.train, tuple):
        return read_parallel(*data.train, encoding=data.encoding)
    if data.are_pronunciations:
        return read_dictionary(data.train, encoding=data.encoding)
    return read_pairs(
        data.train,
        source_col=data.source_col,
        target_col=data.target_col,
        **data.file_options(),
    )


def _refuse_equal(file: Path, pairs: ParallelTexts) -> None:
    """Refuse pairs that leave nothing to learn."""
    if len({*pairs.targets}) < 2:
        raise UserError(
            f"Every pair of {file.name} has the same target.",
            "targets that depend on their sources.",
            "name other columns with --source-col and --target-col.",
        )
