"""Videos: frames as the recipe wants them, and what the baselines read of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_rnn_recipes.builders.image_classifier import image_classifier
from keras_rnn_recipes.config.base import TrainingConfig
from keras_rnn_recipes.config.sequence_classification import SequenceConfig, SequenceDataConfig
from keras_rnn_recipes.evaluation.sequence_baselines import SequenceClassifier
from keras_rnn_recipes.families.classification import loss
from keras_rnn_recipes.media.image_tensors import prepared_arrays
from keras_rnn_recipes.media.labelled_images import image_batches
from keras_rnn_recipes.media.sequence_files import COLORS
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.media.video import sample_frames
from keras_rnn_recipes.training.loop import fit

# Sides of the pictures that other baselines than the single frame read, in pixels.
THUMBNAIL = 8
# Settings of the baseline network, which trains fast and is not tuned.
_SINGLE = TrainingConfig(epochs=8, batch_size=32, learning_rate=0.002, watch_gradients=False)


def with_frames(part: LabelledSequences, data: SequenceDataConfig) -> LabelledSequences:
    """Videos with the size, the colors and the frames per second of the recipe.

    Args:
        part: of a data set; sequences that are no videos are left as they are.
        data: the recipe's section.

    Example:
        >>> part = LabelledSequences((np.zeros((4, 8, 8, 1), "uint8"),), (), ("1",), ("grey",), 10)
        >>> with_frames(part, SequenceDataConfig(frame_size=(6, 4), frame_rate=5.0)).values[0].shape
        (2, 6, 4, 1)
    """
    if part.kind != "frames":
        return part
    rate, values = data.frame_rate or part.rate, part.values
    if part.rate and rate and rate != part.rate:
        values = tuple(_sampled(one, part.rate, rate) for one in values)
    if part.shape != data.frame_shape:
        values = tuple(prepared_arrays(list(one), data.frame_shape) for one in values)
    return replace(part, values=values, channels=COLORS[data.frame_shape[2]], rate=rate)


def _sampled(video: np.ndarray, rate: float, to: float) -> np.ndarray:
    timed = ((number / rate, number) for number in range(len(video)))
    return video[list(sample_frames(timed, to, last=1 / rate))]


def thumbnails(values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Frames as short vectors: grey pictures of at most 8 by 8 pixels, from 0 to 1.

    Args:
        values: videos, uint8 ``(time, height, width, channels)``.

    Returns:
        float32 ``(time, 64)`` each; fewer numbers for smaller frames.

    Example:
        >>> [one.shape for one in thumbnails([np.zeros((3, 32, 40, 3), "uint8")])]
        [(3, 64)]
    """
    found = []
    for one in values:
        height, width = (min(THUMBNAIL, side) for side in one.shape[1:3])
        small = prepared_arrays(list(one), (height, width, 1))
        found.append(small.reshape(len(one), -1).astype("float32") / 255)
    return found


def middle_frames(values: Sequence[np.ndarray]) -> np.ndarray:
    """The middle frame of each video, ``(videos, height, width, channels)``.

    Args:
        values: videos of the same height, width and channels.

    Example:
        >>> middle_frames([np.arange(5).reshape(5, 1, 1, 1)]).ravel().tolist()
        [2]
    """
    return np.stack([one[len(one) // 2] for one in values])


def fit_single_frame(
    train: LabelledSequences,
    labels: np.ndarray,
    valid: LabelledSequences,
    valid_labels: np.ndarray,
    config: SequenceConfig,
) -> SequenceClassifier:
    """A convolutional network that sees the middle frame of each video alone.

    Args:
        train: the training part.
        labels: its class numbers ``(videos,)``.
        valid: the validation part, which chooses the epoch.
        valid_labels: its class numbers.
        config: the recipe, for its seed and the length of a smoke run.

    Returns:
        A function from videos to probabilities ``(videos, classes)``.
    """
    training = _SINGLE.model_copy(update={"seed": config.fit.seed})
    if config.fit.steps_per_epoch is not None:  # a smoke run is short throughout
        few = {"steps_per_epoch": config.fit.steps_per_epoch, "epochs": config.fit.epochs}
        training = training.model_copy(update=few)
    keras.utils.set_random_seed(training.seed)
    number = int(labels.max()) + 1
    height, width, channels = train.shape
    model = image_classifier((height, width, channels), number, filters=(16, 32))
    frames = middle_frames(train.values)
    options: dict[str, Any] = {"batch_size": training.batch_size, "seed": training.seed}
    fit(
        model,
        partial(image_batches, frames, labels, repeat=True, **options),
        image_batches(middle_frames(valid.values), valid_labels, shuffle=False, **options),
        num_windows=len(train),
        config=training,
        loss=loss(),
    )

    def classify(values: Sequence[np.ndarray]) -> np.ndarray:
        if not len(values):
            return np.zeros((0, number))
        logits = model.predict(middle_frames(values).astype("float32"), verbose=0)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    return classify
