"""Recipes in files: TOML read with errors that name the line, overridden, and written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from keras_rnn_recipes.config.base import Experiment
from keras_rnn_recipes.config.errors import explain_error
from keras_rnn_recipes.config.schemas import schema_of
from keras_rnn_recipes.errors import UserError, check_choice
from keras_rnn_recipes.shards.manifest import has_manifest

FORMAT_VERSION = 1

# Keys of the section data that may name files.
FILE_KEYS = (
    *("source", "train", "valid", "test", "captions", "images"),
    *("updates", "future_file"),
)

Key = tuple[str, ...]

# Keys that exclude each other: an override of one removes the other.
INSTEAD: dict[Key, Key] = {
    ("data", "train"): ("data", "source"),
    ("data", "source"): ("data", "train"),
}


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Any:
    """Read a recipe from a TOML file, or from the ``config.json`` of a run directory.

    Args:
        path: the file. Data files are also looked for next to it.
        overrides: values that replace the file's, such as ``"fit.epochs=10"``.

    Returns:
        The checked configuration, an instance of its family's schema.

    Raises:
        UserError: the file is missing or not TOML, or a key or value is wrong; the message
            names the file, the line and the key.
    """
    path = Path(path)
    text = _read_text(path)
    data = _parse_json(text, path) if path.suffix == ".json" else _parse_toml(text, path)
    data.pop("tune", None)  # read by config.search_space
    _find_data_files(data, path)
    return config_from_dict(data, overrides, text=text, where=str(path))


def config_from_dict(
    data: Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    text: str = "",
    where: str = "the configuration",
) -> Any:
    """Check a recipe given as nested dicts.

    Args:
        data: the recipe.
        overrides: as in `load_config`.
        text: TOML text in which messages look up the line.
        where: name of the file, for messages.

    Returns:
        The checked configuration, an instance of its family's schema.

    Raises:
        UserError: a key or a value is wrong.
    """
    changed, given = apply_overrides(data, overrides)
    schema = schema_of(changed, where)
    try:
        config = schema.model_validate(changed)
    except ValidationError as error:
        raise explain_error(error, schema, text=text, where=where, overrides=given) from None
    config.check(where)
    return config


def apply_overrides(
    data: Mapping[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], dict[Key, str]]:
    """Set dotted keys in nested dicts.

    Values are read as TOML. Whatever is not TOML is text, so quotes are optional on a command line
    (``fit.loss=mse``). Since ``data.train`` and ``data.source`` exclude each other, an override of
    one removes the other.

    Args:
        data: the recipe, which is not changed.
        overrides: such as ``"fit.epochs=10"``.

    Returns:
        The changed copy, and by key set, the override as typed.

    Raises:
        UserError: an override has no ``=`` or no key.

    Example:
        >>> apply_overrides({"fit": {"epochs": 9}}, ["fit.epochs=3", "model.units=[8, 8]"])[0]
        {'fit': {'epochs': 3}, 'model': {'units': [8, 8]}}
    """
    result: dict[str, Any] = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in data.items()
    }
    given: dict[Key, str] = {}
    for override in overrides:
        name, equals, value = override.partition("=")
        key = tuple(part.strip() for part in name.split("."))
        if not equals or not all(key):
            raise UserError(
                f"The override {override!r} is not of the form key=value.",
                "a dotted key, an equals sign and a value, without spaces.",
                "write for example fit.epochs=10 or model.units=[64,64].",
            )
        _set(result, key, _toml_value(value), override)
        given[key] = override
    for key, replaced in INSTEAD.items():
        if key in given and replaced not in given:
            result["data"].pop(replaced[-1], None)
    return result, given


def is_file_name(source: str) -> bool:
    """Whether a source names a file: names of data sets have neither a dot nor a slash.

    Example:
        >>> is_file_name("sales.csv"), is_file_name("co2")
        (True, False)
    """
    return bool(Path(source).suffix) or Path(source).name != source


def check_source(config: Experiment) -> None:
    """Check the name of the recipe's data set before anything slow is done.

    Raises:
        UserError: the source is neither a file name nor a data set of the recipe's family.

    Example:
        >>> check_source(config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}}))
    """
    from keras_rnn_recipes.data.catalogue import list_datasets

    if config.data.source is not None and not is_file_name(config.data.source):
        if has_manifest(config.data.source):
            raise UserError(
                f"data.source is {config.data.source!r}, which is read as the name of a data set.",
                "a path with a slash for a folder of krr shard.",
                f'write "./{config.data.source}".',
            )
        names = tuple(card.name for card in list_datasets() if card.task == config.family)
        check_choice(config.data.source, names, "data.source")


def dump_toml(config: Experiment, *, given_only: bool = False) -> str:
    """Write a configuration as TOML, which `load_config` reads back as an equal one.

    A recipe holds strings, numbers, booleans and lists only, so no general TOML writer is needed.

    Args:
        config: the configuration. Keys without a value are omitted, or ``"none"`` if another value
            is their default.
        given_only: whether to omit the keys that have their default as well.

    Example:
        >>> config = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})
        >>> print(dump_toml(config).splitlines()[0])
        family = "forecasting"
    """
    lines = [f"family = {_toml_text(config.family)}"]
    for section, values in config.model_dump(exclude_unset=given_only).items():
        if isinstance(values, dict):
            lines += ["", f"[{section}]"]
            off = getattr(config, section).switched_off_by_none
            found = {k: "none" if v is None and off(k) else v for k, v in values.items()}
            lines += [f"{k} = {_toml_text(v)}" for k, v in found.items() if v is not None]
    return "\n".join(lines) + "\n"


def config_to_dict(config: Experiment) -> dict[str, Any]:
    """A configuration as the content of ``config.json``, with the version of the format."""
    return {"format_version": FORMAT_VERSION, **config.model_dump(mode="json")}


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fix = "check the path, or choose a recipe of the package from `krr ls recipes`."
        raise UserError(f"There is no file {path}.", "a TOML recipe.", fix) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"The recipe {path} cannot be read: {error}.",
            "a TOML file in UTF-8.",
            "check the path, its permissions and its encoding.",
        ) from None


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The error's own text ends in "(at line 3, column 7)".
        raise UserError(
            f"{path} is not valid TOML: {error}.",
            "lines of the form key = value under [sections], with text in quotes.",
            "correct that line; `krr cp` copies a valid recipe to start from.",
        ) from None


def _parse_json(text: str, path: Path) -> dict[str, Any]:
    try:
        data = json.loads(text)
        version = data.pop("format_version")
    except (json.JSONDecodeError, AttributeError, TypeError, KeyError):
        version = None
    if version != FORMAT_VERSION:
        raise UserError(
            f"{path} is not a configuration of this package (its format_version is {version}).",
            f"the config.json of a run directory, with format_version {FORMAT_VERSION}.",
            "give a TOML recipe, or the config.json of a run of this version.",
        )
    return dict(data)


def _find_data_files(data: dict[str, Any], path: Path) -> None:
    """Look for data files in the current folder, then next to the recipe."""
    section = data.get("data")
    if isinstance(section, dict):
        given = {name: section[name] for name in FILE_KEYS if name in section}
        found = {k: _beside(v, path.parent, k != "source") for k, v in given.items()}
        data["data"] = {**section, **found}


def _beside(source: Any, folder: Path, folders: bool) -> Any:
    """The path next to the recipe, if there is a file or, where ``folders``, a folder."""
    if isinstance(source, list):
        return [_beside(one, folder, folders) for one in source]
    if not isinstance(source, str) or not source or Path(source).exists():
        return source
    near = folder / source
    # A folder named like a data set must not replace the data set.
    there = near.is_file() or near.is_dir() and (folders or is_file_name(source))
    return str(near) if there else source


def _set(data: dict[str, Any], key: Key, value: object, override: str) -> None:
    for part in key[:-1]:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UserError(
                f"The override {override!r} sets a key in {part!r}, which is not a section.",
                "a key in one of the sections data, model, fit, evaluate.",
                "write for example fit.epochs=10.",
            )
        data = inner
    data[key[-1]] = value


def _toml_value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def _toml_text(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml_text(item) for item in value) + "]"
    if isinstance(value, str):
        # JSON's escapes are valid in TOML, which also requires DEL to be escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
