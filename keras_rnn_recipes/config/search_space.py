"""The section ``[tune]`` of a recipe: which keys a search may change, and the values to try.

    [tune]
    trials = 30
    model.units = [[32], [64], [64, 64]]
    model.dropout = {low = 0.0, high = 0.4}
    fit.learning_rate = {low = 0.0005, high = 0.02, log = true}

A list gives the values themselves. A table gives a range; a range of whole numbers may have a
``step``, and a range of positive numbers without a step may be searched on a logarithmic scale.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    StrictBool,
    StrictFloat,
    StrictInt,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass

from keras_rnn_recipes.config.base import Count
from keras_rnn_recipes.config.errors import expected_of, line_of
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError, did_you_mean

# Keys that define the task or how it is scored: scores for different values of these cannot be
# compared.
_FIXED = ("data", "evaluate", "family", "tune", "model.horizon", "fit.seed")

_COLUMNS = ("data.past_cols", "data.future_cols", "data.static_cols", "data.calendar")

# The types are strict, the dataclasses are not: they are made from TOML tables.
_CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False)

Number = StrictInt | StrictFloat


@dataclass(frozen=True, config=_CONFIG)
class Choice:
    """A list of values to choose from."""

    values: Annotated[tuple[Any, ...], Field(min_length=1)]


@dataclass(frozen=True, config=_CONFIG)
class Range:
    """A range of numbers, bounds included.

    Attributes:
        low: the smallest value.
        high: the largest value.
        log: whether to sample on a logarithmic scale.
        step: distance between the values of a range of whole numbers.
    """

    low: Number
    high: Number
    log: StrictBool = False
    step: Annotated[Count, Strict()] | None = None

    @property
    def whole(self) -> bool:
        """Whether the range holds whole numbers only: both bounds are written as such."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @model_validator(mode="after")
    def _check(self) -> Range:
        if not self.low < self.high:
            raise ValueError(f"{_VALUES_EXPECTED}, with low below high")
        if self.log and (self.step is not None or self.low <= 0):
            raise ValueError("with log = true a low above 0, and no step")
        if self.step is not None and not self.whole:
            raise ValueError("a step between whole numbers only")
        return self


_VALUES_EXPECTED = "a list of values, or a range such as {low = 0.001, high = 0.1, log = true}"


def _kind(value: object) -> str:
    return "choice" if isinstance(value, list) else "range"


def _as_choice(value: list[Any]) -> dict[str, Any]:
    return {"values": tuple(value)}


Values = Annotated[
    Annotated[Choice, BeforeValidator(_as_choice), Tag("choice")] | Annotated[Range, Tag("range")],
    Discriminator(_kind),
]

_VALUES: TypeAdapter[Choice | Range] = TypeAdapter(Values)

_RANGE_KEYS = set(Range.__dataclass_fields__)


@dataclass(frozen=True, config=_CONFIG)
class SearchSpace:
    """What is searched, and for how long.

    Attributes:
        keys: the values to try, by dotted key.
        trials: number of settings to try.
        folds: number of parts of the past on which each setting is scored.
        metric: the metric that decides; None for the one that decides in a run.
    """

    keys: dict[str, Choice | Range]
    trials: Annotated[Count, Strict()] = 30
    folds: Annotated[Count, Strict()] = 3
    metric: str | None = None


SETTINGS = ("trials", "folds", "metric")


def read_space(path: str | Path, config: Config) -> SearchSpace:
    """Read and check the search space of a recipe.

    Args:
        path: the TOML file.
        config: the recipe itself, which must be valid with each value by itself.

    Raises:
        UserError: there is no ``[tune]``, or it has a mistake; the message names the file, the
            line and the key.
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    section = tomllib.loads(text).get("tune")
    if not isinstance(section, dict):
        raise UserError(
            f"{path} has no section [tune].",
            "a section that lists the keys to search and the values to try.",
            "add for example [tune] and under it fit.learning_rate = [0.001, 0.003, 0.01].",
        )
    place = _Place(path, text)
    keys = {
        key: _values(key, value, place.of(key))
        for key, value in _flat({k: v for k, v in section.items() if k not in SETTINGS})
    }
    if not keys:
        raise UserError(
            f"The section [tune] of {path} names no key to search.",
            "at least one key of the recipe.",
            "add for example fit.learning_rate = [0.001, 0.003, 0.01] to it.",
        )
    for key, values in keys.items():
        _check(key, values, config, place.of(key))
    return _with_settings(keys, section, config, place)


def has_space(path: str | Path) -> bool:
    """Whether a recipe has a section ``[tune]``."""
    path = Path(path)
    return path.suffix != ".json" and "tune" in tomllib.loads(path.read_text(encoding="utf-8"))


def with_values(config: Config, values: Mapping[str, Any], where: str) -> Config:
    """Copy a recipe with other values at some dotted keys.

    Raises:
        UserError: an unknown key, or a value that it cannot take.

    Example:
        >>> asked = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})
        >>> with_values(asked, {"fit.batch_size": 64}, "here").fit.batch_size
        64
    """
    data = config.model_dump(mode="json", exclude_unset=True)
    for key, value in values.items():
        section, _, name = key.partition(".")
        data.setdefault(section, {})[name] = value
    return config_from_dict(data, where=where)


class _Place:
    """Where a key of the section stands, for messages."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text

    def of(self, key: str) -> str:
        line = line_of(self._text, ("tune", *key.split(".")))
        return f"the section [tune] of {self._path}{f', line {line}' if line else ''}"


def _flat(section: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Dotted keys, whether TOML read the dots as tables or they were quoted."""
    found: list[tuple[str, Any]] = []
    for name, value in section.items():
        key = f"{before}{name}"
        if isinstance(value, dict) and not _RANGE_KEYS & set(value):
            found += _flat(value, f"{key}.")
        else:
            found.append((key, value))
    return found


def _values(key: str, value: Any, where: str) -> Choice | Range:
    try:
        return _VALUES.validate_python(value)
    except ValidationError as error:
        rules = [e["ctx"]["error"] for e in error.errors() if e["type"] == "value_error"]
        raise UserError(
            f"{key} is {value!r}, in {where}.",
            f"{rules[0] if rules else _VALUES_EXPECTED}.",
            f"change {key} there.",
        ) from None


def _check(key: str, values: Choice | Range, config: Config, where: str) -> None:
    """Try each value by itself, so that a mistake is reported as it would be in the recipe."""
    fixed = any(key == one or key.startswith(f"{one}.") for one in _FIXED)
    if fixed and key not in _COLUMNS:
        raise UserError(
            f"{key} cannot be searched, in {where}: it changes the task or how it is scored.",
            "keys of model (except horizon) and of fit (except seed), or the covariate columns of "
            "data.",
            "set it in the recipe itself.",
        )
    if "." not in key:
        raise UserError(
            f"There is no key {key}, in {where}.",
            f"one of {', '.join(SETTINGS)}, or a dotted key such as fit.learning_rate.",
            did_you_mean(key, (*SETTINGS, "model", "fit"), otherwise="write its section as well."),
        )
    tried = values.values if isinstance(values, Choice) else (values.low, values.high)
    for value in tried:
        with_values(config, {key: value}, where)


def _with_settings(
    keys: dict[str, Choice | Range], section: Mapping[str, Any], config: Config, place: _Place
) -> SearchSpace:
    settings = {name: section[name] for name in SETTINGS if name in section}
    try:
        space = SearchSpace(keys, **settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise UserError(
            f"{name} is {settings[name]!r}, in {place.of(name)}.",
            f"{expected_of(first)}.",
            f"change {name} there.",
        ) from None
    known = config.evaluate.metrics
    if space.metric is not None and space.metric not in known:
        raise UserError(
            f"metric is {space.metric!r}, in {place.of('metric')}.",
            f"one of evaluate.metrics: {', '.join(known)}.",
            did_you_mean(space.metric, known, otherwise="choose one of those."),
        )
    return space
