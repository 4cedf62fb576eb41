"""Load the three parts of a recipe whose examples are images, all of the size of the network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.captioned_images import CaptionedImages
from keras_rnn_recipes.media.catalogue import load_media_parts
from keras_rnn_recipes.media.image_tensors import Size, prepared_arrays
from keras_rnn_recipes.media.images import ImageFile, Tell
from keras_rnn_recipes.media.labelled_images import LabelledImages
from keras_rnn_recipes.text.catalogue import check_share
from keras_rnn_recipes.text.holding_out import draw_held_out, refuse_lost_labels
from keras_rnn_recipes.text.row_counts import repeated_notes

# Networks see images of at most this side, unless the recipe sets another one.
LARGEST_SIDE = 64

Images = TypeVar("Images", LabelledImages, CaptionedImages)


@dataclass(frozen=True)
class ImageParts(Generic[Images]):
    """The images of a recipe in three parts, all of the size that the network sees.

    Attributes:
        name: of the data set, folder or file.
        train, valid, test: the parts, with labels or captions.
        size: height, width and channels of the images.
        notes: what was assumed or left out while reading.
    """

    name: str
    train: Images
    valid: Images
    test: Images
    size: Size
    notes: tuple[str, ...] = ()

    def counts(self) -> str:
        """How many images each part has, for a person."""
        used = ((self.train, "to learn from"), (self.valid, "to watch"), (self.test, "to test on"))
        return ", ".join(f"{len(part):,} {use}" for part, use in used)

    def pixels(self) -> str:
        """The size of the images, for a person."""
        height, width, channels = self.size
        color = "grey" if channels == 1 else "in color"
        return f"images of {height} by {width} pixels, {color}"


def load_image_parts(
    data: Any,
    family: str,
    *,
    read: Callable[[Path, Tell], tuple[dict[str, Any], Size]],
    hold_out: Callable[[Any, float], tuple[Any, Any]],
    judge: Callable[[dict[str, Any]], Sequence[str]],
) -> ImageParts[Any]:
    """Load the training, validation and test part.

    Args:
        data: the recipe's section: ``source``, the name of a data set or what is split; or
            ``train``. Missing parts are held out from the training part, with the shares
            ``valid_share`` and ``test_share``.
        family: the recipe's.
        read: from the path and a function that is called with each note to the parts that are
            given by name, and the size of their images.
        hold_out: from a part and a share to the remaining and the held-out images.
        judge: from the parts by name to notes on their content.

    Raises:
        UserError: no such data set, one of another task, or something that ``read`` or
            ``hold_out`` refuses.
    """
    source = str(data.source if data.train is None else data.train)
    notes: list[str] = []
    if data.train is None and not is_file_name(source):
        parts, size = _of_dataset(source, family, data)
    else:
        parts, size = read(Path(source), notes.append)
    if "test" not in parts or "valid" not in parts:
        notes += repeated_notes(parts["train"].keys(), "image")
    # The test part first, so that it does not depend on the validation share.
    for name, share in (("test", data.test_share), ("valid", data.valid_share)):
        if name not in parts:
            parts["train"], parts[name] = hold_out(parts["train"], share)
    notes += judge(parts)
    return ImageParts(Path(source).name or source, **parts, size=size, notes=tuple(notes))


def _of_dataset(name: str, family: str, data: Any) -> tuple[dict[str, Any], Size]:
    """The parts of a data set, whose images have the size that the network sees."""
    parts = load_media_parts(name, family)
    height, width, channels = parts["train"].images.shape[1:]
    size = choose_size([ImageFile(Path(name), "", height, width, channels == 1)], data)
    return {
        part: replace(found, images=prepared_arrays(list(found.images), size))
        for part, found in parts.items()
    }, size


def choose_size(files: Sequence[ImageFile], data: Any) -> Size:
    """Height, width and channels of the images that the network sees.

    Args:
        files: of the training part.
        data: the recipe's section, whose settings come first.

    Example:
        >>> from types import SimpleNamespace
        >>> files = [ImageFile(Path("a.png"), "a", side, 30, True) for side in (20, 500, 600)]
        >>> choose_size(files, SimpleNamespace(height=None, width=None, color="auto"))
        (64, 30, 1)
    """
    height, width = (
        getattr(data, side) or min(LARGEST_SIDE, int(np.median([getattr(f, side) for f in files])))
        for side in ("height", "width")
    )
    grey = all(file.grey for file in files) if data.color == "auto" else data.color == "grey"
    return height, width, 1 if grey else 3


def hold_out_images(
    part: Images,
    share: float,
    labels: Sequence[Collection[str]],
    *,
    seed: int = 0,
    files: str = "folders",
) -> tuple[Images, Images]:
    """Split images into two parts, the same share of each label; equal images stay together.

    Args:
        part: the training part.
        share: of the images that are held out.
        labels: of each image, none or one.
        seed: of the choice.
        files: what ``data.valid`` and ``data.test`` are, for the message.

    Returns:
        The remaining images, and those held out.

    Raises:
        UserError: a share out of range, all images are equal, or each is the only one of its label.
    """
    check_share(share)
    strata = ["".join(several) for several in labels]
    held = draw_held_out(part.keys(), labels, strata, share, seed=seed)
    if not held.any():
        raise UserError(
            f"Training images: {len(part)}, too few to hold out a share of {share}.",
            "at least two different images.",
            f"give more images, or {files} for data.valid and data.test.",
        )
    refuse_lost_labels(labels, held, noun="image")
    return part.rows(np.flatnonzero(~held)), part.rows(np.flatnonzero(held))


def no_image(folder: Path) -> UserError:
    """What to raise where no image of a folder can be read."""
    return UserError(
        f"No image in {folder} can be read.",
        "images that are not damaged.",
        "save them again.",
    )
