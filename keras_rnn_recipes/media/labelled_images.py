"""Images with labels: the parts of a data set, its classes, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.images import content_key

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class LabelledImages:
    """Images of one size with their labels.

    Attributes:
        images: uint8 ``(images, height, width, channels)``.
        labels: of each image.
        names: of each image, such as the path of its file.
    """

    images: np.ndarray
    labels: tuple[str, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, numbers: Sequence[int] | np.ndarray) -> LabelledImages:
        """The images of these numbers.

        Example:
            >>> both = LabelledImages(np.zeros((2, 4, 4, 1), "uint8"), ("a", "b"), ("1", "2"))
            >>> both.rows([1]).labels
            ('b',)
        """
        chosen = [int(number) for number in numbers]
        return LabelledImages(
            self.images[chosen],
            tuple(self.labels[number] for number in chosen),
            tuple(self.names[number] for number in chosen),
        )

    def keys(self) -> list[bytes]:
        """A key for each image that equal images share."""
        return [content_key(image) for image in self.images]


def image_classes(part: LabelledImages) -> tuple[str, ...]:
    """The distinct labels of the training part, sorted.

    Raises:
        UserError: fewer than two classes.

    Example:
        >>> image_classes(LabelledImages(np.zeros((2, 1, 1, 1)), ("dog", "cat"), ("1", "2")))
        ('cat', 'dog')
    """
    classes = tuple(sorted(set(part.labels)))
    if len(classes) < 2:
        held = f"images of one class only, {classes[0]!r}" if classes else "no images"
        raise UserError(
            f"The training part has {held}.",
            "at least two classes.",
            "put the images of each class into a subfolder of their own.",
        )
    return classes


def number_labels(labels: Sequence[str], classes: Sequence[str], part: str) -> np.ndarray:
    """Class numbers of labels, int32 ``(images,)``.

    Args:
        labels: of the images.
        classes: from `image_classes`.
        part: name of the part, for the message.

    Raises:
        UserError: a label that does not occur in training.

    Example:
        >>> number_labels(["dog", "cat"], ("cat", "dog"), "the test part").tolist()
        [1, 0]
    """
    numbers = {label: number for number, label in enumerate(classes)}
    unknown = sorted(set(labels) - set(numbers))
    if unknown:
        raise UserError(
            f"The label {unknown[0]!r} of {part} does not occur in training.",
            f"one of: {', '.join(classes)}.",
            "rename the folder of that label, or train on images with this label.",
        )
    return np.array([numbers[label] for label in labels], "int32")


def image_batches(
    images: np.ndarray,
    targets: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int = 0,
    repeat: bool = False,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Batches of images for ``keras.Model.fit``, in an order that depends on seed and epoch only.

    Args:
        images: ``(images, height, width, channels)``.
        targets: ``(images,)``.
        weights: ``(images,)``, or None.
        batch_size: images in a batch; the last one of an epoch may be smaller.
        shuffle: whether each epoch has a new order.
        seed: of the order.
        repeat: whether the batches are endless, epoch after epoch.
        first_epoch: number of the first epoch.

    Returns:
        A dataset of ``(images, targets)`` or ``(images, targets, weights)``; images are float32.

    Raises:
        ValueError: no image, or columns of different lengths.

    Example:
        >>> batches = image_batches(np.zeros((3, 2, 2, 1), "uint8"), np.arange(3), batch_size=2)
        >>> [len(targets) for _, targets in batches]
        [2, 1]
    """
    import tensorflow as tf

    columns = [images, targets, *([] if weights is None else [weights])]
    count = len(images)
    if not count or any(len(column) != count for column in columns):
        raise ValueError(
            f"images, targets and weights must have one length of at least 1; received "
            f"{[len(column) for column in columns]}."
        )

    def order(epoch: np.ndarray) -> np.ndarray:
        drawn = np.random.default_rng((seed, int(epoch))).permutation(count)
        return (drawn if shuffle else np.arange(count)).astype("int32")

    with tf.device("CPU:0"):
        held = [tf.constant(column) for column in columns]

        def rows(epoch: tf.Tensor) -> tf.data.Dataset:
            numbers = tf.numpy_function(order, [epoch], tf.int32)
            numbers.set_shape([count])
            return tf.data.Dataset.from_tensor_slices(numbers).batch(batch_size)

        def gather(numbers: tf.Tensor) -> tuple[tf.Tensor, ...]:
            taken = [tf.gather(column, numbers) for column in held]
            return (tf.cast(taken[0], tf.float32), *taken[1:])

        epochs = tf.data.Dataset.counter(first_epoch)
        batches = (epochs if repeat else epochs.take(1)).flat_map(rows).map(gather)
        steps = tf.data.INFINITE_CARDINALITY if repeat else -(-count // batch_size)
        return batches.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)
