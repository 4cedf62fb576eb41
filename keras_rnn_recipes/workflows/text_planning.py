"""What the commands for texts of one's own share: their options, and the recipe as asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.base import one_or_two_files
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError, check_choice, counted
from keras_rnn_recipes.workflows.planning import without_none

# Messages name it as the place of a wrong key.
WHERE = "the command line"


@dataclass(frozen=True)
class TextOptions:
    """The options of `krr classify`, `tag`, `translate` and `write`; None for those not given.

    Attributes:
        file: the texts.
        second: file whose lines are the targets of those of ``file``; for pairs.
        overrides: keys of the recipe, such as ``"fit.epochs=3"``.
        text_col, label_col: columns of a table of labelled texts.
        source_col, target_col: columns of a table of pairs.
        token_col, tag_col: numbers of the columns of a column file, from 0.
        test: what to test on in place of a share of the file.
        test_size: that share.
        unit: of the tokens.
        epochs: largest number of epochs.
        seed: of all random numbers.
    """

    file: Path
    second: Path | None = None
    overrides: Sequence[str] = ()
    text_col: str | None = None
    label_col: str | None = None
    source_col: str | None = None
    target_col: str | None = None
    token_col: int | None = None
    tag_col: int | None = None
    test: str | None = None
    test_size: float | None = None
    unit: str | None = None
    epochs: int | None = None
    seed: int = 0


def asked_for(
    family: str, options: TextOptions, units: Sequence[str] = (), **data: Any
) -> dict[str, Any]:
    """The sections of the recipe as far as the options say.

    Args:
        family: of the recipe.
        options: of the command line.
        units: that ``options.unit`` may be.
        data: further keys of the section ``data``; those that are None are left out.

    Raises:
        UserError: an option is out of range.
    """
    if options.unit is not None:
        check_choice(options.unit, units, "--unit")
    if options.test_size is not None and not 0 < options.test_size < 1:
        raise UserError(
            f"--test-size is {options.test_size}.", "a share above 0 and below 1.", "give 0.2."
        )
    for name, least in (("epochs", 1), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise UserError(
                f"--{name} is {value}.",
                f"a whole number of at least {least}.",
                f"give another --{name}.",
            )
    section = {
        "train": str(options.file),
        "test": one_or_two_files(options.test),
        "test_share": options.test_size,
        "unit": options.unit,
        **data,
    }
    return {
        "family": family,
        "data": without_none(section),
        "fit": without_none({"seed": options.seed, "epochs": options.epochs}),
    }


def with_found(asked: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The sections with what was found in the file, in the section ``data``."""
    return {**asked, "data": {**asked["data"], **found}}


def data_section(asked: dict[str, Any], options: TextOptions, **others: Any) -> Any:
    """The section ``data`` of the recipe as far as it is known.

    Args:
        asked: from `asked_for`.
        options: of the command line.
        others: values of sections without which the recipe would not be valid yet.
    """
    merged = {name: {**values, **asked.get(name, {})} for name, values in others.items()}
    return config_from_dict({**asked, **merged}, options.overrides, where=WHERE).data


def refuse_few(file: Path, number: int, noun: str, least: int, why: str) -> None:
    """Refuse a file with too little to learn from.

    Raises:
        UserError: it has fewer than ``least``.
    """
    if number < least:
        raise UserError(
            f"{file.name} has {counted(number, noun)}.",
            f"at least {least:,}, to train, to choose and to test on; {why}.",
            f"give more {noun}s.",
        )
