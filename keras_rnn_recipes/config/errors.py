"""Messages for mistakes in a recipe, which name the file, the line and the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from keras_rnn_recipes.errors import UserError, nearest

Key = tuple[str, ...]

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "tuple_type": 'a list such as [1, 2] or ["a", "b"]',
    "too_short": "at least one value",
    "model_type": "a section with keys of its own",
    "dict_type": "a section with keys of its own",
    "greater_than_equal": "a number of at least {ge}",
    "greater_than": "a number above {gt}",
    "less_than": "a number below {lt}",
    "literal_error": "one of: {expected}",
}


def explain_error(
    error: ValidationError,
    model: type[BaseModel],
    *,
    text: str,
    where: str,
    overrides: Mapping[Key, str],
) -> UserError:
    """Turn the first of pydantic's errors into a `UserError`.

    Args:
        error: what pydantic raised.
        model: class of the configuration, which knows the keys.
        text: TOML text in which the line is looked up; may be empty.
        where: name of the file.
        overrides: by key set on the command line, the override as typed.
    """
    # A misspelled key is the likeliest reason why another one is missing, so it comes first.
    found = sorted(error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
    first = found[0]
    key = _known_key(first["loc"], model, first["type"])
    place = _place(key, text=text, where=where, overrides=overrides)
    rest = f" ({len(found) - 1} more to fix after it.)" if len(found) > 1 else ""
    if first["type"] == "extra_forbidden":
        return _unknown_key(key, model, place, rest)
    name = ".".join(key)
    if first["type"] == "missing":
        return UserError(
            f"The key {name} is missing from {where}.{rest}",
            f"a value for {name}.",
            f"add a line {key[-1]} = ... under [{key[0]}]." if key[1:] else f"add [{key[0]}].",
        )
    return UserError(
        f"{name} is {_shown(first['input'])}, {place}.{rest}",
        f"{_kinds_expected(found, first)}.",
        f"change {name} there.",
    )


def line_of(text: str, key: Key) -> int | None:
    r"""The line (from 1) on which a dotted key is set in TOML text, or None.

    Where only the section of the key exists, it is the line of the section. Only the TOML that
    recipes use is understood: tables, and one key on a line.

    Example:
        >>> line_of("[fit]\nepochs = 3\n", ("fit", "epochs"))
        2
    """
    section: Key = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = _dotted(header[1])
            if section == key:
                return number
        elif (setting := re.match(r"\s*([^=#\[\]{}]+?)\s*=", line)) and (
            section + _dotted(setting[1])
        )[: len(key)] == key:
            return number
    return None


def _dotted(text: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _known_key(loc: tuple[int | str, ...], model: type[BaseModel], kind: str) -> Key:
    """The key in the file, without what pydantic adds for list items and unions."""
    parts = [str(part) for part in loc]
    fields: Any = model.model_fields
    for depth, part in enumerate(parts):
        if part not in fields:
            return tuple(parts[: depth + 1] if kind == "extra_forbidden" else parts[:depth])
        inner = fields[part].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return tuple(parts[: depth + 1])
        fields = inner.model_fields
    return tuple(parts)


def _place(key: Key, *, text: str, where: str, overrides: Mapping[Key, str]) -> str:
    for depth in range(len(key), 0, -1):
        if key[:depth] in overrides:
            return f"in the override {overrides[key[:depth]]!r}"
    line = line_of(text, key)
    return f"in {where}, line {line}" if line else f"in {where}"


def _unknown_key(key: Key, model: type[BaseModel], place: str, rest: str) -> UserError:
    siblings, everywhere = _keys(model, key[:-1]), _all_keys(model)
    name = ".".join(key)
    close = nearest(key[-1], siblings)
    if close:
        fix = f"did you mean {'.'.join((*key[:-1], close))}?"
    elif elsewhere := [k for k in everywhere if key[-1] == k.rpartition(".")[2]]:
        fix = f"did you mean {elsewhere[0]}?"
    elif near := nearest(name, everywhere, cutoff=0.75):
        fix = f"did you mean {near}?"
    else:
        fix = "remove it, or choose one of the keys above."
    return UserError(
        f"There is no key {name}, {place}.{rest}", f"one of: {', '.join(siblings)}.", fix
    )


def _keys(model: type[BaseModel], section: Key) -> list[str]:
    fields = model.model_fields
    for part in section:
        inner: Any = fields[part].annotation
        fields = getattr(inner, "model_fields", {})
    return list(fields)


def _all_keys(model: type[BaseModel]) -> list[str]:
    keys = _keys(model, ())
    return keys + [f"{section}.{key}" for section in keys for key in _keys(model, (section,))]


def expected_of(error: Any) -> str:
    """What pydantic expected, in words, from one entry of ``ValidationError.errors()``."""
    if error["type"] in _KINDS:
        return _KINDS[error["type"]].format(**error.get("ctx", {}))
    return _lower(error["msg"])


def _kinds_expected(found: list[Any], first: Any) -> str:
    """What was expected: several errors at one key come from the members of a union."""
    same = [e for e in found if e["loc"][:2] == first["loc"][:2]] if first["loc"][2:] else [first]
    return " or ".join(dict.fromkeys(map(expected_of, same)))


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(list(value)) if isinstance(value, tuple) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
