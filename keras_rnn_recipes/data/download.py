"""Files checked by their SHA-256: on disk, or fetched once into a cache folder."""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from keras_rnn_recipes.errors import UserError

_TIMEOUT_SECONDS = 60


def cache_folder() -> Path:
    """Where downloads are kept: $KRR_CACHE, or keras_rnn_recipes in the user's cache folder.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    own = os.environ.get("KRR_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    shared = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(shared).expanduser().absolute() / "keras_rnn_recipes"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, expected: str) -> None:
    """Refuse a file that is not the one meant.

    Raises:
        UserError: another SHA-256.
    """
    found = sha256_of(path)
    if found != expected:
        raise UserError(
            f"{path} has the SHA-256 {found}.",
            f"{expected}: the file has changed or is damaged.",
            "get the file again from its publisher.",
        )


def fetch(url: str, sha256: str, path: Path) -> Path:
    """The file at ``path``, fetched from ``url`` unless it is there already.

    The body is written beside and renamed once its SHA-256 is right: a broken download leaves
    nothing.

    Args:
        url: where the file is.
        sha256: of the file, in hexadecimal.
        path: where to keep it.

    Raises:
        UserError: it cannot be fetched or kept, or it is not the file meant.
    """
    if path.is_file() and sha256_of(path) == sha256:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _not_kept(path, error) from error
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _download(url, file.write)
        _check_download(beside, url, sha256)
        os.replace(beside, path)
    except OSError as error:
        raise _not_kept(path, error) from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def _download(url: str, write: Callable[[bytes], object]) -> None:
    """Pass the whole body of ``url`` to ``write``, piece by piece."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:
            length = answer.headers.get("Content-Length")
            received = 0
            while piece := answer.read(1 << 20):
                received += len(piece)
                write(piece)
    except urllib.error.HTTPError as error:
        raise _not_fetched(url, f"the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _not_fetched(url, str(error.reason)) from error
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _not_fetched(url, f"the connection broke ({error})") from error
    if length is not None and received != int(length):
        raise _not_fetched(url, f"only {received} of {length} bytes came")


def _check_download(beside: Path, url: str, sha256: str) -> None:
    found = sha256_of(beside)
    if found != sha256:
        raise UserError(
            f"What came from {url} has the SHA-256 {found}.",
            f"{sha256}: the file has changed or was damaged on the way.",
            "try again; if it stays so, the publisher has changed the file.",
        )


def _not_fetched(url: str, why: str) -> UserError:
    return UserError(
        f"{url} could not be fetched: {why}.",
        "the data set's file.",
        "try again later, or check the network.",
    )


def _not_kept(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path} could not be written: {error.strerror}.",
        "a cache folder with room that can be written.",
        "name another one in the environment variable KRR_CACHE.",
    )
