"""Pages that stand elsewhere in the repository, with links to where the site has them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

# By file of the repository, its page below docs/.
MOVED = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
RECIPES = "recipes/{family}/README.md"
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def repository_pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the pages, each with its path below docs/.

    Args:
        root: the top of the checkout.
    """
    moved = dict(MOVED)
    for readme in sorted(root.glob(RECIPES.format(family="*"))):
        family = readme.parent.name
        moved[RECIPES.format(family=family)] = f"recipes/{family}.md"
    for source, page in moved.items():
        text = (root / source).read_text(encoding="utf-8")
        yield page, with_links(text, source, page, moved)


def with_links(text: str, source: str, page: str, moved: dict[str, str]) -> str:
    """Turn the relative links of a file to the pages of the site.

    A link to a file that is no page of the site becomes its text: the site may be read without
    the repository.

    Args:
        text: Markdown of the file.
        source: path of the file in the repository.
        page: path of its page below docs/.
        moved: by path in the repository, the page below docs/.

    Example:
        >>> with_links("[how](CONTRIBUTING.md), [a](b.py)", "A.md", "a.md", MOVED)
        '[how](contributing.md), a'
    """

    def turned(match: re.Match[str]) -> str:
        picture, words, target = match.groups()
        path, mark, anchor = target.partition("#")
        if "://" in target or not path:
            return match[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        folder_page = moved.get(f"{file}/README.md")
        found = moved.get(file) or folder_page
        if found is None and file.startswith("docs/"):
            found = file.removeprefix("docs/")
        if found is None:
            return words
        relative = posixpath.relpath(found, posixpath.dirname(page) or ".")
        return f"{picture}[{words}]({relative}{mark}{anchor})"

    return LINK.sub(turned, text)
