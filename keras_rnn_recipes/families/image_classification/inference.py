"""Use a finished run of image classification on new images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.evaluation import Evaluation, refuse_baselines, with_notes
from keras_rnn_recipes.media.given_images import given_images, read_some
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.image_classification.pipeline import Pipeline


def predict(run_dir: str | Path, source: Any) -> pd.DataFrame:
    """Tell the class of images.

    Args:
        run_dir: a finished run of image classification. Its ``saved_model`` answers.
        source: an image file; a folder, whose images are found at any depth; or an array
            ``(images, height, width, channels)`` or list of arrays, with values from 0 to 255.

    Returns:
        Columns ``image``, ``label``, and for each class its probability, ``probability-<class>``.
        Files that cannot be read have no row; a note names them.

    Raises:
        UserError: not a finished run, or no image that can be read.

    Example:
        >>> predict("runs/digits", "pictures")["label"].tolist()  # doctest: +SKIP
        ['3', '7']
    """
    import pandas as pd

    from keras_rnn_recipes.serving.saved_images import SavedImageClassifier

    finished_config(run_dir)
    notes: list[str] = []
    classify = SavedImageClassifier(Path(run_dir) / "saved_model")
    names: list[str] = []
    found = [np.zeros((0, len(_classes(run_dir))), "float32")]
    labels: list[str] = []
    for some_names, images in given_images(source, notes.append):
        answers = classify(images)
        names += some_names
        labels += answers["label"]
        found.append(answers["probabilities"])
    table: dict[str, Any] = {"image": names, "label": labels}
    for number, name in enumerate(_classes(run_dir)):
        table[f"probability-{name}"] = np.concatenate(found)[:, number]
    return with_notes(pd.DataFrame(table), notes)


def evaluate(run_dir: str | Path, source: Any, *, baselines: str | None = None) -> Evaluation:
    """Judge a run's classifier on a folder with a subfolder of images for each label.

    Args:
        run_dir: as in `predict`.
        source: the folder.

    Returns:
        The metrics of the run's recipe.

    Raises:
        UserError: as `predict`, or a label that training has not seen.
    """
    from keras_rnn_recipes.families.image_classification.task import number_labels, score
    from keras_rnn_recipes.families.text_classification.inference import class_notes
    from keras_rnn_recipes.media.images import list_images
    from keras_rnn_recipes.serving.saved_images import SavedImageClassifier
    from keras_rnn_recipes.text.reading import known_labels

    refuse_baselines(baselines)
    config, notes = finished_config(run_dir), list[str]()
    classes, name = _classes(run_dir), config.model.preset
    files = list_images(_path(source), labelled=True, tell=notes.append)
    given = known_labels([file.label for file in files], classes, tell=notes.append)
    number_labels(given, classes, str(source))  # refuse unknown labels before any image is read
    by_path = {str(file.path): label for file, label in zip(files, given, strict=True)}
    classify = SavedImageClassifier(Path(run_dir) / "saved_model")
    found, labels = [], list[str]()
    for names, images in read_some(files, notes.append):
        found.append(classify(images)["probabilities"])
        labels += [by_path[one] for one in names]
    truth = number_labels(labels, classes, str(source))
    notes += class_notes(labels, classes)
    summary = score(truth, {name: np.concatenate(found)}, metrics=config.evaluate.metrics)
    return Evaluation(name, summary, notes=tuple(notes))


def load(run_dir: str | Path) -> Pipeline:
    """Load the classifier of a finished run from ``model.keras``, to export it or to go on with it.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.image_classification.pipeline import Pipeline
    from keras_rnn_recipes.serving.keras_model import load_model

    return Pipeline(load_model(run_dir), _classes(run_dir))


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again.

    Args:
        run_dir: a finished run.
        to: the folder to write, missing or empty.
        format: ``"saved_model"``.

    Raises:
        UserError: ``to`` exists, or the format is another one.
    """
    from keras_rnn_recipes.families.image_classification.pipeline import save_pipeline
    from keras_rnn_recipes.serving.export_common import require_new_saved_model

    require_new_saved_model("A classifier of images", to, format)
    return save_pipeline(load(run_dir), to)


def _classes(run_dir: str | Path) -> list[str]:
    record = read_json(Path(run_dir) / "classes.json", required=True)
    classes: list[str] = record["classes"]
    return classes


def _path(source: Any) -> Path:
    if isinstance(source, (str, Path)):
        return Path(source)
    raise UserError(
        f"A {type(source).__name__} was given.",
        "the path of a folder with a subfolder of images for each label.",
        "write the images to files.",
    )
