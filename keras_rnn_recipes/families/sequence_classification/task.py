"""The steps that the script of sequence_classification calls: load, batches, baselines, scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.builders.sequence_classifier import (
    sequence_classifier as sequence_classifier,
)
from keras_rnn_recipes.config.sequence_classification import (
    SequenceConfig,
    SequenceDataConfig,
    SequenceModelConfig,
)
from keras_rnn_recipes.data.reading import open_table
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.evaluation.classification_baselines import fit_majority
from keras_rnn_recipes.evaluation.sequence_baselines import (
    SequenceClassifier,
    fit_nearest_neighbor,
    fit_summary_statistics,
)
from keras_rnn_recipes.families.classification import (
    class_weights as class_weights,
    loss as loss,
    score as score,
    table_of_predictions,
)
from keras_rnn_recipes.families.sequence_classification.frames import (
    fit_single_frame,
    thumbnails,
    with_frames,
)
from keras_rnn_recipes.families.sequence_parts import load_sequence_parts
from keras_rnn_recipes.layers import CenterSkeleton, EncodeFrames, LogMel, RealSteps
from keras_rnn_recipes.media.sequence_files import (
    FileOptions,
    read_listed_files,
    read_sequence_folder,
)
from keras_rnn_recipes.media.sequence_tables import read_sequence_table
from keras_rnn_recipes.media.sequences import LabelledSequences, SequenceParts
from keras_rnn_recipes.media.ts_files import read_ts
from keras_rnn_recipes.media.video import VIDEO_SUFFIXES
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.serving.saved_sequences import in_padded_batches
from keras_rnn_recipes.text.holding_out import draw_held_out
from keras_rnn_recipes.text.reading import class_names as class_names

FAMILY = "sequence_classification"

_OWN_FRONT_END = {"waveforms": "log_mel", "frames": "frames"}


def load(data: SequenceDataConfig, *, seed: int = 0) -> SequenceParts:
    """Load the training, validation and test part of a recipe.

    Args:
        data: the recipe's section: the name of a data set, one source of sequences, or one for each
            part. Missing parts are held out from the training part, the same share of each label.
        seed: seed of the choice of held-out sequences.

    Raises:
        UserError: no such data set, one of another task, or something in a file that cannot be
            used.

    Example:
        >>> parts = load(SequenceDataConfig(source="gestures"))
        >>> len(parts.train), len(parts.valid), len(parts.test)
        (2400, 400, 600)
    """
    return load_sequence_parts(
        data,
        FAMILY,
        prepare=lambda rows: with_frames(rows, data),
        read=lambda source, notes: read_sequences(source, data, notes),
        hold_out=partial(hold_out, seed=seed),
        check=_check_channels,
    )


def read_sequences(
    source: Any, data: SequenceDataConfig, notes: list[str], *, labelled: bool = True
) -> LabelledSequences:
    """Read sequences and labels as the recipe says.

    Args:
        source: path of a table, a ``.ts`` file, a folder, or a video without label; or a DataFrame.
        data: the recipe's section.
        notes: to which sentences on what was assumed are added.
        labelled: whether the labels are read; new data need none.

    Raises:
        UserError: as `read_sequence_table`, `read_ts`, `read_sequence_folder` and
            `read_listed_files`.
    """
    options = FileOptions(
        step_col=data.step_col,
        channels=data.channels,
        rate=data.rate,
        frame_rate=data.frame_rate,
        frame_size=data.frame_shape,
        tell=notes.append,
    )
    is_path = isinstance(source, (str, Path))
    if is_path and Path(source).is_dir():
        return read_sequence_folder(source, options, labelled=labelled)
    if is_path and Path(source).suffix.lower() == ".ts":
        return read_ts(source)
    if is_path and not labelled and Path(source).suffix.lower() in VIDEO_SUFFIXES:
        return read_listed_files(pd.DataFrame({"file": [str(source)]}), options, label_col=None)
    label_col = data.label_col if labelled else None
    columns = open_table(source).sample.columns
    if data.file_col in columns and data.id_col not in columns:
        return read_listed_files(source, options, file_col=data.file_col, label_col=label_col)
    return read_sequence_table(
        source,
        id_col=data.id_col,
        step_col=data.step_col,
        label_col=label_col,
        channels=data.channels,
        tell=notes.append,
    )


def front_end(config: SequenceModelConfig, part: LabelledSequences) -> Any:
    """The layer between the raw values and their scaling; None without one.

    Args:
        config: the recipe's section ``model``.
        part: the training part, for the rate and the number of its channels.

    Raises:
        UserError: waveforms without ``"log_mel"``, videos without ``"frames"``, or a front end that
            does not fit the values.

    Example:
        >>> part = LabelledSequences((np.zeros((9, 1), "float32"),), ("a",), ("1",), ("w",), 8000)
        >>> front_end(SequenceModelConfig(front_end="log_mel"), part).bands
        40
    """
    kind, width = config.front_end, len(part.channels)
    own = _OWN_FRONT_END.get(part.kind)
    if own != (kind if kind in _OWN_FRONT_END.values() else None):
        usual = own or "none"
        raise UserError(
            f"The sequences are {part.kind}, and model.front_end is {kind!r}.",
            "'log_mel' for waveforms, 'frames' for the frames of videos, neither for vectors.",
            f"set model.front_end to {usual}.",
        )
    if kind == "log_mel":
        return LogMel(int(part.rate or 0), config.bands, name="log_mel")
    if kind == "frames":
        return EncodeFrames(config.filters, config.frame_units, name="frames")
    if kind == "none":
        return None
    joints, rest = divmod(width, config.coordinates)
    if rest or config.joint >= joints:
        raise UserError(
            f"{counted(width, 'channel')}, model.coordinates {config.coordinates} and model.joint "
            f"{config.joint} do not go together.",
            "channels for the coordinates of whole joints, numbered from 0.",
            "correct model.coordinates and model.joint, or choose the columns by data.channels.",
        )
    return CenterSkeleton(config.joint, config.coordinates, config.travel, name="center")


def features(values: Sequence[np.ndarray], layer: Any) -> list[np.ndarray]:
    """What a front end makes of sequences; without one, the sequences; of videos, `thumbnails`.

    Args:
        values: sequences ``(time, channels)``, or videos.
        layer: from `front_end`.
    """
    if layer is None:
        return list(values)
    if isinstance(layer, EncodeFrames):  # its weights are not trained yet
        return thumbnails(values)

    def answer(padded: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
        filled, mask = RealSteps()(padded)
        found = layer(filled, mask)
        found, mask = found if isinstance(found, tuple) else (found, mask)
        counts = np.sum(mask, axis=1)
        return [row[: int(n)] for row, n in zip(np.array(found), counts, strict=True)]

    return in_padded_batches(values, answer)


def hold_out(
    rows: LabelledSequences, share: float, *, name: str, seed: int = 0
) -> tuple[LabelledSequences, LabelledSequences]:
    """Split training sequences in two, the same share of each label; both keep their order.

    Args:
        rows: the training sequences.
        share: of the sequences that are held out, above 0 and below 1.
        name: of the data, for the message.
        seed: of the choice.

    Returns:
        The remaining sequences, and those held out. A label that occurs once remains.

    Raises:
        UserError: a share of 0, or nothing can be held out.

    Example:
        >>> values = tuple(np.full((2, 1), number, "float32") for number in range(8))
        >>> rows = LabelledSequences(values, ("a", "b") * 4, tuple("12345678"), ("x",))
        >>> [len(part) for part in hold_out(rows, 0.25, name="rows")]
        [6, 2]
    """
    names = [(label,) for label in rows.labels]
    keys = [one.tobytes() for one in rows.values]
    held = draw_held_out(keys, names, rows.labels, share, seed=seed) if share else np.zeros(0, bool)
    kept = {rows.labels[n] for n in np.flatnonzero(~held)} if held.any() else set()
    if not held.any() or len(kept) < len(set(rows.labels)):
        raise UserError(
            f"No share of {share} of the {counted(len(rows), 'sequence')} of {name} can be held "
            "out with every label left in the training part.",
            "several sequences of each label, and shares above 0.",
            "give more sequences, or name data.valid and data.test.",
        )
    return rows.rows(np.flatnonzero(~held)), rows.rows(np.flatnonzero(held))


def _check_channels(train: LabelledSequences, other: LabelledSequences, part: str) -> None:
    if other.channels != train.channels:
        raise UserError(
            f"The {part} part has the channels {first_names(other.channels, 8)}.",
            f"those of training: {first_names(train.channels, 8)}.",
            "name the columns of both by data.channels.",
        )


def describe(parts: SequenceParts, classes: Sequence[str]) -> str:
    """Summary of the data, a few lines for the terminal."""
    each = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in each)
    lengths, frequency = parts.train.lengths, Counter(parts.train.labels)
    rare = [f"{name!r}" for name in classes if frequency[name] == 1]
    lines = [
        f"{parts.name}: {counts}",
        f"{len(classes)} classes: {first_names(classes, 8)}",
        f"{_what(parts.train)}; "
        f"{lengths.min():,} to {lengths.max():,} steps, median {int(np.median(lengths)):,}",
        *parts.notes,
    ]
    if rare:
        lines.append(f"In the training part once only: {first_names(rare, 8)}.")
    return "\n".join(lines)


def _what(part: LabelledSequences) -> str:
    """What each step of the sequences is."""
    if part.kind != "frames":
        return f"{counted(len(part.channels), 'channel')}: {first_names(part.channels, 8)}"
    height, width, channels = part.shape
    rate = "" if part.rate is None else f", {part.rate:g} a second"
    return f"{'grey' if channels == 1 else 'color'} frames of {height} by {width} pixels{rate}"


def number_labels(
    part: LabelledSequences, classes: Sequence[str], name: str = "the training part"
) -> np.ndarray:
    """Class numbers of sequences, int32 ``(sequences,)``.

    Args:
        part: sequences with labels.
        classes: names of the classes by number, from `class_names`.
        name: of the part, for the message.

    Raises:
        UserError: a label that does not occur in training; the message names the sequence.
    """
    numbers = {label: number for number, label in enumerate(classes)}
    for label, sequence in zip(part.labels, part.names, strict=True):
        if label not in numbers:
            raise UserError(
                f"The label {label!r} of {sequence} in {name} does not occur in training.",
                f"one of: {', '.join(classes)}.",
                "correct it, or train on sequences with this label.",
            )
    return np.array([numbers[label] for label in part.labels], "int32")


def statistics(
    part: LabelledSequences, layer: Any = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel over all observed values.

    Args:
        part: the training part.
        layer: from `front_end`, whose output is then measured; of frames it is the pixels.

    Returns:
        Two tuples with a number per channel; the deviation of a constant channel is 1.

    Example:
        >>> rows = LabelledSequences((np.array([[1.0], [3.0], [np.nan]]),), ("a",), ("1",), ("x",))
        >>> statistics(rows)
        ((2.0,), (1.0,))
    """
    if isinstance(layer, EncodeFrames):
        return _moments(part.values)
    return _moments(features(part.values, layer))


def _moments(values: Sequence[np.ndarray]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation by the last axis, one sequence after the other to bound the memory."""
    rows = [one.reshape(-1, one.shape[-1]) for one in values]
    count = np.maximum(sum((~np.isnan(one)).sum(axis=0) for one in rows), 1)
    mean = sum(np.nansum(one, axis=0, dtype="float64") for one in rows) / count
    squares = sum(np.nansum((one - mean) ** 2, axis=0, dtype="float64") for one in rows)
    deviation = np.sqrt(squares / count)
    deviation = np.where(deviation > 1e-9 * np.abs(mean), deviation, 1.0)
    return tuple(mean.tolist()), tuple(deviation.tolist())


def targets(
    part: LabelledSequences,
    classes: Sequence[str],
    config: SequenceConfig,
    name: str = "the training part",
) -> dict[str, Any]:
    """What the network is trained to answer, and the weights, for `bucketed_batches`.

    Args:
        part: sequences with labels.
        classes: from `class_names`.
        config: the recipe: ``fit.class_weights``, and ``model.every_step`` for a label and a weight
            at each step.
        name: of the part, for messages.

    Returns:
        ``targets``, class numbers ``(sequences,)`` or an array for each sequence, and ``weights``
        alike, or None.

    Example:
        >>> part = LabelledSequences((np.zeros((2, 1), "float32"),), ("b",), ("1",), ("x",))
        >>> given = {"data": {"source": "gestures"}, "model": {"every_step": True}}
        >>> found = targets(part, "ab", SequenceConfig(**given))
        >>> [one.tolist() for one in found["targets"]]
        [[1, 1]]
    """
    labels = number_labels(part, classes, name)
    weights = class_weights(labels, config.fit.class_weights)
    if not config.model.every_step:
        return {"targets": labels, "weights": weights}
    each = np.ones(len(labels), "float32") if weights is None else weights
    lengths = part.lengths
    # Padding has the weight 0; its target must be a class all the same.
    return {
        "target_padding": 0,
        "targets": [np.full(n, one, "int32") for n, one in zip(lengths, labels, strict=True)],
        "weights": [np.full(n, one, "float32") for n, one in zip(lengths, each, strict=True)],
    }


def fit_baselines(
    parts: SequenceParts, classes: Sequence[str], config: SequenceConfig, layer: Any = None
) -> dict[str, SequenceClassifier]:
    """Fit the recipe's baselines on the training part.

    Args:
        parts: from `load`.
        classes: from `class_names`.
        config: the recipe.
        layer: from `front_end`; the baselines read its output.

    Returns:
        Functions from sequences to probabilities ``(sequences, classes)``, by name.
    """
    labels, number = number_labels(parts.train, classes), len(classes)
    values = features(parts.train.values, layer)
    scale = _scaling(_moments(values), config)
    makers: dict[str, Callable[[], Any]] = {
        "majority": lambda: fit_majority(labels, number),
        "summary_statistics": lambda: fit_summary_statistics(values, labels, number),
        "nearest_neighbor": lambda: _fit_neighbor(values, labels, number, scale, config.fit.seed),
    }
    found: dict[str, SequenceClassifier] = {}
    for name in config.evaluate.baselines:
        if name == "single_frame":
            watched = number_labels(parts.valid, classes, "the validation part")
            found[name] = fit_single_frame(parts.train, labels, parts.valid, watched, config)
        else:
            found[name] = _after(layer, makers[name]())
    return found


def _after(layer: Any, classify: SequenceClassifier) -> SequenceClassifier:
    """A classifier of raw sequences from one of what the front end makes of them."""
    return lambda values: classify(features(values, layer))


Scale = Callable[[np.ndarray], np.ndarray]


def _fit_neighbor(
    values: Sequence[np.ndarray], labels: np.ndarray, number: int, scale: Scale, seed: int
) -> SequenceClassifier:
    classify = fit_nearest_neighbor([scale(one) for one in values], labels, number, seed=seed)
    return lambda new: classify([scale(one) for one in new])


def _scaling(of_training: Any, config: SequenceConfig) -> Scale:
    """The network's scaling in NumPy; in place of none, that of the training part."""
    kind = config.model.scaling
    if kind in ("training", "none"):
        mean, deviation = map(np.array, of_training)
        return lambda values: (values - mean) / deviation

    def standardized(values: np.ndarray) -> np.ndarray:
        if not len(values) or np.isnan(values).all():
            return values
        centered = values - np.nanmean(values, axis=0)
        axis = None if kind == "sequence" else 0
        deviation = np.sqrt(np.nanmean(centered**2, axis=axis))
        return centered / np.where(deviation < 1e-6, 1, deviation)

    return standardized


def classes_record(classes: Sequence[str], part: LabelledSequences) -> dict[str, Any]:
    """The content of ``classes.json``: what the answers and the inputs of a run mean.

    Args:
        classes: from `class_names`.
        part: the training part, for its channels, their rate and the shape of frames.
    """
    return {
        "format_version": 1,
        "classes": list(classes),
        "channels": list(part.channels),
        "rate": part.rate,
        **({"frame_shape": list(part.shape)} if part.kind == "frames" else {}),
    }


def predictions_table(
    part: LabelledSequences, classes: Sequence[str], answers: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """A row for each sequence: its name, steps, label, predicted class and probability by model."""
    examples: dict[str, Any] = {"sequence": part.names, "steps": part.lengths}
    examples["label"] = part.labels
    return table_of_predictions(examples, classes, answers)
