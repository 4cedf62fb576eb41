"""Choices that are made for a file of one's own: values of a recipe, each with its reason.

The commands that plan a recipe (`krr classify` and others) share them. What the user gave stays as
it is, and the sentence on it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras_rnn_recipes.config.files import apply_overrides, config_from_dict


@dataclass(frozen=True)
class Choice:
    """Values of a recipe that belong together, and why they were chosen.

    Attributes:
        values: by dotted key, such as ``{"fit.epochs": 8}``; empty for a fact.
        words: from the resolved recipe to what was chosen, in words.
        why: the reason.
        option: of the command, or key, that changes it.
    """

    values: Mapping[str, Any]
    words: Callable[[Any], str]
    why: str
    option: str = ""


def reason(choice: str, why: str, option: str = "", *, given: object = None) -> str:
    """A choice and its reason in one line.

    Args:
        choice: what was chosen.
        why: the reason.
        option: that changes it.
        given: value of the option; None if it was not given.

    Example:
        >>> reason("Season of 12 steps", "inferred from the dates", "--season-length")
        'Season of 12 steps: inferred from the dates (--season-length).'
        >>> reason("Season of 7 steps", "inferred", "--season-length", given="7")
        'Season of 7 steps: as given.'
    """
    if given is not None:
        return f"{choice}: as given."
    return f"{choice}: {why}{f' ({option})' if option else ''}."


def given_keys(asked: Mapping[str, Any], overrides: Sequence[str]) -> set[str]:
    """The dotted keys that the user gave.

    Example:
        >>> sorted(given_keys({"family": "tagging", "fit": {"seed": 0}}, ["fit.epochs=3"]))
        ['fit.epochs', 'fit.seed']
    """
    changed, _ = apply_overrides(asked, overrides)
    sections = {name: values for name, values in changed.items() if isinstance(values, Mapping)}
    return {f"{name}.{key}" for name, values in sections.items() for key in values}


def resolve(
    asked: Mapping[str, Any], overrides: Sequence[str], choices: Sequence[Choice], *, where: str
) -> tuple[Any, list[str]]:
    """A recipe with the values that were asked for and, for all other keys, those chosen.

    Args:
        asked: sections of the recipe by the options of a command.
        overrides: such as ``"fit.epochs=10"``.
        choices: in the order in which they are told.
        where: for messages.

    Returns:
        The checked configuration, and a sentence for each choice.

    Raises:
        UserError: a key or a value is wrong.
    """
    result, _ = apply_overrides(asked, overrides)
    given = given_keys(asked, overrides)
    for choice in choices:
        for key, value in choice.values.items():
            if key not in given:
                section, _, name = key.partition(".")
                result.setdefault(section, {})[name] = value
    # Once more with the overrides, so that messages name them.
    config = config_from_dict(result, overrides, where=where)
    told = [
        reason(one.words(config), one.why, one.option, given=given & set(one.values) or None)
        for one in choices
    ]
    return config, told
