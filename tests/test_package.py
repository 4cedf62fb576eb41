"""The package as a whole: public names, import cost, house rules, and what the wheel holds."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from pathlib import Path
from typing import get_args

import pytest

import keras_rnn_recipes
from keras_rnn_recipes.config import base, forecasting, memory, tagging
from keras_rnn_recipes.config.schemas import FAMILIES
from keras_rnn_recipes.renamed import RENAMED

PACKAGE = Path(keras_rnn_recipes.__file__).parent
PUBLIC = sorted(keras_rnn_recipes.__all__)
HEAVY = "{'tensorflow', 'keras', 'jax', 'torch', 'matplotlib', 'sklearn'}"
# What lists, validates, reads, scores or reports: import-linter checks the most of it statically.
LIGHT = (
    *("cli.commands", "data.catalogue", "data.frames", "data.frequency", "evaluation.backtest"),
    *("evaluation.baselines", "evaluation.metrics", "config.forecasting", "workflows.forecast"),
    *("families.forecasting.inference", "config.catalogue"),
    *("families.forecasting.report", "families.forecasting.zero_shot", "workflows.run"),
    *("shards.writing", "workflows.scoring"),
)
# Where each public name is defined, as type checkers are told and the package itself reads it.
HOMES = {
    alias.name: node.module
    for node in ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
CODE_FOLDERS = ("keras_rnn_recipes", "recipes", "datasets", "benchmarks", "tests")


def python_files(root: Path, *folders: str) -> list[Path]:
    """Every Python file of the project under the folders."""
    return sorted(file for folder in folders for file in (root / folder).rglob("*.py"))


def test_importing_the_package_imports_nothing_heavy(run_python):
    code = (
        f"import sys, keras_rnn_recipes; print({HEAVY} & set(sys.modules), 'numpy' in sys.modules)"
    )
    assert run_python(code).stdout.split() == ["set()", "False"]


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_import_neither_tensorflow_nor_keras(run_python, module):
    code = f"""
import sys, keras_rnn_recipes.{module}
print(sorted({{"tensorflow", "keras"}} & set(sys.modules)))
"""
    assert run_python(code).stdout.strip() == "[]"


def test_dir_lists_every_public_name_and_nothing_is_imported_for_it(run_python):
    code = f"""
import sys, keras_rnn_recipes as k
missing = set(k.__all__) - set(dir(k))
print(missing, {HEAVY} & set(sys.modules))
"""
    assert run_python(code).stdout.split() == ["set()", "set()"]


def test_an_unknown_name_is_an_attribute_error_that_names_it():
    with pytest.raises(AttributeError, match="keras_rnn_recipes attribute lstn"):
        keras_rnn_recipes.lstn  # noqa: B018


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_defined_where_it_is_looked_up_and_documented(name):
    value = getattr(keras_rnn_recipes, name)
    home = importlib.import_module(f"keras_rnn_recipes.{HOMES[name]}")
    assert value is getattr(home, name)
    assert value.__module__.startswith("keras_rnn_recipes.")
    doc = inspect.getdoc(value)
    assert doc and len(doc.split()) >= 5


def test_recipe_scripts_use_the_public_api_alone(project_root):
    scripts = python_files(project_root, "recipes")
    # What makes the pretrained network is no recipe of a family: it trains a layer by itself.
    scripts = [script for script in scripts if script.parent.name != "pretraining"]
    assert {script.parent.name for script in scripts} == set(FAMILIES)
    for script in scripts:
        tree = ast.parse(script.read_text(encoding="utf-8"))
        froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
        names = {alias.name for node in imports for alias in node.names}
        ours = {name for name in {*froms, *names} if name.startswith("keras_rnn_recipes.")}
        assert ours == {"keras_rnn_recipes.families"}
        family = importlib.import_module(f"keras_rnn_recipes.families.{script.parent.name}")
        used, verbs = attributes_of(tree, "krr"), attributes_of(tree, script.parent.name)
        assert used <= set(PUBLIC)
        assert {"load", "describe", "write_report"} <= verbs <= set(family.__all__)


def attributes_of(tree: ast.AST, name: str) -> set[str]:
    """The attributes of a module that a script uses."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


def test_there_are_at_most_sixty_public_names():
    assert len(PUBLIC) <= 60


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_has_the_same_verbs(family):
    verbs = set(importlib.import_module(f"keras_rnn_recipes.families.{family}").__all__)
    assert verbs >= {
        *("load", "describe", "score", "results_record", "results_table", "write_report"),
        *("predict", "evaluate", "export"),
    }


@pytest.mark.parametrize("name", sorted(RENAMED))
def test_a_former_name_still_works_and_says_where_it_is_now(name):
    with pytest.warns(DeprecationWarning, match=rf"now keras_rnn_recipes\.{RENAMED[name]}"):
        assert callable(getattr(keras_rnn_recipes, name))
    assert name not in PUBLIC


def test_no_file_is_longer_than_six_hundred_lines(project_root):
    files = python_files(project_root, *CODE_FOLDERS)
    assert len(files) >= 40
    lengths = {str(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {file: length for file, length in lengths.items() if length > 600} == {}


def test_no_package_holds_more_than_a_quarter_of_the_lines(project_root):
    lines: dict[str, int] = {}
    for file in python_files(project_root, "keras_rnn_recipes"):
        room = file.relative_to(project_root / "keras_rnn_recipes").parts[0]
        lines[room] = lines.get(room, 0) + len(file.read_text(encoding="utf-8").splitlines())
    whole = sum(lines.values())
    assert {room: count for room, count in lines.items() if count > whole / 4} == {}


def test_no_public_function_takes_more_than_seven_positional_or_required_arguments(project_root):
    functions = 0
    offenders = []
    for file in python_files(project_root, "keras_rnn_recipes", "recipes"):
        if file.parent.name == "cli":  # there an argument is an option of the command line
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            functions += 1
            required = sum(default is None for default in node.args.kw_defaults)
            taken = len(node.args.posonlyargs) + len(node.args.args) + required
            taken -= bool(node.args.args and node.args.args[0].arg in ("self", "cls"))
            if taken > 7:
                offenders.append(f"{file.name}:{node.lineno} {node.name} takes {taken}")
    assert functions >= 60
    assert offenders == []


def test_every_package_is_listed_in_setup_cfg(project_root):
    import configparser

    parser = configparser.ConfigParser()
    parser.read(project_root / "setup.cfg", encoding="utf-8")
    listed = set(parser["options"]["packages"].split())
    found = {
        ".".join(file.parent.relative_to(project_root).parts)
        for file in python_files(project_root, "keras_rnn_recipes")
    }
    assert listed == found | {"keras_rnn_recipes.recipes", "keras_rnn_recipes.datasets"}


def test_recipes_name_the_cells_that_the_builders_have():
    """`config` imports no Keras, so it repeats the names of cells, in one type."""
    registered = importlib.import_module("keras_rnn_recipes.layers.cells").CELLS
    networks = importlib.import_module("keras_rnn_recipes.builders.memory_network")
    cells = get_args(base.Cell)
    assert set(cells) == set(registered)
    assert set(cells) < set(get_args(forecasting.Preset))
    assert set(cells) < set(
        get_args(tagging.TaggerConfig.model_fields["character_cell"].annotation)
    )
    names = get_args(memory.CellName)
    assert set(names) == set(networks.REMEDIES)
    assert all(name.startswith(cells) for name in names)


def test_the_interpreter_is_one_the_metadata_allows():
    from importlib.metadata import metadata

    assert metadata("keras-rnn-recipes")["Requires-Python"] == ">=3.11"
    assert sys.version_info >= (3, 11)
