"""Images as a user gives them for new answers: a file, a folder, or arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.images import ImageFile, Tell, list_images, read_all, read_image

# Images that are read before they are answered: it bounds the memory.
_AT_ONCE = 64


def given_images(source: Any, tell: Tell) -> Iterator[tuple[list[str], list[np.ndarray]]]:
    """The images of a file, a folder or arrays, some at a time, with their names.

    Args:
        source: path of an image; of a folder, whose images are found at any depth; or arrays as in
            `checked_arrays`, whose names are their numbers.
        tell: called with a note on files that are left out.

    Raises:
        UserError: no image that can be read, or arrays that are no images.

    Example:
        >>> [names for names, _ in given_images([np.zeros((3, 2), "uint8")] * 2, print)]
        [['0', '1']]
    """
    if not isinstance(source, (str, Path)):
        images = checked_arrays(source)
        yield [str(number) for number in range(len(images))], images
    elif Path(source).is_dir():
        yield from read_some(list_images(source, labelled=False, tell=tell), tell)
    else:
        yield [str(source)], [read_image(source)]


def read_some(
    files: Sequence[ImageFile], tell: Tell
) -> Iterator[tuple[list[str], list[np.ndarray]]]:
    """Read image files, some at a time, with their names; those that are damaged are told.

    Args:
        files: from `list_images`.
        tell: called with a note on the damaged files.
    """
    for first in range(0, len(files), _AT_ONCE):
        kept, images = read_all(files[first : first + _AT_ONCE], lambda image: image, tell=tell)
        if kept:
            yield [str(file.path) for file in kept], images


def checked_arrays(images: Any) -> list[np.ndarray]:
    """Images given as arrays, each with channels.

    Args:
        images: ``(images, height, width)`` or ``(images, height, width, channels)``, or a list of
            arrays of different sizes.

    Raises:
        UserError: another shape or type, a value that is missing, or values from 0 to 1.

    Example:
        >>> [one.shape for one in checked_arrays(np.zeros((2, 5, 4), "uint8"))]
        [(5, 4, 1), (5, 4, 1)]
    """
    fix = "give uint8 arrays, as numpy.asarray(PIL.Image.open(path)) makes them."
    expected = "images of shape (height, width) or (height, width, channels), from 0 to 255."
    found = []
    for number, given in enumerate(images):
        image = np.asarray(given)
        image = image[..., None] if image.ndim == 2 else image
        numeric = image.dtype.kind in "uif" and image.ndim == 3 and image.size
        if not numeric or image.shape[-1] not in (1, 2, 3, 4):
            what = f"Image {number} has the shape {image.shape} and the type {image.dtype}."
            raise UserError(what, expected, fix)
        low, high = float(image.min()), float(image.max())
        if not 0 <= low <= high <= 255:
            raise UserError(f"Image {number} has values from {low} to {high}.", expected, fix)
        if image.dtype.kind == "f" and 0 < high <= 1:
            what = f"Image {number} has real values up to {high:.3g}, as if from 0 to 1."
            raise UserError(what, expected, "multiply the image by 255.")
        found.append(image)
    return found
