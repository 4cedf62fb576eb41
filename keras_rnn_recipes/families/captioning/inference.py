"""Use a finished captioner on new images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.evaluation import Evaluation, refuse_baselines, with_notes
from keras_rnn_recipes.media.given_images import given_images
from keras_rnn_recipes.runs.finished import finished_config
from keras_rnn_recipes.serving.vocabulary import read_vocabulary, tokenizer_of

if TYPE_CHECKING:
    import pandas as pd

    from keras_rnn_recipes.families.captioning.pipeline import Pipeline


def predict(run_dir: str | Path, source: Any) -> pd.DataFrame:
    """Write a caption for images.

    Args:
        run_dir: a finished run of captioning. Its ``saved_model`` answers.
        source: an image file; a folder, whose images are found at any depth; or an array
            ``(images, height, width, channels)`` or list of arrays, with values from 0 to 255.

    Returns:
        Columns ``image``, ``caption`` and ``score``, the length-normalized log probability. Files
        that cannot be read have no row; a note names them.

    Raises:
        UserError: not a finished run, or no image that can be read.

    Example:
        >>> predict("runs/scenes", "pictures")["caption"].tolist()  # doctest: +SKIP
        ['two small red stars']
    """
    import pandas as pd

    from keras_rnn_recipes.serving.saved_images import SavedCaptioner

    finished_config(run_dir)
    notes: list[str] = []
    caption = SavedCaptioner(Path(run_dir) / "saved_model")
    names: list[str] = []
    captions: list[str] = []
    scores = [np.zeros(0, "float32")]
    for some_names, images in given_images(source, notes.append):
        texts, found = caption(images)
        names += some_names
        captions += texts
        scores.append(found)
    table = {"image": names, "caption": captions, "score": np.concatenate(scores)}
    return with_notes(pd.DataFrame(table), notes)


def evaluate(
    run_dir: str | Path,
    source: Any,
    *,
    baselines: str | None = None,
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Judge a run's captioner on images with captions.

    Args:
        run_dir: as in `predict`.
        source: a file of captions, or a folder that holds one. The images are next to it, unless
            ``data.images`` among the overrides names their folder.
        overrides: how the file is read, as in `finished_config`.

    Returns:
        The metrics of the run's recipe.

    Raises:
        UserError: as `predict`, or captions that cannot be read.
    """
    from keras_rnn_recipes.families.captioning.task import (
        describe_signatures,
        read_evaluated,
        score,
    )
    from keras_rnn_recipes.serving.saved_images import SavedCaptioner

    refuse_baselines(baselines)
    config, notes = finished_config(run_dir, overrides), list[str]()
    data, metrics, name = config.data, config.evaluate.metrics, config.model.cell
    caption = SavedCaptioner(Path(run_dir) / "saved_model")
    images_given = any(one.partition("=")[0].strip() == "data.images" for one in overrides)
    answers, references = [], list[tuple[str, ...]]()
    for images, captions in read_evaluated(
        _path(source), data, data.images if images_given else None, notes.append
    ):
        answers += caption(images)[0]
        references += captions
    scores = score(
        references, {name: answers}, metrics=metrics, lowercase=data.lower, normalize=data.normalize
    )
    how = describe_signatures(metrics, references, lowercase=data.lower)
    return Evaluation(name, scores, (*dict.fromkeys(notes), *how.splitlines()))


def load(run_dir: str | Path) -> Pipeline:
    """Load the captioner of a finished run from ``model.keras``.

    Raises:
        UserError: not a finished run, or its files are damaged.
    """
    from keras_rnn_recipes.families.captioning.pipeline import Pipeline
    from keras_rnn_recipes.families.encoder_decoder.pipeline import Search
    from keras_rnn_recipes.serving.keras_model import load_model

    record = read_vocabulary(run_dir)
    options = {**record["search"], "words": tuple(record["search"]["words"])}
    return Pipeline(tokenizer_of(record), load_model(run_dir), Search(**options))


def export(run_dir: str | Path, to: Path, *, format: str = "saved_model") -> Path:
    """Export the run's pipeline again.

    Args:
        run_dir: a finished run.
        to: the folder to write, missing or empty.
        format: ``"saved_model"``.

    Raises:
        UserError: ``to`` exists, or the format is another one.
    """
    from keras_rnn_recipes.families.captioning.pipeline import save_pipeline
    from keras_rnn_recipes.serving.export_common import require_new_saved_model

    require_new_saved_model("A captioner", to, format)
    return save_pipeline(load(run_dir), to)


def _path(source: Any) -> Path:
    if isinstance(source, (str, Path)):
        return Path(source)
    raise UserError(
        f"A {type(source).__name__} was given.",
        "the path of a file of captions.",
        "write the captions to a file with the columns image and caption.",
    )
