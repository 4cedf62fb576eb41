"""The catalogue of recipes: the files ``recipes/<family>/<name>.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_rnn_recipes.errors import UserError, nearest
from keras_rnn_recipes.resources import resource_root
from keras_rnn_recipes.storage import replacing

_MAIN = "def main(config, run)"

# The folder that makes the network which comes with the package; it has settings, no recipe.
_PRETRAINING = "pretraining"


@dataclass(frozen=True)
class Recipe:
    """One experiment that comes with the package.

    Attributes:
        name: ``family/name``, as ``krr run`` takes it.
        path: its TOML file.
        title: its first line, a comment that describes it.
        script: the script that runs it.
    """

    name: str
    path: Path
    title: str
    script: Path


def list_recipes(root: Path | None = None) -> list[Recipe]:
    """All recipes, sorted by name.

    Args:
        root: folder with one folder per family; None for the package's own.

    Example:
        >>> any(recipe.name == "forecasting/co2_lstm_direct" for recipe in list_recipes())
        True
    """
    root = root or resource_root("recipes")
    paths = sorted(root.glob("*/*.toml"))
    return [_recipe(path) for path in paths if path.parent.name != _PRETRAINING]


def find_recipe(name: str, root: Path | None = None) -> Recipe:
    """Find a recipe by its name ``family/name``, or by ``name`` alone.

    Raises:
        UserError: there is none; the message suggests the most similar name.
    """
    recipes = list_recipes(root)
    wanted = name.removesuffix(".toml")
    for recipe in recipes:
        if wanted in (recipe.name, recipe.path.stem):
            return recipe
    names = [recipe.name for recipe in recipes]
    short = {recipe.path.stem: recipe.name for recipe in recipes}
    close = nearest(wanted, names) or short.get(nearest(wanted, short) or "")
    raise UserError(
        f"There is no recipe {name!r}, and no file of that name.",
        "the path of a TOML file, or one of the names that `krr ls recipes` lists.",
        f"did you mean {close}?" if close else "choose one of the names from `krr ls recipes`.",
    )


def recipe_path(recipe: str | Path) -> Path:
    """The TOML file that a path or the name of a recipe refers to; an existing file comes first.

    Raises:
        UserError: there is neither such a file nor such a recipe.
    """
    path = Path(recipe)
    if path.is_file():
        return path
    if path.is_dir():
        config = path / "config.json"
        fix = f"give {config}." if config.is_file() else "give the path of a TOML file in it."
        raise UserError(f"{path} is a folder.", "the name of a recipe, or a TOML file.", fix)
    return find_recipe(str(recipe)).path


def copy_recipe(name: str, folder: str | Path, root: Path | None = None) -> list[Path]:
    """Copy a recipe and its script into a folder, where they can be edited and run.

    Args:
        name: as `find_recipe` takes it.
        folder: created if missing. Existing files are never overwritten.
        root: as in `list_recipes`.

    Returns:
        The paths of the TOML file and of the script.

    Raises:
        UserError: there is no such recipe, the file exists, or the folder cannot be written to.
    """
    recipe = find_recipe(name, root)
    folder = Path(folder)
    targets = [
        (recipe.path, folder / recipe.path.name),
        (recipe.script, folder / recipe.script.name),
    ]
    for source, target in targets:
        # A script copied with an earlier recipe stays, since the user may have edited it.
        if target.exists() and source != recipe.script:
            raise UserError(
                f"{target} already exists.",
                "a folder without a file of that name.",
                "give another folder, or move the file.",
            )
    _make_folder(folder)
    for source, target in targets:
        if not target.exists():
            with replacing(target) as staged:
                staged.write_bytes(source.read_bytes())
    return [target for _, target in targets]


def find_script(family: str, beside: Path | None = None) -> Path:
    """The script of a family: the one next to the user's recipe, else the package's.

    Args:
        family: name of the family, such as ``"forecasting"``.
        beside: path of the recipe.

    Raises:
        UserError: the family has no script.
    """
    folder = resource_root("recipes") / family
    # A family of another package has no folder here: its script lies next to the recipe.
    places = [folder, *([beside.parent] if beside and not folder.is_dir() else [])]
    script = next((found for place in places for found in _scripts(place)), None)
    if script is None:
        raise UserError(
            f"There is no script of the family {family} in {' or '.join(map(str, places))}.",
            "a Python file that defines main(config, run).",
            "put the script next to the recipe, or install the package again.",
        )
    own = beside.parent / script.name if beside else script
    # Another file that happens to have the same name must not be run.
    return own if own in _scripts(own.parent) else script


def _recipe(path: Path) -> Recipe:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    family = path.parent.name
    return Recipe(f"{family}/{path.stem}", path, first.lstrip("# ").strip(), find_script(family))


def _scripts(folder: Path) -> list[Path]:
    """The Python files in a folder that define ``main(config, run)``."""
    return [p for p in sorted(folder.glob("*.py")) if _MAIN in p.read_text(errors="replace")]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The folder {folder} cannot be created: {error.strerror}.",
            "a folder that can be written to.",
            "give another folder.",
        ) from None
