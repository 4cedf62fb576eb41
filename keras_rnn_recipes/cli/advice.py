"""Advice that fits the command: ``--id-col store`` is ``data.id_col=store`` of `krr run`.

The reading of tables and recipes advises the options of `krr forecast`, which has one for each
choice. Other commands take the same choices as keys of the recipe.
"""

from __future__ import annotations

import re
from collections.abc import Collection

# Where in a recipe the options of `krr forecast` lie, apart from those of ``data``.
_ELSEWHERE = {
    "cell": "model.preset",
    "strategy": "model.strategy",
    "horizon": "model.horizon",
    "units": "model.units",
    "levels": "evaluate.levels",
    "baselines": "evaluate.baselines",
    "seed": "fit.seed",
}
_OF_DATA = (
    "id-col", "time-col", "target-col", "past-cols", "future-cols", "static-cols", "date-format",
    "decimal", "thousands", "aggregate", "future-file", "calendar", "holidays", "freq",
    "season-length",
)  # fmt: skip
_FLAGS = {
    "day-first": "data.day_first=true",
    "month-first": "data.day_first=false",
    "wide": "data.wide=true",
    "refit": "fit.refit=true",
    "no-refit": "fit.refit=false",
}
_KEYS = {name: f"data.{name.replace('-', '_')}" for name in _OF_DATA} | _ELSEWHERE
# Words that follow an option in a sentence and are no value of it.
_WORDS = "or|and|with|to|if|when|for|which|in|without|is|are|keeps|takes|of|at|on|such"
_OPTION = rf"--([a-z][a-z-]*)(?: (?!(?:{_WORDS})\b)('[^']*'|[^\s;)]+))?"


def fitting(text: str, options: Collection[str], section: str = "") -> str:
    """Replace options that a command does not have by keys of the recipe.

    Args:
        text: a sentence that may name options of `krr forecast`.
        options: the options of the command, such as ``["--run-dir"]``.
        section: the only section of whose keys the command takes some; "" for all.

    Example:
        >>> fitting("give --id-col store,item, or --wide.", ["--run-dir"])
        'give data.id_col=store,item, or data.wide=true.'
        >>> fitting("give --id-col store.", ["--id-col"])
        'give --id-col store.'
    """

    def replaced(match: re.Match[str]) -> str:
        name, value = match[1], match[2] or ""
        space = " " if value else ""
        key = _FLAGS.get(name) or _KEYS.get(name)
        if f"--{name}" in options or key is None or not key.startswith(section):
            return match[0]
        if name in _FLAGS:
            return _FLAGS[name] + space + value
        bare = value if len(value) < 2 else value.rstrip(".,:")
        return f"{_KEYS[name]}={bare}{value[len(bare) :]}" if value else _KEYS[name]

    return re.sub(_OPTION, replaced, text)
