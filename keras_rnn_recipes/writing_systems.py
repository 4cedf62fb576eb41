"""Which scripts are written without spaces between words, and what texts consist of."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

# Blocks of scripts that are written without spaces between words.
SPACELESS_BLOCKS = {
    "Thai": ((0x0E01, 0x0E7F),),
    "Lao": ((0x0E80, 0x0EFF),),
    "Burmese": ((0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    "Khmer": ((0x1780, 0x17FF),),
    "Japanese": ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
    "Chinese": (
        (0x3005, 0x3007),
        (0x3021, 0x3029),
        (0x3100, 0x312F),
        (0x3400, 0x4DBF),
        (0x4E00, 0x9FFF),
        (0xF900, 0xFAFF),
        (0x20000, 0x2FA1F),
        (0x30000, 0x323AF),
    ),
}
# Punctuation of these scripts, and full-width forms, which stand without spaces as well.
_WIDE_MARKS = ((0x3001, 0x303F), (0x30FB, 0x30FB), (0xFF01, 0xFF65))
_FULL_WIDTH = ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
_TURKISH_SHARE = 0.1
# From this share of their characters on, texts are said to be of a script without spaces.
_SPACELESS_SHARE = 0.2


def spaceless_class() -> str:
    """The letters, marks and digits of `SPACELESS_BLOCKS`, inside a character class of RE2."""
    return _class(_spaceless_ranges())


def wide_class(*, letters: bool = True) -> str:
    """The punctuation of these scripts, and their letters, inside a character class of RE2."""
    return (spaceless_class() if letters else "") + _class(_WIDE_MARKS)


def word_pattern() -> str:
    r"""A regular expression of Python for words, and single letters of scripts without spaces.

    Example:
        >>> import re
        >>> re.findall(word_pattern(), "I like 猫s, isn't it")
        ['I', 'like', '猫', 's', 'isn', 't', 'it']
    """
    letters = "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in _spaceless_ranges())
    return rf"(?u)[{letters}]|[^\W{letters}]+"


@functools.cache
def _spaceless_ranges() -> tuple[tuple[int, int], ...]:
    blocks = (block for blocks in SPACELESS_BLOCKS.values() for block in blocks)
    found: list[tuple[int, int]] = []
    for point in (point for first, last in sorted(blocks) for point in range(first, last + 1)):
        if unicodedata.category(chr(point))[0] not in "LMN":
            continue
        if found and point == found[-1][1] + 1:
            found[-1] = (found[-1][0], point)
        else:
            found.append((point, point))
    return tuple(found)


class Characters(NamedTuple):
    """What some texts consist of.

    Attributes:
        total: characters other than white space.
        spaceless: how many are of each script without spaces, by name; only those that occur.
        full_width: how many are full-width Latin letters or digits.
        dotless, dotted: how often ı and i occur.
        decomposed: how many texts are not in NFC.
    """

    total: int
    spaceless: dict[str, int]
    full_width: int
    dotless: int
    dotted: int
    decomposed: int

    @property
    def spaceless_share(self) -> float:
        """Share of the characters that are of scripts without spaces."""
        return sum(self.spaceless.values()) / max(self.total, 1)

    @property
    def turkish(self) -> bool:
        """Whether ı is frequent, so that it is the lower case of I."""
        return self.dotless > _TURKISH_SHARE * (self.dotted + self.dotless)


def count_characters(texts: Iterable[str | bytes]) -> Characters:
    """Count the characters of texts by what matters for tokens.

    Example:
        >>> found = count_characters(["今天 day", "Ｂ1"])
        >>> found.total, found.spaceless, found.full_width
        (7, {'Chinese': 2}, 1)
    """
    total = full = dotless = dotted = decomposed = 0
    counts = dict.fromkeys(SPACELESS_BLOCKS, 0)
    for raw in texts:
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        total += len(text) - text.count(" ")
        dotted += text.count("i")
        if text.isascii():
            continue
        dotless += text.count("ı")
        decomposed += not unicodedata.is_normalized("NFC", text)
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
        points = points[points > 0x7F]
        full += _count(points, _FULL_WIDTH)
        for script, blocks in SPACELESS_BLOCKS.items():
            counts[script] += _count(points, blocks)
    there = {script: count for script, count in counts.items() if count}
    return Characters(total, there, full, dotless, dotted, decomposed)


def written_without_spaces(texts: Iterable[str | bytes]) -> str | None:
    """The script without spaces that most of such characters are of; None for other texts.

    Japanese is told by its kana, which stand among Chinese characters.

    Example:
        >>> written_without_spaces(["今天"]), written_without_spaces(["this is 今"])
        ('Chinese', None)
    """
    found = count_characters(texts)
    if found.spaceless_share < _SPACELESS_SHARE:
        return None
    if found.spaceless.get("Japanese", 0) > 0.05 * sum(found.spaceless.values()):
        return "Japanese"
    return max(found.spaceless, key=lambda script: found.spaceless[script])


def _count(points: np.ndarray, blocks: Sequence[tuple[int, int]]) -> int:
    return sum(int(((points >= first) & (points <= last)).sum()) for first, last in blocks)


def _class(ranges: Iterable[Sequence[int]]) -> str:
    return "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in ranges)


def lower_case(text: str, *, turkish: bool = False) -> str:
    """Text in lower case, as `Preparation.lower` of `keras_rnn_recipes.text` makes it.

    Args:
        text: in any case.
        turkish: the lower case of I is ı.

    Example:
        >>> lower_case("İIX"), lower_case("İIX", turkish=True)
        ('iix', 'iıx')
    """
    if turkish:
        text = text.replace("I", "ı").replace("İ", "i")
    # Python's lower case of İ is an i with another dot above.
    return text.lower().replace("i\u0307", "i")
