"""Tables as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def text_table(rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Put cells into columns, two spaces apart.

    Args:
        rows: of equal length, the headings first.
        left: columns that are aligned to the left, counted from the first; the others, numbers,
            are aligned to the right.

    Returns:
        The lines, without spaces at their ends.

    Example:
        >>> print(text_table([("", "MAE"), ("LSTM", "9.5"), ("naive", "12")]))
               MAE
        LSTM   9.5
        naive   12
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = [
        [
            cell.ljust(width) if at < left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]
    return "\n".join("  ".join(row).rstrip() for row in aligned)
