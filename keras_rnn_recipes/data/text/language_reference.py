"""Python's own language reference as plain English: it comes with every Python."""

from __future__ import annotations

TEST_SHARE = 0.1
VALID_SHARE = 0.05


def language_reference() -> str:
    """Texts of ``pydoc_data.topics``, topic after topic by name, an empty line between them.

    Some 450,000 characters; each version of Python has its own.

    Example:
        >>> "compound statement" in language_reference()
        True
    """
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name].strip() for name in sorted(topics)) + "\n"


def split_text(
    text: str, *, valid_share: float = VALID_SHARE, test_share: float = TEST_SHARE
) -> tuple[str, str, str]:
    """Cut a text into training, validation and test part, in this order.

    Args:
        text: as a whole.
        valid_share: of the whole text, cut from the end of what is not the test part.
        test_share: of the whole text, its end.

    Returns:
        Three texts; one after the other they are the whole.

    Raises:
        ValueError: shares below 0, or nothing left for training.

    Example:
        >>> split_text("0123456789", valid_share=0.2)
        ('0123456', '78', '9')
    """
    if min(valid_share, test_share) < 0 or valid_share + test_share >= 1:
        raise ValueError(
            "valid_share and test_share must be at least 0 and less than 1 together; received "
            f"{valid_share} and {test_share}."
        )
    test_from = round(len(text) * (1 - test_share))
    valid_from = test_from - round(len(text) * valid_share)
    return text[:valid_from], text[valid_from:test_from], text[test_from:]
