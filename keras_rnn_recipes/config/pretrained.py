"""What a recipe may say of the pretrained network, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from keras_rnn_recipes.config.base import Experiment
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.pretrained.card import LARGEST_LEVEL

# Its layers are fixed, and it reads the past of one series, nothing else.
_NO_COVARIATES = ("past_cols", "future_cols", "static_cols", "future_file", "calendar", "holidays")

_FIXED = (
    *("units", "lags", "transform", "scale_window", "seasonal", "seasons", "dropout", "residual"),
    *("layer_norm", "bidirectional", "l2", "recurrent_skips", "distribution", "point", "members"),
    "series_embedding",
)


def require_epochs(preset: str, epochs: int) -> None:
    """Check that a network other than the pretrained one is trained.

    Raises:
        ValidationError: it has no epochs; the error names the key within its section.

    Example:
        >>> require_epochs("pretrained", 0)
    """
    if epochs or preset == "pretrained":
        return
    told = "a number of at least 1 (only model.preset 'pretrained' forecasts without training)"
    error = PydanticCustomError("too_few_epochs", told)
    raise ValidationError.from_exception_data(
        "fit", [InitErrorDetails(type=error, loc=("epochs",), input=epochs)]
    )


def check_pretrained(config: Experiment, where: str) -> None:
    """Check the keys of a pretrained network, and the key that needs one.

    Args:
        config: the recipe, of forecasting.
        where: its name, for the message.

    Raises:
        UserError: a key that the network has no part for, or that another network cannot have.
    """
    if config.model.preset != "pretrained":
        _refuse_without_test(config, where)
        return
    if config.model.strategy != "direct":
        raise UserError(
            f"{where} combines model.preset 'pretrained' with model.strategy "
            f"{config.model.strategy!r}.",
            "strategy direct: the pretrained network forecasts all steps at once.",
            "set model.strategy to direct, or choose another model.preset.",
        )
    for key, value in _unfit(config):
        raise UserError(
            f"{where} combines model.preset 'pretrained' with {key} {value!r}.",
            "a network of fixed layers, which reads the past values of one series alone.",
            f"remove {key}, or choose another model.preset.",
        )
    _check_levels(config, where)
    _check_untrained(config, where)


def _unfit(config: Experiment) -> Iterator[tuple[str, Any]]:
    """The keys that the network has no part for."""
    for name in _NO_COVARIATES:
        if value := getattr(config.data, name):
            yield f"data.{name}", list(value) if isinstance(value, tuple) else value
    for name in _FIXED:
        if (value := getattr(config.model, name)) not in (None, "none"):
            yield f"model.{name}", list(value) if isinstance(value, tuple) else value
    if config.model.scaling not in (None, "none", "change"):
        yield "model.scaling", config.model.scaling


def _check_levels(config: Experiment, where: str) -> None:
    levels = config.model.quantiles or ()
    if max(levels, default=0) > LARGEST_LEVEL:
        raise UserError(
            f"{where} combines model.preset 'pretrained' with model.quantiles {list(levels)}.",
            f"levels of at most {LARGEST_LEVEL:g} percent: it has learned no wider intervals.",
            "give the levels in evaluate.levels alone, which calibrates intervals on errors.",
        )


def _check_untrained(config: Experiment, where: str) -> None:
    if config.trains:
        _refuse_without_test(config, where)
        return
    for key in ("refit", "start_from"):
        if value := getattr(config.fit, key):
            raise UserError(
                f"{where} combines fit.epochs 0 with fit.{key} {value!r}.",
                "the pretrained network as it is: nothing is trained in 0 epochs.",
                f"remove fit.{key}, or raise fit.epochs.",
            )


def _refuse_without_test(config: Experiment, where: str) -> None:
    if config.data.test_size == 0:
        raise UserError(
            f"{where} combines data.test_size 0 with fit.epochs {config.fit.epochs}.",
            "a test part: a network that is trained is scored on data that it has not seen.",
            "raise data.test_size, or remove it.",
        )
