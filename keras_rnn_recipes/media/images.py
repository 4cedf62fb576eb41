"""Images read from files: any mode becomes grey or RGB, and an error names a broken file.

Pillow reads the files. An image is uint8 ``(height, width, channels)`` with one channel if it is
grey and three if it is colored.
"""

from __future__ import annotations

import hashlib
import struct
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.errors import UserError, counted, first_names

Tell = Callable[[str], None]

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff")
    + (".pgm", ".ppm", ".pbm")
)
# Modes of Pillow without color. "I" and "F" hold grey values of 32 bits.
_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F"})
_FORMATS = "an image file that Pillow reads, such as PNG, JPEG, GIF or BMP."


@dataclass(frozen=True)
class ImageFile:
    """An image file whose header has been read.

    Attributes:
        path: of the file.
        label: name of its class; "" where there is none.
        height, width: in pixels, as the image is shown.
        grey: whether it has no color.
    """

    path: Path
    label: str
    height: int
    width: int
    grey: bool


def read_image(path: str | Path) -> np.ndarray:
    """Read an image as uint8 ``(height, width, channels)``, with 1 or 3 channels.

    Palettes, CMYK and other color spaces become RGB. Transparent parts are shown on white. Grey
    values of more than 8 bits are scaled to 8. Of an animation the first picture is read. Images
    are turned as the camera was held.

    Args:
        path: of the file; its content decides on the format, not its suffix.

    Raises:
        UserError: the file is missing, is no image, or is damaged; the message names it.

    Example:
        >>> read_image("cat.jpg").shape  # doctest: +SKIP
        (480, 640, 3)
    """
    from PIL import ImageOps

    with _opened(Path(path)) as image, _naming(Path(path)):
        image.load()
        return to_array(ImageOps.exif_transpose(image))


def read_header(path: str | Path, label: str = "") -> ImageFile:
    """Read the size and the mode of an image, without its pixels.

    Args:
        path: of the file.
        label: name of its class.

    Raises:
        UserError: as `read_image`, except for damage behind the header.
    """
    path = Path(path)
    with _opened(path) as image, _naming(path):
        width, height = image.size
        if image.getexif().get(_ORIENTATION, 1) in _SIDEWAYS:
            width, height = height, width
        return ImageFile(path, label, height, width, _is_grey(image.mode))


def to_array(image: Any) -> np.ndarray:
    """Convert a picture of Pillow in any mode to uint8 ``(height, width, 1 or 3)``.

    Args:
        image: a ``PIL.Image.Image`` whose pixels are loaded.

    Example:
        >>> from PIL import Image
        >>> to_array(Image.new("LA", (3, 2), (0, 0))).tolist()[0]  # transparent: white
        [[255], [255], [255]]
    """
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        return _of_deep_grey(np.asarray(image))[..., None]
    grey = _is_grey(image.mode)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        shown = image.convert("RGBA")
        white = Image.new("RGBA", shown.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, shown)
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[..., None] if grey else pixels


def list_images(folder: str | Path, *, labelled: bool, tell: Tell) -> list[ImageFile]:
    """The images below a folder, sorted by path, with their headers read.

    Files whose header cannot be read are left out and told, as are files that are no images.

    Args:
        folder: with a subfolder for each label, whose images may lie deeper; or without labels.
        labelled: whether the first subfolder names the label. Images outside of the subfolders are
            then left out and told.
        tell: called with each note.

    Raises:
        UserError: the folder is missing, or holds no image that can be read.
    """
    folder = Path(folder)
    _require_folder(folder)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path)]
    others = [path for path in paths if path.suffix.lower() not in SUFFIXES]
    if others:
        names = first_names([path.relative_to(folder) for path in others], 3)
        tell(f"{counted(len(others), 'file')} in {folder} without the suffix of an image: {names}.")
    kept = [path for path in paths if path.suffix.lower() in SUFFIXES]
    if labelled:
        outside = [path for path in kept if path.parent == folder]
        kept = [path for path in kept if path.parent != folder]
        if outside and kept:
            names = first_names([path.name for path in outside], 3)
            tell(f"{counted(len(outside), 'image')} outside the folders of labels: {names}.")
    _require_images(kept, folder, labelled)
    named = [(path, path.relative_to(folder).parts[0] if labelled else "") for path in kept]
    found = list(_readable(named, lambda named: read_header(*named), tell))
    if not found:
        raise UserError(f"No image in {folder} can be read.", _FORMATS, "check the files.")
    return found


def read_all(
    files: Sequence[ImageFile], convert: Callable[[np.ndarray], np.ndarray], *, tell: Tell
) -> tuple[list[ImageFile], list[np.ndarray]]:
    """Read images one at a time; those that are damaged are left out and told.

    Args:
        files: from `list_images`.
        convert: applied to each image, so that large ones are not kept.
        tell: called with a note on the damaged files.

    Returns:
        The files that were read, and their converted images.
    """

    def read(file: ImageFile) -> tuple[ImageFile, np.ndarray]:
        return file, convert(read_image(file.path))

    pairs = list(_readable(files, read, tell))
    return [file for file, _ in pairs], [image for _, image in pairs]


def content_key(image: np.ndarray) -> bytes:
    """A short key that equal images share.

    Example:
        >>> content_key(np.zeros((2, 2, 1))) == content_key(np.zeros((2, 2, 1)))
        True
    """
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()


def _readable(items: Sequence[Any], read: Callable[[Any], Any], tell: Tell) -> Iterator[Any]:
    """What can be read; the files that cannot are told at the end, with the first reasons."""
    refused = []
    for item in items:
        try:
            yield read(item)
        except UserError as error:
            refused.append(error.what)
    if refused:
        left = counted(len(refused), "file", "was left out", "were left out")
        tell(f"{left}: {' '.join(refused[:3])}{' ...' if len(refused) > 3 else ''}")


# The tag of Exif that says how the camera was held, and its values for a quarter turn.
_ORIENTATION, _SIDEWAYS = 0x0112, (5, 6, 7, 8)


def _opened(path: Path) -> Any:
    """The image file, opened by Pillow."""
    from PIL import Image

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"The image {path} {what}.", _FORMATS, "check the path.")
    with _naming(path):
        return Image.open(path)


class _naming:
    """Convert what Pillow raises for a file that is no image or damaged to a `UserError`."""

    def __init__(self, path: Path) -> None:
        self.path, self.quiet = path, warnings.catch_warnings()

    def __enter__(self) -> None:
        from PIL import Image

        self.quiet.__enter__()
        # Odd metadata are no reason to stop; a picture of a hundred million pixels is.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        from PIL import Image, UnidentifiedImageError

        self.quiet.__exit__(kind, error, trace)
        damage = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, struct.error)
        bombs = (Image.DecompressionBombWarning, Image.DecompressionBombError)
        if isinstance(error, UserError) or not isinstance(error, (*damage, *bombs)):
            return
        if isinstance(error, UnidentifiedImageError):
            reason = "is not an image that Pillow knows"
        elif isinstance(error, bombs):
            reason = f"has too many pixels: {error}".rstrip(".")
        else:
            reason = f"is damaged: {error}".rstrip(".")
        fix = "remove the file, or save it again as PNG."
        raise UserError(f"{self.path} {reason}.", _FORMATS, fix) from error


def _is_grey(mode: str) -> bool:
    return mode in _GREY_MODES or mode.startswith("I;")


def _of_deep_grey(values: np.ndarray) -> np.ndarray:
    """Grey values of 16 or 32 bits, or real ones, as uint8."""
    if values.dtype == np.bool_ or values.dtype == np.uint8:
        return values.astype("uint8") * (255 if values.dtype == np.bool_ else 1)
    real = np.nan_to_num(values.astype("float64"), nan=0.0, posinf=0.0, neginf=0.0)
    top = real.max(initial=0.0)
    # 16 bits are told by values above 255; real values by a top of at most 1.
    factor = 255.0 if values.dtype.kind == "f" and top <= 1 else 1.0
    factor = 255.0 / 65535.0 if values.dtype == np.uint16 or top > 255 else factor
    return np.clip(np.rint(real * factor), 0, 255).astype("uint8")


def _hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name in ("Thumbs.db", "desktop.ini")


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UserError(
            f"The folder of images {folder} {what}.",
            "a folder with image files.",
            "check the path.",
        )


def _require_images(paths: Sequence[Path], folder: Path, labelled: bool) -> None:
    if not paths:
        expected = "a subfolder for each label, with images in it" if labelled else "image files"
        raise UserError(
            f"The folder {folder} holds no image{' in a subfolder' if labelled else ''}.",
            f"{expected} (PNG, JPEG, GIF, BMP, WebP, TIFF).",
            "put the images of each label into a folder named like the label."
            if labelled
            else "give another folder.",
        )


def overlap_notes(keys: Mapping[str, Sequence[bytes]]) -> list[str]:
    """Sentences on the images that are in two parts.

    Args:
        keys: of the images of the parts ``train``, ``valid`` and ``test``, from `content_key`.

    Example:
        >>> overlap_notes({"train": [b"a"], "valid": [b"b"], "test": [b"a"]})
        ['1 image is in the test part and in the training part as well.']
    """
    trained = set(keys["train"])
    notes = []
    for name, words in (("valid", "validation"), ("test", "test")):
        both = sum(key in trained for key in keys[name])
        if both:
            also = counted(both, "image", "is", "are")
            notes.append(f"{also} in the {words} part and in the training part as well.")
    return notes
