"""Make the notebooks from their scripts: ``run_notebooks.py [NAME ...]``; all without names.

``docs/notebooks/NAME.py`` is a script in jupytext's percent format; it is run, and
``docs/notebooks/NAME.ipynb`` is the script with its outputs. The notebooks hold neither warnings
nor logs of TensorFlow, and no time of day, so that a second run changes little.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbconvert.preprocessors import ExecutePreprocessor

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
LARGEST = 300_000  # bytes
# TensorFlow's logger writes to standard output where it finds a notebook, and sets its own level.
NO_LOG = (
    "--IPKernelApp.exec_lines=import logging;"
    " logging.getLogger('tensorflow').addFilter(lambda record: False)"
)
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONWARNINGS": "ignore"}


def main(names: list[str]) -> None:
    """Run the notebooks of these names, or all."""
    os.environ.update(QUIET)
    for script in sorted(FOLDER.glob("*.py")):
        if not names or script.stem in names:
            size = make_notebook(script)
            print(f"{script.stem}.ipynb: {size:,} bytes", flush=True)


def make_notebook(script: Path) -> int:
    """Run a script and write it with its outputs as a notebook next to it.

    Args:
        script: in percent format.

    Returns:
        The size of the notebook in bytes.

    Raises:
        ValueError: the notebook is too large.
    """
    notebook = jupytext.read(script)
    with tempfile.TemporaryDirectory() as folder:
        runner = ExecutePreprocessor(timeout=900, kernel_name="python3", extra_arguments=[NO_LOG])
        runner.preprocess(notebook, {"metadata": {"path": folder}})
    tidy(notebook)
    text = nbformat.writes(notebook)
    size = len(text.encode("utf-8"))
    if size > LARGEST:
        raise ValueError(f"{script.stem}.ipynb has {size:,} bytes, more than {LARGEST:,}.")
    script.with_suffix(".ipynb").write_text(text + "\n", encoding="utf-8")
    return size


def tidy(notebook: Any) -> None:
    """Leave out what changes from run to run, and what goes to standard error."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]


if __name__ == "__main__":
    main(sys.argv[1:])
