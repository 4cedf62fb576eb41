"""Where a recipe's series come from: a data set of the catalogue, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_rnn_recipes.config.choices import check_choice

if TYPE_CHECKING:
    from keras_rnn_recipes.config.base import Experiment


def is_file_name(source: str) -> bool:
    """Whether a source means a file: data sets have names without a dot or a slash.

    Example:
        >>> is_file_name("sales.csv"), is_file_name("co2")
        (True, False)
    """
    return bool(Path(source).suffix) or Path(source).name != source


def check_source(config: Experiment) -> None:
    """Find a misspelt data set before anything slow is done.

    Raises:
        UserError: the source is neither the name of a file nor that of a data set.

    Example:
        >>> from keras_rnn_recipes.config.files import config_from_dict
        >>> check_source(config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12}}))
    """
    from keras_rnn_recipes.data.catalogue import list_datasets

    if config.data.source is not None and not is_file_name(config.data.source):
        names = tuple(card.name for card in list_datasets() if card.task == config.family)
        check_choice(config.data.source, names, "data.source")
