"""The section ``[tune]`` of a recipe: what a search may change, and between which values.

    [tune]
    trials = 30
    model.units = [[32], [64], [64, 64]]
    model.dropout = {low = 0.0, high = 0.4}
    fit.learning_rate = {low = 0.0005, high = 0.02, log = true}

A list is a choice of one; a range of whole numbers may have a ``step``, one of others be ``log``.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError, did_you_mean

SETTINGS = {"trials": 30, "folds": 3, "metric": None}

# Another task, or another yardstick: figures found with other values of these cannot be compared.
_SETTLED = ("data", "evaluate", "family", "tune", "model.horizon", "fit.seed")

_COLUMNS = ("data.past_cols", "data.future_cols", "data.static_cols", "data.calendar")

_BOUNDS = {"low", "high", "log", "step"}


@dataclass(frozen=True)
class Choice:
    """One of a list of values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """Numbers between two, both included; whole ones where both are whole."""

    low: float
    high: float
    log: bool = False
    step: int | None = None

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True)
class SearchSpace:
    """What is searched, and how long.

    Attributes:
        keys: by dotted key, the values there are.
        trials: how many settings are tried.
        folds: on how many parts of the past each is judged.
        metric: the figure that decides; None: as for a run.
    """

    keys: dict[str, Choice | Range]
    trials: int = SETTINGS["trials"]  # type: ignore[assignment]
    folds: int = SETTINGS["folds"]  # type: ignore[assignment]
    metric: str | None = None


def read_space(path: str | Path, config: Config) -> SearchSpace:
    """Read and check the search space of a recipe.

    Args:
        path: the TOML file.
        config: the recipe without it, in which every value must be possible by itself.

    Raises:
        UserError: there is no ``[tune]``, or something in it cannot be; the message names the key.
    """
    path = Path(path)
    section = _section(path)
    where = f"the section [tune] of {path}"
    if not isinstance(section, dict):
        raise UserError(
            f"{path} has no section [tune].",
            "a table of what may be changed, and between which values.",
            "add for example [tune] and under it fit.learning_rate = [0.001, 0.003, 0.01].",
        )
    settings = {name: section[name] for name in SETTINGS if name in section}
    keys = {
        key: _values(key, value, where)
        for key, value in _flat({k: v for k, v in section.items() if k not in SETTINGS})
    }
    if not keys:
        raise UserError(
            f"In {where} there is nothing to be searched.", "at least one key.", "add one."
        )
    for key, values in keys.items():
        _check(key, values, config, where)
    return SearchSpace(keys, **_checked_settings(settings, config, where))


def has_space(path: str | Path) -> bool:
    """Whether a recipe has a section ``[tune]``."""
    return Path(path).suffix != ".json" and _section(Path(path)) is not None


def with_values(config: Config, values: Mapping[str, Any], where: str) -> Config:
    """Give a recipe with other values at some dotted keys.

    Raises:
        UserError: a key that there is not, or a value that it may not have.

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


def _section(path: Path) -> Any:
    return tomllib.loads(path.read_text(encoding="utf-8")).get("tune")


def _flat(section: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Dotted keys, whether TOML took the dots as tables or they stood in quotes."""
    found: list[tuple[str, Any]] = []
    for name, value in section.items():
        key = f"{before}{name}"
        if isinstance(value, dict) and not _BOUNDS & set(value):
            found += _flat(value, f"{key}.")
        else:
            found.append((key, value))
    return found


def _values(key: str, value: Any, where: str) -> Choice | Range:
    if isinstance(value, list) and value:
        return Choice(tuple(value))
    wrong = UserError(
        f"{key} is {value!r}, in {where}.",
        "a list of values, or a range such as {low = 0.001, high = 0.1, log = true}.",
        f"change {key} there.",
    )
    if not isinstance(value, dict) or not {"low", "high"} <= set(value) <= _BOUNDS:
        raise wrong
    bounds = value["low"], value["high"]
    if not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in bounds):
        raise wrong
    found = Range(**value)
    stepped = found.step is not None
    if not math.isfinite(found.low) or not found.low < found.high < math.inf:
        raise wrong
    if (found.log and (stepped or found.low <= 0)) or (stepped and not found.whole):
        raise UserError(
            f"{key} is {value!r}, in {where}.",
            "log = true above nought and without a step; a step between whole numbers only.",
            f"change {key} there.",
        )
    return found


def _check(key: str, values: Choice | Range, config: Config, where: str) -> None:
    """Try each value by itself: what is wrong is told as it would be of the recipe."""
    settled = [one for one in _SETTLED if key == one or key.startswith(f"{one}.")]
    if settled and key not in _COLUMNS:
        raise UserError(
            f"{key} cannot be searched, in {where}: it changes what is asked, not the answer.",
            "keys of model (but horizon) and fit (but seed), and the further columns of data.",
            "set it in the recipe itself.",
        )
    if "." not in key:
        raise UserError(
            f"There is no key {key}, in {where}.",
            f"one of {', '.join(SETTINGS)}, or a dotted key such as fit.learning_rate.",
            did_you_mean(key, (*SETTINGS, "model", "fit"), otherwise="write the section as well."),
        )
    tried = values.values if isinstance(values, Choice) else (values.low, values.high)
    for value in tried:
        with_values(config, {key: value}, where)


def _checked_settings(settings: dict[str, Any], config: Config, where: str) -> dict[str, Any]:
    for name in ("trials", "folds"):
        value = settings.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise UserError(
                f"{name} is {value!r}, in {where}.", "a whole number of at least 1.", "change it."
            )
    metric, known = settings.get("metric"), config.evaluate.metrics
    if metric is not None and metric not in known:
        raise UserError(
            f"metric is {metric!r}, in {where}.",
            f"one of evaluate.metrics: {', '.join(known)}.",
            "choose one of those.",
        )
    return settings
