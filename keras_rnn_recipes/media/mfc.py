"""Cepstra from the feature files of CMU Sphinx (``.mfc``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.errors import UserError

CEPSTRA = 13
FRAMES_PER_SECOND = 100


def read_mfc(path: str | Path) -> np.ndarray:
    """Read a file of 13 mel cepstra a frame.

    Args:
        path: of the file: the count of numbers as a big-endian int32, then the numbers as float32.
            Little-endian files are read as well.

    Returns:
        float32 ``(frames, 13)``, 100 frames a second.

    Raises:
        UserError: the count does not match the file, or it holds no frame.

    Source: CMU Sphinx, format of ``sphinx_fe``.

    Example:
        >>> read_mfc("an251-fash-b.mfc").shape  # doctest: +SKIP
        (122, 13)
    """
    path = Path(path)
    check_file(path, "a file of cepstra")
    content = path.read_bytes()
    for order in (">", "<"):
        count = int(np.frombuffer(content[:4], f"{order}i4")[0]) if len(content) >= 4 else 0
        if count > 0 and len(content) == 4 + 4 * count and count % CEPSTRA == 0:
            values = np.frombuffer(content[4:], f"{order}f4").reshape(-1, CEPSTRA)
            if np.isfinite(values).all():
                return values.astype("float32")
    raise UserError(
        f"{path.name} cannot be read as cepstra: its length does not match its count of numbers.",
        f"a complete .mfc file with {CEPSTRA} cepstra a frame.",
        "make it again with sphinx_fe, or leave it out.",
    )
