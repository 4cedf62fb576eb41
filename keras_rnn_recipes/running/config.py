"""Recipes as data: strict sections, read from TOML, with errors that name the line.

Reads neither TensorFlow nor Keras, so that listing and validating recipes stay instant.
"""

from __future__ import annotations

import datetime
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.config_errors import explain_error, line_of

FORMAT_VERSION = 1

Key = tuple[str, ...]


def _listed(value: object) -> object:
    """A lone value stands for a list of one; TOML has lists where Python has tuples."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _tupled(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _iso_date(value: object) -> object:
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Widths = Annotated[tuple[Count, ...], BeforeValidator(_listed), Field(min_length=1)]
Offsets = Annotated[Count | tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_tupled)]
Date = Annotated[str | int, BeforeValidator(_iso_date)]
Preset = Literal["simple_rnn", "deep_rnn", "lstm", "gru", "dense", "conv", "linear"]
Strategy = Literal["recursive", "direct", "seq2seq"]
Baseline = Literal["naive", "seasonal_naive", "drift", "ridge"]
Metric = Literal["mae", "rmse", "smape", "mase"]


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class DataConfig(_Section):
    """Where the series come from and how they are divided in time.

    ``source`` is the name of a dataset or the path of a file; ``start`` and ``end`` are
    dates, both kept; ``valid_size`` and ``test_size`` are steps at the end of each series
    (left out: chosen from the data, see ``choose_defaults``).
    """

    source: str
    id_col: str | None = None
    time_col: str | None = None
    target_col: str | None = None
    past_cols: Names = ()
    freq: str | None = None
    season_length: Count | None = None
    start: Date | None = None
    end: Date | None = None
    valid_size: Annotated[int, Field(ge=0)] | None = None
    test_size: Count | None = None


class ModelConfig(_Section):
    """Which forecaster: a preset, a strategy, a horizon, and the builder's own options.

    An option left out is not passed on, so the preset's own choice holds.
    ``lookback`` and ``horizon`` are in steps of the series; ``seasonal`` lets the network
    correct the repetition of the last season (the builder's ``season_length``).
    """

    preset: Preset = "lstm"
    strategy: Strategy = "direct"
    horizon: Count
    lookback: Count | None = None
    units: Widths | None = None
    lags: Offsets | None = None
    scaling: Literal["none", "last", "mean", "standard", "robust"] | None = None
    transform: Literal["none", "log", "asinh"] | None = None
    scale_window: Count | None = None
    seasonal: bool | None = None
    dropout: Share | None = None
    residual: bool | None = None
    layer_norm: bool | None = None
    bidirectional: bool | None = None
    l2: Annotated[float, Field(ge=0)] | None = None

    def options(self, *, season_length: int = 1) -> dict[str, Any]:
        """The builder's options that were given, ready to pass on as keywords.

        Args:
            season_length: steps in a season, passed on where ``seasonal`` asks for it.

        Example:
            >>> ModelConfig(horizon=12, units=(8,), seasonal=True).options(season_length=12)
            {'units': (8,), 'season_length': 12}
        """
        ours = {"preset", "strategy", "horizon", "lookback", "seasonal"}
        options = {
            name: value
            for name in type(self).model_fields
            if name not in ours and (value := getattr(self, name)) is not None
        }
        if self.seasonal and season_length > 1:
            options["season_length"] = season_length
        return options


class FitConfig(_Section):
    """How it is trained.

    ``steps_per_epoch`` left out means every window once; ``warmup`` is the share of all
    steps in which the learning rate rises; ``patience`` counts epochs without a better
    validation loss (0: never stop early); ``keep`` "last": validation is watched but
    chooses nothing (where it is a poor guide, and the rate falls to nought anyway);
    ``stride`` is the distance between window starts.
    """

    epochs: Count = 100
    batch_size: Count = 32
    steps_per_epoch: Count | None = None
    learning_rate: Annotated[float, Field(gt=0)] = 0.003
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: Share = 0.0
    loss: Literal["mae", "mse", "huber"] = "mae"
    weights: Literal["none", "scale"] = "scale"
    clip_norm: Annotated[float, Field(gt=0)] | None = 1.0
    patience: Annotated[int, Field(ge=0)] = 20
    keep: Literal["best", "last"] = "best"
    stride: Count = 1
    unroll: bool = False
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class EvaluateConfig(_Section):
    """How it is judged: ``stride`` steps between forecast origins, metrics, baselines."""

    stride: Count = 1
    metrics: Annotated[tuple[Metric, ...], BeforeValidator(_listed), Field(min_length=1)] = (
        "mae",
        "rmse",
        "smape",
        "mase",
    )
    baselines: Annotated[tuple[Baseline, ...], BeforeValidator(_listed)] = (
        "naive",
        "seasonal_naive",
        "drift",
        "ridge",
    )


class Config(_Section):
    """One experiment: everything a recipe script needs to know.

    Example:
        >>> config = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})
        >>> config.model.preset, config.fit.batch_size
        ('lstm', 32)
    """

    family: Literal["forecasting"] = "forecasting"
    data: DataConfig
    model: ModelConfig
    fit: FitConfig = FitConfig()
    evaluate: EvaluateConfig = EvaluateConfig()


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a recipe from a TOML file, or from the ``config.json`` of a run directory.

    Args:
        path: the file. A relative ``data.source`` that is a file beside it is found there.
        overrides: strings such as ``"fit.epochs=10"``, applied last.

    Returns:
        The checked configuration.

    Raises:
        UserError: the file is missing or not TOML, or a key or value is wrong; the message
            names the file, the line and the key.
    """
    path = Path(path)
    text = _read_text(path)
    data = _parse_json(text, path) if path.suffix == ".json" else _parse_toml(text, path)
    _find_source_beside(data, path)
    return config_from_dict(data, overrides, text=text, where=str(path))


def config_from_dict(
    data: Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    text: str = "",
    where: str = "the configuration",
) -> Config:
    """Check plain nested data and return it as a ``Config``.

    ``text`` and ``where`` only serve the error messages: the text in which lines are
    counted, and the name of what it came from.

    Raises:
        UserError: a key or a value is wrong.
    """
    changed, given = apply_overrides(data, overrides)
    try:
        config = Config.model_validate(changed)
    except ValidationError as error:
        raise explain_error(error, Config, text=text, where=where, overrides=given) from None
    _check_together(config, where)
    return config


def apply_overrides(
    data: Mapping[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], dict[Key, str]]:
    """Set dotted keys in nested data.

    Values are read as TOML; what is not TOML is taken as text, so that quotes may be left
    out on a command line (``fit.loss=mse``).

    Returns:
        The new data (the given one is left alone), and for each key set, the override
        that set it, as typed.

    Raises:
        UserError: an override without ``=`` or without a key.

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
                "a dotted key, an equals sign and a value, without spaces around it.",
                "write for example fit.epochs=10 or model.units=[64,64].",
            )
        _set(result, key, _toml_value(value), override)
        given[key] = override
    return result, given


def dump_toml(config: Config) -> str:
    """Write a configuration as TOML that ``load_config`` reads back to an equal one.

    Keys without a value are left out. Strings, numbers, booleans and lists are all that
    a recipe holds, so no general TOML writer is needed.

    Example:
        >>> config = config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}})
        >>> print(dump_toml(config).splitlines()[0])
        family = "forecasting"
    """
    lines = [f"family = {_toml_text(config.family)}"]
    for section, values in config.model_dump().items():
        if isinstance(values, dict):
            lines += ["", f"[{section}]"]
            lines += [f"{k} = {_toml_text(v)}" for k, v in values.items() if v is not None]
    return "\n".join(lines) + "\n"


def config_to_dict(config: Config) -> dict[str, Any]:
    """A configuration as plain data for ``config.json``, with the format's version."""
    return {"format_version": FORMAT_VERSION, **config.model_dump(mode="json")}


def _check_together(config: Config, where: str) -> None:
    """Refuse what is right on its own and cannot go together."""
    model = config.model
    if model.strategy == "recursive" and config.data.past_cols:
        raise UserError(
            f"{where} combines model.strategy 'recursive' with data.past_cols.",
            "no further columns: their values are not known for the steps that are fed back.",
            "choose model.strategy direct or seq2seq, or leave data.past_cols out.",
        )
    if model.bidirectional and model.strategy != "direct":
        raise UserError(
            f"{where} combines model.bidirectional with model.strategy {model.strategy!r}.",
            "strategy direct: the others may not look at later steps.",
            "choose model.strategy direct, or leave model.bidirectional out.",
        )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fix = "check the path, or run `krr ls recipes` for the recipes that come with the package."
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
            "mend that line; `krr cp` gives a recipe to start from.",
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
            "give a TOML recipe, or a run directory made by this version.",
        )
    return dict(data)


def _find_source_beside(data: dict[str, Any], path: Path) -> None:
    """A relative data file is looked for here first, then beside the recipe that names it."""
    section = data.get("data")
    source = section.get("source") if isinstance(section, dict) else None
    if not isinstance(source, str) or not source or Path(source).exists():
        return
    if (path.parent / source).is_file():
        data["data"] = {**section, "source": str(path.parent / source)}  # type: ignore[dict-item]


def _set(data: dict[str, Any], key: Key, value: object, override: str) -> None:
    for part in key[:-1]:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UserError(
                f"The override {override!r} goes into {part!r}, which is a single value.",
                "a key inside one of the sections data, model, fit, evaluate.",
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
        # JSON's escapes are a subset of TOML's, except that DEL must be escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


__all__ = [
    "FORMAT_VERSION",
    "Config",
    "DataConfig",
    "EvaluateConfig",
    "FitConfig",
    "ModelConfig",
    "apply_overrides",
    "config_from_dict",
    "config_to_dict",
    "dump_toml",
    "line_of",
    "load_config",
]
