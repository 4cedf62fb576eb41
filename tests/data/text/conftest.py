"""What the tests of text files share."""

from __future__ import annotations

import pytest


@pytest.fixture
def write(tmp_path):
    """``write(name, content)``: the path of a file with this content."""

    def written(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written
