"""The families of recipes: what an experiment of each may say, and which script carries it out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.config import Config
from keras_rnn_recipes.running.config_checks import check_forecasting, check_memory, check_text
from keras_rnn_recipes.running.config_sections import Experiment
from keras_rnn_recipes.running.encoder_decoder.config import PairConfig
from keras_rnn_recipes.running.language_model.config import LanguageConfig
from keras_rnn_recipes.running.memory.config import MemoryConfig
from keras_rnn_recipes.running.tagging.config import TaggingConfig
from keras_rnn_recipes.running.text_classification.config import ClassificationConfig

DEFAULT = "forecasting"


Check = Callable[[Any, str], None]
# By family, as its folder below ``recipes`` is called: the schema, and what cannot go together.
FAMILIES: dict[str, tuple[type[Experiment], Check]] = {
    DEFAULT: (Config, check_forecasting),
    "text_classification": (ClassificationConfig, check_text),
    "tagging": (TaggingConfig, check_text),
    "language_model": (LanguageConfig, check_text),
    "encoder_decoder": (PairConfig, check_text),
    "memory": (MemoryConfig, check_memory),
}


def using(family: str) -> Any:
    """The module by which finished runs of a family other than forecasting are used.

    It has ``predict(run_dir, source)``, a table; ``evaluate(run_dir, source)``, figures by metric;
    and ``load(run_dir)``, what is served.

    Args:
        family: one of `FAMILIES`, other than forecasting.

    Example:
        >>> using("tagging").__name__
        'keras_rnn_recipes.running.tagging.using'
    """
    return importlib.import_module(f"keras_rnn_recipes.running.{family}.using")


def family_of(data: Mapping[str, Any], where: str) -> tuple[type[Experiment], Check]:
    """Find the schema of plain nested data by its key ``family`` (left out: forecasting).

    Args:
        data: as read from a recipe.
        where: the name of what it came from, for the message.

    Raises:
        UserError: there is no such family.

    Example:
        >>> family_of({"data": {"source": "co2"}}, "my.toml")[0].__name__
        'Config'
    """
    name = data.get("family", DEFAULT)
    if isinstance(name, str) and name in FAMILIES:
        return FAMILIES[name]
    close = get_close_matches(str(name), FAMILIES, n=1)
    raise UserError(
        f"family is {name!r} in {where}.",
        f"one of: {', '.join(FAMILIES)}.",
        f"did you mean {close[0]}?" if close else "leave it out for a forecasting recipe.",
    )
