"""Vocabularies: the known tokens in the order of their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

# Ids 0 to 3 of every vocabulary. Padding has an empty text.
SPECIALS = ("", "[UNK]", "[START]", "[END]")
PADDING, UNKNOWN, START, END = range(len(SPECIALS))


def build_vocabulary(
    token_lists: Iterable[Iterable[str | bytes]],
    *,
    max_size: int | None = None,
    min_count: int = 1,
) -> tuple[str, ...]:
    """Build a vocabulary from the counts of tokens, the most frequent first.

    Equally frequent tokens are sorted by their characters, so that the order of the texts does not
    matter.

    Args:
        token_lists: the tokens of each text; bytes are UTF-8.
        max_size: maximum number of ids, including the four specials; None: no limit.
        min_count: leave out tokens that occur less often.

    Returns:
        The tokens by id: ``SPECIALS``, then the others. Tokens that are spelled like a special are
        left out, so that no text can contain a special.

    Raises:
        ValueError: max_size without room for the specials, or min_count below 1.

    Example:
        >>> build_vocabulary([["b", "a"], ["b"]])
        ('', '[UNK]', '[START]', '[END]', 'b', 'a')
    """
    if max_size is not None and max_size < len(SPECIALS):
        raise ValueError(f"max_size must be at least {len(SPECIALS)}; received {max_size}.")
    if min_count < 1:
        raise ValueError(f"min_count must be at least 1; received {min_count}.")
    counts: Counter[str | bytes] = Counter()
    for tokens in token_lists:
        counts.update(tokens)
    known = [(-n, _text(token)) for token, n in counts.items() if n >= min_count]
    ordered = [token for _, token in sorted(known) if token not in SPECIALS]
    room = None if max_size is None else max_size - len(SPECIALS)
    return (*SPECIALS, *ordered[:room])


def _text(token: str | bytes) -> str:
    return token.decode("utf-8") if isinstance(token, bytes) else token
