"""Images with several captions each: the parts of a data set, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.media.images import content_key

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class CaptionedImages:
    """Images of one size with their captions.

    Attributes:
        images: uint8 ``(images, height, width, channels)``.
        captions: of each image, one or more.
        names: of each image, such as the path of its file.
    """

    images: np.ndarray
    captions: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, numbers: Sequence[int] | np.ndarray) -> CaptionedImages:
        """The images of these numbers.

        Example:
            >>> both = CaptionedImages(np.zeros((2, 4, 4, 1), "uint8"), (("a",), ("b", "c")), "12")
            >>> both.rows([1]).captions
            (('b', 'c'),)
        """
        chosen = [int(number) for number in numbers]
        return CaptionedImages(
            self.images[chosen],
            tuple(self.captions[number] for number in chosen),
            tuple(self.names[number] for number in chosen),
        )

    def keys(self) -> list[bytes]:
        """A key for each image that equal images share."""
        return [content_key(image) for image in self.images]

    def texts(self) -> list[str]:
        """All captions of all images, in order."""
        return [caption for of_image in self.captions for caption in of_image]


def caption_batches(
    images: np.ndarray,
    captions: Sequence[Sequence[np.ndarray]],
    *,
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int = 0,
    repeat: bool = False,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """Batches of images and captions for ``keras.Model.fit``.

    An epoch shows each image once, with one of its captions, drawn anew in each epoch. Order and
    captions depend on seed and epoch only.

    Args:
        images: uint8 ``(images, height, width, channels)``.
        captions: for each image the ids of its captions, from [START] to [END].
        batch_size: images in a batch; the last one of an epoch may be smaller.
        shuffle: whether each epoch has a new order and draws captions; otherwise every image has
            its first caption, in the given order.
        seed: of order and captions.
        repeat: whether the batches are endless, epoch after epoch.
        first_epoch: number of the first epoch.

    Returns:
        A dataset of pairs: a dict of ``image``, float32, and ``target`` ``(batch, time)``, the
        caption without its last token; and the caption without its first token, which the network
        learns to predict. Captions are int32, padded with 0 on the right.

    Raises:
        ValueError: no image, or not as many lists of captions, or an empty list.

    Example:
        >>> ids = [[np.array([2, 5, 3])], [np.array([2, 5, 6, 3]), np.array([2, 7, 3])]]
        >>> batches = caption_batches(np.zeros((2, 4, 4, 1), "uint8"), ids, shuffle=False)
        >>> [following.numpy().tolist() for _, following in batches]
        [[[5, 3, 0], [5, 6, 3]]]
    """
    import tensorflow as tf

    counts = np.array([len(of_image) for of_image in captions], "int64")
    if not len(images) or len(captions) != len(images) or counts.min() < 1:
        raise ValueError(
            "images and captions must be equally many, at least one, and each image needs a "
            f"caption; received {len(images)} and {len(captions)}."
        )
    table = _padded([ids for of_image in captions for ids in of_image])
    starts = np.cumsum(counts) - counts

    def order(epoch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng((seed, int(epoch)))
        rows = random.permutation(len(images)) if shuffle else np.arange(len(images))
        drawn = random.integers(0, counts[rows]) if shuffle else np.zeros(len(images), "int64")
        return rows.astype("int32"), (starts[rows] + drawn).astype("int32")

    with tf.device("CPU:0"):
        held, texts = tf.constant(images), tf.constant(table)

        def numbers(epoch: tf.Tensor) -> tf.data.Dataset:
            both = tf.numpy_function(order, [epoch], (tf.int32, tf.int32))
            both = [tf.ensure_shape(one, [len(images)]) for one in both]
            return tf.data.Dataset.from_tensor_slices(tuple(both)).batch(batch_size)

        def gather(rows: tf.Tensor, chosen: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            ids = tf.gather(texts, chosen)
            longest = tf.reduce_max(tf.reduce_sum(tf.cast(ids != 0, tf.int32), axis=1))
            ids = ids[:, :longest]
            pixels = tf.cast(tf.gather(held, rows), tf.float32)
            return {"image": pixels, "target": _without_end(ids)}, ids[:, 1:]

        epochs = tf.data.Dataset.counter(first_epoch)
        batches = (epochs if repeat else epochs.take(1)).flat_map(numbers).map(gather)
        steps = tf.data.INFINITE_CARDINALITY if repeat else -(-len(images) // batch_size)
        return batches.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)


def _without_end(ids: tf.Tensor) -> tf.Tensor:
    """Captions without their last token, which is not the last column in shorter ones."""
    import tensorflow as tf

    following = ids[:, 1:]
    return tf.where(following != 0, ids[:, :-1], 0)


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    table = np.zeros((len(rows), max(len(row) for row in rows)), "int32")
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table
