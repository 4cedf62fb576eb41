"""Spellings of tags of spans, read as B-, I-, E- and S- with a type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.tags import OUTSIDE

# BILOU has U and L for S and E, BMES has M for I, BMEWO has W for S.
_STANDARD = {"U": "S", "W": "S", "L": "E", "M": "I", **{letter: letter for letter in "BIES"}}
_BEFORE = re.compile(r"([BIESLUMWbieslumw])[-_](.+)|([BIESLUMW])[.:/|](.+)")
_AFTER = re.compile(r"(.+)([-_])([BIESLUMW])")
_TYPE_NAMES = """
    per person loc location org organization organisation misc gpe norp fac facility product event
    work_of_art law language date time percent money quantity ordinal cardinal geo tim art eve nat
    name disease chemical gene protein
"""
_TYPES = frozenset(_TYPE_NAMES.split())
_OUTSIDE_WORDS = frozenset({"0", "other", "out", "outside", "none", "null", "_", "-"})
_NUMBERS = (
    "The tags are numbers, each a tag of a single token; names such as B-PER would mark spans."
)
UNTYPED = "SPAN"


class TagForm(NamedTuple):
    """How tags are spelled: the standard tag of each one, and a sentence where they differ."""

    standard: Mapping[str, str]
    note: str | None


def find_tag_form(counts: Mapping[str, int]) -> TagForm:
    """Find how the tags of a file are spelled.

    Known are prefixes and suffixes of BIO, IOBES, BILOU and BMES with a hyphen or an underscore, in
    upper or lower case; prefixes in upper case with a point, colon, slash or vertical bar; other
    words for O, such as OTHER, if it is missing and all other tags mark spans; prefixes without
    types; and types without prefixes next to O, if O is the most frequent tag or most of them are
    usual names of types.

    Args:
        counts: how often each tag occurs.

    Returns:
        The standard tag of each tag; tags that mark no span stay as they are.

    Raises:
        UserError: tags of spans in brackets, such as ``(PERSON*``.

    Example:
        >>> find_tag_form({"U-PER": 1, "O": 3, "L-LOC": 1}).standard["U-PER"]
        'S-PER'
        >>> find_tag_form({"PERSON": 2, "O": 3}).standard["PERSON"]
        'I-PERSON'
    """
    outside = _outside(counts)
    others = [tag for tag in counts if tag not in outside]
    _refuse_brackets(others)
    for found in (_with_prefix(others), _with_suffix(others), _bare(others)):
        if 2 * len(found) > len(others):
            break
    else:
        found = _types_alone(counts, others, outside)
    if not found:
        numbers = all(tag.isdecimal() for tag in counts)
        return TagForm({tag: tag for tag in counts}, _NUMBERS if numbers and counts else None)
    standard = {tag: found.get(tag, OUTSIDE if tag in outside else tag) for tag in counts}
    changed = next((tag for tag in [*others, *counts] if standard[tag] != tag), None)
    if changed is None:
        return TagForm(standard, None)
    return TagForm(
        standard, f"Tags of spans: {changed} is read as {standard[changed]}, others likewise."
    )


def _outside(counts: Mapping[str, int]) -> set[str]:
    """The tags that mean "outside of any span": O, or another word for it if all else are spans."""
    usual = {OUTSIDE, "o"} & set(counts)
    if usual or not counts:
        return usual
    words = [tag for tag in counts if tag.casefold() in _OUTSIDE_WORDS]
    others = [tag for tag in counts if tag not in words]
    if len(words) != 1 or not others:
        return set()
    if len(_with_prefix(others) or _with_suffix(others)) == len(others):
        return set(words)
    most = max(counts.values()) == counts[words[0]]
    return set(words) if most and all(tag.casefold() in _TYPES for tag in others) else set()


def _with_prefix(tags: list[str]) -> dict[str, str]:
    matched = {tag: _BEFORE.fullmatch(tag) for tag in tags}
    parts = {tag: (m[1] or m[3], m[2] or m[4]) for tag, m in matched.items() if m}
    return {tag: f"{_STANDARD[prefix.upper()]}-{kind}" for tag, (prefix, kind) in parts.items()}


def _with_suffix(tags: list[str]) -> dict[str, str]:
    matched = {tag: _AFTER.fullmatch(tag) for tag in tags}
    return {tag: f"{_STANDARD[m[3]]}-{m[1]}" for tag, m in matched.items() if m}


def _bare(tags: list[str]) -> dict[str, str]:
    """Prefixes without types, with B among them."""
    if "B" not in tags or not set(tags) <= set(_STANDARD) or len(tags) < 2:
        return {}
    return {tag: f"{_STANDARD[tag]}-{UNTYPED}" for tag in tags}


def _types_alone(counts: Mapping[str, int], tags: list[str], outside: set[str]) -> dict[str, str]:
    """Types without prefixes: neighbouring tokens of one type are one span."""
    if not tags or not outside:
        return {}
    most = sum(counts[tag] for tag in outside)
    usual = sum(tag.casefold() in _TYPES for tag in tags)
    if 2 * usual <= len(tags) and any(counts[tag] >= most for tag in tags):
        return {}
    return {tag: f"I-{tag}" for tag in tags}


def _refuse_brackets(tags: list[str]) -> None:
    starred = [tag for tag in tags if re.fullmatch(r"\(*[\w\-(]*\*?\)*", tag) and "*" in tag]
    if 2 * len(starred) > len(tags):
        raise UserError(
            f"The tags are written in brackets, such as {starred[0]!r}.",
            "a tag with a prefix for each token, such as B-PER, I-PER and O.",
            "convert the tags, or name another column with data.tag_column.",
        )


def count_tags(rows: list[tuple[str, ...]]) -> Counter[str]:
    """How often each tag occurs in the tags of sentences."""
    return Counter(tag for row in rows for tag in row)
