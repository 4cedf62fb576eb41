"""Captions of one's own: tables, the files of Flickr8k, and lists of image names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from keras_rnn_recipes.config.captioning import CaptionDataConfig
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.media.images import SUFFIXES
from keras_rnn_recipes.text.encoded import Tell, ignore
from keras_rnn_recipes.text.reading import read_lines

# By the name of the image, its captions.
Captions = dict[str, list[str]]

IMAGE_COLUMNS = ("image", "file", "filename", "file_name", "image_name", "image_id", "name", "path")
CAPTION_COLUMNS = ("caption", "captions", "text", "sentence", "comment", "description")
# Files of captions that are looked for in a folder, in this order.
FILE_NAMES = ("captions.txt", "captions.csv", "captions.tsv", "*.token.txt", "results.csv")
SEPARATORS = (",", "\t", ";", "|")
# A line of Flickr8k.token.txt: the name, the number of the caption, the caption.
_NUMBERED = re.compile(r"^(?P<image>[^\t]+)#\d+\t(?P<caption>.*)$")
_FORMATS = "a table with the columns image and caption, or lines such as dog.jpg#0<tab>A dog runs."


def read_captions(path: str | Path, data: CaptionDataConfig, *, tell: Tell = ignore) -> Captions:
    """Read the captions of images from a file.

    Args:
        path: a table with a header that names a column of images and one of captions; lines such as
            ``dog.jpg#0<tab>A dog runs.``; or a folder that holds such a file under a usual name.
        data: the recipe's section, which names columns, separator and encoding.
        tell: called with each note.

    Returns:
        For each image, in the order of the file, its captions without repetitions.

    Raises:
        UserError: the file is missing, is neither, or a line has no image.
    """
    path = find_captions(Path(path))
    lines = read_lines(path, encoding=data.encoding, tell=tell)
    filled = [line for line in lines if line.strip()]
    numbered = [_NUMBERED.match(line) for line in filled]
    if all(numbered):
        rows: Iterator[tuple[str, str]] = (
            (found["image"], found["caption"]) for found in numbered if found
        )
    else:
        rows = _table_rows(path, lines, data)
    found: Captions = {}
    empty = 0
    for image, caption in rows:
        several = found.setdefault(image.strip(), [])
        caption = " ".join(caption.split())
        empty += not caption
        if caption and caption not in several:
            several.append(caption)
    if empty:
        tell(f"{counted(empty, 'row')} of {path.name} without a caption, left out.")
    return {image: several for image, several in found.items() if several}


def find_captions(path: Path) -> Path:
    """The file of captions itself, or the one in a folder.

    Raises:
        UserError: a folder without one, or with several of the same kind of name.
    """
    if not path.is_dir():
        return path
    for name in FILE_NAMES:
        found = sorted(path.glob(name))
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(
                f"The folder {path} holds several files of captions: "
                f"{first_names([one.name for one in found])}.",
                "one of them.",
                "name the file itself in place of the folder.",
            )
    raise UserError(
        f"The folder {path} holds no file of captions.",
        f"one that is called {', '.join(FILE_NAMES)}.",
        "name the file itself, and the folder of the images as data.images.",
    )


def read_names(path: str | Path, data: CaptionDataConfig) -> list[str] | None:
    """Read a list of image names, one in each line; None if the file is something else.

    Args:
        path: of the file.
        data: the recipe's section, which names the encoding.
    """
    if Path(path).is_dir():
        return None
    lines = [line.strip() for line in read_lines(path, encoding=data.encoding) if line.strip()]
    return lines if all(Path(line).suffix.lower() in SUFFIXES for line in lines) else None


def choose(captions: Captions, names: Sequence[str], path: str | Path, tell: Tell) -> Captions:
    """The captions of the images that a list names.

    Args:
        captions: of all images.
        names: of the list.
        path: of the list, for the messages.
        tell: called with a note on images without captions.

    Raises:
        UserError: no image of the list has captions.
    """
    kept = {name: captions[name] for name in names if name in captions}
    missing = [name for name in names if name not in captions]
    if not kept:
        raise UserError(
            f"None of the {counted(len(names), 'image')} of {path} has a caption, "
            f"such as {names[0]}.",
            "names of images as in the file of captions.",
            "check data.captions, and the names in the list.",
        )
    if missing:
        many = counted(len(missing), "image")
        tell(f"{many} of {Path(path).name} without captions, left out: {first_names(missing, 3)}.")
    return kept


def find_images(captions: Captions, folder: str | Path, tell: Tell) -> dict[Path, list[str]]:
    """The captions by the path of the image.

    Args:
        captions: by name.
        folder: with the images, at any depth; names may be paths in it.
        tell: called with a note on names without a file, and on images without captions.

    Raises:
        UserError: the folder is missing, or holds none of the images.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"The folder of images {folder} does not exist.",
            "the folder that holds the images of the captions.",
            "name it as data.images.",
        )
    known = _image_paths(folder)
    found = {known[name]: several for name, several in captions.items() if name in known}
    missing = [name for name in captions if name not in known]
    if not found:
        raise UserError(
            f"None of the {counted(len(captions), 'image')} that have captions is in {folder}, "
            f"such as {first_names(missing, 2)}.",
            "image files with the names of the captions.",
            "name their folder as data.images.",
        )
    if missing:
        one = counted(
            len(missing), "image", "has captions but no file", "have captions but no file"
        )
        tell(f"{one} in {folder}, left out: {first_names(missing, 3)}.")
    return found


def _image_paths(folder: Path) -> Mapping[str, Path]:
    """The image files below a folder by their names, and by their paths in the folder."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    by_name = {path.name: path for path in reversed(paths)}
    return by_name | {path.relative_to(folder).as_posix(): path for path in paths}


def _table_rows(
    path: Path, lines: Sequence[str], data: CaptionDataConfig
) -> Iterator[tuple[str, str]]:
    """Pairs of image and caption from a table with a header."""
    separator, image, caption, width = _columns(path, lines[0], data)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator)
    for number, cells in enumerate(reader, start=1):
        if number == 1 or not any(cell.strip() for cell in cells):
            continue
        if len(cells) > width and caption == width - 1:
            # A caption without quotation marks may contain the separator.
            cells = [*cells[:caption], separator.join(cells[caption:])]
        if len(cells) <= max(image, caption) or not cells[image].strip():
            raise UserError(
                f"Line {reader.line_num} of {path.name} has {counted(len(cells), 'cell')}, the "
                f"header {width}.",
                "an image and a caption in each row.",
                "correct the line.",
            )
        yield cells[image], cells[caption]


def _columns(path: Path, header: str, data: CaptionDataConfig) -> tuple[str, int, int, int]:
    """The separator, the numbers of the two columns, and the number of columns."""
    images = (data.image_col,) if data.image_col else IMAGE_COLUMNS
    captions = (data.caption_col,) if data.caption_col else CAPTION_COLUMNS
    for separator in (data.separator,) if data.separator else SEPARATORS:
        row = next(csv.reader([header], delimiter=separator), [])
        names = [name.strip().casefold() for name in row]
        image, caption = (
            next((names.index(one.casefold()) for one in wanted if one.casefold() in names), None)
            for wanted in (images, captions)
        )
        if image is not None and caption is not None:
            return separator, image, caption, len(names)
    raise UserError(
        f"{path.name} begins with {header[:80]!r}, which names no column of images and captions.",
        f"{_FORMATS[:-1]}.",
        "name the columns as data.image_col and data.caption_col, or add a header.",
    )
