"""Pages that the site generates: the command line, the reference, pages of the repository."""

from __future__ import annotations

import importlib.util
import re
import sys

import pytest
import typer
from docs.pages import ROOT
from typer.testing import CliRunner

import keras_rnn_recipes as krr
from keras_rnn_recipes.cli.commands import app


def generator(name: str):
    """A module of docs/generate, which is no package."""
    path = ROOT / "docs" / "generate" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"generate_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """By command, its section of the page of the command line."""
    page = generator("command_line").command_line_page()
    parts = re.split(r"^## krr (\w+)$", page, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_command_has_a_section(sections):
    assert list(sections) == list(typer.main.get_command(app).commands)


@pytest.mark.parametrize("name", typer.main.get_command(app).commands)
def test_sections_agree_with_help(name, sections):
    help_text = CliRunner().invoke(app, [name, "--help"]).stdout
    options = set(re.findall(r"(?<=\s)--[a-z][\w-]+", help_text.split("Options:")[-1])) - {"--help"}
    assert set(re.findall(r"--[a-z][\w-]+", sections[name])) >= options
    words = " ".join(help_text.split())
    table = sections[name].replace("\\|", "¦")
    for meaning in re.findall(r"^\| `[^`]+` \| ([^|]*?) \| ", table, flags=re.MULTILINE):
        assert " ".join(meaning.replace("¦", "|").split()) in words


def test_every_public_name_is_in_the_reference_once():
    pages = dict(generator("reference").reference_pages(ROOT / "keras_rnn_recipes"))
    families = pages.pop("reference/families.md")
    text = "\n".join(pages.values())
    shown = re.findall(r"^::: keras_rnn_recipes\.[\w.]+\.(\w+)$", text, flags=re.MULTILINE)
    assert set(krr.__all__) <= set(shown)
    assert len(shown) == len(set(shown))
    assert "::: keras_rnn_recipes.families.tagging.task.load\n" in families


def test_a_public_name_without_a_page_stops_the_build(tmp_path):
    (tmp_path / "families").mkdir()
    (tmp_path / "__init__.pyi").write_text("from .elsewhere import thing as thing\n")
    with pytest.raises(ValueError, match="thing of elsewhere"):
        list(generator("reference").reference_pages(tmp_path))


def test_links_of_the_repository_lead_to_pages_of_the_site():
    repository = generator("repository")
    moved = {**repository.MOVED, "recipes/memory/README.md": "recipes/memory.md"}

    def turned(text: str, source: str = "CONTRIBUTING.md", page: str = "contributing.md") -> str:
        return repository.with_links(text, source, page, moved)

    assert turned("[map](ARCHITECTURE.md#x)") == "[map](architecture.md#x)"
    assert turned("[memory](recipes/memory)") == "[memory](recipes/memory.md)"
    assert turned("[script](recipes/memory/memory.py)") == "script"
    assert turned("[a](https://example.org) [b](#c)") == "[a](https://example.org) [b](#c)"
    source, page = "recipes/memory/README.md", "recipes/memory.md"
    assert turned("![lags](../../docs/lags.svg)", source, page) == "![lags](../lags.svg)"
    assert turned("[d](../forecasting/d.toml)", source, page) == "d"
