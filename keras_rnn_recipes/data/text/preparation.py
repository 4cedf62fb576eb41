"""How a text is cut into tokens, as plain data: the same for training and inside a saved graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Unit = Literal["words", "characters", "whitespace"]
End = Literal["first", "last"]


@dataclass(frozen=True)
class Preparation:
    """What is done to a text before its tokens are looked up.

    Args:
        unit: "words": runs of letters, digits and underscores, an apostrophe between two letters
            included ("don't"), every other character that is not white space a token of its own.
            "whitespace": whatever stands between white space. "characters": every character,
            white space included.
        lower: lower case, by Unicode's rules.
        punctuation: for words: keep the tokens that are neither letter nor digit.
        replace: pairs (pattern, replacement), regular expressions of RE2, applied in turn before
            anything else, such as ``(("<[^>]*>", " "),)`` against HTML tags.
        max_length: tokens at most, [START] and [END] counted in; None: no limit.
        keep: which tokens of a longer text are kept, the "first" or the "last".
        ends: put [START] before and [END] behind.

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
