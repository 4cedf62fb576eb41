"""The schema of each family."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from keras_rnn_recipes.config.base import Experiment
from keras_rnn_recipes.config.captioning import CaptionConfig
from keras_rnn_recipes.config.encoder_decoder import PairConfig
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.config.image_classification import ImageClassificationConfig
from keras_rnn_recipes.config.language_model import LanguageConfig
from keras_rnn_recipes.config.memory import MemoryConfig
from keras_rnn_recipes.config.music import MusicConfig
from keras_rnn_recipes.config.sequence_classification import SequenceConfig
from keras_rnn_recipes.config.speech_recognition import SpeechConfig
from keras_rnn_recipes.config.tagging import TaggingConfig
from keras_rnn_recipes.config.text_classification import ClassificationConfig
from keras_rnn_recipes.errors import UserError, did_you_mean

DEFAULT = "forecasting"
# By the name of the family, which is also the name of its folder in ``recipes``.
FAMILIES: dict[str, type[Experiment]] = {
    DEFAULT: Config,
    "text_classification": ClassificationConfig,
    "tagging": TaggingConfig,
    "language_model": LanguageConfig,
    "encoder_decoder": PairConfig,
    "image_classification": ImageClassificationConfig,
    "captioning": CaptionConfig,
    "memory": MemoryConfig,
    "music": MusicConfig,
    "sequence_classification": SequenceConfig,
    "speech_recognition": SpeechConfig,
}
# Group of entry points by which an installed package adds a family.
ENTRY_POINTS = "keras_rnn_recipes.families"


def find_schema(name: str) -> type[Experiment] | None:
    """The schema of a family, of this package or of an installed one; None if there is none.

    Args:
        name: name of the family.

    Example:
        >>> find_schema("tagging").__name__
        'TaggingConfig'
    """
    if name in FAMILIES:
        return FAMILIES[name]
    added = entry_points(group=ENTRY_POINTS, name=name)
    schema: type[Experiment] | None = next((one.load() for one in added), None)
    return schema


def schema_of(data: Mapping[str, Any], where: str) -> type[Experiment]:
    """The schema of a recipe, by its key ``family`` (default: forecasting).

    Args:
        data: the recipe as nested dicts.
        where: name of the file, for the message.

    Raises:
        UserError: the family is unknown.

    Example:
        >>> schema_of({"data": {"source": "co2"}}, "my.toml").__name__
        'Config'
    """
    name = data.get("family", DEFAULT)
    schema = find_schema(name) if isinstance(name, str) else None
    if schema is not None:
        return schema
    raise UserError(
        f"family is {name!r} in {where}.",
        f"one of: {', '.join(FAMILIES)}.",
        did_you_mean(
            str(name),
            FAMILIES,
            otherwise="choose one of those; without the key, the recipe is of forecasting.",
        ),
    )
