"""Families found by name: what commands ask of a family, whatever it is."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from keras_rnn_recipes.config.base import Experiment
from keras_rnn_recipes.config.schemas import FAMILIES, find_schema
from keras_rnn_recipes.errors import UserError


@dataclass(frozen=True)
class Family:
    """The modules of one family, imported when first asked for.

    Attributes:
        name: as recipes say it (``family = "tagging"``).
        package: the package that holds its modules.
    """

    name: str
    package: str

    @property
    def inference(self) -> ModuleType:
        """What a finished run answers.

        ``predict(run_dir, source)`` gives a table, ``evaluate(run_dir, source, baselines=)`` an
        `Evaluation`, and ``export(run_dir, to, format=)`` the path that it wrote.
        """
        return importlib.import_module(f"{self.package}.inference")

    @property
    def report(self) -> ModuleType:
        """What a person reads: ``markdown_table(named_records)`` is its table in a README."""
        return importlib.import_module(f"{self.package}.report")


def find_family(name: str) -> Family:
    """The family of a name.

    The families of this package are folders beside this file. An installed package adds one by an
    entry point in the group ``keras_rnn_recipes.families``, whose name is that of the family and
    whose value its schema, such as ``my_family.config:MyConfig``; its modules lie beside that.

    Args:
        name: as recipes say it.

    Raises:
        LookupError: there is no such family; recipes were checked before.

    Example:
        >>> find_family("tagging").package
        'keras_rnn_recipes.families.tagging'
    """
    schema = find_schema(name)
    if schema is None:
        raise LookupError(name)
    here = __name__.rpartition(".")[0]
    return Family(
        name, f"{here}.{name}" if name in FAMILIES else schema.__module__.rpartition(".")[0]
    )


def require_family(config: Experiment, family: str, source: str | Path, *, fix: str) -> None:
    """Refuse a recipe or a run of another family.

    Args:
        config: of the recipe or run.
        family: the one that is needed.
        source: what the message calls it.
        fix: what to do instead.

    Raises:
        UserError: it is of another family.
    """
    if config.family != family:
        kind = family.replace("_", " ")
        raise UserError(
            f"{source} is of the family {config.family}.", f"one of the family {kind}.", fix
        )
