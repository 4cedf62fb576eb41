"""The catalogue of data sets: a folder each, with a card that says what it is and where it is.

Listing reads the cards alone: neither pandas nor TensorFlow is imported for it.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import sys
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.data.download import cache_folder, check_sha256, fetch
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.resources import resource_root

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.data.frames import Panel

KINDS = ("statsmodels", "mirror", "url")


@dataclass(frozen=True)
class Card:
    """What ``datasets/<name>/card.toml`` says.

    Args:
        name: of the folder.
        title: one line.
        description: what the series are, in which units, and what has to be known to use them.
        licence: as its publisher states it, or "not stated".
        homepage: of the publisher; "" where there is none.
        kind: where the files are: "statsmodels" (installed with that package), "mirror" (below
            $KRR_DATA) or "url" (fetched into the cache folder).
        files: a table each, with ``path`` (below the data sets of statsmodels, below $KRR_DATA, or
            in the cache folder), ``sha256`` (not for statsmodels) and ``url`` (for "url").
        read: options for ``read_panel``: columns, freq, season_length.
        horizon: steps that are usually forecast.
        folder: of the card, where a ``prepare.py`` may stand beside it.
    """

    name: str
    title: str
    description: str
    licence: str
    kind: str
    horizon: int
    folder: Path
    homepage: str = ""
    files: tuple[dict[str, str], ...] = ()
    read: dict[str, Any] = field(default_factory=dict)


def list_datasets(folder: Path | None = None) -> list[Card]:
    """The cards of all data sets, by name.

    Args:
        folder: where to look; the package's own when left out.

    Raises:
        UserError: a card that cannot be read.

    Example:
        >>> [card.title for card in list_datasets() if card.name == "co2"]
        ['Atmospheric CO2 at Mauna Loa, monthly']
    """
    folder = folder or resource_root("datasets")
    return [read_card(path) for path in sorted(folder.glob("*/card.toml"))]


def read_card(path: Path) -> Card:
    """Read one card.

    Raises:
        UserError: not TOML, an unknown or missing key, or a kind that is not known.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path} could not be read: {error}.", "a card.", "mend it.") from error
    known = {item.name for item in fields(Card)} - {"name", "folder"}
    needed = known - {"homepage", "read"}
    wrong = sorted(set(told) - known) or sorted(needed - set(told))
    if wrong or told["kind"] not in KINDS:
        what = f"the key {wrong[0]!r}" if wrong else f"the kind {told['kind']!r}"
        raise UserError(
            f"{path} has a mistake in {what}.",
            f"the keys {', '.join(sorted(needed))}; kind one of {', '.join(KINDS)}.",
            "mend the card.",
        )
    told["files"] = tuple(told["files"])
    return Card(name=path.parent.name, folder=path.parent, **told)


def find_card(name: str) -> Card:
    """The card of one data set.

    Raises:
        UserError: there is none; the message suggests the nearest.
    """
    cards = {card.name: card for card in list_datasets()}
    if name in cards:
        return cards[name]
    near = difflib.get_close_matches(name, cards, n=1)
    raise UserError(
        f"There is no data set {name!r}.",
        f"one of: {', '.join(cards)}.",
        f"did you mean {near[0]}?" if near else "run `krr ls datasets` and choose one.",
    )


def load_dataset(name: str | Card, *, root: str | Path | None = None, **options: Any) -> Panel:
    """Read a data set of the catalogue.

    Args:
        name: of the data set (see ``list_datasets``), or a card.
        root: folder of the local mirror; $KRR_DATA when left out.
        **options: for ``read_panel``, instead of the card's own: another ``target_col``,
            ``past_cols``, ``start``, ``end``, ...

    Raises:
        UserError: no such data set, its files are not there, cannot be fetched or have changed, or
            an option does not fit them.

    Example:
        >>> panel = load_dataset("co2", end="1999-12-01")
        >>> panel.freq, panel.season_length, panel.frame["ds"].max().year
        ('MS', 12, 1999)
    """
    from keras_rnn_recipes.data.frames import read_panel

    card = name if isinstance(name, Card) else find_card(name)
    paths = [_resolve(card, file, root) for file in card.files]
    script = card.folder / "prepare.py"
    source = _prepare(script, paths) if script.is_file() else paths[0]
    return read_panel(source, **(card.read | options))


def _resolve(card: Card, file: dict[str, str], root: str | Path | None) -> Path:
    """Where a file of the card is on this machine; fetched and checked where that is called for."""
    if card.kind == "statsmodels":
        spec = importlib.util.find_spec("statsmodels")
        if spec is None or not spec.submodule_search_locations:
            raise UserError(
                f"The data set {card.name} comes with statsmodels, which is not installed.",
                "statsmodels.",
                "run pip install statsmodels.",
            )
        return Path(spec.submodule_search_locations[0]) / "datasets" / file["path"]
    if card.kind == "url":
        return fetch(file["url"], file["sha256"], cache_folder() / card.name / file["path"])
    return _mirrored(card, file, root)


def _mirrored(card: Card, file: dict[str, str], root: str | Path | None) -> Path:
    root = root or os.environ.get("KRR_DATA")
    if not root:
        raise UserError(
            f"The data set {card.name} may not be shipped and is read from a local mirror.",
            "the environment variable KRR_DATA to name the mirror's folder.",
            f"get the files ({card.homepage or card.title}) and set KRR_DATA.",
        )
    path = Path(root) / file["path"]
    if not path.is_file():
        raise UserError(
            f"The file {file['path']} of the data set {card.name} is not in {root}.",
            "the data set's files below that folder.",
            "put it there, or correct KRR_DATA.",
        )
    check_sha256(path, file["sha256"])
    return path


def _prepare(script: Path, paths: list[Path]) -> pd.DataFrame:
    """Run the card's own reader: ``prepare(*paths) -> DataFrame``."""
    module_name = f"keras_rnn_recipes_dataset_{script.parent.name}"
    spec = importlib.util.spec_from_file_location(module_name, script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module.prepare(*paths)
