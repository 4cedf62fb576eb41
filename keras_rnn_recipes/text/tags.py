"""Tags that mark spans of tokens, in the schemes IOB1, IOB2 and IOBES.

A tag is ``O`` (outside), or a prefix, a hyphen and a type, such as ``B-PER``. IOB2 marks the first
token of every span with ``B``, IOB1 only that of a span that directly follows a span of its type.
IOBES also marks the last token with ``E``, and a span of one token with ``S``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from keras_rnn_recipes.errors import UserError

OUTSIDE = "O"
SCHEMES = ("IOB2", "IOB1", "IOBES")

Span = tuple[int, int, str]


def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag into its prefix and its type.

    Args:
        tag: such as ``"B-PER"``.

    Returns:
        Prefix and type; the type of ``O`` is empty.

    Raises:
        UserError: the tag is neither ``O`` nor ``B-``, ``I-``, ``E-`` or ``S-`` with a type.

    Example:
        >>> split_tag("B-PER"), split_tag("O")
        (('B', 'PER'), ('O', ''))
    """
    prefix, hyphen, kind = tag.partition("-")
    if tag == OUTSIDE or (prefix in ("B", "I", "E", "S") and hyphen and kind):
        return prefix, kind
    raise UserError(
        f"{tag!r} is not a tag of a span.",
        "'O', or one of B-, I-, E-, S- and a type, such as 'B-PER'.",
        "correct it, or name the column of the tags.",
    )


def is_of_span(tag: str) -> bool:
    """Whether a tag is ``O``, or a prefix and a type.

    Example:
        >>> is_of_span("B-PER"), is_of_span("O"), is_of_span("NNP")
        (True, True, False)
    """
    try:
        split_tag(tag)
    except UserError:
        return False
    return True


def most_mark_spans(tags: Collection[str]) -> bool:
    """Whether most of the different tags of some sentences mark spans.

    Example:
        >>> most_mark_spans({"O", "B-PER", "I-PER", "b"}), most_mark_spans({"NNP", "O"})
        (True, False)
    """
    return 2 * sum(not is_of_span(tag) for tag in tags) < len(tags)


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans that tags mark, in any scheme.

    Tags that follow no scheme, as a network may predict them, are read as the evaluation script of
    the shared task reads them: a change of type begins a span, whatever the prefix.

    Args:
        tags: of one sentence.

    Returns:
        ``(start, end, type)`` in order; tokens are counted from 0, and ``end`` is exclusive.

    Raises:
        UserError: a tag with an unknown prefix.

    Source: ``conlleval`` of the shared tasks of CoNLL-2000 and 2003 (Tjong Kim Sang and
        De Meulder 2003).

    Example:
        >>> spans(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])
        [(0, 2, 'PER'), (3, 4, 'LOC'), (4, 5, 'LOC')]
    """
    found: list[Span] = []
    start, before, open_kind = 0, OUTSIDE, ""
    for position, tag in enumerate([*tags, OUTSIDE]):
        prefix, kind = split_tag(tag)
        if prefix in "BS" or before in "ES" or kind != open_kind:
            if open_kind:
                found.append((start, position, open_kind))
            start, open_kind = position, kind
        before = prefix
    return found


def tags_of(marked: Sequence[Span], length: int, scheme: str = "IOB2") -> list[str]:
    """The tags that mark spans.

    Args:
        marked: ``(start, end, type)`` as from `spans`, in any order.
        length: number of tokens of the sentence.
        scheme: ``"IOB1"``, ``"IOB2"`` or ``"IOBES"``.

    Raises:
        ValueError: spans that overlap, are empty or exceed the sentence; or an unknown scheme.

    Example:
        >>> tags_of([(0, 2, "PER"), (3, 4, "LOC")], 4, "IOBES")
        ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    _require_scheme(scheme)
    tags = [OUTSIDE] * length
    end_before, kind_before = 0, ""
    for start, end, kind in sorted(marked):
        if not end_before <= start < end <= length:
            raise ValueError(
                f"spans must lie in a sentence of {length} tokens, not be empty and not overlap; "
                f"received {(start, end, kind)} after {end_before} tokens."
            )
        follows = start == end_before and kind == kind_before
        tags[start:end] = _prefixes(end - start, scheme, follows, kind)
        end_before, kind_before = end, kind
    return tags


def _prefixes(length: int, scheme: str, follows: bool, kind: str) -> list[str]:
    """Tags of one span; ``follows``: it directly follows another span of its type."""
    prefixes = ["I"] * length
    if scheme != "IOB1" or follows:
        prefixes[0] = "B"
    if scheme == "IOBES":
        prefixes[-1] = "E" if length > 1 else "S"
    return [f"{prefix}-{kind}" for prefix in prefixes]


def convert_tags(tags: Sequence[str], scheme: str) -> list[str]:
    """Convert the tags of one sentence to another scheme.

    Args:
        tags: in any scheme.
        scheme: ``"IOB1"``, ``"IOB2"`` or ``"IOBES"``.

    Raises:
        UserError: a tag with an unknown prefix.
        ValueError: an unknown scheme.

    Example:
        >>> convert_tags(["I-PER", "O", "I-LOC", "I-LOC"], "IOB2")
        ['B-PER', 'O', 'B-LOC', 'I-LOC']
    """
    return tags_of(spans(tags), len(tags), scheme)


def keeps_to(tags: Sequence[str], scheme: str) -> bool:
    """Whether the tags of a sentence follow a scheme.

    Args:
        tags: of one sentence.
        scheme: ``"IOB1"``, ``"IOB2"`` or ``"IOBES"``.

    Example:
        >>> keeps_to(["B-PER", "I-PER"], "IOB2"), keeps_to(["O", "I-PER"], "IOB2")
        (True, False)
    """
    return convert_tags(tags, scheme) == list(tags)


def allowed_transitions(tags: Sequence[str], scheme: str = "IOB2") -> np.ndarray:
    """The legal transitions between tags, for a conditional random field.

    Args:
        tags: names of all tags, in the order of their ids.
        scheme: ``"IOB1"``, ``"IOB2"`` or ``"IOBES"``.

    Returns:
        bool ``(len(tags) + 1, len(tags) + 1)``, from row to column; the last row is the start of a
        sentence, the last column its end. Exactly the sequences that follow the scheme are legal.
        Without the tag ``E-`` of a type no sequence can continue its ``B-``.

    Raises:
        UserError: a tag with an unknown prefix.
        ValueError: an unknown scheme.

    Example:
        >>> allowed_transitions(["O", "B-PER", "I-PER"]).astype(int)
        array([[1, 1, 0, 1],
               [1, 1, 1, 1],
               [1, 1, 1, 1],
               [1, 1, 0, 0]])
    """
    _require_scheme(scheme)
    edges = [*map(split_tag, tags), (OUTSIDE, "")]
    table = np.array([[_may_follow(one, other, scheme) for other in edges] for one in edges])
    table[-1, -1] = False  # no sentence is empty
    return table


def _may_follow(before: tuple[str, str], after: tuple[str, str], scheme: str) -> bool:
    """Start and end of a sentence count as ``O``."""
    continues = before[0] in "BI" and before[1] == after[1]
    if scheme == "IOB1":
        return continues if after[0] == "B" else after[0] in "OI"
    if scheme == "IOB2":
        return continues if after[0] == "I" else after[0] in "OB"
    if after[0] in "IE":
        return continues
    return before[0] in "OES"


def _require_scheme(scheme: str) -> None:
    if scheme not in SCHEMES:
        raise ValueError(f"scheme must be one of {SCHEMES}; received {scheme!r}.")


def to_iob2(tag: str) -> str:
    """Convert a tag of a span from IOBES to IOB2; return any other tag unchanged.

    Example:
        >>> to_iob2("S-PER"), to_iob2("E-LOC"), to_iob2("NNP"), to_iob2("O")
        ('B-PER', 'I-LOC', 'NNP', 'O')
    """
    try:
        prefix, kind = split_tag(tag)
    except UserError:
        return tag
    if prefix == OUTSIDE:
        return tag
    return f"{ {'S': 'B', 'E': 'I'}.get(prefix, prefix) }-{kind}"
