"""What the tests of text files share."""

from __future__ import annotations

import gzip

import pytest


@pytest.fixture
def write(tmp_path):
    """``write(name, content)``: the path of a file with this content, gzipped by its name."""

    def written(name, content, encoding="utf-8"):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        return path

    return written
