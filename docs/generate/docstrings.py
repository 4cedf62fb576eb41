"""What griffe, which reads the docstrings, is told of how this project writes them.

A section is headed ``Example:``, which pydocstyle's Google convention knows and griffe does not;
and a name in single backticks is a reference, made a link where the site has that name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import griffe
from reference import PACKAGE, public_names

STUB = Path(__file__).resolve().parents[2] / PACKAGE / "__init__.pyi"
REFERENCE = re.compile(r"(?<!`)`([A-Za-z_]\w*)`(?!`)")


class Docstrings(griffe.Extension):
    """Rewrites each docstring once it is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self._where = public_names(STUB)

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of an object (an event of griffe)."""
        if obj.docstring is not None:
            text = re.sub(r"^(\s*)Example:$", r"\1Examples:", obj.docstring.value, flags=re.M)
            obj.docstring.value = REFERENCE.sub(self._link, text)

    def _link(self, match: re.Match[str]) -> str:
        module = self._where.get(match[1])
        return f"[{match[0]}][{PACKAGE}.{module}.{match[1]}]" if module else match[0]
