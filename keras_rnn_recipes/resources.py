"""Folders of recipes and data set cards, in an installed package or in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent


def resource_root(kind: Literal["recipes", "datasets"]) -> Path:
    """The folder of the recipes or of the data set cards.

    Raises:
        FileNotFoundError: the installation is incomplete.

    Example:
        >>> resource_root("datasets").name
        'datasets'
    """
    for folder in (_PACKAGE / kind, _PACKAGE.parent / kind):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"The installed keras_rnn_recipes lacks its folder {kind!r}; install the package again."
    )
