"""Formats that no reader of texts takes, each refused by its name and with a way to convert it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from keras_rnn_recipes.data.signatures import FORMATS, find_format
from keras_rnn_recipes.errors import UserError

_TO_CSV = (
    "python -c \"import pandas; pandas.read_{kind}({name!r}{more}).to_csv('a.csv', index=False)\""
)
# What to do with a file of another format where texts are expected.
_FIXES = {
    "zip": "unpack it, or save the sheet as CSV in UTF-8",
    "xls": "save the sheet as CSV in UTF-8",
    "pdf": "extract its text",
}
_HELD = ("JSON", "XML or HTML", "labels of fastText")


def refuse_binary(path: Path, data: bytes) -> None:
    """Refuse a file that is no text, by its first bytes.

    Raises:
        UserError: one of the `FORMATS`, except those that are texts: JSON and markup.
    """
    key = find_format(data)
    if key in ("parquet", "feather"):
        command = _TO_CSV.format(kind=key, name=path.name, more="")
        raise _other(path, FORMATS[key].name, f"convert it to CSV: {command}.")
    if key and (fix := _FIXES.get(key) or FORMATS[key].fix):
        raise _other(path, FORMATS[key].name, f"{fix}.")


def refuse_other_text(path: Path, text: str) -> None:
    """Refuse a text file that is no table and no column file, by its content.

    Args:
        path: of the file, for the message.
        text: its content.

    Raises:
        UserError: JSON, XML, HTML, a Markdown table, or labels of fastText.

    Example:
        >>> refuse_other_text(Path("a.csv"), "text,label")
    """
    lines = [line.strip() for line in text[:100_000].splitlines() if line.strip()]
    if not lines:
        return
    if _is_json(lines[0], text):
        more = ", lines=True" if lines[0][0] == "{" and lines[0][-1] == "}" else ""
        command = _TO_CSV.format(kind="json", name=path.name, more=more)
        raise _other(path, "JSON", f"convert it, for flat records: {command}.")
    if re.match(r"<(\?xml|tmx|!DOCTYPE|html)\b", lines[0], re.IGNORECASE):
        raise _other(path, "XML or HTML", "extract its texts, one row each.")
    if len(lines) > 1 and re.fullmatch(r"\|?[\s:|-]*-{3}[\s:|-]*", lines[1]) and "|" in lines[1]:
        raise _other(path, "a Markdown table", "remove its second line and the outer bars.")
    if all(line.startswith("__label__") for line in lines[:20]):
        raise _other(
            path,
            "labels of fastText",
            r"write label and text with a tab between: sed 's/^__label__\([^ ]*\) */\1\t/', then "
            "name the columns with data.columns=label,text.",
        )


def _is_json(first: str, text: str) -> bool:
    """Whether the first line is a JSON object or list, or the whole text is one."""
    if first[0] not in "{[":
        return False
    if first in ("{", "["):  # written over several lines
        inner = text.strip()[1:].lstrip()
        return inner.startswith(("{", '"')) and text.rstrip()[-1] in "]}"
    try:
        found = json.loads(first)
    except ValueError:
        return first.startswith(("[{", '{"')) and text.rstrip()[-1] in "]}"
    return isinstance(found, dict) or (isinstance(found, list) and len(first) > 2)


def _other(path: Path, name: str, fix: str) -> UserError:
    holds = "holds" if name in _HELD else "is"
    return UserError(
        f"{path.name} {holds} {name}.", "a text file of rows and columns, such as CSV.", fix
    )
