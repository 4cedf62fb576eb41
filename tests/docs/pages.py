"""The pages that people read, and what the tests take out of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("recipes/*/README.md"))
)

# Blocks in which commands stand; "" is a block without a language.
SHELL = ("bash", "")


def read(page: str) -> str:
    """The Markdown of a page, named relative to the top of the checkout."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order; a title behind the language is allowed."""
    return re.findall(
        rf"^```{language}(?: title=[^\n]*)?\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL
    )


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[list[str]]:
    """The calls of ``krr`` in a page's shell blocks, as the words after ``krr``."""
    shown = [block for language in SHELL for block in blocks(text, language)]
    for line in "\n".join(shown).split("\n"):
        if line.startswith("krr "):
            yield shlex.split(line, comments=True)[1:]
