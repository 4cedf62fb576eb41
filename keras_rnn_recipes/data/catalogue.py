"""The catalog of data sets: one folder each, with a card that describes the data and their files.

Listing reads the cards only and imports neither pandas nor TensorFlow.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.data.files import path_inside
from keras_rnn_recipes.errors import UserError, did_you_mean
from keras_rnn_recipes.resources import resource_root

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel

KINDS = ("statsmodels", "mirror", "generated")
FORECASTING = "forecasting"
TEXT_TASKS = ("text_classification", "tagging", "language_model", "encoder_decoder")
MEDIA_TASKS = (
    "sequence_classification",
    "image_classification",
    "captioning",
    "music",
    "speech_recognition",
)
TASKS = (FORECASTING, *TEXT_TASKS, *MEDIA_TASKS)

# The types of the values of a card that are not texts.
_TYPES: dict[str, type] = {"horizon": int, "files": list, "read": dict}


@dataclass(frozen=True)
class Card:
    """The content of ``datasets/<name>/card.toml``.

    Args:
        name: of the folder.
        title: one line.
        description: what the series or texts are, their units, and what a user has to know.
        licence: as the publisher states it, or "not stated".
        homepage: of the publisher; "" where there is none.
        kind: where the files are: "statsmodels" (installed with that package), "mirror" (under
            $KRR_DATA) or "generated" (no files: ``prepare.py`` makes the data).
        files: a table for each file, with ``path`` (under the data sets of statsmodels, or under
            $KRR_DATA) and ``sha256`` (not for statsmodels); ``path`` may be a folder, see
            `sha256_of`; files of texts also have ``part``:
            train, valid or test.
        read: options of ``read_panel``: columns, freq, season_length; for texts see ``load_text``.
        task: the task of the data; forecasting by default.
        horizon: the usual forecast horizon in steps; 0 for texts.
        folder: of the card, and of ``prepare.py`` where there is one.
    """

    name: str
    title: str
    description: str
    licence: str
    kind: str
    folder: Path
    task: str = FORECASTING
    horizon: int = 0
    homepage: str = ""
    files: tuple[dict[str, str], ...] = ()
    read: dict[str, Any] = field(default_factory=dict)


def list_datasets(folder: Path | None = None) -> list[Card]:
    """The cards of all data sets, sorted by name.

    Args:
        folder: the folder with a subfolder for each data set; by default that of the package.

    Raises:
        UserError: a card is invalid.

    Example:
        >>> [card.title for card in list_datasets() if card.name == "co2"]
        ['Atmospheric CO2 at Mauna Loa, monthly']
    """
    folder = folder or resource_root("datasets")
    return [read_card(path) for path in sorted(folder.glob("*/card.toml"))]


def read_card(path: Path) -> Card:
    """Read one card.

    Args:
        path: of ``card.toml``; the name of its folder is the name of the data set.

    Raises:
        UserError: the file is not TOML, has an unknown key, lacks a key, has a value of the wrong
            type, an unknown kind or task, or a file outside the folder of the data.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UserError(
            f"{path} could not be read: {error}.", "a TOML file.", "correct it."
        ) from error
    known = {item.name for item in fields(Card)} - {"name", "folder"}
    needed = _needed(values)
    wrong = sorted(set(values) - known) or sorted(needed - set(values))
    what = f"the key {wrong[0]!r}" if wrong else _unknown_choice(values) or _wrong_type(values)
    if what:
        raise UserError(
            f"{path} has a mistake in {what}.",
            f"the keys {', '.join(sorted(needed))}; kind one of {', '.join(KINDS)}; task one of "
            f"{', '.join(TASKS)}.",
            "correct the card.",
        )
    values["files"] = tuple(values.get("files", ()))
    for file in values["files"]:
        path_inside(Path("the folder of the data"), file["path"], str(path))
    return Card(name=path.parent.name, folder=path.parent, **values)


def _needed(values: dict[str, Any]) -> set[str]:
    """The keys that a card must have."""
    needed = {"title", "description", "licence", "kind"}
    needed |= {"files"} if values.get("kind") != "generated" else set()
    return needed | ({"horizon"} if values.get("task", FORECASTING) == FORECASTING else set())


def _unknown_choice(values: dict[str, Any]) -> str:
    for key, allowed in (("kind", KINDS), ("task", TASKS)):
        if key in values and values[key] not in allowed:
            return f"the {key} {values[key]!r}"
    return ""


def _wrong_type(values: dict[str, Any]) -> str:
    """The first value of a card that is of the wrong type, in words; "" without one."""
    for key, value in values.items():
        if not isinstance(value, _TYPES.get(key, str)) or isinstance(value, bool):
            return f"the value of {key!r}"
    needed = {"path"} if values["kind"] == "statsmodels" else {"path", "sha256"}
    for file in values.get("files", ()):
        if not isinstance(file, dict) or not needed <= set(file):
            return f"the key 'files': each needs {' and '.join(sorted(needed))}"
        if not all(isinstance(value, str) for value in file.values()):
            return "the key 'files': its values are texts"
    return ""


def find_card(name: str) -> Card:
    """The card of one data set.

    Args:
        name: of the data set.

    Raises:
        UserError: an unknown name; the message suggests the nearest one.

    Example:
        >>> find_card("co2").kind
        'statsmodels'
    """
    cards = {card.name: card for card in list_datasets()}
    if name in cards:
        return cards[name]
    raise UserError(
        f"There is no data set {name!r}.",
        f"one of: {', '.join(cards)}.",
        did_you_mean(name, cards, otherwise="run `krr ls datasets` and choose one."),
    )


def load_dataset(name: str | Card, *, root: str | Path | None = None, **options: Any) -> Panel:
    """Read a data set of series from the catalog.

    Args:
        name: of the data set (see ``list_datasets``), or a card.
        root: folder of the local mirror; $KRR_DATA by default.
        **options: of ``read_panel``; they replace those of the card: another ``target_col``,
            ``past_cols``, ``start``, ``end``, ...

    Raises:
        UserError: an unknown data set, a data set of texts, files that are missing or have changed,
            or an option that does not match the data.

    Example:
        >>> panel = load_dataset("co2", end="1999-12-01")
        >>> panel.freq, panel.season_length, panel.frame["ds"].max().year
        ('MS', 12, 1999)
    """
    from keras_rnn_recipes.data.frames import read_panel

    card = name if isinstance(name, Card) else find_card(name)
    if card.task != FORECASTING:
        holds = "holds texts" if card.task in TEXT_TASKS else "is"
        reader = "load_text" if card.task in TEXT_TASKS else f"{card.task}.load of the families"
        raise UserError(
            f"The data set {card.name} {holds} for {card.task.replace('_', ' ')}.",
            "a data set of series.",
            f"choose another one, or read it with {reader}.",
        )
    paths = dataset_files(card, root=root)
    prepare = own_reader(card)
    return read_panel(prepare(*paths) if prepare else paths[0], **(card.read | options))


def dataset_files(card: Card, *, root: str | Path | None = None) -> list[Path]:
    """Paths of the files of a data set; those of the mirror are checked by their SHA-256.

    Args:
        card: of the data set.
        root: folder of the local mirror; $KRR_DATA by default.

    Raises:
        UserError: a file is missing or has changed.

    Example:
        >>> [path.name for path in dataset_files(find_card("co2"))]
        ['co2.csv']
    """
    return [_resolve(card, file, root) for file in card.files]


def _resolve(card: Card, file: dict[str, str], root: str | Path | None) -> Path:
    if card.kind == "statsmodels":
        spec = importlib.util.find_spec("statsmodels")
        if spec is None or not spec.submodule_search_locations:
            raise UserError(
                f"The data set {card.name} comes with statsmodels, which is not installed.",
                "statsmodels.",
                "run pip install statsmodels.",
            )
        installed = Path(spec.submodule_search_locations[0]) / "datasets"
        return path_inside(installed, file["path"], f"The card of {card.name}")
    return _mirrored(card, file, root)


def _mirrored(card: Card, file: dict[str, str], root: str | Path | None) -> Path:
    root = root or os.environ.get("KRR_DATA")
    if not root:
        raise UserError(
            f"The data set {card.name} is not shipped and is read from a local mirror.",
            "the environment variable KRR_DATA to name the mirror's folder.",
            f"get the files ({card.homepage or card.title}) and set KRR_DATA.",
        )
    path = path_inside(Path(root), file["path"], f"The card of {card.name}")
    if not path.exists():
        raise UserError(
            f"The file {file['path']} of the data set {card.name} is not in {root}.",
            "the files of the data set under that folder.",
            "put it there, or correct KRR_DATA.",
        )
    _check_sha256(path, file["sha256"])
    return path


def _check_sha256(path: Path, expected: str) -> None:
    found = sha256_of(path)
    if found != expected:
        raise UserError(
            f"{path} has the SHA-256 {found}.",
            f"{expected}: the file has changed or is damaged.",
            "get the file again from its publisher.",
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, or of the list of the files of a folder with theirs.

    Args:
        path: of a file or a folder. The list has a line for each file in the folder and its
            subfolders, sorted by path: its SHA-256, two spaces, its path in the folder, as
            ``sha256sum`` writes it.
    """
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file())
        lines = "".join(f"{sha256_of(one)}  {one.relative_to(path).as_posix()}\n" for one in files)
        return hashlib.sha256(lines.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_reader(card: Card) -> Callable[..., Any] | None:
    """The function ``prepare(*paths)`` of the card's ``prepare.py``; None without such a file."""
    script = card.folder / "prepare.py"
    if not script.is_file():
        return None
    module_name = f"keras_rnn_recipes_dataset_{script.parent.name}"
    spec = importlib.util.spec_from_file_location(module_name, script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module.prepare
