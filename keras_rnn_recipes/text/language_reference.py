"""Python's language reference: an English text that comes with every Python."""

from __future__ import annotations

TEST_SHARE = 0.1
VALID_SHARE = 0.05


def language_reference() -> str:
    """The texts of ``pydoc_data.topics``, sorted by topic, separated by empty lines.

    Returns:
        About 450,000 characters; the text depends on the version of Python.

    Example:
        >>> "compound statement" in language_reference()
        True
    """
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name].strip() for name in sorted(topics)) + "\n"


def split_text(
    text: str, *, valid_share: float = VALID_SHARE, test_share: float = TEST_SHARE
) -> tuple[str, str, str]:
    """Split a text into a training, a validation and a test part, in this order.

    Args:
        text: the whole text.
        valid_share: share of the whole text that precedes the test part.
        test_share: share of the whole text at its end.

    Returns:
        Three texts, whose concatenation is the whole text.

    Raises:
        ValueError: shares below 0, or nothing left for training.

    Example:
        >>> split_text("0123456789", valid_share=0.2)
        ('0123456', '78', '9')
    """
    if min(valid_share, test_share) < 0 or valid_share + test_share >= 1:
        raise ValueError(
            "valid_share and test_share must be at least 0 and sum to less than 1; received "
            f"{valid_share} and {test_share}."
        )
    test_from = round(len(text) * (1 - test_share))
    valid_from = test_from - round(len(text) * valid_share)
    return text[:valid_from], text[valid_from:test_from], text[test_from:]
