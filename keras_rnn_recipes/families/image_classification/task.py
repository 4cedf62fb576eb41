"""The steps that the script of image_classification calls: load, batches, baselines, scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from keras_rnn_recipes.builders.image_classifier import image_classifier
from keras_rnn_recipes.config.image_classification import ImageClassifierConfig, ImageDataConfig
from keras_rnn_recipes.errors import first_names
from keras_rnn_recipes.evaluation.classification_baselines import fit_majority, fit_pixels
from keras_rnn_recipes.families.classification import (
    class_weights as class_weights,
    loss as loss,
    score as score,
    table_of_predictions,
)
from keras_rnn_recipes.families.image_parts import (
    ImageParts,
    choose_size,
    hold_out_images,
    load_image_parts,
    no_image,
)
from keras_rnn_recipes.media.image_tensors import Size, prepared_arrays
from keras_rnn_recipes.media.images import ImageFile, Tell, list_images, overlap_notes, read_all
from keras_rnn_recipes.media.labelled_images import (
    LabelledImages,
    image_batches as image_batches,
    image_classes,
    number_labels as number_labels,
)
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.text.row_counts import contradiction_notes

# Names of the folders of a data set that is divided already.
PART_FOLDERS = {
    "train": ("train", "training"),
    "valid": ("valid", "val", "validation", "dev"),
    "test": ("test", "testing"),
}
FORMAT_VERSION = 1

Classifier = Callable[[Any], np.ndarray]


def load(data: ImageDataConfig, *, seed: int = 0) -> ImageParts[LabelledImages]:
    """Load the training, validation and test part of a recipe.

    Args:
        data: the recipe's section: the name of a data set, one folder, or a folder for each part.
            Missing parts are held out from the training part, the same share of each label. Equal
            images stay in one part.
        seed: seed of the choice of held-out images.

    Raises:
        UserError: no such data set or folder, no image that can be read, or too few to hold out.

    Example:
        >>> parts = load(ImageDataConfig(source="digits"))
        >>> parts.size, len(parts.train) + len(parts.valid), len(parts.test)
        ((8, 8, 1), 1437, 360)
    """
    return load_image_parts(
        data,
        "image_classification",
        read=lambda folder, tell: _of_folders(folder, data, tell),
        hold_out=partial(hold_out, seed=seed),
        judge=_content_notes,
    )


def _of_folders(
    folder: Path, data: ImageDataConfig, tell: Tell
) -> tuple[dict[str, LabelledImages], Size]:
    """The parts for which there are folders."""
    folders = {"train": folder, "valid": data.valid, "test": data.test}
    divided = part_folders(folder)
    if divided:
        tell(f"{folder} is divided into {', '.join(path.name for path in divided.values())}.")
        folders |= {name: path for name, path in divided.items() if folders[name] in (None, folder)}
    files = {
        name: list_images(path, labelled=True, tell=tell)
        for name, path in folders.items()
        if path is not None
    }
    size = choose_size(files["train"], data)
    return {
        name: _read(of_part, Path(str(folders[name])), size, tell)
        for name, of_part in files.items()
    }, size


def part_folders(folder: Path) -> dict[str, Path]:
    """The folders of the parts, where a folder holds nothing but those, a training part included.

    Args:
        folder: of a data set.

    Returns:
        By part its folder; empty where the subfolders are labels.
    """
    if not folder.is_dir():
        return {}
    below = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    parts = {
        part: path
        for path in below
        for part, names in PART_FOLDERS.items()
        if path.name.lower() in names
    }
    return parts if "train" in parts and len(parts) == len(below) > 1 else {}


def _read(files: Sequence[ImageFile], folder: Path, size: Size, tell: Tell) -> LabelledImages:
    """Read and resize the images of a folder, one at a time."""
    kept, images = read_all(files, lambda image: prepared_arrays([image], size)[0], tell=tell)
    if not kept:
        raise no_image(folder)
    names = tuple(file.path.relative_to(folder).as_posix() for file in kept)
    return LabelledImages(np.stack(images), tuple(file.label for file in kept), names)


def hold_out(
    part: LabelledImages, share: float, *, seed: int = 0
) -> tuple[LabelledImages, LabelledImages]:
    """Split images into two parts, the same share of each label; equal images stay together.

    Args:
        part: the training part.
        share: of the images that are held out.
        seed: of the choice.

    Returns:
        The remaining images, and those held out.

    Raises:
        UserError: a share out of range, all images are equal, or each is the only one of its label.
    """
    labels = [(label,) for label in part.labels]
    return hold_out_images(part, share, labels, seed=seed)


def _content_notes(parts: Mapping[str, LabelledImages]) -> list[str]:
    """Sentences on images with several labels, and on those that are in two parts."""
    keys = {name: part.keys() for name, part in parts.items()}
    first: dict[bytes, str] = {}
    for name, part in parts.items():
        for key, image in zip(keys[name], part.names, strict=True):
            first.setdefault(key, image)
    every = [first[key] for name in parts for key in keys[name]]
    labels = [label for part in parts.values() for label in part.labels]
    return [*contradiction_notes(every, labels, "image"), *overlap_notes(keys)]


def class_names(parts: ImageParts[LabelledImages]) -> tuple[str, ...]:
    """The classes of the training part, sorted.

    Raises:
        UserError: fewer than two.
    """
    return image_classes(parts.train)


def describe(parts: ImageParts[LabelledImages], classes: Sequence[str]) -> str:
    """Summary of the data, a few lines for the terminal."""
    return "\n".join(
        [
            f"{parts.name}: {parts.counts()}",
            f"{len(classes)} classes: {first_names(classes, 12)}",
            parts.pixels(),
            *parts.notes,
        ]
    )


def build(
    parts: ImageParts[LabelledImages], classes: Sequence[str], config: ImageClassifierConfig
) -> keras.Model:
    """The network of a recipe: `image_classifier` with the recipe's options."""
    return image_classifier(parts.size, len(classes), **config.options())


def pipeline_record(parts: ImageParts[LabelledImages], classes: Sequence[str]) -> dict[str, Any]:
    """The content of ``classes.json``: the classes, and the size that the network sees."""
    return {
        "format_version": FORMAT_VERSION,
        "classes": list(classes),
        "size": list(parts.size),
    }


def fit_baselines(
    parts: ImageParts[LabelledImages], classes: Sequence[str], *, names: Sequence[str]
) -> dict[str, Classifier]:
    """Fit the baselines on the training part.

    Args:
        parts: from `load`.
        classes: from `class_names`.
        names: "majority"; "logistic_regression", on the pixels.

    Returns:
        Functions from images to probabilities ``(images, classes)``, by name.
    """
    labels = number_labels(parts.train.labels, classes, "the training part")
    makers: dict[str, Callable[[], Classifier]] = {
        "majority": lambda: fit_majority(labels, len(classes)),
        "logistic_regression": lambda: fit_pixels(parts.train.images, labels, len(classes)),
    }
    return {name: makers[name]() for name in names}


def predictions_table(
    part: LabelledImages, classes: Sequence[str], answers: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each image: ``image``, ``label``, predicted class and probability by model."""
    examples = {"image": part.names, "label": part.labels}
    return table_of_predictions(examples, classes, answers)
