"""Raw sentences cut into tokens as a tagger knows them, with the place of every token."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from keras_rnn_recipes.text.vocabulary import SPECIALS

_MARKS = ".,;:!?\"'()[]{}…“”„‘’«»–—¿¡。，、！？；：（）「」『』"
_INITIALS = re.compile(r"(?:[^\W\d_]\.){2,}")
_IDEOGRAPH = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


class Token(NamedTuple):
    """A token and its place in the sentence, in characters; ``end`` is exclusive."""

    text: str
    start: int
    end: int


def cut_sentence(sentence: str, known: Collection[str], *, lower: bool = True) -> list[Token]:
    """Cut a raw sentence into tokens.

    White space separates tokens. Punctuation at the edges of a token is cut off where
    `cuts_punctuation` says so, unless the tagger knows the token with it ("Mr.") or it is made of
    initials ("U.S."). Chinese characters are cut apart where the tagger knows
    single ones only.

    Args:
        sentence: a text.
        known: vocabulary of the tagger, with 0 for every digit.
        lower: whether that is in lower case.

    Example:
        >>> [token.text for token in cut_sentence("In Rome, near St. Ives.", {",", ".", "st."})]
        ['In', 'Rome', ',', 'near', 'St.', 'Ives', '.']
    """
    cuts = cuts_punctuation(known)
    apart = _cuts_ideographs(known)
    tokens: list[Token] = []
    for match in re.finditer(r"\S+", sentence):
        parts = [Token(match[0], *match.span())]
        if cuts:
            parts = _without_marks(parts[0], known, lower)
        for part in parts:
            tokens += _characters(part) if apart and _IDEOGRAPH.search(part.text) else [part]
    return tokens


def cuts_punctuation(known: Collection[str]) -> bool:
    """Whether the tokens of a tagger are words without the punctuation beside them.

    It knows punctuation marks as tokens of their own, or no token that ends in one.

    Args:
        known: vocabulary of the tagger.

    Example:
        >>> cuts_punctuation({"rome", ","}), cuts_punctuation({"rome"}), cuts_punctuation({"rome,"})
        (True, True, False)
    """
    words = [token for token in known if token not in SPECIALS]
    return any(mark in known for mark in _MARKS) or not any(w[-1] in _MARKS for w in words if w)


def placed(tokens: Sequence[str]) -> list[Token]:
    """The places of tokens that are joined by single spaces.

    Example:
        >>> placed(["so", "it"])[1]
        Token(text='it', start=3, end=5)
    """
    found, start = [], 0
    for token in tokens:
        found.append(Token(token, start, start + len(token)))
        start += len(token) + 1
    return found


def _without_marks(token: Token, known: Collection[str], lower: bool) -> list[Token]:
    """A token without the marks at its edges, and these."""
    text, start, end = token
    before: list[Token] = []
    after: list[Token] = []
    while len(text) > 1 and not _is_whole(text, known, lower):
        if text[0] in _MARKS:
            before.append(Token(text[0], start, start + 1))
            text, start = text[1:], start + 1
        elif text[-1] in _MARKS:
            after.append(Token(text[-1], end - 1, end))
            text, end = text[:-1], end - 1
        else:
            break
    return [*before, Token(text, start, end), *reversed(after)]


def _is_whole(text: str, known: Collection[str], lower: bool) -> bool:
    looked_up = re.sub("[0-9]", "0", text.lower() if lower else text)
    return looked_up in known or bool(_INITIALS.fullmatch(text))


def _cuts_ideographs(known: Collection[str]) -> bool:
    lengths = [len(token) for token in known if _IDEOGRAPH.match(token)]
    return bool(lengths) and max(lengths) == 1


def _characters(token: Token) -> list[Token]:
    found, start = [], token.start
    for part in re.findall(rf"{_IDEOGRAPH.pattern}|(?:(?!{_IDEOGRAPH.pattern}).)+", token.text):
        found.append(Token(part, start, start + len(part)))
        start += len(part)
    return found
