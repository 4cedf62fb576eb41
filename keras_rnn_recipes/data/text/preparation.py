"""How a text is split into tokens, as plain data, the same for training and for a saved graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Unit = Literal["words", "characters", "whitespace"]
End = Literal["first", "last"]


@dataclass(frozen=True)
class Preparation:
    """How texts are normalized and split into tokens.

    Args:
        unit: "words": runs of letters, digits and underscores, with apostrophes between letters
            ("don't"); every other character except white space is a token. "whitespace": tokens are
            separated by white space. "characters": every character, including white space.
        lower: convert to lower case by Unicode's rules.
        punctuation: for words: keep the tokens of punctuation and symbols.
        replace: pairs (pattern, replacement) of RE2 regular expressions, applied in this order
            before the other steps, such as ``(("<[^>]*>", " "),)`` to remove HTML tags.
        max_length: maximum number of tokens, including [START] and [END]; None: no limit.
        keep: which tokens of a longer text are kept, the "first" or the "last".
        ends: add [START] at the beginning and [END] at the end.

    Raises:
        ValueError: an unknown unit or keep, or a max_length without room for a token.

    Example:
        >>> Preparation(unit="characters", max_length=100).lower
        True
    """

    unit: Unit = "words"
    lower: bool = True
    punctuation: bool = True
    replace: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None
    keep: End = "first"
    ends: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (("unit", get_args(Unit)), ("keep", get_args(End))):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} must be one of {allowed}; received {getattr(self, name)!r}."
                )
        shortest = 3 if self.ends else 1
        if self.max_length is not None and self.max_length < shortest:
            raise ValueError(f"max_length must be at least {shortest}; received {self.max_length}.")
        # JSON and TOML give lists.
        pairs = tuple((str(pattern), str(by)) for pattern, by in self.replace)
        object.__setattr__(self, "replace", pairs)
