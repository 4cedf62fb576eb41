"""How a text is split into tokens, as plain data, the same for training and for a saved graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Unit = Literal["words", "characters", "whitespace", "pieces"]
End = Literal["first", "last"]
Form = Literal["NFC", "NFKC", "none"]

# Tokens of a vocabulary of pieces whose size is not given. Small sets need few (Sennrich and Zhang
# 2019, Revisiting low-resource neural machine translation).
MOST_PIECES = 4000

# How texts were prepared before these options existed: in records that do not name them.
EARLIER = {"normalize": "none", "spaceless": False, "reversible": False, "turkish": False}


@dataclass(frozen=True)
class Preparation:
    """How texts are normalized and split into tokens.

    Args:
        unit: "words": runs of letters, digits and underscores, with apostrophes between letters
            ("don't"); every other character except white space is a token, and so is every letter
            of a script without spaces (see ``spaceless``). "whitespace": tokens are separated by
            white space. "characters": every character, including white space. "pieces": parts of
            words, learned from the training texts, with ▁ where a space stood; `Tokenizer.texts`
            gives back the texts. See `pieces`.
        lower: convert to lower case by Unicode's rules.
        punctuation: for words: keep the tokens of punctuation and symbols.
        replace: pairs (pattern, replacement) of RE2 regular expressions, applied in this order
            before the other steps, such as ``(("<[^>]*>", " "),)`` to remove HTML tags.
        max_length: maximum number of tokens, including [START] and [END]; None: no limit.
        keep: which tokens of a longer text are kept, the "first" or the "last".
        ends: add [START] at the beginning and [END] at the end.
        normalize: the Unicode form. "NFC": a letter and its accents are one character. "NFKC": in
            addition full-width letters and ligatures are the usual ones. "none": as they are.
        spaceless: for words: letters of Chinese, Japanese, Thai, Lao, Khmer and Burmese, with their
            marks, are tokens of their own.
        reversible: for words: tokens say whether a space stands next to them where that is not the
            rule, so that `Tokenizer.texts` gives back the texts: white space of any length as one
            space, none at either end, normalized, and in lower case if ``lower``. ￭ on the side of
            a token says "no space here", ▁ says "a space here". In texts, ￭ becomes ■ and ▁ becomes
            ▂. None: if ``ends``, since such texts are written as well as read.
        turkish: the lower case of I is ı and that of İ is i. None: `fit_tokenizer` decides by the
            share of ı in the texts. In other languages the lower case of İ is i too.

    Raises:
        ValueError: an unknown unit or keep, or a max_length without room for a token.

    Example:
        >>> Preparation(unit="characters", max_length=100).lower
        True
        >>> Preparation(ends=True).reversible
        True
    """

    unit: Unit = "words"
    lower: bool = True
    punctuation: bool = True
    replace: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None
    keep: End = "first"
    ends: bool = False
    normalize: Form = "NFC"
    spaceless: bool = True
    reversible: bool | None = None
    turkish: bool | None = None

    def __post_init__(self) -> None:
        choices = {"unit": get_args(Unit), "keep": get_args(End), "normalize": get_args(Form)}
        for name, allowed in choices.items():
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
        if self.reversible is None:
            object.__setattr__(self, "reversible", self.ends)
