"""The README: its Python runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fresh import TIMEOUT

DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "benchmarks/README.md")
KRR = str(Path(sys.executable).with_name("krr"))


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def readme(project_root: Path) -> str:
    return (project_root / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_python_runs_beside_a_run_of_the_recipe(readme, run_python, tmp_path):
    done = subprocess.run(
        [KRR, "run", "forecasting/co2_lstm_direct", "--run-dir", "runs/co2", "--smoke"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "runs" / "co2" / "report.html").stat().st_size > 10_000
    snippets = blocks(readme, "python")
    assert len(snippets) == 3
    code = "import os, sys; os.chdir(sys.argv[1])\n" + "\n".join(snippets)
    printed = run_python(code, str(tmp_path), env={"PYTHONWARNINGS": "error"}).stdout
    first, second = printed.split("tf.Tensor(")
    forecast = [float(number) for number in re.findall(r"\d+\.\d*", first)]
    assert len(forecast) == 12
    # The last year of the data had 367.9 to 373.8 parts per million; the next cannot be far off.
    assert all(360 < value < 385 for value in forecast)
    assert "shape=(1, 12)" in second


def test_every_command_named_is_one_there_is(readme):
    told = set(re.findall(r"^\| `krr (\w+)", readme, flags=re.MULTILINE))
    env = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run([KRR, "--help"], capture_output=True, text=True, timeout=TIMEOUT, env=env)
    there = set(re.findall(r"^ {2}(\w+) ", done.stdout.split("Commands:")[1], flags=re.MULTILINE))
    assert told == there
    assert len(told) == 14


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files_that_are_there(project_root, name):
    document = project_root / name
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_make_targets_named_in_documents_are_there(project_root):
    makefile = (project_root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", makefile, flags=re.MULTILINE))
    texts = [(project_root / name).read_text(encoding="utf-8") for name in DOCUMENTS]
    named = set(re.findall(r"(?:^|`)make (\w+)", "\n".join(texts), flags=re.MULTILINE))
    assert {"forecast", "test", "lint", "bench"} <= named <= targets
