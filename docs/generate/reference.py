"""The pages of the API reference: every public name under the module that defines it.

Public names stand in ``__init__.pyi``, of the package and of each family. A page takes the names
that are defined below certain modules; a name that no page takes stops the build.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "keras_rnn_recipes"

# By page: its title, what it says first, and the modules whose public names it shows.
PAGES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "builders": (
        "Builders",
        "Functions from plain arguments to an uncompiled `keras.Model`.",
        ("builders",),
    ),
    "data": (
        "Series and windows",
        "Reading tables, splitting them by time, cutting windows.",
        ("data",),
    ),
    "text": (
        "Text",
        "Reading texts, tokenizing, batches, and the loss of taggers.",
        ("text", "layers.crf"),
    ),
    "training": ("Training", "From a model and batches to weights.", ("training",)),
    "evaluation": (
        "Evaluation and plots",
        "Backtests, baselines, metrics, and what a person looks at.",
        ("evaluation", "reporting"),
    ),
    "serving": (
        "Serving",
        "Models that leave the package, and come back.",
        ("serving",),
    ),
    "runs": (
        "Recipes and runs",
        "Carrying out a recipe from Python, and the folder that it leaves.",
        ("config", "runs", "workflows", "errors"),
    ),
    "understanding": (
        "Understanding",
        "How far back in time a network learns, and what happens at each step.",
        ("diagnostics", "explain"),
    ),
}

# By module, the generators of series.
_SYNTHETIC = {
    "mixture": ("synthetic_series",),
    "structure": ("structural", "StructuralOptions"),
    "smoothing": ("exponential_smoothing",),
    "arima": ("seasonal_arima",),
    "kernels": ("gaussian_process",),
    "trend_season": ("trend_season_noise",),
    "counts": ("intermittent_counts",),
    "mixing": ("mixup",),
    "effects": ("with_level_shifts", "with_outliers", "with_gaps"),
}
# Shown as well: what docstrings of public names refer to, and what people read to learn.
MORE: dict[str, tuple[str, ...]] = {
    "builders": ("builders.forecasters.forecaster", "builders.encoders.encode"),
    "data": tuple(
        f"data.synthetic.{module}.{name}" for module, names in _SYNTHETIC.items() for name in names
    ),
    "understanding": (
        "bptt.network",
        "bptt.cells",
        "bptt.paths",
        "bptt.from_keras",
        "bptt.worked_example",
    ),
}


def reference_pages(package: Path) -> Iterator[tuple[str, str]]:
    """Yield the pages of the reference.

    Args:
        package: the folder of the package.

    Raises:
        ValueError: a public name is on no page.
    """
    by_page: dict[str, list[str]] = {page: [] for page in PAGES}
    for name, module in public_names(package / "__init__.pyi").items():
        by_page[_page_of(module, name)].append(f"{PACKAGE}.{module}.{name}")
    for page, (title, introduction, _) in PAGES.items():
        shown = [*by_page[page], *(f"{PACKAGE}.{more}" for more in MORE.get(page, ()))]
        blocks = [f"# {title}", introduction, *(f"::: {identifier}" for identifier in shown)]
        yield f"reference/{page}.md", "\n\n".join(blocks) + "\n"
    yield "reference/families.md", _families_page(package / "families")


def public_names(stub: Path) -> dict[str, str]:
    """Read the public names of a stub, each with the module that defines it.

    Args:
        stub: an ``__init__.pyi``. A name that it takes from a package is followed through the
            imports of that package's ``__init__.py``.

    Returns:
        By name, the module relative to the package of the stub, such as ``builders.presets``.
    """
    found = {}
    for module, name in _imports(stub, level=1):
        found[name] = _defining_module(stub.parent, module, name)
    return found


def _imports(file: Path, level: int) -> Iterator[tuple[str, str]]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == level and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def _defining_module(package: Path, module: str, name: str) -> str:
    init = package.joinpath(*module.split("."), "__init__.py")
    if init.exists():
        for full, imported in _imports(init, level=0):
            if imported == name:
                return full.removeprefix(f"{PACKAGE}.")
    return module


def _page_of(module: str, name: str) -> str:
    """The page whose modules name this one most precisely."""
    fitting = [
        (len(prefix), page)
        for page, (_, _, prefixes) in PAGES.items()
        for prefix in prefixes
        if f"{module}.".startswith(f"{prefix}.")
    ]
    if not fitting:
        raise ValueError(f"No page of the reference shows {name} of {module}: add it to PAGES.")
    return max(fitting)[1]


def _families_page(families: Path) -> str:
    blocks = [
        "# Families",
        "The verbs that the script of each family calls: "
        "`from keras_rnn_recipes.families import tagging`, then `tagging.load(config.data)`. "
        "They have the same names in each family and take what that family needs.",
    ]
    for stub in sorted(families.glob("*/__init__.pyi")):
        family = stub.parent.name
        blocks.append(f"## {family} {{ #families-{family} }}")
        for name, module in public_names(stub).items():
            identifier = f"{PACKAGE}.families.{family}.{module}.{name}"
            blocks.append(f"::: {identifier}\n    options:\n      heading_level: 3")
    return "\n\n".join(blocks) + "\n"
