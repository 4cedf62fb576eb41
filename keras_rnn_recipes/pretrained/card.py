"""The weights of the pretrained forecaster, and the card that says where they come from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    import numpy as np

# Shipped with the package, and written by recipes/pretraining.
FOLDER = Path(__file__).parent
CARD, WEIGHTS = "any_season.json", "any_season.npz"

# The largest level of an interval, in percent, that the network has learned.
LARGEST_LEVEL = 95.0


@dataclass(frozen=True)
class PretrainedCard:
    """What the package says of its pretrained network.

    Attributes:
        name: of the network.
        file: the weights.
        sha256: of that file.
        units, hidden, forecasts, widening: as in `ForecastMixture`.
        facts: what it was trained on, for how long, and how it scored; one sentence or table each.
    """

    name: str
    file: Path
    sha256: str
    units: int
    hidden: int
    forecasts: tuple[int, ...] | None
    widening: float
    facts: dict[str, Any]


def pretrained_card(folder: str | Path = FOLDER) -> PretrainedCard:
    """Read the card of the pretrained network.

    Args:
        folder: with a card and weights, as `recipes/pretraining` writes them.

    Raises:
        UserError: there is no card.

    Example:
        >>> pretrained_card().name
        'any_season'
    """
    path = Path(folder) / CARD
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.",
            "a folder with the card and the weights of a pretrained network.",
            "install the package again, or make the folder with recipes/pretraining.",
        ) from error
    known = {name: content.pop(name) for name in ("name", "sha256", "units", "hidden")}
    mixed = content.pop("forecasts", None)
    known["forecasts"] = None if mixed is None else tuple(mixed)
    known["widening"] = content.pop("widening", 1.0)
    return PretrainedCard(**known, file=Path(folder) / WEIGHTS, facts=content)


def card_rows(card: PretrainedCard) -> list[tuple[str, str]]:
    """What a card says, as labels and texts: a row for each fact, and for each part of a table.

    Example:
        >>> card_rows(pretrained_card())[0]
        ('name', 'any_season')
    """
    rows = [("name", card.name)]
    for label, fact in card.facts.items():
        parts = fact.items() if isinstance(fact, dict) else [("", fact)]
        for part, value in parts:
            rows.append((f"{label} {part}".replace("_", " ").rstrip(), _text(value)))
    return rows


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def read_weights(card: PretrainedCard) -> list[np.ndarray]:
    """Read the weights of a card, in the order of the layers.

    Raises:
        UserError: the file is missing, or is not the one that the card describes.

    Example:
        >>> [array.shape for array in read_weights(pretrained_card())][0][0]
        52
    """
    import numpy as np  # here, so that `krr ls` does not wait for it

    try:
        content = card.file.read_bytes()
    except OSError as error:
        raise _damaged(card, f"cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise _damaged(card, "is not the file that its card describes: its SHA-256 differs")
    with np.load(card.file, allow_pickle=False) as arrays:
        return [arrays[name].astype("float32") for name in arrays.files]


def _damaged(card: PretrainedCard, why: str) -> UserError:
    return UserError(
        f"{card.file} {why}.",
        f"the weights of the pretrained network {card.name}.",
        "install the package again, or make the file with recipes/pretraining.",
    )
