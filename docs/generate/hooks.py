"""What MkDocs calls while it builds the site: pages that are generated, not written.

The command line, the API reference, the notebooks and the pages that stand elsewhere in the
repository (READMEs of recipes, CONTRIBUTING, ARCHITECTURE, CHANGELOG) are made from their sources
at every build, so they cannot differ from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from command_line import command_line_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from notebook_pages import notebook_pages
from reference import PACKAGE, public_names, reference_pages
from repository import repository_pages

ROOT = Path(__file__).resolve().parents[2]

# What a browser would fetch from elsewhere when a page is opened.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video)[^>]*\ssrc=[\"']?(?:https?:)?//"
    r"|<link[^>]*\shref=[\"']?(?:https?:)?//"
    r"|url\([\"']?(?:https?:)?//|@import\s+[\"'](?:https?:)?//"
)
# Blocks of code, which stay as they are, or a public name as `krr.lstm`.
FENCE_OR_NAME = re.compile(r"^```.*?^```$|`krr\.(\w+)`", flags=re.MULTILINE | re.DOTALL)


def generated_pages() -> Iterator[tuple[str, str | bytes]]:
    """Yield every generated page or picture: its path below docs/, and its content."""
    yield "reference/command_line.md", command_line_page()
    yield from reference_pages(ROOT / "keras_rnn_recipes")
    yield from repository_pages(ROOT)
    yield from notebook_pages(ROOT / "docs" / "notebooks")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages (an event of MkDocs)."""
    for path, content in generated_pages():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """Link public names in the prose, such as `krr.lstm`, to the reference (an event of MkDocs)."""
    modules = public_names(ROOT / PACKAGE / "__init__.pyi")

    def linked(match: re.Match[str]) -> str:
        module = modules.get(match[1])
        return f"[{match[0]}][{PACKAGE}.{module}.{match[1]}]" if module else match[0]

    return FENCE_OR_NAME.sub(linked, markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Stop where a page would load something from the network (an event of MkDocs)."""
    for path in Path(config.site_dir).rglob("*"):
        if path.suffix in (".html", ".css"):
            found = FETCHED.search(path.read_text(encoding="utf-8"))
            if found:
                raise PluginError(f"{path} loads something from the network: {found[0]}")
