"""What the pages show: their Python runs, their commands parse, their recipes are valid."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from docs.pages import PAGES, ROOT, blocks, commands, prose, read
from fresh import TIMEOUT

import keras_rnn_recipes as krr
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.config.catalogue import list_recipes, recipe_path
from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.config.schemas import FAMILIES
from keras_rnn_recipes.config.search_space import read_space

DOCUMENTS = (*PAGES, "ARCHITECTURE.md", "CONTRIBUTING.md", "benchmarks/README.md")
KRR = [sys.executable, "-m", "keras_rnn_recipes"]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
WITH_PYTHON = [page for page in PAGES if blocks(read(page), "python")]
WITH_COMMANDS = [page for page in PAGES if any(commands(read(page)))]


@pytest.fixture(scope="module")
def folder_with_a_run(tmp_path_factory) -> Path:
    """A folder with ``runs/co2``, which some of the examples use."""
    folder = tmp_path_factory.mktemp("examples")
    result = krr.run("forecasting/co2_lstm_direct", folder / "runs" / "co2", smoke=True)
    assert (result.run_dir / "report.html").stat().st_size > 10_000
    return folder


def test_the_pages_are_found():
    assert len(PAGES) >= 13
    assert {"README.md", "docs/quick_start.md", "docs/guides/serving.md"} <= set(WITH_PYTHON)
    assert len(WITH_COMMANDS) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_PYTHON)
def test_the_python_of_a_page_runs(page, folder_with_a_run, run_forked):
    strict = "import warnings; warnings.simplefilter('error')"
    code = "\n".join([strict, *blocks(read(page), "python")])
    printed = run_forked(code, cwd=folder_with_a_run).stdout
    if page == "README.md":
        check_printed_by_readme(printed)


def check_printed_by_readme(printed: str) -> None:
    """A forecast of CO2 for a year, by the live model; and the answer of the SavedModel."""
    first, second = printed.split("tf.Tensor(")
    forecast = [float(number) for number in re.findall(r"\d+\.\d*", first)]
    assert len(forecast) == 12
    # The last year of the data had 367.9 to 373.8 parts per million; the next cannot be far off.
    assert all(360 < value < 385 for value in forecast)
    assert "shape=(1, 12)" in second


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_the_commands_of_a_page_parse(page):
    for name, *arguments in commands(read(page)):
        context = COMMANDS[name].make_context(name, list(arguments))
        source = context.params.get("recipe") or context.params.get("source") or ""
        if source in {recipe.name for recipe in list_recipes()}:
            load_config(recipe_path(source), context.params.get("overrides") or ())


@pytest.mark.parametrize("page", PAGES)
def test_options_and_keys_in_the_prose_exist(page):
    text = prose(read(page))
    parameters = [each for one in COMMANDS.values() for each in one.params]
    options = {name for each in parameters for name in (*each.opts, *each.secondary_opts)}
    options |= {"--help", "--config"}
    inline = " ".join(re.findall(r"`[^`\n]+`", text))
    assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", inline)) <= options
    for name in re.findall(r"`krr ([a-z]+)", text):
        assert name in COMMANDS
    # Not within the path of a module, such as keras_rnn_recipes.data.synthetic.
    for section, key in re.findall(r"(?<![\w.])(data|model|fit|evaluate)\.(\w+)", inline):
        assert key in keys_of(section) or f"{section}.{key}" in FILES, f"{section}.{key}"


# Names of files that look like keys.
FILES = {"model.keras", "model.onnx"}


def keys_of(section: str) -> set[str]:
    """The keys of a section, of whatever family, and the methods that pages may name."""
    fields = [schema.model_fields[section].annotation for schema in FAMILIES.values()]
    return {key for model in fields for key in (*model.model_fields, "fit", "compile", "save")}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(read(page), "toml")])
def test_recipes_shown_are_valid(page, tmp_path):
    for number, text in enumerate(blocks(read(page), "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text, encoding="utf-8")
        config = load_config(file)
        if "[tune]" in text:
            read_space(file, config)


def test_the_readme_lists_every_command():
    told = set(re.findall(r"^\| `krr (\w+)", read("README.md"), flags=re.MULTILINE))
    env = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        [*KRR, "--help"], capture_output=True, text=True, timeout=TIMEOUT, env=env
    )
    there = set(re.findall(r"^ {2}(\w+) ", done.stdout.split("Commands:")[1], flags=re.MULTILINE))
    assert told == there
    assert len(told) == 21


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files_that_are_there(name):
    document = ROOT / name
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if not (document.parent / link).exists()]
    # Pages that the build generates; it fails where a link to one of them is broken.
    made = ("reference/", "recipes/", "notebooks/", "contributing.md", "architecture.md")
    assert [link for link in missing if not link.removeprefix("../").startswith(made)] == []


def test_make_targets_named_in_documents_are_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, flags=re.MULTILINE))
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS]
    named = set(re.findall(r"(?:^|`)make ([\w-]+)", "\n".join(texts), flags=re.MULTILINE))
    assert {"forecast", "test", "lint", "bench", "docs"} <= named <= targets
