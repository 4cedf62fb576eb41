"""Atomic writes, and reading the files of a run."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

STAGED_PREFIX, STAGED_SUFFIX = ".", ".unfinished"

# The name, in a staging folder, of the folder that is replaced.
_ASIDE = "replaced"


def read_json(path: Path, *, required: bool = False) -> dict[str, Any]:
    """Read a JSON object that a run wrote.

    Args:
        path: of the file.
        required: whether a missing file is an error; otherwise it reads as an empty object.

    Raises:
        UserError: the file cannot be read, or does not hold a JSON object.

    Example:
        >>> read_json(Path("no_such_folder") / "metrics.json")
        {}
    """
    if not required and not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> UserError:
    """The error for a file of a run that is missing, damaged or lacks a key."""
    return UserError(
        f"{path} cannot be read: {error}.",
        "a JSON file, as the run wrote it.",
        "run it again.",
    )


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV of ours; a series may be called "007" or "NA", and both stay as they are."""
    import pandas as pd

    if not path.exists():
        return pd.DataFrame()
    table = pd.read_csv(path, dtype={"unique_id": str}, keep_default_na=False, na_values=[""])
    for name in ("ds", "cutoff"):
        if name in table and not pd.api.types.is_integer_dtype(table[name]):
            table[name] = pd.to_datetime(table[name])
    return table


class WriteError(UserError):
    """A file could not be written: the disk is full, or permission is missing."""


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path next to ``target``, and rename it to ``target`` at the end.

    A file replaces a file atomically. A folder cannot: the old one is moved away first, and moved
    back if the new one cannot be renamed. What a killed process staged for the same target is
    removed first.

    Args:
        target: the file or folder to write.

    Raises:
        WriteError: the operating system refused; no partly written file remains.
    """
    prefix = STAGED_PREFIX + target.name + "."
    with writing(target):
        for left in staged_in(target.parent):
            if left.name.startswith(prefix) and "." not in _random_part(left, prefix):
                clear_staged(left)
        holder = Path(tempfile.mkdtemp(prefix=prefix, suffix=STAGED_SUFFIX, dir=target.parent))
    claim = _claim(holder)
    try:
        with writing(target):
            yield holder / target.name
            _put(holder / target.name, target, aside=holder / _ASIDE)
    finally:
        shutil.rmtree(holder, ignore_errors=True)
        _end_claim(claim)


def staged_in(folder: Path) -> list[Path]:
    """The folders in which `replacing` stages a file or folder of ``folder``, sorted by name."""
    if not folder.is_dir():
        return []
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.name.startswith(STAGED_PREFIX) and entry.name.endswith(STAGED_SUFFIX)
    )


def clear_staged(holder: Path) -> None:
    """Remove a folder that `replacing` left behind when its process was killed.

    A folder that a running process writes to stays. If the process was killed after it had moved
    the old target away and before it had renamed the new one, the old one is moved back.

    Args:
        holder: from `staged_in`.
    """
    if holder.is_symlink() or not holder.is_dir():
        return
    claim = _claim(holder)
    if claim is None:
        return
    target = holder.parent / holder.name.removeprefix(STAGED_PREFIX).rsplit(".", 2)[0]
    try:
        if (holder / _ASIDE).exists() and not target.exists():
            os.replace(holder / _ASIDE, target)
        shutil.rmtree(holder, ignore_errors=True)
    finally:
        _end_claim(claim)


def _random_part(holder: Path, prefix: str) -> str:
    return holder.name.removeprefix(prefix).removesuffix(STAGED_SUFFIX)


def _claim(holder: Path) -> int | None:
    """Lock a staging folder until the process ends; None if that fails or another one did."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is locked, and so nothing is cleared
        return None
    try:
        handle = os.open(holder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _end_claim(claim: int | None) -> None:
    if claim is not None:
        os.close(claim)


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """Convert an `OSError` while writing ``target`` to a `WriteError`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(
            f"{target} could not be written: {reason}.",
            "a folder that can be written to, on a disk with free space.",
            "free some space, or write to another folder; `krr run` continues an interrupted run "
            "with --resume.",
        ) from error


def _put(staged: Path, target: Path, *, aside: Path) -> None:
    if not target.is_dir():
        os.replace(staged, target)
        return
    os.replace(target, aside)
    try:
        os.replace(staged, target)
    except OSError:
        os.replace(aside, target)
        raise


@contextlib.contextmanager
def making_parents(path: Path) -> Iterator[None]:
    """Create the parent folders of ``path``; remove those created if the block fails."""
    missing = [folder for folder in path.absolute().parents if not folder.exists()]
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The folder {path.parent} could not be created: {error.strerror}.",
                "a folder that can be written to.",
                "write to another folder.",
            ) from error
        yield
    except BaseException:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def write_forecasts(forecasts: pd.DataFrame, output: str | Path) -> Path:
    """Write forecasts as CSV, atomically.

    Raises:
        UserError: the file cannot be written.
    """
    output = Path(output).resolve()  # replaces what a link points to, not the link
    with replacing(output) as staged:
        forecasts.to_csv(staged, index=False, lineterminator="\n")
    return output


def check_output(output: str | Path | None, *inputs: str | Path) -> None:
    """Check, before any work is done, that an output file can be written.

    Args:
        output: the file to write, or None.
        inputs: files that are read and must not be overwritten.

    Raises:
        UserError: the output is a folder, a device, a pipe or one of the inputs, or its folder
            does not exist.
    """
    if output is None:
        return
    path = Path(output)
    fix = "give another --output."
    if path.is_dir():
        raise UserError(f"The output {path} is a folder.", "the name of a CSV file.", fix)
    # Renaming a file into place would delete a device or a pipe of that name.
    if path.exists() and not path.is_file() or path.is_symlink() and not path.exists():
        raise UserError(f"The output {path} is not a plain file.", "the name of a CSV file.", fix)
    if not path.absolute().parent.is_dir():
        what = f"The folder {path.parent} of the output {path.name} does not exist."
        raise UserError(what, "an existing folder.", f"create it, or {fix}")
    if any(Path(one).exists() and path.exists() and path.samefile(one) for one in inputs):
        what = f"The output {path} is also the input, which would be overwritten."
        raise UserError(what, "two different files.", fix)


def check_new_folder(folder: Path, option: str) -> None:
    """Check, before any work is done, that a folder can be written.

    Args:
        folder: missing or empty.
        option: the option that named it, for the message.

    Raises:
        UserError: it is a file or not empty, or it cannot be created.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file.", "a folder to write.", f"give another {option}.")
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(
            f"The folder {folder} is not empty.",
            "a folder that is missing or empty.",
            f"give another {option}.",
        )
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        what = "cannot be written to" if existing.is_dir() else "is a file"
        raise WriteError(
            f"{existing} {what}, so the folder {folder} cannot be created.",
            "a folder that can be written to.",
            f"give another {option}.",
        )


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def json_text(data: Mapping[str, Any]) -> str:
    """Convert data to JSON; NaN and infinity, which JSON lacks, become null.

    Example:
        >>> print(json_text({"mae": float("nan")}), end="")
        {
          "mae": null
        }
    """
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "item"):  # a numpy number
        value = value.item()
    if isinstance(value, float) and value - value != 0:
        return None
    return value
