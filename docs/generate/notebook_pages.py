"""The pages of the notebooks: their text, code and outputs as Markdown, without a script."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def notebook_pages(folder: Path) -> Iterator[tuple[str, str | bytes]]:
    """Yield each notebook's page and its pictures, by their paths below docs/.

    Args:
        folder: of the notebooks.
    """
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        pictures: list[bytes] = []
        blocks = [block for cell in cells for block in _blocks(cell, path.stem, pictures)]
        yield f"notebooks/{path.stem}.md", "\n\n".join(blocks) + "\n"
        for number, picture in enumerate(pictures, start=1):
            yield f"notebooks/{path.stem}-{number}.png", picture


def _blocks(cell: Any, name: str, pictures: list[bytes]) -> Iterator[str]:
    """The blocks of a cell; pictures among its outputs are added to the list."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/png" in data:
            pictures.append(base64.b64decode(data["image/png"]))
            yield f"![Plot {len(pictures)} of this notebook]({name}-{len(pictures)}.png)"
        elif "text/html" in data:
            yield f'<div class="output">\n{_plain_table("".join(data["text/html"]))}\n</div>'
        else:
            text = "".join(output.get("text") or data.get("text/plain", ""))
            yield f"```text\n{text.rstrip()}\n```"


def _plain_table(html: str) -> str:
    """HTML without the style that pandas puts before a table, and without blank lines."""
    html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    html = re.sub(r'<table border="1" class="dataframe">', "<table>", html)
    return "\n".join(line for line in html.split("\n") if line.strip())
