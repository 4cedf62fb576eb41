"""The notebooks: their scripts run, and the notebooks are what the scripts make."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from docs.pages import ROOT

from keras_rnn_recipes.config.schemas import FAMILIES

FOLDER = ROOT / "docs" / "notebooks"
SCRIPTS = sorted(FOLDER.glob("*.py"))
# Warnings are errors, but for the one that pyproject.toml leaves out for every test.
STRICT = """
import warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
"""
# What the scripts read from the environment, so that they run in seconds here.
SHORT = {"EPOCHS": "1", "STEPS": "2", "CHARACTERS": "4000"}


def cells_of_script(script: Path) -> list[tuple[str, str]]:
    """The cells of a script in percent format: their kind and their source."""
    parts = re.split(r"^# %%(.*)\n", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    cells = []
    for mark, source in zip(parts[1::2], parts[2::2], strict=True):
        if "[markdown]" in mark:
            text = re.sub(r"^# ?", "", source.strip(), flags=re.MULTILINE)
            cells.append(("markdown", text))
        else:
            cells.append(("code", source.strip()))
    return cells


def cells_of_notebook(script: Path) -> list[dict]:
    return json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]


def test_there_is_one_for_each_family():
    assert {script.stem for script in SCRIPTS} == set(FAMILIES)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_notebook_is_that_of_the_script(script):
    """Run `make notebooks` after a change of a script."""
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in cells_of_notebook(script)]
    assert cells == cells_of_script(script)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_notebook_is_small_and_holds_neither_warnings_nor_errors(script):
    assert script.with_suffix(".ipynb").stat().st_size < 300_000
    outputs = [one for cell in cells_of_notebook(script) for one in cell.get("outputs", ())]
    assert any("image/png" in one.get("data", {}) for one in outputs)
    for one in outputs:
        assert one["output_type"] != "error"
        assert one.get("name") != "stderr"
        assert not re.search(r"Warning|WARNING|oneDNN|/tmp/|/home/|/root/", json.dumps(one))


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_script_runs(script, tmp_path, run_forked):
    run_forked(STRICT + script.read_text(encoding="utf-8"), cwd=tmp_path, env=SHORT)
